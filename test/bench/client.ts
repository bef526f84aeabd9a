// What @kubernetes/client-node costs in memory, step by step: programs that do nothing else, side by side on an API server without nodes.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { bundleProgram, type Bundle } from '../../bundle.config.js';
import { LOADER_FILE, PROGRAMS } from '../../charts/programs.js';
import { startControlPlane, type ControlPlane } from '../api/control-plane.js';
import { STEPS, type Step } from './client-steps.js';
import type { Row, Section } from './bench-report.js';
import { describeTenths, medians, readResident, type Resident } from './resident.js';

/** After the start. Seconds. */
const SETTLED = 20;
/** Objects in the collection that has many. */
const MANY = 1_000;
/** Characters in each of them: about what a GlitchTip resource with its status has. */
const OBJECT_SIZE = 4_000;

export interface StepCost {
  readonly name: string;
  readonly resident: Resident;
  /** Of the compressed bundle. Bytes. */
  readonly bundle: number;
}

/** A program, ready to be started. */
interface Prepared {
  readonly step: Step;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly bundle: number;
}

/** @param runs of each program; all of a run are started together */
export async function measureClient(runs: number, say: (line: string) => void, signal: AbortSignal): Promise<Section> {
  const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-client-'));
  const server = await startControlPlane();
  try {
    await addObjects(server);
    const place = await writeAccount(server, folder);
    const programs: Prepared[] = [];
    const bundles = new Map<string, Promise<Bundle>>();
    for (const [index, step] of STEPS.entries()) programs.push(await prepare(step, { folder: join(folder, String(index)), place, bundle: await bundleOf(step, bundles) }));
    const looks: Resident[][] = [];
    for (let run = 1; run <= runs; run += 1) {
      looks.push(await look(programs, signal));
      say(`client: run ${run} of ${runs}`);
    }
    const costs = programs.map(({ step: { name }, bundle }, index): StepCost => ({ name, bundle, resident: medians(looks.flatMap((of) => of[index] ?? [])) }));
    return { name: 'client', rows: clientRows(costs), numbers: { node: process.version, costs }, note: NOTE };
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** In a namespace of their own. */
async function addObjects({ admin, kubectl, kubeconfig }: ControlPlane): Promise<void> {
  await admin.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'many' } });
  const items = Array.from({ length: MANY }, (_, index) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `many-${index}`, namespace: 'many' }, data: { text: 'x'.repeat(OBJECT_SIZE) } }));
  await execa(kubectl, ['--kubeconfig', kubeconfig, 'create', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
}

/** What the kubelet would mount. @returns the environment of a pod */
async function writeAccount(server: ControlPlane, folder: string): Promise<Record<string, string>> {
  const { address: { host, port, ca }, admin, kubectl, kubeconfig } = server;
  await admin.create('/api/v1/namespaces/default/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'bench' } });
  await execa(kubectl, ['--kubeconfig', kubeconfig, 'create', 'clusterrolebinding', 'bench', '--clusterrole=cluster-admin', '--serviceaccount=default:bench']);
  await writeFile(join(folder, 'ca.crt'), ca);
  await writeFile(join(folder, 'token'), await server.tokenOf('default', 'bench'), { mode: 0o600 });
  return { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: String(port), SERVICE_ACCOUNT_DIR: folder };
}

/** Several steps are the same program, started in another way. */
function bundleOf({ program, kept = [] }: Step, bundles: Map<string, Promise<Bundle>>): Promise<Bundle> {
  const key = JSON.stringify([program, kept]);
  const bundle = bundles.get(key) ?? bundleProgram(`test/bench/client/${program}.ts`, kept);
  bundles.set(key, bundle);
  return bundle;
}

async function prepare(step: Step, { folder, place, bundle: { code, compressed } }: { folder: string; place: Record<string, string>; bundle: Bundle }): Promise<Prepared> {
  const { flags = PROGRAMS.operator.flags, many = false, start = 'loader' } = step;
  await mkdir(folder);
  const file = join(folder, 'program.cjs');
  await writeFile(file, code);
  await writeFile(join(folder, 'program.js.br'), compressed);
  await cp(`charts/runtime/${LOADER_FILE}`, join(folder, LOADER_FILE));
  const env: Record<string, string> = { ...place, COLLECTION: `/api/v1/namespaces/${many ? 'many' : 'default'}/configmaps`, ...step.env };
  const ways: Record<typeof start, () => string[]> = {
    'loader': () => [...flags, join(folder, LOADER_FILE), 'program.js.br'],
    'file': () => [...flags, file],
    'compile cache': () => {
      env['NODE_COMPILE_CACHE'] = join(folder, 'cache');
      return [...flags, file];
    },
  };
  return { step, args: ways[start](), env, bundle: compressed.length };
}

async function look(programs: readonly Prepared[], signal: AbortSignal): Promise<Resident[]> {
  const running: ChildProcess[] = [];
  try {
    for (const { args, env } of programs) running.push(spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] }));
    await sleep(SETTLED * 1000, undefined, { signal });
    return await Promise.all(running.map(async ({ pid, exitCode }, index) => {
      if (exitCode !== null) throw new Error(`${programs[index]?.step.name ?? ''}: ended with ${exitCode}`);
      return readResident(await readFile(`/proc/${String(pid)}/status`, 'utf8'));
    }));
  } finally {
    await Promise.all(running.filter(({ exitCode }) => exitCode === null).map(async (program) => {
      const ended = once(program, 'exit');
      program.kill('SIGKILL');
      await ended;
    }));
  }
}

const NOTE = `each program does nothing but what its name says, once a second, with the flags of the operator, and is looked at ${SETTLED} s after its start; medians. `
  + 'Its own is RssAnon; of files is RssFile and RssShmem, almost all of it Node\'s program, whose pages all processes share.';

export function clientRows(costs: readonly StepCost[]): Row[] {
  return costs.map(({ name, resident, bundle }) => ({ what: name, measured: `${describeTenths(resident)}; bundle ${Math.round(bundle / 1024)} KB` }));
}
