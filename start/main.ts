// `npm start`, the main job: the whole stack running on a real Kubernetes, ending with a table and a URL.
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { findSettings, loadSettings } from '../charts/settings/load-settings.js';
import { HTTP_PORT } from '../charts/releases.js';
import { partsOf, topologyOf } from '../charts/topology.js';
import { answers, forward } from '../cli/port-forward.js';
import { interrupted } from '../cli/interruption.js';
import { kubectl } from '../cli/kubectl.js';
import { wholeNumber } from '../cli/number-arguments.js';
import { renderParts } from '../cli/parts-table.js';
import { clusterRanges } from '../embedded/index.js';
import { directions } from './directions.js';
import { observeParts, withMemory } from './observe-parts.js';
import { embeddedCluster, ownCluster, type ChosenCluster } from './target-cluster.js';
import { waitForParts } from './wait-until-ready.js';

const HELP = `npm start -- [options]

  --yes            install into the current kube context without asking
  --context NAME   that kube context instead of the current one
  --embedded       the embedded single-node cluster, whatever contexts there are
  --name NAME      name of the embedded cluster, so that several can run at once (default glitchkeeper)
  --keep           leave the embedded cluster running after Ctrl-C (default: remove it, with its data)
  --port N         local port of the port-forward (default 9090)
  --timeout N      seconds to wait for all parts (default 600)
`;

const { values: flags } = parseArgs({
  options: {
    yes: { type: 'boolean', default: false },
    context: { type: 'string' },
    embedded: { type: 'boolean', default: false },
    name: { type: 'string' },
    keep: { type: 'boolean', default: false },
    port: { type: 'string', default: '9090' },
    timeout: { type: 'string', default: '600' },
    help: { type: 'boolean', default: false },
  },
});

/** For each object: an admission webhook of the cluster's may have half a minute itself. */
const APPLIED_WITHIN = '--request-timeout=60s';

const say = (line: string): void => console.error(line);

async function main(): Promise<void> {
  if (flags.help) {
    console.log(HELP);
    return;
  }
  const port = wholeNumber('--port', flags.port, 65_535);
  const timeout = wholeNumber('--timeout', flags.timeout, 86_400);
  if (await answers(port)) throw new Error(`localhost:${port} is taken by another program: pass --port`);

  // First: what is wrong with them is said before anybody is asked, or anything is built.
  const settings = loadSettings(findSettings(process.env.GLITCHKEEPER_SETTINGS));
  const cluster = await synthesizeAndChoose();
  say(`\napplying dist/ to ${cluster.description}`);
  await kubectl(cluster, 'apply', '--warnings-as-errors', APPLIED_WITHIN, '-f', 'dist/');

  const observe = () => observeParts(cluster, partsOf(topologyOf(settings)), settings.namespace);
  const seen = await waitForParts(observe, timeout, say);
  say(`opening localhost:${port}`);
  const forwarding = forward(cluster, {
    namespace: settings.namespace, service: 'web', local: port, remote: HTTP_PORT,
    onChange: (state, reason) => say(state === 'open' ? `connected to ${reason}` : `not connected, trying again: ${reason}`),
  });
  await forwarding.open().catch(async (error: unknown) => {
    await forwarding.stop();
    throw error;
  });
  console.log(`\n${renderParts(await withMemory(observe, seen))}\n\n${directions(cluster, settings, { port, keep: flags.keep })}`);

  await interrupted();
  say('\nstopping');
  await forwarding.stop();
  await leave(cluster);
}

/** The networks of the embedded cluster are known before it is there. */
async function synthesizeAndChoose(): Promise<ChosenCluster> {
  const own = await ownCluster(flags, say);
  await synthesize(own === undefined ? { GLITCHKEEPER_CLUSTER_RANGES: clusterRanges.join() } : {});
  return own ?? embeddedCluster(flags, say);
}

/** The same command that a person runs; its output, the budget, is theirs to read. */
async function synthesize(env: Readonly<Record<string, string>>): Promise<void> {
  await execa('npm', ['run', '--silent', 'synth'], { env, stdio: ['ignore', 'inherit', 'inherit'] });
}

async function leave(cluster: ChosenCluster): Promise<void> {
  if (cluster.embedded && !flags.keep) await cluster.remove();
  else if (cluster.embedded) say('left running: npm run cluster -- status; npm run cluster -- down');
}

main().catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
