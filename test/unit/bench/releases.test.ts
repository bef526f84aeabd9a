// The releases beside each other: each figure is in one row, and what one of them does not have is said.
import { expect, it } from '@jest/globals';
import type { LoadResult } from '../../bench/load-job.js';
import type { MemoryUse } from '../../bench/memory.js';
import { releaseRows, type ReleaseFound } from '../../bench/releases.js';

const use = (mebibytes: number): MemoryUse => {
  const bytes = mebibytes * 2 ** 20;
  return { workingSet: bytes, workingSetMost: bytes, pageCache: 0, own: bytes, used: bytes, peak: bytes };
};
const result: LoadResult = {
  sent: 10, accepted: 9, losses: '', stored: 8, lost: 1, acceptedRate: 1, answeredRate: 1, storedRate: 98.6, answers: {}, lags: { p50: 2_000, p99: 4_000 }, startedAt: 0, endedAt: 1, client: { cpu: 0, seconds: 1 },
};
const foundOf = (name: string, parts: Readonly<Record<string, MemoryUse>>, storedRate = result.storedRate): ReleaseFound => {
  const measured = { result: { ...result, storedRate }, memory: parts, cpu: { parts: [], cluster: 0, machine: 0 } };
  return { name, idle: parts, usual: measured, burst: measured };
};

it('says of each release what it took, and that one process has no Valkey', () => {
  const rows = releaseRows(104, [foundOf('6.2', { host: use(900), valkey: use(9) }), foundOf('6.2 tiny', { host: use(700) })]);
  expect(rows.map(({ what, measured }) => `${what} = ${measured}`)).toEqual([
    'host, idle = 6.2: working set 900Mi, own 900Mi; 6.2 tiny: working set 700Mi, own 700Mi',
    'host, 104/s = 6.2: working set at most 900Mi; 6.2 tiny: working set at most 700Mi',
    'host, 400/s = 6.2: working set at most 900Mi; 6.2 tiny: working set at most 700Mi',
    '6.2 tiny / 6.2: host, 104/s and 400/s = 0.78 of its largest working set',
    '6.2 tiny / 6.2: stored at 400/s = 1.00 of its events/s',
    '104/s: accepted, stored = 6.2: 9 of 10, 8 stored; 6.2 tiny: 9 of 10, 8 stored',
    '104/s: accepted to stored = 6.2: p50 2.0 s, p99 4.0 s; 6.2 tiny: p50 2.0 s, p99 4.0 s',
    '400/s: accepted, stored = 6.2: 9 of 10, 8 stored, 99 events/s; 6.2 tiny: 9 of 10, 8 stored, 99 events/s',
    'valkey = 6.2: own 9Mi idle, working set at most 9Mi at 104/s; 6.2 tiny: none',
  ]);
});

it.each<[string, number, number, boolean[]]>([
  ['less memory, and as many events', 765, 98.6, [true, true]],
  ['a little more memory than that', 766, 98.6, [false, true]],
  ['fewer events', 700, 98.5, [true, false]],
])('one process with %s', (_, memory, rate, met) => {
  const rows = releaseRows(104, [foundOf('5.2', { host: use(1) }), foundOf('6.2', { host: use(900) }), foundOf('6.2 tiny', { host: use(memory) }, rate)]);
  expect(rows.flatMap(({ goal }) => (goal === undefined ? [] : [goal.met]))).toEqual(met);
});

it('meets no goal with a figure that is missing', () => {
  const rows = releaseRows(104, [foundOf('6.2', {}), foundOf('6.2 tiny', { host: use(700) })]);
  expect(rows.find(({ what }) => what.startsWith('6.2 tiny / 6.2: host'))?.goal?.met).toBe(false);
});
