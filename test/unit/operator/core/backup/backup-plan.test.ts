// Each step of a run, and every place where the operator may be ended: none is skipped, none is made twice.
import { describe, expect, it } from '@jest/globals';
import { backupSpec, type BackupStatus } from '../../../../../operator/api/backup-fields.js';
import { judgeBackups } from '../../../../../operator/core/backup/backup-condition.js';
import { planBackup, wantedSince, type BackupInput, type BackupStep, type ObservedRun, type RunEnd } from '../../../../../operator/core/backup/backup-plan.js';
import { copyNameSchema } from '../../../../../backup/core/copy-name.js';

const SPEC = backupSpec.parse({ store: 's3' });
const DUE = new Date('2026-11-29T02:30:05Z');
const COPY = '20261129T023005Z';
const CURRENT = { copy: COPY, trigger: 'schedule', startedAt: '2026-11-29T02:30:05Z' } as const;
const SINCE = '2026-11-01T00:00:00Z';
const YESTERDAY: BackupStatus = { since: SINCE, lastStartedAt: '2026-11-28T02:30:00Z' };
const RUNNING: BackupStatus = { since: SINCE, current: CURRENT, lastStartedAt: CURRENT.startedAt };
const MADE: BackupStatus = { ...RUNNING, current: { ...CURRENT, jobMadeAt: '2026-11-29T02:30:08Z' } };
const VERIFIED: RunEnd = { kind: 'verified', bytes: 178, seconds: 236, how: 'counts', where: 's3', rechecked: false, copies: [{ name: COPY, bytes: 178, damaged: false }] };
const FAILED: RunEnd = { kind: 'failed', step: 'dump', reason: 'LockWait', exitCode: 1 };
const INPUT: BackupInput = { spec: SPEC, suspend: false, status: YESTERDAY, run: { kind: 'absent' }, request: undefined, obstacle: undefined, now: DUE };
const ended = (end: RunEnd): ObservedRun => ({ kind: 'ended', end });
const at = (time: string) => new Date(`2026-11-29T${time}Z`);

