// The rows of a time in which nothing is wrong.
import { describe, expect, it } from '@jest/globals';
import type { LoadResult } from '../../bench/load-job.js';
import { quietRows, type QuietFindings } from '../../bench/quiet.js';

const load: LoadResult = {
  sent: 72_000, accepted: 72_000, losses: '', stored: 72_000, lost: 0, acceptedRate: 60, answeredRate: 60, storedRate: 60,
  answers: {}, lags: {}, startedAt: 0, endedAt: 1_200_000, client: { cpu: 90, seconds: 1200 },
};
const quiet: QuietFindings = { load, incidents: {}, looks: 1190, updateSeconds: 41.2 };
const met = (found: QuietFindings): (boolean | undefined)[] => quietRows(found).map(({ goal }) => goal?.met);

describe('quietRows', () => {
  it('is met when there was no alert and every event is stored', () => {
    expect(met(quiet)).toEqual([undefined, true, true]);
    expect(quietRows(quiet).at(-1)?.measured).toBe('none, in 1190 looks at the status');
  });

  it('names each incident that was opened', () => {
    const found = { ...quiet, incidents: { a: 'WebDown of web: it does not answer.' } };
    expect(met(found)).toEqual([undefined, true, false]);
    expect(quietRows(found).at(-1)?.measured).toContain('WebDown of web');
  });

  it('is not met by looking away, nor by an event that is lost', () => {
    expect(met({ ...quiet, looks: 0 })).toEqual([undefined, true, false]);
    expect(met({ ...quiet, load: { ...load, accepted: 71_999, stored: 71_999, losses: '1 x 500' } })).toEqual([undefined, false, true]);
  });
});
