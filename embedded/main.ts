/** `npm run cluster -- up|down|status|kubectl`: the embedded Kubernetes by hand. */
import { Command } from 'commander';
import { execa } from 'execa';
import { ensureBinaries } from './binaries.js';
import { importArchive } from './import-images.js';
import { defaultMemory, defaultName, defaultReserved, resolveOptions } from './cluster-options.js';
import { locateSystemPrograms } from './packages.js';
import { buildProgress } from './progress.js';
import { renderStatus } from './cluster-status.js';
import { down, status, up } from './index.js';

interface NameOption {
  readonly name: string;
}

interface UpFlags extends NameOption {
  readonly memory: string;
  readonly reserved: string;
  readonly fresh?: boolean;
  readonly audit?: string;
  readonly images: boolean;
  readonly countPrograms?: boolean;
}

const nameFlag = ['--name <name>', 'instance: several can run at once', defaultName] as const;

function buildProgram(): Command {
  const program = new Command('cluster').description('A real single-node Kubernetes inside one memory cgroup of this machine.');
  program.enablePositionalOptions();
  program
    .command('up')
    .description('start it and wait until the node is Ready')
    .option(...nameFlag)
    .option('--memory <quantity>', 'memory of the node, control plane included; "none" for no limit', defaultMemory)
    .option('--reserved <quantity>', 'what the node keeps back from pods', defaultReserved)
    .option('--fresh', 'start from empty state')
    .option('--audit <file>', 'have the API server log every request (level Metadata) to this file')
    .option('--no-images', 'do not make and import the local images: no pod runs then, and so no DNS')
    .option('--count-programs', "charge the programs' own pages to the cgroup too, for measurements")
    .action(async (flags: UpFlags) => {
      const handle = await up({ ...flags, signal: interruption() });
      console.log(renderStatus(await status({ name: handle.name }), Date.now()));
    });
  program
    .command('down')
    .description('stop it and remove namespace, cgroups and interface; the state stays')
    .option(...nameFlag)
    .option('--delete', 'delete the state too: etcd, volumes, images, logs')
    .action(async (flags: NameOption & { delete?: boolean }) => down(flags));
  program
    .command('status')
    .description('components, memory, node')
    .option(...nameFlag)
    .action(async (flags: NameOption) => {
      const state = await status(flags);
      console.log(renderStatus(state, Date.now()));
      process.exitCode = state.running && state.node === 'Ready' ? 0 : 1;
    });
  program
    .command('import')
    .description('import OCI archives into the running node')
    .argument('<archive...>')
    .option(...nameFlag)
    .action(async (archives: readonly string[], flags: NameOption) => {
      const layout = { settings: resolveOptions(flags, process.env), system: await locateSystemPrograms() };
      for (const archive of archives) await importArchive(layout, archive);
    });
  program
    .command('kubectl')
    .description("run kubectl with the instance's kubeconfig; --name NAME must come first")
    .option(...nameFlag)
    .argument('[args...]')
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: readonly string[], flags: NameOption) => runKubectl(args, flags));
  return program;
}

/** Ctrl-C while starting takes down what was started. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}

async function runKubectl(args: readonly string[], flags: NameOption): Promise<void> {
  const { paths } = resolveOptions(flags, process.env);
  const { kubectl } = await ensureBinaries(buildProgress((line) => console.error(line), Date.now));
  const result = await execa(kubectl, args, { stdio: 'inherit', env: { KUBECONFIG: paths.kubeconfig }, reject: false });
  process.exitCode = result.exitCode ?? 1;
}

buildProgram()
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error instanceof Error ? `cluster: ${error.message}` : error);
    process.exitCode = 1;
  });
