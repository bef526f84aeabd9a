// The rows of what watching costs.
import { describe, expect, it } from '@jest/globals';
import { isWithinNoise, watchingRows, type Watched } from '../../bench/watching.js';

const MIB = 2 ** 20;
const watched = (fields: Partial<Watched> = {}): Watched => ({
  operator: { seconds: 120, cpu: 0.6, requests: 40 }, transactions: 240, commands: 1200, workingSet: 30 * MIB,
  cpu: { parts: [{ part: 'web', used: 0.02, limit: 0.5, throttled: 0 }], cluster: 0.1, machine: 0.2 }, ...fields,
});

describe('watchingRows', () => {
  const rows = watchingRows({
    off: watched(), on: watched({ workingSet: 34 * MIB, cpu: { parts: [], cluster: 0.13, machine: 0.2 } }), incident: watched({ commands: undefined }),
    ingest: { off: [100, 104, 102], on: [101, 99, 103] },
  });
  const measured = (what: string): string | undefined => rows.find((row) => row.what === what)?.measured;

  it('gives what the operator and the servers spend, by the minute', () => {
    expect(measured('idle, health off')).toBe('operator 5.0m CPU, working set at most 30Mi, 20/min requests to the API server');
    expect(measured('the servers meanwhile')).toBe('Postgres 120/min transactions, Valkey 600/min commands; CPU: host 100m, of it web 20m');
  });

  it('gives the difference that watching makes', () => {
    expect(measured('watching, idle')).toBe("30m CPU of the whole host, 4Mi of the operator's working set");
  });

  it('says so of a server that does not run', () => {
    expect(rows.filter(({ what }) => what === 'the servers meanwhile').at(-1)?.measured).toContain('Valkey does not run');
  });

  it('holds ingest with health on against ingest with health off', () => {
    expect(rows.at(-1)).toEqual({ what: 'ingest, health on', measured: '101.0 events/s (101.0, 99.0, 103.0)', goal: { text: 'within noise', met: true } });
  });
});

describe('isWithinNoise', () => {
  it.each([
    ['slower by less than runs of one kind differ', [100, 104], [99, 101], true],
    ['slower by more than that', [100, 101], [95, 96], false],
    ['faster', [100, 100], [120, 120], true],
    ['nothing measured', [], [], false],
  ])('%s', (_, off, on, expected) => {
    expect(isWithinNoise(off, on)).toBe(expected);
  });
});