describe('a backup', () => {
  it.each<[string, Partial<BackupInput>, BackupStep]>([
    ['begins when it is due', {}, { kind: 'begin', run: CURRENT }],
    ['does not begin before', { now: at('02:29:59') }, { kind: 'wait', why: 'the next backup is at 2026-11-29T02:30:00Z' }],
    ['begins when it is asked for', { now: at('01:00:00'), request: 'mine' }, { kind: 'begin', run: { copy: '20261129T010000Z', trigger: 'request', startedAt: '2026-11-29T01:00:00Z' } }],
    ['begins when it is asked for, without a schedule', { now: at('01:00:00'), request: 'mine', spec: { ...SPEC, enabled: false } }, { kind: 'begin', run: { copy: '20261129T010000Z', trigger: 'request', startedAt: '2026-11-29T01:00:00Z' } }],
    ['is not made without a schedule', { spec: { ...SPEC, enabled: false } }, { kind: 'wait', why: 'backups are made on demand only' }],
    ['that is late by days is of today', { status: { lastStartedAt: '2026-11-25T02:30:00Z' } }, { kind: 'begin', run: CURRENT }],
    ['waits for what else is under way', { obstacle: 'Job migrate-1 has not ended' }, { kind: 'wait', why: 'Job migrate-1 has not ended' }],
    ['waits while the operator is suspended', { suspend: true, request: 'mine' }, { kind: 'wait', why: 'no backup is made while spec.suspend is true' }],
    ['waits for the maintenance of partitions', { now: at('04:45:00') }, { kind: 'wait', why: 'a dump would hold up the maintenance of partitions, and that all events: it waits until 2026-11-29T05:30:00Z' }],
    ['whose beginning was written gets its Job', { status: RUNNING }, { kind: 'create job', run: CURRENT }],
    ['whose beginning was written gets its Job later, when a rotation came between', { status: RUNNING, obstacle: 'a rotation is Rolling' }, { kind: 'wait', why: 'a rotation is Rolling' }],
    ['that runs is waited for, also when another is asked for', { status: RUNNING, run: { kind: 'running' }, request: 'mine' }, { kind: 'wait', why: `backup ${COPY} runs` }],
    ['whose Job cannot be seen is made no second time', { status: RUNNING, run: { kind: 'unreadable', why: '503' } }, { kind: 'wait', why: `Job of backup ${COPY} cannot be seen (503)` }],
    ['whose Job was made and is gone failed, and is made no second time', { status: MADE }, { kind: 'wait', why: 'the next backup is at 2026-11-29T03:30:05Z' }],
    ['whose Job could not be made for hours is begun anew, of this hour', { status: RUNNING, now: at('08:00:00') }, { kind: 'begin', run: { copy: '20261129T080000Z', trigger: 'schedule', startedAt: '2026-11-29T08:00:00Z' } }],
    ['whose beginning is of a clock that was wrong is begun anew', { status: { ...RUNNING, current: { ...CURRENT, startedAt: '2030-01-01T00:00:00Z' } } }, { kind: 'begin', run: CURRENT }],
    ['whose manifests are missing fails', { status: RUNNING, impediment: { kind: 'failed', step: 'begin', reason: 'ManifestsMissing' } }, { kind: 'wait', why: 'the next backup is at 2026-11-29T03:30:05Z' }],
    ['that cannot start is ended', { status: MADE, run: { kind: 'cannot start', why: 'store: ImagePullBackOff' } }, { kind: 'delete job', run: MADE.current ?? CURRENT }],
    ['that cannot start is left alone while the operator is suspended', { status: MADE, suspend: true, run: { kind: 'cannot start', why: 'store: ImagePullBackOff' } }, { kind: 'wait', why: `backup ${COPY} cannot start (store: ImagePullBackOff)` }],
    ['whose request was taken up is not made again while that is still there', { status: { ...YESTERDAY, request: { name: 'mine', copy: COPY } }, now: at('01:00:00'), request: 'mine' }, { kind: 'wait', why: 'the next backup is at 2026-11-29T02:30:00Z' }],
    ['is made for another request', { status: { ...YESTERDAY, request: { name: 'mine', copy: COPY } }, now: at('01:00:00'), request: 'yours' }, { kind: 'begin', run: { copy: '20261129T010000Z', trigger: 'request', startedAt: '2026-11-29T01:00:00Z' } }],
    ['comes although the last one was of a clock that was years ahead', { status: { since: SINCE, lastStartedAt: '2030-01-01T00:00:00Z' } }, { kind: 'begin', run: CURRENT }],
    ['of a new resource is at the next time of day', { status: {}, now: at('12:00:00') }, { kind: 'wait', why: 'the next backup is at 2026-11-30T02:30:00Z' }],
    ['that ended is followed by the next day', { status: RUNNING, run: ended(VERIFIED), now: at('02:34:00') }, { kind: 'wait', why: 'the next backup is at 2026-11-30T02:30:00Z' }],
    ['that failed is tried again in an hour', { status: RUNNING, run: ended(FAILED), now: at('02:34:00') }, { kind: 'wait', why: 'the next backup is at 2026-11-29T03:30:05Z' }],
    ['is tried again after the hour', { status: { lastStartedAt: CURRENT.startedAt, failures: 1 }, now: at('03:30:06') }, { kind: 'begin', run: { copy: '20261129T033006Z', trigger: 'retry', startedAt: '2026-11-29T03:30:06Z' } }],
  ])('%s', (_, change, step) => expect(planBackup({ ...INPUT, ...change }).step).toEqual(step));

  it('is named as the program that stores it reads it', () => expect(copyNameSchema.safeParse(COPY).success).toBe(true));

  it('is written ahead', () => expect(planBackup(INPUT)).toMatchObject({ status: { current: CURRENT, lastStartedAt: CURRENT.startedAt }, requeueAfter: 0 }));

  it('remembers which request it was begun for, and what a run waits for', () => {
    expect(planBackup({ ...INPUT, request: 'mine' }).status.request).toEqual({ name: 'mine', copy: COPY });
    const held = planBackup({ ...INPUT, obstacle: 'a rotation is Rolling' }).status;
    expect(held.heldBack).toBe('a rotation is Rolling');
    expect(planBackup({ ...INPUT, status: held }).status.heldBack).toBeUndefined();
  });

  it('that ended looks for what is in the way of another one before that begins', () => {
    expect(planBackup({ ...INPUT, status: RUNNING, run: ended(VERIFIED), request: 'mine', now: at('02:34:00') })).toMatchObject({ step: { kind: 'wait' }, requeueAfter: 0 });
  });

  it.each<[string, Partial<BackupInput>, string | undefined]>([
    ['from when it was due', { now: at('04:00:00') }, '2026-11-29T02:30:00.000Z'],
    ['from now on when it is asked for', { now: at('01:00:00'), request: 'mine' }, '2026-11-29T01:00:00.000Z'],
    ['from its beginning while it has no Job', { status: RUNNING, now: at('02:40:00') }, '2026-11-29T02:30:05.000Z'],
    ['not while its Job runs', { status: RUNNING, run: { kind: 'running' } }, undefined],
    ['not when its Job is gone', { status: MADE }, undefined],
    ['not before it is due', { now: at('01:00:00') }, undefined],
  ])('is wanted %s', (_, change, since) => expect(wantedSince({ ...INPUT, ...change })?.toISOString()).toBe(since));

  it('that ended well is the newest one, and failures before it are forgotten', () => {
    const before: BackupStatus = { ...RUNNING, failures: 2, lastFailure: { copy: COPY, at: 'x', step: 'dump', reason: 'LockWait' }, retention: 'NewestTooOld' };
    expect(planBackup({ ...INPUT, status: before, run: ended(VERIFIED), now: at('02:34:00') }).status).toEqual({
      since: SINCE, lastStartedAt: CURRENT.startedAt, nextAt: '2026-11-30T02:30:00Z', copies: [{ name: COPY, bytes: 178, damaged: false }],
      lastVerified: { copy: COPY, at: '2026-11-29T02:34:00Z', bytes: 178, seconds: 236, how: 'counts', where: 's3' },
    });
  });

  it('says when every row was hashed, and when an old copy was looked at', () => {
    const end: RunEnd = { ...VERIFIED, how: 'content', rechecked: true };
    expect(planBackup({ ...INPUT, status: RUNNING, run: ended(end), now: at('02:34:00') }).status).toMatchObject({ lastHashedAt: '2026-11-29T02:34:00Z', lastRecheckedAt: '2026-11-29T02:34:00Z' });
  });

  it('that failed leaves the newest good one as it was, and counts', () => {
    const lastVerified = { copy: '20261128T023000Z', at: '2026-11-28T02:34:00Z', bytes: 1, seconds: 2, how: 'counts', where: 's3' } as const;
    expect(planBackup({ ...INPUT, status: { ...RUNNING, lastVerified, failures: 1 }, run: ended(FAILED), now: at('02:34:00') }).status).toMatchObject({
      lastVerified, failures: 2, lastFailure: { copy: COPY, at: '2026-11-29T02:34:00Z', step: 'dump', reason: 'LockWait', exitCode: 1 },
    });
  });

  it('is made once a day, wherever the operator is ended, and none is skipped', () => {
    const jobs = new Map<string, Date>();
    let status: BackupStatus = YESTERDAY;
    for (let minute = 0; minute < 3 * 1_440; minute += 1) {
      const now = new Date(Date.parse('2026-11-29T00:00:00Z') + minute * 60_000);
      const began = status.current && jobs.get(status.current.copy);
      const run: ObservedRun = began === undefined ? { kind: 'absent' } : now.getTime() - began.getTime() < 240_000 ? { kind: 'running' } : ended(VERIFIED);
      const plan = planBackup({ ...INPUT, status, run, now });
      // Each third status is lost with the operator, and each fourth operator is ended before it makes a Job.
      if (minute % 3 !== 0) status = plan.status;
      if (plan.step.kind === 'create job' && minute % 4 !== 0) jobs.set(plan.step.run.copy, now);
    }
    expect([...jobs.keys()].map((name) => name.slice(0, 8))).toEqual(['20261129', '20261130', '20261201']);
  });
});

