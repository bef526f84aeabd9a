// The condition BackupVerified: whether there is a copy that is known to restore, young enough, and whether the last run was well. Pure.
import { BACKUP_REASONS, type BackupReason, type BackupSpec, type BackupStatus } from '../../api/backup-fields.js';
import { duration, secondsSince } from '../health/rule-finding.js';
import { oldestAllowed } from './backup-schedule.js';

export interface BackupFinding {
  readonly type: 'BackupVerified';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: BackupReason;
  readonly message: string;
}

/** `created`: of the resource, from which on a first copy is waited for. */
export function judgeBackups(spec: BackupSpec, status: BackupStatus, { created, now }: { readonly created: Date; readonly now: Date }): BackupFinding {
  const { lastVerified, lastFailure } = status;
  const of = (verdict: BackupFinding['status'], reason: BackupReason, message: string): BackupFinding => ({ type: 'BackupVerified', status: verdict, reason, message });
  const damaged = status.copies?.find((copy) => copy.damaged);
  // Too old says more than the last failure of many, and names it.
  if (isTooOld(spec, lastVerified ? timeOf(lastVerified.copy) : created, now)) return of('False', BACKUP_REASONS.TooOld, tooOld(status, now));
  if (lastFailure) return of('False', BACKUP_REASONS.RunFailed, describeFailure(status));
  if (!lastVerified) return of('Unknown', BACKUP_REASONS.NoRunYet, status.nextAt === undefined ? 'No backup was made yet.' : `No backup was made yet; the first is at ${status.nextAt}.`);
  if (damaged) return of('False', BACKUP_REASONS.CopyDamaged, `Copy ${damaged.name} in the store is not what its manifest says, and counts for nothing. Delete it there, or wait until retention does.`);
  const good = `Copy ${lastVerified.copy} was restored, and ${lastVerified.how === 'content' ? 'every row is' : 'the rows of each table are'} as dumped.`;
  if (lastVerified.where === 'volume') return of('True', BACKUP_REASONS.RestoredOnThisHost, `${good} It is on a volume of this host: what destroys the host takes it, too.`);
  return of('True', BACKUP_REASONS.Restored, good);
}

/** On demand only: as old as a person lets it become. */
function isTooOld(spec: BackupSpec, newest: Date, now: Date): boolean {
  return spec.enabled && now.getTime() - newest.getTime() > oldestAllowed(spec);
}

function tooOld({ lastVerified, lastFailure, current }: BackupStatus, now: Date): string {
  const age = lastVerified ? `The newest copy that is known to restore, ${lastVerified.copy}, is ${duration(secondsSince(timeOf(lastVerified.copy), now))} old` : 'There is no copy that is known to restore';
  const why = lastFailure ? `; the last run failed in step ${lastFailure.step} (${lastFailure.reason})` : current ? `; backup ${current.copy} runs` : '; no run has ended since';
  return `${age}${why}.`;
}

function describeFailure({ lastFailure, failures = 1 }: BackupStatus): string {
  if (!lastFailure) return '';
  const { copy, step, reason, exitCode, detail } = lastFailure;
  const times = failures > 1 ? `, the ${failures}. time in a row` : '';
  return `Backup ${copy} failed in step ${step}: ${reason}${exitCode === undefined ? '' : `, exit code ${exitCode}`}${detail === undefined ? '' : ` (${detail})`}${times}.`;
}

function timeOf(copy: string): Date {
  return new Date(copy.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
