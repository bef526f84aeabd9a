// A restore in a sentence.
import { describe, expect, it } from '@jest/globals';
import type { RestoreProgress } from '../../../../../operator/api/restore-fields.js';
import { describeRestore } from '../../../../../operator/core/restore/restore-line.js';

const CURRENT: RestoreProgress = { id: '20261129T100000Z', wanted: { copy: 'latest', save: true }, phase: 'Checking', direction: 'forth', since: '2026-11-29T10:00:00Z', attempt: 1 };
const line = (change: Partial<RestoreProgress>) => describeRestore({ current: { ...CURRENT, ...change } }, new Date('2026-11-29T10:05:00Z'));

describe('a restore', () => {
  it('that is none is nothing to say', () => expect(describeRestore({ last: { id: CURRENT.id, at: CURRENT.since, result: 'Failed' } }, new Date())).toBeUndefined());
  it.each<[string, Partial<RestoreProgress>, string]>([
    ['says its phase', {}, 'Restore 20261129T100000Z of copy latest has been Checking for 5 min.'],
    ['says what it waits for', { copy: '20261128T023000Z', phase: 'Stopping', direction: 'back', waitsFor: 'Stopping: 2 sessions are left.' }, 'Restore 20261129T100000Z of copy 20261128T023000Z has been Stopping, on the way back, for 5 min: Stopping: 2 sessions are left.'],
    ['says that a person has to', { phase: 'Unconfirmed', copy: '20261128T023000Z' }, 'Restore 20261129T100000Z of copy 20261128T023000Z has waited for confirm or undo for 5 min; live is the copy.'],
    ['says what is live', { phase: 'Unconfirmed', copy: '20261128T023000Z', direction: 'back' }, 'Restore 20261129T100000Z of copy 20261128T023000Z has waited for confirm or undo for 5 min; live is the database from before.'],
  ])('%s', (_, change, text) => expect(line(change)).toBe(text));
});
