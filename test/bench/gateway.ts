// The stack with its gateway beside the stack without, one after the other on fresh clusters: the same load, and what only one of them can bear.
import { setTimeout } from 'node:timers/promises';
import { seconds as inSeconds } from '../sdk/statistics.js';
import type { BenchOptions } from './bench-options.js';
import { atMost, mebibytes, type Row, type Section } from './bench-report.js';
import { startDatabaseWork, type DatabaseWork } from './database-work.js';
import { prepareLoad, startLoadProgram } from './ingest.js';
import { loadStage, time, type Measured, type Pace } from './loaded-stage.js';
import { HOST } from './memory.js';
import { onOwnStage } from './own-stage.js';
import type { Stage } from './stage.js';
import { measureStart } from './start.js';
import { rollWebBothWays, webRolledRows } from './web-rolled.js';

/** Ten times what web takes by itself. Events per second; seconds. */
const BURST = { rate: 1_000, seconds: 60, reuse: true };
/** Seconds that a burst may take to be stored: 60,000 events at the pace of the worker, and some. */
const DRAIN_PATIENCE = 600;
const LONGEST_ANSWER = 50;
/** Of its own, without the pages of Node's program. Bytes. */
const MOST_MEMORY = 40 * 2 ** 20;
const MOST_CPU = 0.5;

interface Backlog {
  readonly accepted: number;
  readonly stored: number;
  /** Events a second, from the worker's readiness to the last event. */
  readonly rate: number;
}

/** Rows of both, so that each figure stands beside the one that it is compared with. */
export async function measureGateway(options: BenchOptions, say: (line: string) => void, signal: AbortSignal): Promise<Section> {
  const usual = { rate: options.rate, seconds: options.seconds };
  say('without a gateway');
  const alone = await onOwnStage(options, { gateway: { enabled: false } }, { say, signal }, async (stage) => {
    await measureStart(stage);
    return { usual: await loadWithDatabase(stage, usual), backlog: await workOff(stage, usual) };
  });
  say('with a gateway');
  const behind = await onOwnStage(options, { gateway: { enabled: true } }, { say, signal }, async (stage) => {
    await measureStart(stage);
    const found = { usual: await loadWithDatabase(stage, usual), backlog: await workOff(stage, usual), burst: await loadStage(stage, BURST, DRAIN_PATIENCE) };
    return { ...found, rolled: await rollWebBothWays(stage, options.rate) };
  });
  const rows = [...usualRows(options.rate, alone.usual, behind.usual), backlogRow(alone.backlog, behind.backlog), ...burstRows(behind.burst), ...webRolledRows(options.rate, behind.rolled)];
  return { name: 'gateway', rows, numbers: { alone, behind }, note: NOTE };
}

const NOTE = 'the same load on two fresh clusters, one after the other. Own memory is without the pages of files. The client shares the cores with the cluster.';

interface Usual extends Measured {
  /** A second, from before the load until the last event was stored. */
  readonly database: DatabaseWork;
}

async function loadWithDatabase(stage: Stage, pace: Pace): Promise<Usual> {
  const stop = await startDatabaseWork(stage);
  const measured = await loadStage(stage, pace);
  return { ...measured, database: await stop() };
}

/** What came while there was no worker, and how fast it is stored from the moment that there is one again. */
async function workOff(stage: Stage, { rate, seconds }: { readonly rate: number; readonly seconds: number }): Promise<Backlog> {
  const worker = async (replicas: number, ...until: readonly string[]): Promise<void> => {
    await stage.cluster.kubectl(['--namespace', stage.settings.namespace, 'scale', 'deployment/worker', `--replicas=${replicas}`]);
    await stage.cluster.kubectl(['--namespace', stage.settings.namespace, ...until, '--timeout=120s']);
  };
  const job = await prepareLoad(stage, { rate, seconds });
  await worker(0, 'wait', '--for=delete', 'pod', '--selector', 'app.kubernetes.io/component=worker');
  stage.say(`${rate} events/s for ${seconds} s without a worker`);
  const { result } = startLoadProgram(stage, { ...job, patience: DRAIN_PATIENCE });
  await setTimeout(seconds * 1_000, undefined, { signal: stage.signal });
  await worker(1, 'rollout', 'status', 'deployment/worker');
  const readyAt = Date.now();
  const { accepted, stored, storedRate, startedAt } = await result;
  return { accepted, stored, rate: (stored * 1_000) / Math.max(1, startedAt + (stored * 1_000) / storedRate - readyAt) };
}

