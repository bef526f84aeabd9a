// The figures of synth against bare node.
import { describe, expect, it } from '@jest/globals';
import { parseSpent, parseStatus } from '../../bench/program-cost.js';
import { synthArguments, synthRows } from '../../bench/synth.js';

const spent = (times: number[]) => times.map((cpu) => ({ cpu, wall: 2 * cpu }));
const cost = (synth: number[], bare: number[], changed = synth): Parameters<typeof synthRows>[0] => ({
  synth: { spent: spent(synth), peak: 80 * 2 ** 20 }, changed: { spent: spent(changed), peak: 80 * 2 ** 20 }, bare: { spent: spent(bare), peak: 40 * 2 ** 20 },
});

describe('synthRows', () => {
  it('compares the medians, so that one slow run decides nothing', () => {
    const rows = synthRows(cost([280, 290, 5000], [100, 101, 102]));
    expect(rows.find(({ goal }) => goal !== undefined)).toEqual({
      what: 'synth / bare node, CPU', measured: '2.9 (medians; least of each: 2.8)', goal: { text: 'at most 3', met: true },
    });
  });

  it('does not meet the goal above three times', () => {
    expect(synthRows(cost([310], [100])).find(({ goal }) => goal !== undefined)?.goal?.met).toBe(false);
  });

  it('gives least, median and most of the runs', () => {
    const rows = synthRows(cost([3, 1, 2], [1]));
    expect(rows[0]?.measured).toBe('min 1 ms, median 2 ms, max 3 ms of 3');
    expect(rows.find(({ what }) => what.endsWith('wall'))?.measured).toBe('2.0 (min 2 ms, median 4 ms, max 6 ms of 3)');
  });

  it('says what settings cost that leave no document as it was built', () => {
    expect(synthRows(cost([200], [100], [390])).find(({ what }) => what.startsWith('the same'))).toEqual({ what: 'the same where every document is changed', measured: '3.9 (min 390 ms, median 390 ms, max 390 ms of 1)' });
  });

  it('compares the peaks of memory', () => {
    expect(synthRows(cost([1], [1])).at(-1)?.measured).toBe('2.0 (80Mi / 40Mi)');
  });
});

describe('what is measured', () => {
  it('is what npm run synth starts', () => {
    expect(synthArguments('{"scripts":{"synth":"npm run build && node --flag build/it"}}')).toEqual(['--flag', 'build/it']);
    expect(() => synthArguments('{"scripts":{"synth":"make"}}')).toThrow('expected to end with "&& node ...", found make');
  });

  it("is what bash's time says at the end", () => {
    expect(parseSpent('settings: none\n\n0.148 0.113\n')).toEqual({ wall: 148, cpu: 113 });
    expect(() => parseSpent('bash: time: not found')).toThrow("expected the seconds of bash's time");
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
