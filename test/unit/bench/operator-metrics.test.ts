// What is read of the operator's /metrics.
import { describe, expect, it } from '@jest/globals';
import { readCounters, readReconciles, reconcilesBetween, seriesCount, startSpending, sumOf } from '../../bench/operator-metrics.js';

const text = (cpu: number, gets: number, patches: number): string => [
  '# HELP glitchkeeper_kubernetes_requests_total Requests', '# TYPE glitchkeeper_kubernetes_requests_total counter',
  `glitchkeeper_kubernetes_requests_total{method="GET",status="200"} ${gets}`, `glitchkeeper_kubernetes_requests_total{method="PATCH",status="200"} ${patches}`,
  `process_cpu_seconds ${cpu}`, 'process_cpu_seconds_of_another 99', '',
].join('\n');

describe('readCounters', () => {
  it('adds all methods and answers, and leaves alone a metric whose name is only longer', () => {
    expect(readCounters(text(1.5, 10, 4))).toEqual({ cpu: 1.5, requests: 14 });
  });
});

describe('sumOf', () => {
  it('is 0 for a counter that counted nothing yet', () => {
    expect(sumOf(text(1, 2, 3), 'glitchkeeper_never')).toBe(0);
  });
});

describe('seriesCount', () => {
  it('counts the series of one metric', () => {
    expect(seriesCount(text(1, 2, 3), 'glitchkeeper_kubernetes_requests_total')).toBe(2);
  });
});

describe('reconcilesBetween', () => {
  const histogram = (controller: string, result: string, counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts).map(([le, count]) => `glitchkeeper_reconcile_duration_seconds_bucket{le="${le}",controller="${controller}",result="${result}"} ${count}`).join('\n');
  const before = readReconciles(histogram('glitchtip', 'ok', { '0.05': 10, '0.5': 10, '+Inf': 10 }));

  it('gives the buckets of median and 99th percentile, of all results, and of what came since', () => {
    const after = [
      histogram('glitchtip', 'ok', { '0.05': 107, '0.5': 108, '+Inf': 108 }), histogram('glitchtip', 'error', { '0.05': 0, '0.5': 0, '+Inf': 2 }),
      histogram('settings', 'ok', { '0.05': 0, '0.5': 0, '+Inf': 500 }),
    ].join('\n');
    expect(reconcilesBetween(before, readReconciles(after))).toEqual({ count: 100, p50: 0.05, p99: Infinity });
  });

  it('gives none where nothing was reconciled', () => {
    expect(reconcilesBetween(before, before)).toEqual({ count: 0, p50: undefined, p99: undefined });
  });
});

describe('startSpending', () => {
  it('gives the difference of two looks', async () => {
    const looks = [text(1, 10, 4), text(1.5, 30, 5)];
    const stop = await startSpending({ operatorMetrics: () => Promise.resolve(looks.shift() ?? '') });
    expect(await stop()).toMatchObject({ cpu: 0.5, requests: 21 });
  });
});
