// From two rotations and a restart of everything to the rows of the report.
import { describe, expect, it } from '@jest/globals';
import type { LoadResult } from '../../bench/load-job.js';
import { rotationRows, type RotationFindings } from '../../bench/rotation.js';

const MIB = 2 ** 20;
const resident = (mebibytes: number): { resident: number; own: number } => ({ resident: mebibytes * MIB, own: (mebibytes - 40) * MIB });
const load = (fields: Partial<LoadResult> = {}): LoadResult => ({
  sent: 3000, accepted: 3000, losses: '', stored: 3000, lost: 0, acceptedRate: 60, answeredRate: 60, storedRate: 60, answers: {}, lags: {}, startedAt: 0, endedAt: 50_000,
  client: { cpu: 5, seconds: 50 }, ...fields,
});
const good: RotationFindings = {
  idle: { seconds: 31.2, result: 'Completed', message: '' },
  loaded: { seconds: 45, result: 'Completed', message: '' },
  load: load(),
  restart: { seconds: 40, load: load({ accepted: 900, losses: '2100 x ECONNREFUSED', stored: 890, lost: 10, refused: { first: 10_000, last: 45_500 } }) },
  cost: { version: 'v20.19.5', operator: resident(56), bare: resident(48) },
  rest: { before: resident(48), after: resident(54) },
  spent: { idle: { seconds: 60, cpu: 0.3, requests: 20 }, rotating: { seconds: 30, cpu: 1, requests: 100 } },
};
const measured = (findings: RotationFindings, what: string): string[] => rotationRows(findings).filter((row) => row.what === what).map((row) => row.measured);
const unmet = (findings: RotationFindings): string[] => rotationRows(findings).filter(({ goal }) => goal?.met === false).map(({ what }) => what);

describe('rotationRows', () => {
  it('meets its four goals when both rotations are quick, no event is lost, and the operator stays small', () => {
    expect(unmet(good)).toEqual([]);
    expect(rotationRows(good).filter(({ goal }) => goal !== undefined)).toHaveLength(4);
  });

  it.each<[string, Partial<RotationFindings>, string]>([
    ['a slow rotation', { idle: { ...good.idle, seconds: 90 } }, 'rotation, idle'],
    ['a quick one that was undone', { loaded: { seconds: 20, result: 'Undone', message: 'why' } }, 'rotation, 60 events/s'],
    ['an event that was refused', { load: load({ accepted: 2999, losses: '1 x 503', stored: 2999 }) }, 'its events'],
    ['an event that was accepted and lost', { load: load({ stored: 2999, lost: 1 }) }, 'its events'],
    ['an operator that grows', { cost: { ...good.cost, operator: resident(61) } }, 'operator, peak in rotation / bare node, resident'],
  ])('does not overlook %s', (_sentence, change, what) => {
    expect(unmet({ ...good, ...change })).toEqual([what]);
  });

  it('says why a rotation was undone', () => {
    expect(measured({ ...good, idle: { seconds: 20, result: 'Undone', message: 'no event was stored' } }, 'rotation, idle')).toEqual(['20.0 s from the request, Undone: no event was stored']);
  });

  it('counts as lost what is not stored, accepted or not, and not what is stored in spite of an error', () => {
    expect(measured(good, 'lost and downtime, side by side')).toEqual(['rotation 0 of 3000 events in 0.0 s; stop and start 2110 of 3000 events in 35.5 s']);
    expect(unmet({ ...good, load: load({ accepted: 2999, losses: '1 x ECONNRESET', refused: { first: 1, last: 1 } }) })).toEqual([]);
  });

  it('gives what the operator spends by the minute, and in all', () => {
    expect(measured(good, 'operator spends, rotating')).toEqual(['2.00 CPU s/min, 200 requests/min to the API server (1.00 s and 100 in 30 s)']);
  });

  it('gives the operator before and after, so that one can see what a rotation leaves behind', () => {
    expect(measured(good, 'operator, before')[0]).toContain('48Mi resident: 8Mi its own');
    expect(measured(good, 'operator, after')[0]).toContain('1.13 times bare node');
  });

  it('names the version of Node.js', () => {
    expect(measured(good, 'operator, peak in rotation')[0]).toContain('(Node v20.19.5)');
  });
});
