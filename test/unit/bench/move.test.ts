// What the benchmark of a move says, of numbers that are given.
import { describe, expect, it } from '@jest/globals';
import { moveRows } from '../../bench/move.js';

const MEBIBYTE = 2 ** 20;
const numbers = (own: number, wait: number) => ({
  waits: { alone: [10, 10, 10], moving: [wait, wait, wait] }, lost: 0, changes: [200, 300, 100],
  memory: { alone: [{ resident: 80 * MEBIBYTE, own: 40 * MEBIBYTE }], moving: [{ resident: 84 * MEBIBYTE, own: own * MEBIBYTE }, { resident: 70 * MEBIBYTE, own: 30 * MEBIBYTE }] },
});
const notMet = (rows: ReturnType<typeof moveRows>) => rows.filter(({ goal }) => goal?.met === false).map(({ what }) => what);

describe('the benchmark of a move', () => {
  it('says what the gateway took at most, without a move and with one', () => {
    const rows = moveRows(numbers(44, 11));
    expect(notMet(rows)).toEqual([]);
    expect(rows.find(({ what }) => what.startsWith('memory of the gateway with one'))?.measured).toMatch(/^84Mi resident: 44Mi its own, .*; 4Mi more of its own$/);
  });

  it('says that a goal is not met: answers that are slower, and memory beyond the limit', () => {
    expect(notMet(moveRows(numbers(97, 13)))).toEqual(['with / without, p99', 'memory of the gateway with one, most']);
  });
});