describe('BackupVerified', () => {
  const verified = (change: object = {}) => ({ copy: '20261129T023000Z', at: '2026-11-29T02:34:00Z', bytes: 1, seconds: 2, how: 'counts' as const, where: 's3' as const, ...change });
  const failure = { copy: COPY, at: 'x', step: 'verify', reason: 'NotVerified', detail: 'NoUser: users: expected at least 1, found 0' };
  it.each<[string, BackupStatus, string, string]>([
    ['is True after a good run', { lastVerified: verified() }, 'True Restored', 'Copy 20261129T023000Z was restored, and the rows of each table are as dumped.'],
    ['says that every row was hashed', { lastVerified: verified({ how: 'content' }) }, 'True Restored', 'Copy 20261129T023000Z was restored, and every row is as dumped.'],
    ['warns of a copy on the same host', { lastVerified: verified({ where: 'volume' }) }, 'True RestoredOnThisHost', 'Copy 20261129T023000Z was restored, and the rows of each table are as dumped. It is on a volume of this host: what destroys the host takes it, too.'],
    ['is False after a failure', { lastVerified: verified(), lastFailure: failure }, 'False RunFailed', `Backup ${COPY} failed in step verify: NotVerified (NoUser: users: expected at least 1, found 0).`],
    ['says how often', { lastVerified: verified(), lastFailure: { copy: COPY, at: 'x', step: 'dump', reason: 'OutOfMemory', exitCode: 137 }, failures: 3 }, 'False RunFailed', `Backup ${COPY} failed in step dump: OutOfMemory, exit code 137, the 3. time in a row.`],
    ['is False when the newest is too old', { lastVerified: verified({ copy: '20261127T150000Z' }) }, 'False TooOld', 'The newest copy that is known to restore, 20261127T150000Z, is 45.0 h old; no run has ended since.'],
    ['is False when the newest is too old, and says why', { lastVerified: verified({ copy: '20261127T150000Z' }), lastFailure: failure }, 'False TooOld', 'The newest copy that is known to restore, 20261127T150000Z, is 45.0 h old; the last run failed in step verify (NotVerified).'],
    ['is False when there never was one', {}, 'False TooOld', 'There is no copy that is known to restore; no run has ended since.'],
    ['is False when the newest is of a time that is still to come', { lastVerified: verified({ copy: '20300101T000000Z' }) }, 'False TooOld', 'The newest copy that is known to restore, 20300101T000000Z, is of a time that is still to come: a clock was wrong; no run has ended since.'],
    ['is False when the name of the newest is no time', { lastVerified: verified({ copy: '20261131T000000Z' }) }, 'False TooOld', 'The newest copy that is known to restore, 20261131T000000Z, is of an unknown age, for 20261131T000000Z is no time: the status was changed by hand; no run has ended since.'],
    ['is False when the newest is too old, and says what the next one waits for', { lastVerified: verified({ copy: '20261127T150000Z' }), heldBack: 'a rotation is Rolling' }, 'False TooOld', 'The newest copy that is known to restore, 20261127T150000Z, is 45.0 h old; the next one waits: a rotation is Rolling.'],
    ['is False while a copy is damaged', { lastVerified: verified(), copies: [{ name: '20261101T023000Z', bytes: 1, damaged: true }] }, 'False CopyDamaged', 'Copy 20261101T023000Z in the store is not what its manifest says, and counts for nothing. Delete it there, or wait until retention does.'],
  ])('%s', (_, status, expected, message) => {
    const found = judgeBackups(SPEC, { since: SINCE, ...status }, new Date('2026-11-29T12:00:00Z'));
    expect([`${found.status} ${found.reason}`, found.message]).toEqual([expected, message]);
  });
  it('is Unknown of a resource that is new', () => {
    const found = judgeBackups(SPEC, { since: '2026-11-29T00:00:00Z', nextAt: '2026-11-30T02:30:00Z' }, new Date('2026-11-29T12:00:00Z'));
    expect(found).toMatchObject({ status: 'Unknown', reason: 'NoRunYet', message: 'No backup was made yet; the first is at 2026-11-30T02:30:00Z.' });
  });
  it('on demand only is never too old', () => {
    expect(judgeBackups({ ...SPEC, enabled: false }, { lastVerified: verified({ copy: '20260101T000000Z' }) }, DUE).status).toBe('True');
  });
});
