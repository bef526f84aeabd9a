// The figures of synth against bare node.
import { describe, expect, it } from '@jest/globals';
import { parseStatus } from '../../bench/program-cost.js';
import { synthRows } from '../../bench/synth.js';

const cost = (synth: number[], bare: number[]): Parameters<typeof synthRows>[0] => ({
  synth: { wall: synth, peak: 80 * 2 ** 20 }, bare: { wall: bare, peak: 40 * 2 ** 20 },
});

describe('synthRows', () => {
  it('compares the medians, so that one slow run decides nothing', () => {
    const rows = synthRows(cost([300, 310, 5000], [100, 101, 102]));
    expect(rows.find(({ goal }) => goal !== undefined)).toEqual({
      what: 'synth / bare node, wall', measured: '3.1 (medians; fastest of each: 3.0)', goal: { text: 'at most 4', met: true },
    });
  });

  it('does not meet the goal above four times', () => {
    expect(synthRows(cost([410], [100])).find(({ goal }) => goal !== undefined)?.goal?.met).toBe(false);
  });

  it('gives least, median and most of the runs', () => {
    expect(synthRows(cost([3, 1, 2], [1]))[0]?.measured).toBe('min 1 ms, median 2 ms, max 3 ms of 3');
  });

  it('compares the peaks of memory', () => {
    expect(synthRows(cost([1], [1])).at(-1)?.measured).toBe('2.0 (80Mi / 40Mi)');
  });
});

describe('parseStatus', () => {
  it('gives bytes', () => {
    expect(parseStatus('Name:\tnode\nVmHWM:\t   40276 kB\nVmRSS:\t   40000 kB\n', 'VmHWM')).toBe(40_276 * 1024);
  });

  it('says which field is missing', () => {
    expect(() => parseStatus('Name:\tnode\n', 'VmHWM')).toThrow('no VmHWM');
  });
});
