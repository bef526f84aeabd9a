// From a backup under load to the rows of the report.
import { describe, expect, it } from '@jest/globals';
import { backupLoadRows } from '../../bench/backup-load.js';
import type { LoadResult } from '../../bench/load-job.js';

const load = (change: Partial<LoadResult> = {}): LoadResult => ({ sent: 100, accepted: 100, stored: 100, lost: 0, losses: '', lags: { p99: 9_900 }, ...change }) as LoadResult;
const met = (change: Partial<LoadResult> = {}) => backupLoadRows({ seconds: 61, bytes: 2 ** 28, load: load(change) }).map(({ goal }) => goal?.met);

describe('a backup under load', () => {
  it.each<[string, Partial<LoadResult>, readonly (boolean | undefined)[]]>([
    ['is well when each event was taken and stored, and 99 of 100 within 10 s', {}, [undefined, true, true, true]],
    ['is not when one was refused', { accepted: 99, losses: '1 x 503' }, [undefined, false, true, true]],
    ['is not when one was lost', { stored: 99, lost: 1 }, [undefined, true, false, true]],
    ['is not when they are late', { lags: { p50: 1, p95: 2, p99: 10_000, most: 11_000 } }, [undefined, true, true, false]],
  ])('%s', (_, change, wanted) => expect(met(change)).toEqual(wanted));

  it('says how long it took', () => expect(backupLoadRows({ seconds: 61.4, bytes: 2 ** 28, load: load() })[0]?.measured).toBe('61 s, a copy of 256Mi'));
});
