// Events accepted and stored per second at the default limits, and the lag between.
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { DATABASE, SECRETS } from '../../charts/part-names.js';
import { HTTP_PORT } from '../../charts/releases.js';
import { forward } from '../../cli/port-forward.js';
import { nsenterPrefix } from '../../embedded/node-network.js';
import { dsnAt, parseDsn } from '../sdk/dsn.js';
import { provision } from '../sdk/provision.js';
import { seconds } from '../sdk/statistics.js';
import { cpuRows, type CpuUse } from './cpu.js';
import { loadResult, type LoadJob, type LoadResult } from './load-job.js';
import { under, type Row, type Section } from './bench-report.js';
import type { Stage } from './stage.js';

/** Of the 99th percentile, milliseconds. */
const LARGEST_LAG = 5000;
/** Seconds after the load. */
const PATIENCE = 60;
/** Seconds that an answer may take, and some. */
const LONGEST_ANSWER = 45;

/** Makes a project and says how to send to it. Only these few requests go through a port-forward, which drops connections under load. */
export async function prepareLoad(stage: Stage, { rate, seconds: duration }: { rate: number; seconds: number }): Promise<LoadJob> {
  const { cluster, settings } = stage;
  const port = await freePort();
  const target = { kubectl: cluster.binaries.kubectl, cluster: ['--kubeconfig', cluster.kubeconfigPath], description: cluster.name };
  const forwarding = forward(target, { namespace: settings.namespace, service: 'web', local: port, remote: HTTP_PORT });
  try {
    await forwarding.open();
    const { email = '', password = '' } = await stage.secret(SECRETS.administrator);
    const { dsn } = await provision({ baseUrl: `http://localhost:${port}`, email, password, project: 'bench' });
    const parsed = parseDsn(dsn);
    if (!parsed.ok) throw new Error(`GlitchTip made a DSN that is none: ${dsn}`);
    const { text } = dsnAt(parsed.dsn, `http://${await stage.serviceAddress('web')}:${HTTP_PORT}`);
    const superuser = { user: DATABASE.superuser, password: (await stage.secret(SECRETS.postgres)).password ?? '', database: DATABASE.name };
    const database = { host: await stage.serviceAddress('postgres'), port: DATABASE.port, ...superuser };
    return { dsn: text, host: 'localhost', rate, seconds: duration, patience: PATIENCE, release: settings.version, database };
  } finally {
    await forwarding.stop();
  }
}

/** The load program while it runs. */
export interface RunningLoad {
  readonly result: Promise<LoadResult>;
  /** Ends the sending; what was accepted is still waited for. */
  readonly stop: () => void;
}

/**
 * Starts the load program in the node's network, where the Service's address leads to web as it does for a pod.
 * @param env such as whose certificates it trusts
 */
export function startLoadProgram({ cluster, signal }: Stage, job: LoadJob, env: Readonly<Record<string, string>> = {}): RunningLoad {
  const [nsenter, ...namespace] = nsenterPrefix(cluster.nodeName);
  const program = join(import.meta.dirname, 'load-program.ts');
  // nsenter becomes the program, so that a signal reaches it.
  const running = execa(nsenter, [...namespace, process.execPath, '--import', 'tsx', program], {
    input: JSON.stringify(job), env, stderr: 'inherit', cancelSignal: signal, forceKillAfterDelay: (PATIENCE + LONGEST_ANSWER) * 1000,
  });
  return { result: running.then(({ stdout }) => loadResult.parse(JSON.parse(stdout))), stop: () => running.kill('SIGTERM') };
}

/** A port of the loopback that nothing listens on. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

const NOTE = "each event's lag runs from the client's 200 to the look at the database that first found it; looks come every 250 ms or less often, on the same clock. "
  + 'The client shares the cores with the cluster.';

export function ingestSection(result: LoadResult, cpu: CpuUse): Section {
  return { name: 'ingest', rows: ingestRows(result, cpu), numbers: { ...result, cpu }, note: NOTE };
}

export function ingestRows(result: LoadResult, cpu: CpuUse): Row[] {
  const { sent, accepted, losses, stored, lost, answers, lags, client } = result;
  return [
    {
      what: 'accepted',
      measured: `${accepted} of ${sent}, ${result.acceptedRate.toFixed(1)} events/s${losses === '' ? '' : ` (not accepted: ${losses})`}`,
      goal: { text: 'all', met: accepted === sent },
    },
    {
      what: 'stored',
      measured: `${stored}, ${result.storedRate.toFixed(1)} events/s${lost === 0 ? '' : ` (${lost} accepted and not stored ${PATIENCE} s after the last)`}`,
      goal: { text: 'all accepted', met: lost === 0 },
    },
    {
      what: 'lag, accepted to stored',
      measured: `p50 ${time(lags.p50)}, p95 ${time(lags.p95)}, p99 ${time(lags.p99)}, longest ${time(lags.most)}`,
      goal: { ...under(lags.p99 ?? Number.NaN, LARGEST_LAG), text: 'p99 under 5 s' },
    },
    { what: 'answers', measured: `p50 ${time(answers.p50)}, p99 ${time(answers.p99)}` },
    ...cpuRows(cpu, client.cpu / client.seconds),
  ];
}

function time(milliseconds: number | undefined): string {
  return milliseconds === undefined ? 'none' : seconds(milliseconds);
}
