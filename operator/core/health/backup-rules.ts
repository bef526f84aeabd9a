// Rules about backups: the last run failed, the newest copy that is known to restore is too old, a copy of the store is damaged, the last run took long.
import type { BackupSpec, BackupStatus } from '../../api/backup-fields.js';
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import { BACKUP_COMPONENT } from '../../api/object-names.js';
import { damagedCopy, describeFailure, isTooOld, tooOld } from '../backup/backup-condition.js';
import { SLOW_BACKUP } from '../backup/backup-schedule.js';
import { adviceOnFailure } from '../backup/failure-advice.js';
import { duration, finding, type Finding, type Rule } from './rule-finding.js';

const R = HEALTH_REASONS;

export const backupRules: readonly Rule[] = [ofBackups(tooOldCopy), ofBackups(failedRun), ofBackups(damagedCopies), ofBackups(slowRun)];

interface Backups {
  readonly spec: BackupSpec;
  readonly status: BackupStatus;
  readonly now: Date;
}

/** Nothing is said where none are made. */
function ofBackups(rule: (backups: Backups) => readonly Finding[]): Rule {
  return ({ facts: { backup: status }, spec, now }) => (spec.backup && status ? rule({ spec: spec.backup, status, now }) : []);
}

function tooOldCopy({ spec, status, now }: Backups): readonly Finding[] {
  if (!isTooOld(spec, status, now)) return [];
  return [finding(R.BackupTooOld, BACKUP_COMPONENT, 'warning', {
    message: tooOld(status, now),
    advice: status.lastFailure ? adviceOnFailure(status.lastFailure) : 'glitchkeeper backup now makes one; glitchkeeper status says what it waits for.',
    symptom: 'the newest good copy is too old',
  })];
}

function failedRun({ status }: Backups): readonly Finding[] {
  const { lastFailure } = status;
  if (lastFailure === undefined) return [];
  return [finding(R.BackupFailed, BACKUP_COMPONENT, 'warning', { message: describeFailure(status), advice: adviceOnFailure(lastFailure), symptom: 'the last backup failed' })];
}

/** Others are good, and the newest is looked at when it is made. */
function damagedCopies({ status }: Backups): readonly Finding[] {
  const damaged = damagedCopy(status);
  if (damaged === undefined) return [];
  return [finding(R.BackupCopyDamaged, BACKUP_COMPONENT, 'warning', {
    message: `Copy ${damaged.name} in the store is not what its manifest says: it counts for nothing any more.`,
    advice: 'Somebody wrote into the store, or its disk fails: look at that first. Then delete the copy there, or wait until retention does; glitchkeeper backups lists which are good.',
    symptom: 'a copy of the store is damaged',
  })];
}

/** Each night it takes longer than the one before, and one night it is ended. One that failed since says that itself. */
function slowRun({ status: { lastVerified, lastFailure } }: Backups): readonly Finding[] {
  if (lastVerified === undefined || lastFailure !== undefined || lastVerified.seconds <= SLOW_BACKUP) return [];
  return [finding(R.BackupSlow, BACKUP_COMPONENT, 'warning', {
    message: `Backup ${lastVerified.copy} was well, and took ${duration(lastVerified.seconds)}: after two hours it would have been ended.`,
    advice: 'Raise resources.backup.limits.cpu, or find out what the store takes so long for: `seconds` in the manifest of the copy, and the log of its Job, have the time of each step.',
    symptom: 'the last backup took long',
  })];
}
