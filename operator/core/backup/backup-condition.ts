// The condition BackupVerified: whether there is a copy that is known to restore, young enough, and whether the last run was well. Pure.
import { parseCopyTime } from '../../../backup/core/copy-name.js';
import { BACKUP_REASONS, type BackupReason, type BackupSpec, type BackupStatus } from '../../api/backup-fields.js';
import { duration, secondsSince } from '../health/rule-finding.js';
import { isAhead, oldestAllowed } from './backup-schedule.js';

export interface BackupFinding {
  readonly type: 'BackupVerified';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: BackupReason;
  readonly message: string;
}

export function judgeBackups(spec: BackupSpec, status: BackupStatus, now: Date): BackupFinding {
  const { lastVerified, lastFailure } = status;
  const of = (verdict: BackupFinding['status'], reason: BackupReason, message: string): BackupFinding => ({ type: 'BackupVerified', status: verdict, reason, message });
  const damaged = damagedCopy(status);
  // Too old says more than the last failure of many, and names it.
  if (isTooOld(spec, status, now)) return of('False', BACKUP_REASONS.TooOld, tooOld(status, now));
  if (lastFailure) return of('False', BACKUP_REASONS.RunFailed, describeFailure(status));
  if (!lastVerified) return of('Unknown', BACKUP_REASONS.NoRunYet, status.nextAt === undefined ? 'No backup was made yet.' : `No backup was made yet; the first is at ${status.nextAt}.`);
  if (damaged) return of('False', BACKUP_REASONS.CopyDamaged, `Copy ${damaged.name} in the store is not what its manifest says, and counts for nothing. Delete it there, or wait until retention does.`);
  const good = `Copy ${lastVerified.copy} was restored, and ${lastVerified.how === 'content' ? 'every row is' : 'the rows of each table are'} as dumped.`;
  if (lastVerified.where === 'volume') return of('True', BACKUP_REASONS.RestoredOnThisHost, `${good} It is on a volume of this host: what destroys the host takes it, too.`);
  return of('True', BACKUP_REASONS.Restored, good);
}

export function damagedCopy({ copies = [] }: BackupStatus): { readonly name: string } | undefined {
  return copies.find(({ damaged }) => damaged);
}

/** On demand only: as old as a person lets it become. A copy whose date lies ahead, or is none, says nothing of today. */
export function isTooOld(spec: BackupSpec, { since, lastVerified }: BackupStatus, now: Date): boolean {
  if (!spec.enabled) return false;
  if (!lastVerified && since === undefined) return false;
  const newest = lastVerified ? parseCopyTime(lastVerified.copy)?.toISOString() : since;
  return newest === undefined || isAhead(newest, now) || now.getTime() - Date.parse(newest) > oldestAllowed(spec);
}

export function tooOld(status: BackupStatus, now: Date): string {
  return `${explainAge(status, now)}; ${explainWhy(status)}.`;
}

function explainAge({ lastVerified }: BackupStatus, now: Date): string {
  if (!lastVerified) return 'There is no copy that is known to restore';
  return `The newest copy that is known to restore, ${lastVerified.copy}, is ${describeAge(lastVerified.copy, now)}`;
}

/** `9.5 h old`, or why that cannot be said. */
export function describeAge(copy: string, now: Date): string {
  const made = parseCopyTime(copy);
  if (!made) return `of an unknown age, for ${copy} is no time: the status was changed by hand`;
  return isAhead(made.toISOString(), now) ? 'of a time that is still to come: a clock was wrong' : `${duration(secondsSince(made, now))} old`;
}

function explainWhy({ lastFailure, current, heldBack }: BackupStatus): string {
  if (lastFailure) return `the last run failed in step ${lastFailure.step} (${lastFailure.reason})`;
  if (heldBack !== undefined) return `the next one waits: ${heldBack}`;
  return current ? `backup ${current.copy} runs` : 'no run has ended since';
}

/** Empty when the last run was well. */
export function describeFailure({ lastFailure, failures = 1 }: BackupStatus): string {
  if (!lastFailure) return '';
  const { copy, step, reason, exitCode, detail } = lastFailure;
  const times = failures > 1 ? `, the ${failures}. time in a row` : '';
  return `Backup ${copy} failed in step ${step}: ${reason}${exitCode === undefined ? '' : `, exit code ${exitCode}`}${detail === undefined ? '' : ` (${detail})`}${times}.`;
}
