// What the Jobs of a restore left, or Kubernetes says of them.
import { describe, expect, it } from '@jest/globals';
import { formatRestoreReport, type RestoreReport } from '../../../../../backup/core/restore-report.js';
import type { BackupJob } from '../../../../../operator/core/backup/run-end.js';
import type { RestoreJob } from '../../../../../operator/core/restore/restore-facts.js';
import { judgeRestoreJob } from '../../../../../operator/core/restore/restore-end.js';
import type { RestoreJobKind } from '../../../../../operator/core/restore/restore-names.js';

const COPY = '20261128T023000Z';
const FETCHED: RestoreReport = { result: 'fetched', copy: COPY, where: 's3', startedAt: '2026-11-28T02:30:04Z', release: '5.2', bytes: 1, databaseBytes: 500, uploads: { files: 0, bytes: 0 }, hasSettings: true, seconds: {} };
const RESTORED: RestoreReport = { result: 'restored', copy: COPY, tables: 3, rows: 9, how: 'counts', uploads: { written: 0, kept: 0 }, settings: false, seconds: {} };
const ended = (name: string, exitCode: number, message?: string, reason?: string) => ({ name, terminated: { exitCode, ...(message === undefined ? {} : { message }), ...(reason === undefined ? {} : { reason }) } });
const complete = (...containers: ReturnType<typeof ended>[]): BackupJob => ({ condition: 'Complete', pod: { containers } });
const failed = (...containers: ReturnType<typeof ended>[]): BackupJob => ({ condition: 'Failed', reason: 'BackoffLimitExceeded', pod: { containers } });
const failure = (reason: 'NotEmpty' | 'IdentityWrong' | 'DatabaseAway') => formatRestoreReport({ result: 'failed', step: 'load', reason, exitCode: 1 });
const end = (of: Extract<RestoreJob, { kind: 'ended' }>['end']): RestoreJob => ({ kind: 'ended', end: of });

describe('a Job of a restore', () => {
  it.each<[string, RestoreJobKind, BackupJob | undefined, RestoreJob]>([
    ['is absent', 'restore', undefined, { kind: 'absent' }],
    ['runs', 'restore', { pod: { containers: [] } }, { kind: 'running' }],
    ['has found the copy whole', 'check', complete(ended('fetch', 0, formatRestoreReport(FETCHED))), end({ kind: 'checked', copy: COPY, databaseBytes: 500 })],
    ['has restored it', 'restore', complete(ended('fetch', 0, formatRestoreReport(FETCHED)), ended('load', 0), ended('place', 0, formatRestoreReport(RESTORED))), end({ kind: 'done' })],
    ['says nothing, and so has restored nothing', 'restore', complete(ended('place', 0)), end({ kind: 'failed', why: 'place: NoReport', again: true })],
    ['says that it fetched where it should have restored', 'restore', complete(ended('place', 0, formatRestoreReport(FETCHED))), end({ kind: 'failed', why: 'place: NoReport', again: true })],
    ['was given another identity, and will be again', 'check', failed(ended('fetch', 1, failure('IdentityWrong'))), end({ kind: 'failed', why: 'load: IdentityWrong (exit code 1)', again: false })],
    ['found a database that was not empty, and gets another', 'restore', failed(ended('fetch', 0), ended('load', 1, failure('NotEmpty'))), end({ kind: 'failed', why: 'load: NotEmpty (exit code 1)', again: true })],
    ['lost its server', 'restore', failed(ended('fetch', 0), ended('load', 1, failure('DatabaseAway'))), end({ kind: 'failed', why: 'load: DatabaseAway (exit code 1)', again: true })],
    ['was killed for its memory', 'restore', failed(ended('fetch', 0), ended('load', 137, undefined, 'OOMKilled')), end({ kind: 'failed', why: 'load: OutOfMemory (exit code 137)', again: true })],
    ['has lost its pod', 'restore', { condition: 'Failed' }, end({ kind: 'failed', why: 'begin: PodGone', again: true })],
    ['took too long', 'restore', { condition: 'Failed', reason: 'DeadlineExceeded', pod: { containers: [ended('fetch', 0)] } }, end({ kind: 'failed', why: 'load: TooSlow', again: false })],
    ['has migrated', 'migrate', { condition: 'Complete' }, end({ kind: 'done' })],
    ['has not migrated', 'migrate', { condition: 'Failed', reason: 'BackoffLimitExceeded' }, end({ kind: 'failed', why: 'migrate: BackoffLimitExceeded', again: true })],
    ['has saved nothing without a report', 'save', complete(ended('store', 0)), end({ kind: 'failed', why: 'store: NoReport', again: true })],
  ])('%s', (_, kind, job, expected) => expect(judgeRestoreJob(kind, job)).toEqual(expected));
  it('that cannot start is given up: web would be kept away for it', () => {
    expect(judgeRestoreJob('restore', { pod: { containers: [] } }, 'fetch: ImagePullBackOff')).toEqual(end({ kind: 'failed', why: 'fetch: ImagePullBackOff', again: false }));
  });
});
