// What the operator says of itself at /metrics: CPU time, requests to the API server, how long reconciles take.
import type { Stage } from './stage.js';

/** What was spent in some time. */
export interface Spent {
  readonly seconds: number;
  /** CPU seconds. */
  readonly cpu: number;
  /** To the API server. */
  readonly requests: number;
}

/** Counters since the operator's start. */
type Counters = Omit<Spent, 'seconds'>;

/** Reads the counters; the function that it gives reads them again and says what was spent in between. */
export async function startSpending({ operatorMetrics }: Pick<Stage, 'operatorMetrics'>): Promise<() => Promise<Spent>> {
  const [before, began] = [readCounters(await operatorMetrics()), performance.now()];
  return async () => {
    const [after, ended] = [readCounters(await operatorMetrics()), performance.now()];
    return { seconds: (ended - began) / 1000, cpu: after.cpu - before.cpu, requests: after.requests - before.requests };
  };
}

export function readCounters(metrics: string): Counters {
  return { cpu: sumOf(metrics, 'process_cpu_seconds'), requests: sumOf(metrics, 'glitchkeeper_kubernetes_requests_total') };
}

/** All series of a metric in Prometheus' text format, added up; 0 when there is none yet. */
export function sumOf(metrics: string, name: string): number {
  return seriesOf(metrics, name).reduce((sum, line) => sum + valueOf(line), 0);
}

function seriesOf(metrics: string, name: string): string[] {
  return metrics.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
}

function valueOf(line: string): number {
  return Number(line.slice(line.lastIndexOf(' ') + 1));
}

export function describeSpent({ seconds, cpu, requests }: Spent): string {
  const perMinute = 60 / seconds;
  return `${(cpu * perMinute).toFixed(2)} CPU s/min, ${(requests * perMinute).toFixed(0)} requests/min to the API server (${cpu.toFixed(2)} s and ${requests} in ${seconds.toFixed(0)} s)`;
}

/** How many series a metric has. */
export function seriesCount(metrics: string, name: string): number {
  return seriesOf(metrics, name).length;
}

/** Reconciles so far that took no longer than each bound, by the bound in seconds (the last one is Infinity). */
export type Buckets = ReadonlyMap<number, number>;

export interface Reconciles {
  readonly count: number;
  /** Upper bounds of the buckets that they are in, seconds; undefined: there was no reconcile. */
  readonly p50: number | undefined;
  readonly p99: number | undefined;
}

/** Of the resources, whatever their result. */
export function readReconciles(metrics: string): Buckets {
  const buckets = new Map<number, number>();
  for (const line of seriesOf(metrics, 'glitchkeeper_reconcile_duration_seconds_bucket').filter((series) => series.includes('controller="glitchtip"'))) {
    const text = /le="([^"]+)"/.exec(line)?.[1] ?? '';
    const bound = text === '+Inf' ? Infinity : Number(text);
    buckets.set(bound, (buckets.get(bound) ?? 0) + valueOf(line));
  }
  return buckets;
}

export function reconcilesBetween(before: Buckets, after: Buckets): Reconciles {
  const bounds = [...after.keys()].sort((a, b) => a - b);
  const within = (bound: number): number => (after.get(bound) ?? 0) - (before.get(bound) ?? 0);
  const count = within(Infinity);
  const quantile = (share: number): number | undefined => (count === 0 ? undefined : bounds.find((bound) => within(bound) >= share * count));
  return { count, p50: quantile(0.5), p99: quantile(0.99) };
}
