// Percentiles and storage lags.
import { describe, expect, it } from '@jest/globals';
import { describeLags, percentile, seconds, storageLags } from '../../sdk/statistics.js';

describe('percentile', () => {
  it.each([
    ['is undefined for no values', [], 50, undefined],
    ['is the value itself for one', [7], 99, 7],
    ['takes the nearest rank for the median', [4, 1, 3, 2], 50, 2],
    ['takes the largest for 100', [4, 1, 3, 2], 100, 4],
    ['takes the smallest for 0', [4, 1, 3, 2], 0, 1],
    ['sorts by number, not by text', [100, 9, 20], 100, 100],
  ])('%s', (_sentence, values, percent, expected) => {
    expect(percentile(values, percent)).toBe(expected);
  });

  it('leaves its input as it is', () => {
    const values = [3, 1, 2];
    percentile(values, 50);
    expect(values).toEqual([3, 1, 2]);
  });

  it('leaves one of a hundred above the 99th', () => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(percentile(values, 99)).toBe(99);
  });
});

describe('storageLags', () => {
  const accepted = [
    { number: 1, acceptedAt: 1000 },
    { number: 2, acceptedAt: 1100 },
    { number: 3, acceptedAt: 1200 },
  ];

  it('runs from the acceptance to the first look that had reached the number', () => {
    const looks = [
      { at: 1500, number: 2 },
      { at: 2000, number: 3 },
    ];
    expect(storageLags(accepted, looks)).toEqual([500, 400, 800]);
  });

  it('leaves out what was never seen stored', () => {
    expect(storageLags(accepted, [{ at: 1500, number: 1 }])).toEqual([500]);
  });

  it('is never negative, though an answer can arrive after the event is stored', () => {
    expect(storageLags([{ number: 1, acceptedAt: 2000 }], [{ at: 1900, number: 1 }])).toEqual([0]);
  });

  it('takes looks and events in any order', () => {
    const looks = [
      { at: 2000, number: 3 },
      { at: 1500, number: 2 },
    ];
    expect(storageLags(accepted.toReversed(), looks)).toEqual([500, 400, 800]);
  });

  it('is empty without looks', () => {
    expect(storageLags(accepted, [])).toEqual([]);
  });
});

describe('texts', () => {
  it('describes lags by their median and 99th percentile', () => {
    expect(describeLags([100, 200, 12_340])).toBe('p50 0.20 s, p99 12.3 s');
  });

  it('says none when nothing was seen stored', () => {
    expect(describeLags([])).toBe('none');
  });

  it.each([
    [0, '0.00 s'],
    [45, '0.04 s'],
    [999, '1.00 s'],
    [1000, '1.0 s'],
    [61_500, '61.5 s'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(seconds(milliseconds)).toBe(text);
  });
});
