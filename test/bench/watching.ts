// The cost of health checks: the operator and the servers with health on and off, idle and during an incident, and what ingest takes meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { RESOURCE, SECRETS } from '../../charts/part-names.js';
import { VALKEY_OPERATOR_USER } from '../../operator/api/object-names.js';
import { percentile } from '../sdk/statistics.js';
import { readMemory } from './cgroup.js';
import { containersOf } from './containers.js';
import { startCounting, type CpuUse } from './cpu.js';
import { databaseWork } from './database-work.js';
import { prepareLoad, startLoadProgram } from './ingest.js';
import { startSpending, type Spent } from './operator-metrics.js';
import { mebibytes, type Row, type Section } from './bench-report.js';
import { everySecond } from './sampling.js';
import type { Stage } from './stage.js';

const SETTLE_SECONDS = 20;
/** Of each of the three watched times. */
const WATCHED_SECONDS = 120;
/** Events per second: more than web takes at its limit, so that what it answers is all that it can. */
const FLOOD = 130;
const FLOOD_SECONDS = 20;
/** Off and on in turns, so that what the machine does beside hits both. */
const FLOODS = [false, true, true, false, false, true];

/** What was done in some time. */
export interface Watched {
  readonly operator: Spent;
  /** Of Postgres, all databases, the application's included. */
  readonly transactions: number;
  /** Of Valkey, the application's included; undefined: there is none, or it was stopped. */
  readonly commands: number | undefined;
  readonly cpu: CpuUse;
  /** Of the operator's container, the highest of samples each second. Bytes. */
  readonly workingSet: number;
}

export interface WatchingFindings {
  readonly off: Watched;
  readonly on: Watched;
  /** Valkey stopped, from the moment on. */
  readonly incident: Watched;
  /** Events per second that web answered with 200, one a run. */
  readonly ingest: { readonly off: readonly number[]; readonly on: readonly number[] };
}

export async function measureWatching(stage: Stage): Promise<Section> {
  await switchHealth(stage, false);
  const off = await watch(stage, 'idle, health off');
  await switchHealth(stage, true);
  const on = await watch(stage, 'idle, health on');
  const incident = await withoutValkey(stage, () => watch(stage, 'Valkey stopped'));
  const found: WatchingFindings = { off, on, incident, ingest: await floods(stage) };
  return { name: 'watching', rows: watchingRows(found), numbers: found, note: NOTE };
}

/** Off: no check is made and no event is sent; rotation and all else go on. */
async function switchHealth({ cluster, settings }: Stage, enabled: boolean): Promise<void> {
  await cluster.kubectl(['--namespace', settings.namespace, 'patch', 'gt', RESOURCE, '--type', 'merge', '--patch', JSON.stringify({ spec: { health: { enabled } } })]);
}

async function watch(stage: Stage, what: string): Promise<Watched> {
  stage.say(`${what}: settles for ${SETTLE_SECONDS} s, then watched for ${WATCHED_SECONDS} s`);
  await sleep(SETTLE_SECONDS * 1000, undefined, { signal: stage.signal });
  const readWorkingSet = await operatorWorkingSet(stage);
  let workingSet = 0;
  const before = { transactions: (await databaseWork(stage)).transactions, commands: await commands(stage) };
  const [stopSampling, stopCounting, stopSpending, startedAt] = [
    everySecond(async () => {
      workingSet = Math.max(workingSet, await readWorkingSet());
    }),
    await startCounting(stage), await startSpending(stage), Date.now(),
  ];
  await sleep(WATCHED_SECONDS * 1000, undefined, { signal: stage.signal });
  const operator = await stopSpending();
  const cpu = await stopCounting({ startedAt, endedAt: Date.now() });
  await stopSampling();
  const after = { transactions: (await databaseWork(stage)).transactions, commands: await commands(stage) };
  return {
    operator, cpu, workingSet, transactions: after.transactions - before.transactions,
    commands: after.commands === undefined || before.commands === undefined ? undefined : after.commands - before.commands,
  };
}

async function operatorWorkingSet(stage: Stage): Promise<() => Promise<number>> {
  const { cluster } = stage;
  const operator = (await containersOf(stage)).find(({ part }) => part === 'operator');
  if (operator === undefined) throw new Error('the operator does not run');
  const folder = await cluster.containerCgroup(operator.reference, 'memory');
  return async () => (await readMemory(folder, cluster.cgroup.version)).workingSet;
}