function usualRows(rate: number, alone: Usual, behind: Usual): Row[] {
  const both = (measure: (measured: Usual) => string) => `${measure(alone)} without, ${measure(behind)} with`;
  const peak = ({ memory }: Measured) => memory[HOST]?.workingSetMost ?? Number.NaN;
  return [
    { what: `${rate}/s: accepted`, measured: both(({ result }) => `${result.accepted} of ${result.sent}`), goal: { text: 'all', met: behind.result.accepted === behind.result.sent } },
    { what: `${rate}/s: stored`, measured: both(({ result }) => `${result.stored} of ${result.accepted}`), goal: { text: 'all accepted', met: behind.result.lost === 0 } },
    { what: `${rate}/s: answers`, measured: both(({ result: { answers } }) => `p50 ${time(answers.p50)}, p99 ${time(answers.p99)}`), goal: { ...atMost(behind.result.answers.p99 ?? Number.NaN, LONGEST_ANSWER), text: `p99 at most ${LONGEST_ANSWER} ms` } },
    { what: `${rate}/s: accepted to stored`, measured: both(({ result: { lags } }) => `p50 ${time(lags.p50)}, p99 ${time(lags.p99)}`) },
    { what: `${rate}/s: host, peak working set`, measured: both((measured) => mebibytes(peak(measured))), goal: { ...atMost(peak(behind), peak(alone)), text: 'not above' } },
    // What the gateway asks to know what is stored is the difference.
    { what: `${rate}/s: Postgres`, measured: both(({ database: { transactions, fetched } }) => `${transactions.toFixed(0)} transactions/s, ${fetched.toFixed(0)} rows/s fetched`) },
    gatewayRow(`${rate}/s`, behind),
  ];
}

function backlogRow(alone: Backlog, behind: Backlog): Row {
  const both = (text: (backlog: Backlog) => string) => `${text(alone)} without, ${text(behind)} with`;
  return {
    what: 'a minute without a worker, worked off',
    measured: both(({ accepted, stored, rate }) => `${stored} of ${accepted} at ${rate.toFixed(0)}/s`),
    goal: { text: 'at least at the pace without', met: behind.rate >= alone.rate },
  };
}

function burstRows(burst: Measured): Row[] {
  const { result } = burst;
  const drained = result.stored / ((result.endedAt - result.startedAt) / 1_000 + (result.lags.most ?? 0) / 1_000);
  return [
    { what: `${BURST.rate}/s for ${BURST.seconds} s: accepted`, measured: `${result.accepted} of ${result.sent}, ${result.acceptedRate.toFixed(0)} events/s${result.losses === '' ? '' : ` (not accepted: ${result.losses})`}`, goal: { text: 'all', met: result.accepted === result.sent } },
    { what: `${BURST.rate}/s: answers`, measured: `p50 ${time(result.answers.p50)}, p99 ${time(result.answers.p99)}`, goal: { ...atMost(result.answers.p99 ?? Number.NaN, LONGEST_ANSWER), text: `p99 at most ${LONGEST_ANSWER} ms` } },
    { what: `${BURST.rate}/s: stored in the end`, measured: `${result.stored} of ${result.accepted}, the last ${inSeconds(result.lags.most ?? Number.NaN)} after its answer, ${drained.toFixed(0)} events/s`, goal: { text: 'all accepted', met: result.lost === 0 } },
    gatewayRow(`${BURST.rate}/s`, burst),
  ];
}

function gatewayRow(rate: string, { memory, cpu }: Measured): Row {
  const own = memory['gateway']?.own ?? Number.NaN;
  const used = cpu.parts.find(({ part }) => part === 'gateway')?.used ?? Number.NaN;
  return {
    what: `${rate}: the gateway itself`,
    measured: `own memory ${mebibytes(own)}, peak with pages of files ${mebibytes(memory['gateway']?.peak)}, CPU ${used.toFixed(2)}`,
    goal: { text: `own ${mebibytes(MOST_MEMORY)}, CPU ${MOST_CPU}`, met: own <= MOST_MEMORY && used <= MOST_CPU },
  };
}
