import { describe, expect, it } from '@jest/globals';
import { formatReport, type VerifiedReport } from '../../../../../backup/core/report.js';
import type { ObservedRun } from '../../../../../operator/core/backup/backup-plan.js';
import { judgeRun, type BackupJob, type ContainerEnd } from '../../../../../operator/core/backup/run-end.js';

const COPY = '20261129T023000Z';
const REPORT: VerifiedReport = { result: 'verified', copy: COPY, bytes: 178, where: 's3', how: 'counts', seconds: 236, copies: [[COPY, 178, 'good'], ['20261128T023000Z', 177, 'damaged']], deleted: 0, retention: 'done' };
const well = (name: string, message?: string): ContainerEnd => ({ name, terminated: { exitCode: 0, reason: 'Completed', message } });
const ill = (name: string, exitCode: number, more: object = {}): ContainerEnd => ({ name, terminated: { exitCode, reason: 'Error', ...more } });
const failed = (step: string, reason: string, more: object = {}): ObservedRun => ({ kind: 'ended', end: { kind: 'failed', step, reason, ...more } });
const job = (containers: ContainerEnd[], more: Partial<BackupJob> = {}, pod: object = {}): BackupJob => ({ condition: 'Failed', reason: 'BackoffLimitExceeded', pod: { containers, ...pod }, ...more });

describe('the run of a backup', () => {
  it.each<[string, BackupJob | undefined, ObservedRun]>([
    ['whose Job is not there', undefined, { kind: 'absent' }],
    ['runs while its Job says nothing', { pod: { containers: [well('dump')] } }, { kind: 'running' }],
    ['ended well with a report of a copy', job([well('dump'), well('restore'), well('store', formatReport(REPORT))], { condition: 'Complete' }), { kind: 'ended', end: {
      kind: 'verified', bytes: 178, seconds: 236, how: 'counts', where: 's3', rechecked: false, copies: [{ name: COPY, bytes: 178, damaged: false }, { name: '20261128T023000Z', bytes: 177, damaged: true }],
    } }],
    ['that deleted nothing says why', job([well('store', formatReport({ ...REPORT, copies: [], retention: 'NewestTooOld' }))], { condition: 'Complete' }), { kind: 'ended', end: { kind: 'verified', bytes: 178, seconds: 236, how: 'counts', where: 's3', copies: [], rechecked: false, retention: 'NewestTooOld' } }],
    ['that ended with 0 and no report made no copy', job([well('dump'), well('restore'), well('store')], { condition: 'Complete' }), failed('store', 'NoReport')],
    ['that ended with 0 and whose pod is gone made no copy that is known', { condition: 'Complete' }, failed('store', 'NoReport')],
    ['that failed has the step of its report', job([ill('dump', 1, { message: '{"result":"failed","step":"count","exitCode":3,"reason":"LoginRefused"}' })]), failed('count', 'LoginRefused', { exitCode: 3 })],
    ['that failed in its last container has what that says', job([well('dump'), well('restore'), ill('store', 1, { message: '{"result":"failed","step":"list","reason":"ClockSkewed","detail":"403"}' })]), failed('list', 'ClockSkewed', { detail: '403' })],
    ['whose container was killed for memory', job([well('dump'), ill('restore', 137, { reason: 'OOMKilled' })]), failed('restore', 'OutOfMemory', { exitCode: 137 })],
    ['whose container ended without a report', job([ill('dump', 127, { message: 'bash: not found' })]), failed('dump', 'StepFailed', { exitCode: 127 })],
    ['that took too long has the step in which it was', job([well('dump'), { name: 'restore' }], { reason: 'DeadlineExceeded' }), failed('restore', 'TooSlow')],
    ['that took too long and was told to stop took too long', job([well('dump'), well('restore'), ill('store', 1, { message: '{"result":"failed","step":"store","reason":"Stopped"}' })], { reason: 'DeadlineExceeded' }), failed('store', 'TooSlow')],
    ['that failed by itself at its deadline has its own reason', job([ill('dump', 1, { message: '{"result":"failed","step":"dump","exitCode":1,"reason":"LockWait"}' })], { reason: 'DeadlineExceeded' }), failed('dump', 'LockWait', { exitCode: 1 })],
    ['whose folder outgrew its limit', job([well('dump'), { name: 'restore' }], {}, { reason: 'Evicted', message: 'Usage of EmptyDir volume "work" exceeds the limit "4Gi".' }), failed('restore', 'NoSpace')],
    ['that was evicted for memory', job([{ name: 'dump' }], {}, { reason: 'Evicted', message: 'The node was low on resource: memory.' }), failed('dump', 'Evicted')],
    ['whose pod was deleted', { condition: 'Failed', reason: 'BackoffLimitExceeded' }, failed('begin', 'PodGone')],
  ])('%s', (_, observed, expected) => expect(judgeRun(observed)).toEqual(expected));
  it('whose containers will not run cannot start', () => expect(judgeRun({}, 'store: ImagePullBackOff')).toEqual({ kind: 'cannot start', why: 'store: ImagePullBackOff' }));
  it('that ended did not wait to start', () => expect(judgeRun({ condition: 'Failed' }, 'no pod')).toMatchObject({ kind: 'ended' }));
});