async function commands(stage: Stage): Promise<number | undefined> {
  const runs = (await containersOf(stage)).some(({ part }) => part === 'valkey');
  if (!runs) return undefined;
  const { password = '' } = await stage.secret(SECRETS.valkey);
  // Through standard input: an argument could be read by anybody.
  const answer = await stage.cluster.kubectl(['--namespace', stage.settings.namespace, 'exec', '-i', 'valkey-0', '--', 'valkey-cli'], `AUTH ${VALKEY_OPERATOR_USER} ${password}\nINFO stats\n`);
  const found = /^total_commands_processed:(\d+)/m.exec(answer)?.[1];
  if (found === undefined) throw new Error('Valkey does not say how many commands it processed');
  return Number(found);
}

async function withoutValkey<T>({ cluster, settings: { namespace } }: Stage, work: () => Promise<T>): Promise<T> {
  const kubectl = (...args: string[]): Promise<string> => cluster.kubectl(['--namespace', namespace, ...args]);
  await kubectl('scale', 'statefulset/valkey', '--replicas=0');
  await kubectl('wait', '--for=delete', 'pod/valkey-0', '--timeout=120s');
  const done = await work();
  await kubectl('scale', 'statefulset/valkey', '--replicas=1');
  for (const workload of ['statefulset/valkey', 'deployment/web', 'deployment/worker']) await kubectl('rollout', 'status', workload, '--timeout=300s');
  return done;
}

async function floods(stage: Stage): Promise<WatchingFindings['ingest']> {
  const job = await prepareLoad(stage, { rate: FLOOD, seconds: FLOOD_SECONDS });
  const rates: { readonly watched: boolean; readonly rate: number }[] = [];
  for (const watched of FLOODS) {
    await switchHealth(stage, watched);
    await sleep(SETTLE_SECONDS * 1000, undefined, { signal: stage.signal });
    const { answeredRate, losses } = await startLoadProgram(stage, job).result;
    stage.say(`health ${watched ? 'on' : 'off'}: ${answeredRate.toFixed(1)} events/s${losses === '' ? '' : `, not accepted: ${losses}`}`);
    rates.push({ watched, rate: answeredRate });
  }
  const of = (wanted: boolean): number[] => rates.filter(({ watched }) => watched === wanted).map(({ rate }) => rate);
  return { off: of(false), on: of(true) };
}

const NOTE = `idle and incident are watched for ${WATCHED_SECONDS} s each; transactions and commands are the servers' own counters, the application's included, so the cost of watching is the difference between on and off. `
  + `Ingest is flooded with ${FLOOD} events/s for ${FLOOD_SECONDS} s a run, off and on in turns; within noise means that the medians differ by no more than the runs of one kind do.`;

export function watchingRows({ off, on, incident, ingest }: WatchingFindings): Row[] {
  return [
    ...stateRows('idle, health off', off), ...stateRows('idle, health on', on), ...stateRows('Valkey stopped, health on', incident),
    { what: 'watching, idle', measured: `${((on.cpu.cluster - off.cpu.cluster) * 1000).toFixed(0)}m CPU of the whole host, ${mebibytes(on.workingSet - off.workingSet)} of the operator's working set` },
    { what: 'ingest, health off', measured: describeRates(ingest.off) },
    { what: 'ingest, health on', measured: describeRates(ingest.on), goal: { text: 'within noise', met: isWithinNoise(ingest.off, ingest.on) } },
  ];
}

function stateRows(what: string, { operator, transactions: transacted, commands: processed, cpu, workingSet }: Watched): Row[] {
  const minute = (amount: number): string => `${((amount * 60) / operator.seconds).toFixed(0)}/min`;
  const servers = `Postgres ${minute(transacted)} transactions, Valkey ${processed === undefined ? 'does not run' : `${minute(processed)} commands`}`;
  return [
    { what, measured: `operator ${((operator.cpu / operator.seconds) * 1000).toFixed(1)}m CPU, working set at most ${mebibytes(workingSet)}, ${minute(operator.requests)} requests to the API server` },
    { what: 'the servers meanwhile', measured: `${servers}; CPU: host ${(cpu.cluster * 1000).toFixed(0)}m, of it ${cpu.parts.map(({ part, used }) => `${part} ${(used * 1000).toFixed(0)}m`).join(', ')}` },
  ];
}

/** The medians are no further apart than the runs of one kind are among themselves. NaN is not. */
export function isWithinNoise(off: readonly number[], on: readonly number[]): boolean {
  const spread = (rates: readonly number[]): number => Math.max(...rates) - Math.min(...rates);
  return median(off) - median(on) <= Math.max(spread(off), spread(on));
}

function median(values: readonly number[]): number {
  return percentile(values, 50) ?? Number.NaN;
}

function describeRates(rates: readonly number[]): string {
  return `${median(rates).toFixed(1)} events/s (${rates.map((rate) => rate.toFixed(1)).join(', ')})`;
}
