// What the CPU counters say.
import { describe, expect, it } from '@jest/globals';
import { busySeconds, cpuRows, cpuWithin } from '../../bench/cpu.js';

const reading = (seconds: number, throttled = 0, periods = 0): { seconds: number; throttled: number; periods: number } => ({ seconds, throttled, periods });

describe('busySeconds', () => {
  it('adds all but idle and iowait', () => {
    expect(busySeconds('cpu  100 10 50 9999 888 1 2 3 7 0\ncpu0 1 2 3\n')).toBe(1.66);
  });
});

describe('cpuWithin', () => {
  const sample = (at: number, web: number, throttled: number, periods: number): Parameters<typeof cpuWithin>[1][number] =>
    ({ at, parts: [reading(web, throttled, periods)], cluster: reading(web * 2), machine: web * 3 });
  const samples = [sample(0, 0, 0, 0), sample(1000, 10, 0, 10), sample(2000, 10.5, 4, 20), sample(3000, 11, 8, 30), sample(4000, 99, 8, 40)];
  const parts = [{ part: 'web', limit: 0.5 }];

  it('counts from the last look before the span to the first one after it', () => {
    expect(cpuWithin({ startedAt: 1100, endedAt: 2900 }, samples, parts)).toEqual({
      parts: [{ part: 'web', limit: 0.5, used: 0.5, throttled: 0.4 }], cluster: 1, machine: 1.5,
    });
  });

  it('takes what there is when the span is longer', () => {
    expect(cpuWithin({ startedAt: -1, endedAt: 9000 }, samples, parts).parts[0]?.used).toBeCloseTo(24.75);
  });
});

describe('cpuRows', () => {
  it('says when others used the machine too', () => {
    expect(cpuRows({ parts: [], cluster: 1, machine: 1.9 }, 0.2).at(-1)?.measured).toBe('cluster 1.00, client 0.20, everything else 0.70 (not a quiet machine)');
  });

  it('says nothing of a limit that held nobody up', () => {
    expect(cpuRows({ parts: [{ part: 'valkey', used: 0.011, limit: 0.1, throttled: 0 }], cluster: 1, machine: 1 }, 0)[0]?.measured).toBe('valkey 0.01 of 0.1');
  });
});
