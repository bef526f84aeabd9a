// The table, the goals and the verdict of the bench.
import { describe, expect, it } from '@jest/globals';
import { atMost, mebibytes, renderJson, renderNotes, renderTable, renderVerdict, under, unmetGoals, type Section } from '../../bench/bench-report.js';

const sections: Section[] = [
  { name: 'synth', rows: [{ what: 'ratio', measured: '3.1', goal: atMost(3.1, 4) }, { what: 'peak', measured: '70Mi' }], numbers: { ratio: 3.1 } },
  { name: 'ingest', rows: [{ what: 'lag', measured: 'p99 6.0 s', goal: under(6000, 5000, ' ms') }], numbers: {} },
];

describe('a goal', () => {
  it.each([
    ['"at most" is met at its limit', atMost(4, 4), true],
    ['"at most" is not met above it', atMost(4.01, 4), false],
    ['"under" is not met at its limit', under(5, 5), false],
    ['"under" is met below it', under(4.99, 5), true],
    ['nothing measured meets no "at most"', atMost(Number.NaN, 4), false],
    ['nothing measured meets no "under"', under(Number.NaN, 4), false],
  ])('%s', (_sentence, goal, met) => {
    expect(goal.met).toBe(met);
  });

  it('says its limit with the unit', () => {
    expect(atMost(1, 1.25, ' times').text).toBe('at most 1.25 times');
  });
});

describe('the table', () => {
  const lines = renderTable(sections, 120).split('\n');

  it('has a line for each row, under the name of its section', () => {
    expect(lines.find((line) => line.includes('SYNTH'))).toBeDefined();
    expect(lines.find((line) => line.includes('ratio'))).toMatch(/3\.1.*at most 4.*met/);
  });

  it('says plainly that a goal is not met', () => {
    expect(lines.find((line) => line.includes('lag'))).toContain('NOT MET');
  });

  it('leaves the goal empty where there is none', () => {
    expect(lines.find((line) => line.includes('peak'))).not.toMatch(/met/i);
  });

  it('is as wide as the terminal, but never so narrow that nothing can be read', () => {
    expect(Math.max(...lines.map(({ length }) => length))).toBe(120);
    expect(Math.max(...renderTable(sections, 10).split('\n').map(({ length }) => length))).toBe(102);
  });
});

describe('the notes', () => {
  it('are under the names of their sections, where there are any', () => {
    expect(renderNotes([...sections, { name: 'memory', rows: [], numbers: {}, note: 'used is all.' }])).toBe('memory: used is all.\n');
  });
});

describe('the verdict', () => {
  it('names the goals that are not met', () => {
    expect(renderVerdict(sections)).toBe('1 of 2 goals NOT MET: lag');
    expect(unmetGoals(sections).map(({ what }) => what)).toEqual(['lag']);
  });

  it('says so when all are met', () => {
    expect(renderVerdict(sections.slice(0, 1))).toBe('all 1 goals met');
  });

  it('does not call a run without goals a success', () => {
    expect(renderVerdict([])).toBe('no goal was measured');
  });
});

describe('the JSON', () => {
  it('has where it was measured, whether all goals are met, the rows and the numbers', () => {
    const written: unknown = JSON.parse(renderJson(sections, { image: 'glitchtip:5.2' }));
    expect(written).toMatchObject({ image: 'glitchtip:5.2', goalsMet: false, sections: [{ numbers: { ratio: 3.1 } }, { name: 'ingest' }] });
  });
});

describe('mebibytes', () => {
  it('rounds', () => {
    expect(mebibytes(1.4 * 2 ** 20)).toBe('1Mi');
  });

  it('says unknown for what was not measured', () => {
    expect(mebibytes(undefined)).toBe('unknown');
  });
});
