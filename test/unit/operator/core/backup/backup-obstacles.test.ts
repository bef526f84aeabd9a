// What a backup waits for, and what not.
import { describe, expect, it } from '@jest/globals';
import type { RestoreProgress, RestoreStatus } from '../../../../../operator/api/restore-fields.js';
import type { UpgradeStatus } from '../../../../../operator/api/upgrade-fields.js';
import { expectedOf, findObstacle, whyOtherRows, type Around } from '../../../../../operator/core/backup/backup-obstacles.js';
import type { Holder } from '../../../../../operator/core/operations/exclusion.js';
import { EMPTY_JOURNAL, type Rotation } from '../../../../../operator/core/rotation/journal.js';
import { specOf } from '../../operator-scenarios.js';

const NOW = new Date('2026-11-29T02:30:05Z');
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
const JOB = 'backup-20261129t023005z';
const holding = (operation: Holder['operation'], name: string, change: Partial<Holder> = {}): Holder => ({ operation, name, since: later(-1), until: later(60), ...change });
const held = (holder: Holder): Around['lock'] => ({ kind: 'held', holder, resourceVersion: '1' });
const inPhase = (phase: Rotation['phase']): Around['journal'] => ({
  kind: 'present', resourceVersion: '1', keys: [],
  journal: { ...EMPTY_JOURNAL, rotation: { id: 'r1', trigger: 'request', credentials: ['postgres'], phase, requestedAt: '', since: '', attempt: 1, requestPending: false, sessionsEnded: false } },
});
const AROUND: Around = {
  lock: { kind: 'free' }, jobs: [], journal: { kind: 'absent' }, recorded: {}, rollouts: [{ name: 'web' }, { name: 'worker' }], noRoom: undefined,
  database: { kind: 'seen', systemIdentifier: '7123', migration: 'users.0042_last' }, remembered: '7123',
};
const RESTORE = '20261128T100000Z';
const progress = (phase: RestoreProgress['phase'], since = '2026-11-28T10:05:00Z'): RestoreProgress => ({ id: RESTORE, wanted: { copy: 'latest', save: true }, phase, direction: 'forth', since, attempt: 1 });
const obstacle = (change: Partial<Around>, since = NOW) => findObstacle({ ...AROUND, ...change }, { operation: 'backup', job: JOB, since, now: NOW });

describe('a backup', () => {
  it.each<[string, Partial<Around>, string | undefined]>([
    ['begins when nothing else is under way', {}, undefined],
    ['waits for a migration', { jobs: [holding('migration', 'migrate-1')] }, 'Job migrate-1 has not ended'],
    ['waits for a backup of before', { jobs: [holding('backup', 'backup-0')] }, 'Job backup-0 has not ended'],
    ['waits for a rotation that holds the lock', { lock: held(holding('rotation', 'r1')), journal: inPhase('Waiting') }, 'rotation r1 is under way since 2026-11-29T02:29:05Z'],
    ['does not wait for a lock of a rotation that has ended', { lock: held(holding('rotation', 'r0')), journal: inPhase('Waiting') }, undefined],
    ['waits for a migration whose Job is about to be made', { lock: held(holding('migration', 'glitchkeeper-migrate-1')) }, 'migration glitchkeeper-migrate-1 is under way since 2026-11-29T02:29:05Z'],
    ['does not wait for a holder whose Job is gone', { lock: held(holding('backup', 'backup-0', { since: later(-5) })) }, undefined],
    ['does not wait for itself', { lock: held(holding('backup', JOB)) }, undefined],
    ['waits for a restore that holds the lock', { lock: held(holding('restore', RESTORE)), recorded: { restore: { current: progress('Restoring') } } }, `restore ${RESTORE} is under way since 2026-11-29T02:29:05Z`],
    ['does not wait for a lock of a restore that has ended', { lock: held(holding('restore', RESTORE)), recorded: {} }, undefined],
    ['waits for an upgrade that holds the lock', { lock: held(holding('upgrade', RESTORE)), recorded: { upgrade: { current: { id: RESTORE, from: '5.2', to: '6.2', phase: 'Ready', since: '2026-11-28T10:05:00Z', attempt: 1 } } } }, `upgrade ${RESTORE} is under way since 2026-11-29T02:29:05Z`],
    ['waits while the lock cannot be seen', { lock: { kind: 'unreadable', why: '403' } }, 'whether another operation is under way cannot be seen (403)'],
    ['waits for a rotation that is changing something', { journal: inPhase('Rolling') }, 'rotation r1 is Rolling'],
    ['waits while rotations cannot be seen', { journal: { kind: 'unreadable', why: '403' } }, 'whether a rotation is under way cannot be seen (403)'],
    ['does not wait for a person who has to look at the journal', { journal: { kind: 'malformed', why: 'record' } }, undefined],
    ['waits while Postgres does not answer', { database: { kind: 'unseen', why: 'ECONNREFUSED' } }, 'the database cannot be looked at (ECONNREFUSED)'],
    ['waits while the database is another one', { remembered: '1' }, 'the database is another one than before (system identifier 7123, it was 1), and nobody has accepted it'],
    ['begins where nobody remembers a database', { remembered: undefined }, undefined],
    ['waits for a rollout', { rollouts: [{ name: 'web', pending: '0 of 1 pods are new' }] }, 'Deployment web: 0 of 1 pods are new'],
    ['does not wait for a part that is scaled to nothing', { rollouts: [{ name: 'web', pending: 'it is scaled to 0', isScaledToNothing: true }] }, undefined],
    ['waits for room', { noRoom: 'The quota leaves no room for the pod of a backup: limits.memory.' }, 'The quota leaves no room for the pod of a backup: limits.memory.'],
  ])('%s', (_, change, expected) => expect(obstacle(change)).toBe(expected));

  const stuck: Partial<Around> = { rollouts: [{ name: 'web', pending: '0 of 1 new pods are available' }], noRoom: 'none' };
  it('is tried all the same when a rollout does not end in two hours', () => {
    expect(obstacle(stuck, later(-119))).toBe('Deployment web: 0 of 1 new pods are available');
    expect(obstacle(stuck, later(-120))).toBeUndefined();
  });
  it('which a rehearsal is not: nobody is without a copy for want of it', () => {
    expect(findObstacle({ ...AROUND, ...stuck }, { operation: 'rehearsal', job: undefined, since: later(-600), now: NOW })).toBe('Deployment web: 0 of 1 new pods are available');
  });
  it('waits for another operation however long that takes', () => expect(obstacle({ jobs: [holding('restore', 'restore-1')] }, later(-600))).toBe('Job restore-1 has not ended'));
});

