// One operator with 1, 100 and 1,000 GlitchTip resources: its memory, how long a reconcile takes, what it spends in a minute.
import { setTimeout as sleep } from 'node:timers/promises';
import { describeSpent, readReconciles, reconcilesBetween, startSpending, sumOf, type Reconciles, type Spent } from './operator-metrics.js';
import type { Row, Section } from './bench-report.js';
import { suspendedResources, untilSeen } from './many-resources.js';
import { besideBareNode, describeResident, medians, peaks, timesBare, type Pair, type Resident, type SideBySide } from './resident.js';
import { everySecond } from './sampling.js';
import type { Stage } from './stage.js';

/** Resources in all, the stack's own among them. */
const COUNTS = [1, 100, 1000];
/** Seconds, after the first look at all of them. */
const MINUTE = 60;
/** Seconds. One is looked at after the other, in a fifth of a second on a busy machine. */
const PATIENCE = 600;

export interface ResourcesAt {
  readonly count: number;
  /** From their creation until the operator has looked at each. */
  readonly seconds: number;
  /** Of the operator, from their creation on. */
  readonly peak: Resident;
  readonly bare: Resident;
  readonly reconciles: Reconciles;
  /** In the minute after that. */
  readonly spent: Spent;
  /** Keys in the queue at its end: 0 when the operator has come to rest. */
  readonly waiting: number;
}

export async function measureResources(stage: Stage): Promise<Section> {
  const found = await besideBareNode(stage, async (pair) => {
    const steps: ResourcesAt[] = [];
    for (const count of COUNTS) steps.push(await measureCount(stage, pair, { from: steps.at(-1)?.count ?? 1, count }));
    return steps;
  });
  return { name: 'resources', rows: resourcesRows(found), numbers: found, note: NOTE };
}

async function measureCount(stage: Stage, { look }: SideBySide, { from, count }: { from: number; count: number }): Promise<ResourcesAt> {
  stage.say(`${count} resources`);
  const samples: Pair[] = [];
  const stopSampling = everySecond(async () => {
    samples.push(await look());
  });
  const before = readReconciles(await stage.operatorMetrics());
  const began = performance.now();
  if (count > from) await stage.cluster.kubectl(['create', '-f', '-'], JSON.stringify(suspendedResources(stage.settings.namespace, from, count)));
  await untilSeen({ metrics: stage.operatorMetrics, count, seconds: PATIENCE, signal: stage.signal });
  const seconds = (performance.now() - began) / 1000;
  const stopSpending = await startSpending(stage);
  await sleep(MINUTE * 1000, undefined, { signal: stage.signal });
  const spent = await stopSpending();
  const metrics = await stage.operatorMetrics();
  const reconciles = reconcilesBetween(before, readReconciles(metrics));
  await stopSampling();
  const memory = { peak: peaks(samples.map(({ operator }) => operator)), bare: medians(samples.map(({ bare }) => bare)) };
  return { count, seconds, ...memory, reconciles, spent, waiting: sumOf(metrics, 'glitchkeeper_queue_depth') };
}

const NOTE = 'all but one are suspended, not watched, and share the Secrets and servers of the one. A reconcile reads the resource and its Secrets and logs in to Postgres and Valkey. '
  + 'Times of reconciles are the upper bounds of the histogram\'s buckets; memory is the peak, reading /metrics included, which has some twenty lines for each resource.';

export function resourcesRows(steps: readonly ResourcesAt[]): Row[] {
  return steps.flatMap(({ count, seconds, peak, bare, reconciles, spent, waiting }) => [
    { what: `${count} resources, operator`, measured: `${describeResident(peak)}; ${timesBare(peak, bare)}` },
    { what: 'reconciles', measured: `${describeReconciles(reconciles)}; all seen after ${seconds.toFixed(0)} s` },
    { what: 'in the minute after', measured: `${describeSpent(spent)}; ${waiting} wait at its end` },
  ]);
}

function describeReconciles({ count, p50, p99 }: Reconciles): string {
  if (p50 === undefined || p99 === undefined) return 'none';
  return `${count}, p50 ${atMostSeconds(p50)}, p99 ${atMostSeconds(p99)}`;
}

function atMostSeconds(bound: number): string {
  return Number.isFinite(bound) ? `at most ${bound} s` : 'over the highest bucket';
}
