// A rotation, idle and under load, compared with the manual way: stopping everything and starting it again.
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadResult } from './load-job.js';
import { describeSpent, startSpending, type Spent } from './operator-metrics.js';
import { atMost, under, type Row, type Section } from './bench-report.js';
import { besideBareNode, describeResident, medians, peaks, residentRows, timesBare, type OperatorCost, type Pair, type Resident } from './resident.js';
import { rotate, stopAndStart, underLoad, type RotationRun } from './rotation-runs.js';
import { everySecond } from './sampling.js';
import type { Stage } from './stage.js';

/** Events per second. */
const RATE = 60;
/** Seconds from the request to the end. */
const LONGEST_ROTATION = 90;
const SETTLE_SECONDS = 20;
const IDLE_SECONDS = 60;

export interface RotationFindings {
  readonly idle: RotationRun;
  readonly loaded: RotationRun;
  readonly load: LoadResult;
  /** Stop and start: seconds from the first command until all is Ready. */
  readonly restart: { readonly seconds: number; readonly load: LoadResult };
  /** Operator: its peak while rotating; bare Node: its median meanwhile. */
  readonly cost: OperatorCost;
  /** Operator: before the rotations, and after everything. */
  readonly rest: { readonly before: Resident; readonly after: Resident };
  readonly spent: { readonly idle: Spent; readonly rotating: Spent };
}

export async function measureRotation(stage: Stage): Promise<Section> {
  const found = await besideBareNode(stage, async ({ version, look }): Promise<RotationFindings> => {
    const quiet = await whileIdle(stage, look);
    const samples: Pair[] = [];
    const stopSampling = everySecond(async () => {
      samples.push(await look());
    });
    const stopSpending = await startSpending(stage);
    const idle = await rotate(stage);
    const rotating = await stopSpending();
    stage.say(`rotation at ${RATE} events/s`);
    const { done: loaded, load } = await underLoad(stage, RATE, () => rotate(stage));
    await stopSampling();
    stage.say(`stop and start at ${RATE} events/s`);
    const restart = await underLoad(stage, RATE, () => stopAndStart(stage));
    const [operator, bare] = [samples.map((pair) => pair.operator), samples.map((pair) => pair.bare)];
    return {
      idle, loaded, load, restart: { seconds: restart.done, load: restart.load },
      cost: { version, operator: peaks(operator), bare: medians(bare) },
      rest: { before: quiet.resident, after: (await look()).operator }, spent: { idle: quiet.spent, rotating },
    };
  });
  return { name: 'rotation', rows: rotationRows(found), numbers: found, note: NOTE };
}

/** Lets what was before come to rest, and watches the operator for a minute. */
async function whileIdle(stage: Stage, look: () => Promise<Pair>): Promise<{ spent: Spent; resident: Resident }> {
  stage.say(`idle for ${SETTLE_SECONDS} s, then the operator is watched for ${IDLE_SECONDS} s`);
  await sleep(SETTLE_SECONDS * 1000, undefined, { signal: stage.signal });
  const stopSpending = await startSpending(stage);
  await sleep(IDLE_SECONDS * 1000, undefined, { signal: stage.signal });
  const { operator } = await look();
  return { spent: await stopSpending(), resident: operator };
}

const NOTE = 'stop and start is scaling web and worker to 0, restarting Postgres and Valkey, and scaling to 1: no credential is changed in it. '
  + 'Downtime runs from the first to the last event that was not accepted. An event that was not accepted and yet is stored does not count as lost. '
  + "The bare node runs in a pod beside the operator from the same image; the operator's memory is the highest of samples each second over both rotations.";

export function rotationRows({ idle, loaded, load, restart, cost, rest, spent }: RotationFindings): Row[] {
  return [
    timeRow('rotation, idle', idle),
    timeRow(`rotation, ${RATE} events/s`, loaded),
    { what: 'its events', measured: describeEvents(load), goal: { ...atMost(missing(load), 0), text: 'none lost' } },
    { what: `stop and start, ${RATE} events/s`, measured: `${restart.seconds.toFixed(1)} s until all was Ready again` },
    { what: 'its events', measured: describeEvents(restart.load) },
    { what: 'lost and downtime, side by side', measured: `rotation ${describeHarm(load)}; stop and start ${describeHarm(restart.load)}` },
    { what: 'operator, before', measured: `${describeResident(rest.before)}; ${timesBare(rest.before, cost.bare)}` },
    ...residentRows(cost, 'operator, peak in rotation'),
    { what: 'operator, after', measured: `${describeResident(rest.after)}; ${timesBare(rest.after, cost.bare)}` },
    { what: 'operator spends, idle', measured: describeSpent(spent.idle) },
    { what: 'operator spends, rotating', measured: describeSpent(spent.rotating) },
  ];
}

function timeRow(what: string, { seconds, result, message }: RotationRun): Row {
  const { text, met } = under(seconds, LONGEST_ROTATION, ' s');
  const completed = result === 'Completed';
  return { what, measured: `${seconds.toFixed(1)} s from the request, ${completed ? result : `${result}: ${message}`}`, goal: { text, met: met && completed } };
}

function describeEvents({ sent, accepted, losses, stored, lost }: LoadResult): string {
  const not = losses === '' ? '' : ` (not accepted: ${losses})`;
  return `${sent} sent, ${accepted} accepted${not}, ${stored} stored, ${lost} accepted and lost`;
}

function describeHarm(load: LoadResult): string {
  return `${missing(load)} of ${load.sent} events in ${downtime(load).toFixed(1)} s`;
}

/** Sent, and not stored: refused or lost. */
function missing({ sent, stored }: LoadResult): number {
  return sent - stored;
}

/** Seconds. */
function downtime({ refused }: LoadResult): number {
  return refused === undefined ? 0 : (refused.last - refused.first) / 1000;
}
