// What the comparison of two builds says of their numbers.
import { expect, it } from '@jest/globals';
import { buildsRows, type BuildCost } from '../../bench/builds.js';
import { unmetGoals } from '../../bench/bench-report.js';

const MEBI = 2 ** 20;
const resident = (all: number, own: number) => ({ resident: all * MEBI, own: own * MEBI });
/** @param runs resident memory of each while idle */
const cost = (build: string, runs: readonly number[]): BuildCost => ({
  build, idle: runs.map((all) => resident(all, all - 51)), rotating: runs.map((all) => resident(all + 5, 28)), many: runs.map((all) => resident(all + 9, 32)), manySeconds: [120, 121, 130], cpu: [1.5, 1.6, 9],
});
const rows = (ours: readonly number[], other: readonly number[]) => buildsRows({ node: 'v24.0.0', bare: [resident(42, 9)], ours: cost('build', ours), other: cost('../before/build', other) });
const unmet = (ours: readonly number[], other: readonly number[]) => unmetGoals([{ name: 'builds', rows: rows(ours, other), numbers: undefined }]).map(({ what }) => what);

it('a build that needs as much as the other meets the goals', () => {
  expect(unmet([75, 75, 75], [75, 75, 75])).toEqual([]);
});

it('a build that needs more does not, in each of the three', () => {
  expect(unmet([75.2], [75])).toEqual(['idle, this / the other', 'peak in a rotation, this / the other', 'peak with 1000 resources, this / the other']);
});

it('the medians count: one bad run does not', () => {
  expect(unmet([70, 75, 99], [75, 75, 75])).toEqual([]);
});

it('shows medians to a tenth, their ratio, and the least and the greatest of a run', () => {
  expect(rows([75, 76, 77], [75, 75, 75]).slice(1, 4)).toEqual([
    { what: 'idle, this build', measured: '76.0Mi resident: 25.0Mi its own, 51.0Mi of files' },
    { what: 'idle, the other', measured: '75.0Mi resident: 24.0Mi its own, 51.0Mi of files' },
    { what: 'idle, this / the other', measured: 'resident 1.013 (1.000 to 1.027); its own 1.042 (1.000 to 1.083)', goal: { text: 'at most 1 times', met: false } },
  ]);
});

it('says the medians of what else was counted', () => {
  const shown = new Map(rows([75, 76, 77], [75, 75, 75]).map(({ what, measured }) => [what, measured]));
  expect([shown.get('CPU of the first 20 s'), shown.get('until all were looked at')]).toEqual(['this build 1.60 s, the other 1.60 s', 'this build 121 s, the other 121 s']);
});
