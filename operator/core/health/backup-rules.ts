// Rules about backups: the last run failed, the newest copy that is known to restore is too old, a copy of the store is damaged.
import type { BackupSpec, BackupStatus } from '../../api/backup-fields.js';
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import { BACKUP_COMPONENT } from '../../api/object-names.js';
import { damagedCopy, describeFailure, isTooOld, tooOld } from '../backup/backup-condition.js';
import { backupJobName } from '../backup/backup-job.js';
import { finding, type Finding, type Rule } from './rule-finding.js';

const R = HEALTH_REASONS;

/** What helps, by the reason of the run that failed. Else its log says more: never a row, but the step. */
const ADVICE: Readonly<Record<string, string>> = {
  NoSpace: 'Give it room: backup.scratch in settings.yaml for the dump and its restored database, backup.volume or the bucket for copies; the host needs as much (df -h).',
  OutOfMemory: 'Raise resources.backup.limits.memory in settings.yaml and apply it.',
  LockWait: 'Somebody held a lock on a table for more than 30 s: SELECT pid, query FROM pg_stat_activity ORDER BY xact_start shows who.',
  LoginRefused: 'Postgres refuses the login of Secret glitchtip-backup, or a table to it: glitchkeeper status says how credentials are.',
  DatabaseAway: 'Postgres went away while it was dumped: kubectl logs postgres-0 --previous.',
  NotVerified: 'What was restored is not what should be there: the message says where. If tables were emptied on purpose, say so in backup.mayShrink of settings.yaml.',
  KeyMissing: 'A key or the Secret of the store is missing or is none: the message names it, docs/backups.md says what belongs there.',
  StoreAway: 'The store does not answer: is its endpoint reachable from the host, and does a network policy of others stand in the way?',
  StoreRefused: 'The store refuses: the message has its code. Look at bucket, region and the keys of Secret glitchtip-backup-store.',
  ClockSkewed: 'The clock of the host is wrong, and no signature is valid: timedatectl, and whether it is synchronised.',
  ManifestsMissing: 'kubectl apply -f dist/ makes what a backup is made from.',
  TooSlow: 'It did not end in two hours: raise resources.backup.limits.cpu in settings.yaml, or find out what the store takes so long for.',
};

export const backupRules: readonly Rule[] = [ofBackups(tooOldCopy), ofBackups(failedRun), ofBackups(damagedCopies)];

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
    advice: status.lastFailure ? adviceOn(status) : 'glitchkeeper backup now makes one; glitchkeeper status says what it waits for.',
    symptom: 'the newest good copy is too old',
  })];
}

function failedRun({ status }: Backups): readonly Finding[] {
  if (status.lastFailure === undefined) return [];
  return [finding(R.BackupFailed, BACKUP_COMPONENT, 'warning', { message: describeFailure(status), advice: adviceOn(status), symptom: 'the last backup failed' })];
}

function adviceOn({ lastFailure }: BackupStatus): string {
  return ADVICE[lastFailure?.reason ?? ''] ?? `kubectl logs job/${backupJobName(lastFailure?.copy ?? '')} --all-containers says in which step; it is tried again by itself.`;
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
