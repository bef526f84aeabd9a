// Web rolled with a second pod beside it and without: which way the bench calls the better one.
import { expect, it } from '@jest/globals';
import { webRolledRows, type WebRolled } from '../../bench/web-rolled.js';

const MIB = 2 ** 20;
const alone: WebRolled = { peak: 1_300 * MIB, away: 9, seconds: 14.2, sent: 3_000, accepted: 3_000, lost: 0 };
const surge: WebRolled = { ...alone, peak: 1_500 * MIB, away: 0, seconds: 21.7 };

it('says of both what they took of the host, of events and of pages', () => {
  expect(webRolledRows(104, { alone, surge }).map(({ what, measured, goal }) => [what, measured, goal?.met])).toEqual([
    ['104/s: web rolled, host', '1300Mi without a second pod, 1500Mi with one', true],
    ['104/s: web rolled, accepted', '3000 of 3000 without a second pod, 3000 of 3000 with one', true],
    ['104/s: web rolled, stored', '3000 of 3000 without a second pod, 3000 of 3000 with one', true],
    ['104/s: web rolled, pages away', '9 of 14 s without a second pod, 0 of 22 s with one', undefined],
  ]);
});

it.each<[string, Partial<WebRolled>, string]>([
  ['that takes as much memory', { peak: surge.peak }, '104/s: web rolled, host'],
  ['that refuses an event', { accepted: 2_999 }, '104/s: web rolled, accepted'],
  ['that loses one', { lost: 1 }, '104/s: web rolled, stored'],
])('misses its goal by a default %s', (_, changed, what) => {
  expect(webRolledRows(104, { alone: { ...alone, ...changed }, surge }).filter(({ goal }) => goal?.met === false).map((row) => row.what)).toEqual([what]);
});
