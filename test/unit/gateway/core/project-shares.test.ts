import { describe, expect, it } from '@jest/globals';
import { ProjectShares } from '../../../../gateway/core/project-shares.js';

const MIB = 2 ** 20;
/** Of a spool of 64Mi: from 60Mi on it is nearly full. */
const [MOST, NEARLY_FULL] = [64 * MIB, 61 * MIB];

function sharesOf(held: Readonly<Record<number, number>>): ProjectShares {
  const shares = new ProjectShares(MOST);
  for (const [project, bytes] of Object.entries(held)) shares.took(Number(project), bytes);
  return shares;
}

describe('the last sixteenth of the spool', () => {
  it.each<[string, { readonly held: Readonly<Record<number, number>>; readonly live: number; readonly admitted: boolean }]>([
    ['is refused to the project that fills it', { held: { 1: 50 * MIB, 2: 10 * MIB }, live: NEARLY_FULL, admitted: false }],
    ['is for one that holds less than half', { held: { 1: 10 * MIB, 2: 50 * MIB }, live: NEARLY_FULL, admitted: true }],
    ['is for one that holds nothing', { held: { 2: 60 * MIB }, live: NEARLY_FULL, admitted: true }],
    ['is for anybody while nobody knows who filled it: the gateway has just started', { held: { 1: MIB / 2 }, live: NEARLY_FULL, admitted: true }],
    ['is all that is kept: before it, a project may hold everything', { held: { 1: 59 * MIB }, live: 59 * MIB, admitted: true }],
  ])('%s', (_, { held, live, admitted }) => {
    expect(sharesOf(held).admits(1, live)).toBe(admitted);
  });

  it('is open again to a project whose events were stored', () => {
    const shares = sharesOf({ 1: 50 * MIB, 2: 10 * MIB });
    shares.letGo(1, 45 * MIB);
    expect(shares.admits(1, NEARLY_FULL)).toBe(true);
  });

  it('does not count what was taken before the start and let go of since', () => {
    const shares = sharesOf({ 1: 10 * MIB, 2: MIB });
    shares.letGo(1, 20 * MIB);
    shares.letGo(3, 20 * MIB);
    shares.took(2, MIB);
    expect([shares.admits(1, NEARLY_FULL), shares.admits(2, NEARLY_FULL)]).toEqual([true, false]);
  });
});
