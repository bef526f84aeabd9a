// How a rehearsal's Job ended: what its containers say, in the order in which one explains the other.
import { describe, expect, it } from '@jest/globals';
import type { BackupJob, ContainerEnd } from '../../../../../operator/core/backup/run-end.js';
import { judgeRehearsal } from '../../../../../operator/core/rehearsal/rehearsal-end.js';

const FIGURES = { migrations: 12, seconds: 90.5, peakMemory: 131_072_000, slowest: { migration: 'issue_events.0007_uuid', seconds: 60 }, bytesBefore: 100, bytesAfter: 140, locks: [{ table: 'issue_events_issue', mode: 'ACCESS EXCLUSIVE', seconds: 60.2 }] };
const REHEARSED = { result: 'rehearsed', checked: false, ...FIGURES };
const FETCHED = { result: 'fetched', copy: '20261129T023000Z', where: 's3', startedAt: '2026-11-29T02:30:00Z', release: '5.2', bytes: 1, databaseBytes: 2, uploads: { files: 0, bytes: 0 }, hasSettings: true, seconds: { fetch: 6 } };
const ended = (name: string, report?: object, { exitCode = 0, reason = 'Completed' }: { exitCode?: number; reason?: string } = {}): ContainerEnd => ({ name, terminated: { exitCode, reason, message: report ? JSON.stringify(report) : '' } });
const failedWith = (step: string, reason: string, exitCode = 1) => ({ result: 'failed', step, reason, exitCode });
/** The kubelet lists those that run side by side by their names. */
const job = (condition: BackupJob['condition'], ...containers: ContainerEnd[]): BackupJob => ({ ...(condition ? { condition } : {}), pod: { containers } });
const endOf = (given: BackupJob, isCheck = false) => {
  const run = judgeRehearsal(given, isCheck);
  return run.kind === 'ended' ? run.end : run;
};

describe("the end of a rehearsal's Job", () => {
  it('has the figures, and the copy that was fetched', () => {
    expect(endOf(job('Complete', ended('image'), ended('fetch', FETCHED), ended('dump'), ended('restore'), ended('migrate'), ended('server', REHEARSED)))).toEqual({ kind: 'rehearsed', figures: FIGURES, copy: '20261129T023000Z' });
    expect(endOf(job('Complete', ended('image'), ended('fetch'), ended('migrate'), ended('server', REHEARSED)))).toEqual({ kind: 'rehearsed', figures: FIGURES });
  });

  it("of the month's check is a failure when something was left to migrate", () => {
    expect(endOf(job('Complete', ended('server', REHEARSED)), true)).toMatchObject({ kind: 'failed', step: 'check', reason: 'MigrationsPending', detail: '12 ran', figures: { seconds: 90.5 } });
    expect(endOf(job('Complete', ended('server', { ...REHEARSED, checked: true })), true)).toMatchObject({ kind: 'rehearsed' });
  });

  it.each<[string, ContainerEnd[], object]>([
    ['a migration that failed', [ended('migrate', { ...failedWith('migrate', 'MigrationFailed'), detail: 'users.0002: IntegrityError' }, { exitCode: 1 }), ended('server')], { step: 'migrate', reason: 'MigrationFailed', exitCode: 1, detail: 'users.0002: IntegrityError' }],
    ['a container that was killed for its memory', [ended('migrate', undefined, { exitCode: 137, reason: 'OOMKilled' }), ended('server')], { step: 'migrate', reason: 'OutOfMemory', exitCode: 137 }],
    ['a container that was killed before it had begun', [ended('migrate', undefined, { exitCode: 137, reason: 'Error' }), ended('server', failedWith('migrate', 'MigrateAway'), { exitCode: 1 })], { step: 'migrate', reason: 'StepFailed', exitCode: 137 }],
    ['one that never began', [ended('server', failedWith('migrate', 'MigrateAway'), { exitCode: 1 })], { step: 'migrate', reason: 'MigrateAway' }],
    ['a server that failed, which what migrates sees as an error of its own', [ended('migrate', failedWith('migrate', 'MigrationFailed'), { exitCode: 1 }), ended('server', failedWith('size', 'NoSpace'), { exitCode: 1 })], { step: 'size', reason: 'NoSpace' }],
    ['a copy that is damaged', [ended('fetch', { result: 'failed', step: 'fetch', reason: 'CopyDamaged', detail: 'x' }, { exitCode: 1 })], { step: 'fetch', reason: 'CopyDamaged' }],
    ['a dump that waits for a lock', [ended('fetch'), ended('dump', failedWith('dump', 'LockWait'), { exitCode: 1 })], { step: 'dump', reason: 'LockWait' }],
    ['a dump that does not restore', [ended('restore', failedWith('restore', 'StepFailed', 3), { exitCode: 1 })], { step: 'restore', reason: 'StepFailed', exitCode: 3 }],
  ])('tells of %s', (_, containers, wanted) => expect(endOf(job('Failed', ...containers))).toMatchObject({ kind: 'failed', ...wanted }));

  it('is no success without its report', () => expect(endOf(job('Complete', ended('server')))).toEqual({ kind: 'failed', step: 'server', reason: 'NoReport' }));
  it('is not there yet while it runs', () => expect([judgeRehearsal({}, false).kind, judgeRehearsal({}, false, 'no image').kind, judgeRehearsal(undefined, false).kind]).toEqual(['running', 'cannot start', 'absent']));
});