describe('what is expected of the database', () => {
  const seen = { kind: 'seen', systemIdentifier: '7123', migration: 'users.0042_last' } as const;
  it('is what the operator saw by its own login', () => {
    expect(expectedOf(specOf({ database: { name: 'errors' }, backup: { store: 's3' } }), seen)).toEqual({ systemIdentifier: '7123', database: 'errors', migration: 'users.0042_last' });
  });
  it("has a person's reason for smaller tables", () => {
    expect(expectedOf(specOf({ backup: { store: 's3', mayShrink: 'we emptied it' } }), seen).mayShrink).toBe('we emptied it');
  });
});

describe('the copy before says nothing of the rows', () => {
  const verified = (copy: string) => ({ lastVerified: { copy, at: '2026-11-28T10:30:00Z', bytes: 1, seconds: 1, how: 'counts', where: 's3' } as const });
  const [before, after] = ['20261128T023000Z', '20261128T102000Z'].map(verified) as [ReturnType<typeof verified>, ReturnType<typeof verified>];
  const ended = (result: 'Confirmed' | 'Undone' | 'Failed' | 'Canceled'): RestoreStatus => ({ last: { id: RESTORE, at: '2026-11-28T10:10:00Z', result } });

  it.each<[string, RestoreStatus]>([
    ['of a database that a restore has put in its place', { current: progress('Unconfirmed') }],
    ['of one that was confirmed', ended('Confirmed')],
    ['of one that is live again', ended('Undone')],
  ])('%s, once', (_, restore) => {
    expect(whyOtherRows(before, { restore })).toBe(`the first copy after restore ${RESTORE}`);
    expect(whyOtherRows({}, { restore })).toBe(`the first copy after restore ${RESTORE}`);
    expect(whyOtherRows(after, { restore })).toBeUndefined();
  });

  it.each<[string, UpgradeStatus, string]>([
    ['an upgrade that waits to be confirmed', { current: { id: RESTORE, from: '5.2', to: '6.2', phase: 'Unconfirmed', since: '2026-11-28T10:10:00Z', attempt: 1 } }, `upgrade ${RESTORE}`],
    ['an upgrade that was', { last: { id: RESTORE, from: '5.2', to: '6.2', at: '2026-11-28T10:10:00Z', result: 'Confirmed' } }, `upgrade ${RESTORE}`],
    ['an import that emptied the archive', { legacyImport: { id: RESTORE, end: { at: '2026-11-28T10:10:00Z', result: 'Imported' } } }, `import ${RESTORE} of old events`],
  ])('nor where there was %s', (_, upgrade, why) => {
    expect(whyOtherRows(before, { upgrade })).toBe(`the first copy after ${why}`);
    expect(whyOtherRows(after, { upgrade })).toBeUndefined();
  });

  it.each<[string, RestoreStatus]>([
    ['there was no restore', {}], ['it failed', ended('Failed')], ['it was taken back', ended('Canceled')], ['it is under way', { current: progress('Checking') }],
  ])('but not where %s', (_, restore) => expect(whyOtherRows(before, { restore })).toBeUndefined());
});
