// What of backups is written, and which events it is.
import { describe, expect, it } from '@jest/globals';
import { backupSpec, type BackupStatus } from '../../../../../operator/api/backup-fields.js';
import type { GlitchTipStatus } from '../../../../../operator/api/glitchtip-resource.js';
import { buildReport, isSameReport, notesOf, writtenReport } from '../../../../../operator/core/backup/backup-report.js';
import { ownStatus } from '../../../../../operator/core/credentials/resource-conditions.js';

const NOW = new Date('2026-11-29T02:34:00Z');
const COPY = '20261129T023005Z';
const current = { copy: COPY, trigger: 'schedule', startedAt: '2026-11-29T02:30:05Z' } as const;
const lastVerified = { copy: COPY, at: '2026-11-29T02:34:00Z', bytes: 187_000_000, seconds: 236, how: 'counts', where: 's3' } as const;
const lastFailure = { copy: COPY, at: '2026-11-29T02:34:00Z', step: 'dump', reason: 'LockWait', exitCode: 1 };
const damaged = [{ name: '20261101T023000Z', bytes: 1, damaged: true }];

describe('an event', () => {
  it.each<[string, BackupStatus, BackupStatus, string[]]>([
    ['tells that a backup begins', {}, { current }, [`Normal BackupStarted: Backup ${COPY} begins (schedule).`]],
    ['tells that it was good', { current }, { lastVerified }, [`Normal BackupVerified: Copy ${COPY} was restored and found good: 178Mi, 4 min.`]],
    ['tells that it failed, with step, reason and exit code', { current }, { lastFailure, failures: 1 }, [`Warning BackupFailed: Backup ${COPY} failed in step dump: LockWait, exit code 1.`]],
    ['tells that a copy is damaged, once', { current }, { lastVerified, copies: damaged }, [`Normal BackupVerified: Copy ${COPY} was restored and found good: 178Mi, 4 min.`, 'Warning BackupCopyDamaged: Copy 20261101T023000Z in the store is not what its manifest says.']],
    ['tells nothing of a copy that was damaged before', { copies: damaged }, { copies: damaged }, []],
    ['tells nothing while a backup runs', { current }, { current: { ...current, jobMadeAt: '2026-11-29T02:30:08Z' } }, []],
    ['tells of one that is begun anew', { current }, { current: { ...current, copy: '20261129T080000Z' } }, ['Normal BackupStarted: Backup 20261129T080000Z begins (schedule).']],
  ])('%s', (_, before, after, expected) => expect(notesOf(before, after).map(({ type, reason, note }) => `${type} ${reason}: ${note}`)).toEqual(expected));
});

describe('the report', () => {
  const build = (backup: BackupStatus, previous?: GlitchTipStatus) => buildReport(backupSpec.parse({ store: 's3' }), backup, previous, { now: NOW, generation: 3 });
  const written = (report: ReturnType<typeof build>): GlitchTipStatus => ({ conditions: [...report.conditions], backup: report.backup });

  it('has the condition, dated', () => {
    expect(build({ lastVerified }).conditions).toMatchObject([{ type: 'BackupVerified', status: 'True', reason: 'Restored', observedGeneration: 3, lastTransitionTime: '2026-11-29T02:34:00Z' }]);
  });
  it('keeps the time of the last flip', () => {
    const before = written(build({ lastVerified }));
    const later = buildReport(backupSpec.parse({ store: 's3' }), { lastVerified }, before, { now: new Date('2026-11-29T09:00:00Z'), generation: 3 });
    expect(later.conditions[0]?.lastTransitionTime).toBe('2026-11-29T02:34:00Z');
    expect(isSameReport(writtenReport(before), later)).toBe(true);
  });
  it('is not what was written once something changed', () => expect(isSameReport(writtenReport(written(build({ lastVerified }))), build({ lastVerified, current }))).toBe(false));
  it('is none where nothing was written', () => expect(writtenReport({ conditions: [], postgres: {} })).toBeUndefined());
  it("is no part of what the credentials controller writes", () => expect(ownStatus(written(build({ lastVerified })))).toEqual({ conditions: [] }));
});
