// The rows of one operator with many resources.
import { describe, expect, it } from '@jest/globals';
import { resourcesRows, type ResourcesAt } from '../../bench/resources.js';

const MIB = 2 ** 20;
const step: ResourcesAt = {
  count: 100, seconds: 12.3, peak: { resident: 60 * MIB, own: 20 * MIB }, bare: { resident: 48 * MIB, own: 10 * MIB },
  reconciles: { count: 199, p50: 0.05, p99: 0.5 }, spent: { seconds: 60, cpu: 0.6, requests: 140 }, waiting: 3,
};

describe('resourcesRows', () => {
  it('gives memory, reconciles, what is spent in a minute, and whether the operator has come to rest by then', () => {
    expect(resourcesRows([step])).toEqual([
      { what: '100 resources, operator', measured: "60Mi resident: 20Mi its own, 40Mi of files (Node's program); 1.25 times bare node" },
      { what: 'reconciles', measured: '199, p50 at most 0.05 s, p99 at most 0.5 s; all seen after 12 s' },
      { what: 'in the minute after', measured: '0.60 CPU s/min, 140 requests/min to the API server (0.60 s and 140 in 60 s); 3 wait at its end' },
    ]);
  });

  it('says so when there was no reconcile, or one beyond all buckets', () => {
    const rows = resourcesRows([{ ...step, reconciles: { count: 0, p50: undefined, p99: undefined } }, { ...step, reconciles: { count: 1, p50: 1, p99: Infinity } }]);
    expect(rows.filter(({ what }) => what === 'reconciles').map(({ measured }) => measured.split(';')[0])).toEqual(['none', '1, p50 at most 1 s, p99 over the highest bucket']);
  });
});
