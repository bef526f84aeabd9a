// What the comparison of two builds says of their numbers.
import { expect, it } from '@jest/globals';
import { buildsRows, type BuildCost } from '../../bench/builds.js';
import { unmetGoals } from '../../bench/bench-report.js';

const MEBI = 2 ** 20;
const resident = (all: number, own: number) => ({ resident: all * MEBI, own: own * MEBI });
const cost = (build: string, all: number): BuildCost => ({ build, idle: resident(all, 24), rotating: resident(all + 5, 28), many: resident(all + 9, 32), manySeconds: 120, cpu: 1.5 });
const rows = (ours: number, other: number) => buildsRows({ node: 'v24.0.0', bare: resident(42, 9), ours: cost('build', ours), other: cost('../before/build', other) });

it('a build that needs as much as the other meets the goals', () => {
  const unmet = unmetGoals([{ name: 'builds', rows: rows(75, 75), numbers: undefined }]);
  expect(unmet).toEqual([]);
});

it('a build that needs more does not, and both are shown to a tenth', () => {
  const shown = rows(75.2, 75);
  expect(unmetGoals([{ name: 'builds', rows: shown, numbers: undefined }]).map(({ what }) => what)).toEqual(['idle, this build', 'peak in a rotation, this build', 'peak with 1000 resources, this build']);
  expect(shown[1]).toMatchObject({ what: 'idle, this build', measured: '75.2Mi resident: 24.0Mi its own, 51.2Mi of files' });
});
