import { describe, expect, it } from '@jest/globals';
import { copyNameOf } from '../../../../backup/core/copy-name.js';
import { copiesAmong, keysToRemove, planRetention, type KnownCopy, type RetentionPlan } from '../../../../backup/core/retention.js';

const DAY = 86_400_000;
const NOW = new Date('2026-11-29T03:00:00Z');
const POLICY = { days: 30, newest: 3, months: 12 };
/** Made so many days ago, at the same time. */
const ago = (days: number): string => copyNameOf(new Date(NOW.getTime() - days * DAY));
const good = (...days: number[]): KnownCopy[] => days.map((day) => ({ name: ago(day), damaged: false }));
const bad = (...days: number[]): KnownCopy[] => days.map((day) => ({ name: ago(day), damaged: true }));
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const removes = (...days: number[]): RetentionPlan => ({ kind: 'some', remove: days.map(ago).sort() });

describe('retention', () => {
  it.each<[string, KnownCopy[], RetentionPlan]>([
    ['keeps 30 days', good(...range(0, 30)), removes()],
    ['lets go of what is older', good(0, 1, 2, 31, 32), removes(31)],
    ['keeps the first of each month', good(0, 1, 2, 31, 32, 45, 58, 59, 60), removes(31, 32, 45, 58)],
    ['keeps the newest three whatever their age', good(0, 70, 80, 90), removes()],
    ['does not count a damaged one among the newest three', [...good(0), ...bad(1, 2), ...good(70, 71)], removes()],
    ['keeps a damaged one as long as any other', bad(29).concat(good(0, 1, 2)), removes()],
    ['lets go of a damaged one after that, though it is the first of its month', [...good(0, 1, 2), ...bad(58)], removes(58)],
    ['lets go of what is older than a year', good(0, 1, 2, 334, 400), removes(400)],
    ['deletes nothing where there is no good copy', bad(0, 400), { kind: 'nothing', why: 'NoGoodCopy' }],
    ['deletes nothing where there is no copy', [], { kind: 'nothing', why: 'NoGoodCopy' }],
    ['deletes nothing when the newest good copy is older than 3 days', [...bad(0), ...good(3.1, 4, 50, 60, 70)], { kind: 'nothing', why: 'NewestTooOld' }],
    ['goes on when it is a week old, and so was the one before', good(7, 14, 21, 40, 41), removes(40)],
    ['goes on when it is 3 days old', good(3, 3.5, 4, 40, 41), removes(40)],
    ['deletes nothing when the newest copy lies in the future: the clock was set back', good(-1, 40, 41, 42), { kind: 'nothing', why: 'NewestInFuture' }],
    ['deletes nothing when the clock was set forward by a year', good(...range(365, 400)), { kind: 'nothing', why: 'NewestTooOld' }],
    ['takes ten minutes for no future', good(-0.005, 1, 2, 40, 41), removes(40)],
  ])('%s', (_, copies, expected) => {
    const plan = planRetention(copies, NOW, POLICY);
    expect(plan.kind === 'some' ? { ...plan, remove: [...plan.remove].sort() } : plan).toEqual(expected);
  });

  it.each<[string, KnownCopy[], RetentionPlan]>([
    ['deletes nothing when the clock was set forward by a year: its own copy is the only new one', good(0, ...range(365, 400)), { kind: 'nothing', why: 'NewestTooOld' }],
    ['deletes nothing when runs failed for longer than 3 days', good(0, 3.1, 4, 40, 41), { kind: 'nothing', why: 'NewestTooOld' }],
    ['lets go of what is older when it follows the others', good(0, 1, 2, 40, 41), removes(40)],
    ['lets go of what is older when it is one a week', good(0, 7, 14, 40, 41), removes(40)],
    ['lets go of a damaged one when it is the first good one', [...good(0), ...bad(40)], removes(40)],
  ])('after a run %s', (_, copies, expected) => {
    expect(planRetention(copies, NOW, POLICY, ago(0))).toEqual(expected);
  });

  it('keeps 30 days and one a month of a copy a day for two years', () => {
    const plan = planRetention(good(...range(0, 730)), NOW, POLICY);
    const kept = range(0, 730).map(ago).filter((name) => plan.kind === 'some' && !plan.remove.includes(name));
    expect(kept.slice(0, 31)).toEqual(range(0, 30).map(ago));
    expect(kept.slice(31).map((name) => name.slice(0, 8))).toEqual(
      ['20261001', '20260901', '20260801', '20260701', '20260601', '20260501', '20260401', '20260301', '20260201', '20260101', '20251201']);
  });
});

describe('what goes from the store', () => {
  const upload = (digit: string) => `uploads/${digit.repeat(64)}`;
  const [old, kept, unfinished, running] = [ago(40), ago(0), ago(5), ago(1)];
  const keys = [
    `copies/${old}/database.dump.age`, `copies/${old}/manifest.json`, `copies/${old}/settings.json.age`, `copies/${kept}/manifest.json`, `copies/${kept}/database.dump.age`,
    `copies/${unfinished}/database.dump.age`, `copies/${running}/database.dump.age`, upload('a'), upload('b'),
    'copies/notes/manifest.json', 'copies/20260231T000000Z/manifest.json', 'uploads/readme', 'somebody/else', `x/copies/${old}/manifest.json`, `copies/${old}/a/b`,
  ];

  it('is, of each copy that goes, the manifest first; what killed runs left; uploads that no kept copy names', () => {
    const goes = keysToRemove(keys, [old], { names: new Set([kept]), uploads: new Set([upload('a')]) }, NOW);
    expect(goes).toEqual([
      `copies/${old}/manifest.json`, `copies/${old}/database.dump.age`, `copies/${old}/settings.json.age`, `copies/${unfinished}/database.dump.age`, upload('b'),
    ].sort((a, b) => Number(b.endsWith('manifest.json')) - Number(a.endsWith('manifest.json')) || a.localeCompare(b)));
  });

  it('has as copies what has a manifest and a name of ours', () => {
    expect(copiesAmong([...keys, `copies/${old}/damaged.json`])).toEqual([{ name: kept, damaged: false }, { name: old, damaged: true }]);
  });
});
