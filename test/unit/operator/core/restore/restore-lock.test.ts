// Whether a restore may begin, or go on: the recorded lock, Jobs at work and the journal of rotations.
import { describe, expect, it } from '@jest/globals';
import type { RestoreProgress, RestoreStatus } from '../../../../../operator/api/restore-fields.js';
import type { UpgradeStatus } from '../../../../../operator/api/upgrade-fields.js';
import type { Holder } from '../../../../../operator/core/operations/exclusion.js';
import type { Others } from '../../../../../operator/core/operations/others.js';
import { judgeLock, lockFor } from '../../../../../operator/core/operations/recorded-lock.js';
import { lockUser } from '../../../../../operator/core/restore/restore-lock.js';

const NOW = new Date('2026-11-29T10:00:00Z');
const ID = '20261129T095500Z';
const UPGRADED = '20261129T090000Z';
const UPGRADE: UpgradeStatus = { current: { id: UPGRADED, from: '5.2', to: '6.2', phase: 'Undoing', since: '2026-11-29T09:59:00Z', attempt: 1 } };
const inMinutes = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
const current = (phase: RestoreProgress['phase']): RestoreStatus => ({ current: { id: ID, wanted: { copy: 'latest', save: true }, phase, direction: 'forth', since: '2026-11-29T09:59:00Z', attempt: 1 } });
/** Whose upgrade is taken back. */
function ofUpgrade(): RestoreStatus {
  const { current: progress } = current('Waiting');
  return progress ? { current: { ...progress, wanted: { ...progress.wanted, upgrade: UPGRADED } } } : {};
}
const held = (operation: Holder['operation'], name: string, minutes = 30): Pick<Others, 'lock'> => ({ lock: { kind: 'held', holder: { operation, name, since: inMinutes(-5), until: inMinutes(minutes) }, resourceVersion: '7' } });
const job = (operation: Holder['operation'], name: string): Holder => ({ operation, name, since: inMinutes(-5), until: inMinutes(60) });
const judge = (others: Partial<Others>, status = current('Restoring')) => judgeLock({ lock: { kind: 'free' }, jobs: [], journal: { kind: 'absent' }, ...others }, lockUser(status), { restore: status, upgrade: UPGRADE }, NOW);
const taken = (why: string) => ({ kind: 'taken', why });

describe('the lock', () => {
  it.each<[string, ReturnType<typeof judge>, object]>([
    ['is free when nobody has it', judge({}), { kind: 'free' }],
    ['is ours', judge(held('restore', ID)), { kind: 'ours' }],
    ['is taken once more before it ends', judge(held('restore', ID, 9)), { kind: 'free' }],
    ['is ours to release when the restore has ended, however long it would count', judge(held('restore', ID, 1), { last: { id: ID, at: '2026-11-29T09:59:00Z', result: 'Confirmed' } }), { kind: 'ours' }],
    ['of a restore that nobody knows any more is free', judge(held('restore', '20260101T000000Z')), { kind: 'free' }],
    ['is another one\'s whose Job is at work', judge({ ...held('backup', 'backup-1'), jobs: [job('backup', 'backup-1')] }), taken('backup backup-1 is under way since 2026-11-29T09:55:00Z')],
    ['is free when that one\'s Job has ended', judge(held('backup', 'backup-1')), { kind: 'free' }],
    ['is free when its time is over', judge(held('migration', 'm', -1)), { kind: 'free' }],
    ['is waited for while it cannot be read', judge({ lock: { kind: 'unreadable', why: '503' } }), taken('whether another operation is under way cannot be seen (503)')],
    ['is waited for while a Job is at work that did not ask', judge({ jobs: [job('migration', 'migrate-1')] }), taken('Job migrate-1 has not ended')],
    ['is waited for while rotations cannot be seen', judge({ journal: { kind: 'unreadable', why: '503' } }), taken('whether a rotation is under way cannot be seen (503)')],
    ['that a rotation for leaked credentials took over in the middle counts as ours', judge(held('compromised', 'r1')), { kind: 'ours' }],
    ['of an upgrade is waited for', judge(held('upgrade', UPGRADED)), taken(`upgrade ${UPGRADED} is under way since 2026-11-29T09:55:00Z`)],
    ['of the upgrade that it takes back is taken over', judge(held('upgrade', UPGRADED), ofUpgrade()), { kind: 'free' }],
    ['of such a rotation is waited for before anything has begun', judge({ ...held('compromised', 'r1'), journal: { kind: 'malformed', why: 'x' } }, current('Waiting')), taken('rotation r1 is under way since 2026-11-29T09:55:00Z')],
  ])('%s', (_, found, expected) => expect(found).toEqual(expected));

  it('keeps the time since when it is held, and is held for half an hour more', () => {
    const own = { operation: 'restore', name: ID } as const;
    expect(lockFor(own, held('restore', ID, 9).lock, NOW)).toEqual({ operation: 'restore', name: ID, since: inMinutes(-5), until: inMinutes(30) });
    expect(lockFor(own, { kind: 'free' }, NOW)).toMatchObject({ since: NOW });
  });
});
