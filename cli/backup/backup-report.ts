// What is known of backups: pure, from the resource to one object, which is also the JSON of `glitchkeeper backups`.
import { parseCopyTime } from '../../backup/core/copy-name.js';
import type { BackupProgress, BackupStatus } from '../../operator/api/backup-fields.js';
import type { Condition } from '../../operator/api/glitchtip-resource.js';
import { adviceOnFailure } from '../../operator/core/backup/failure-advice.js';
import { toSeconds } from '../../operator/core/timestamps.js';
import type { Resource } from '../glitchtip-resource-access.js';

export interface CopyReport {
  readonly name: string;
  /** When its run began; absent: its name in the status is no time. */
  readonly at?: string;
  /** In the store, without the uploads, which copies share. */
  readonly bytes: number;
  /** Each was restored before it was stored: the rows of each table were counted, or each was hashed. */
  readonly verified: 'counts' | 'content';
  readonly where: 's3' | 'volume';
  /** Its bytes in the store were found to be others than its manifest says. */
  readonly damaged: boolean;
}

export interface BackupReport {
  /** Whether there is a copy that is known to restore, young enough, and the last run was well; absent: the operator has not said so yet. */
  readonly condition?: Pick<Condition, 'status' | 'reason' | 'message'>;
  readonly current?: BackupProgress;
  /** Absent: on demand only, or not known yet. */
  readonly nextAt?: string;
  /** What a run that is due, or asked for, waits for. */
  readonly heldBack?: string;
  readonly onSchedule: boolean;
  readonly lastFailure?: NonNullable<BackupStatus['lastFailure']> & { readonly advice: string };
  /** Runs that failed one after the other since the last copy. */
  readonly failures: number;
  /** Why the last run deleted nothing. */
  readonly retention?: string;
  /** Newest first, as the last run that ended well saw them. */
  readonly copies: readonly CopyReport[];
}

/** Undefined: none are made. */
export function buildBackupReport({ spec, status }: Pick<Resource, 'spec' | 'status'>): BackupReport | undefined {
  if (spec.backup === undefined) return undefined;
  const { current, nextAt, heldBack, lastFailure, failures = 0, retention } = status.backup ?? {};
  return {
    condition: conditionOf(status), current, nextAt, heldBack, onSchedule: spec.backup.enabled,
    lastFailure: lastFailure && { ...lastFailure, advice: adviceOnFailure(lastFailure) }, failures, retention,
    copies: listCopies(spec.backup, status.backup ?? {}),
  };
}

function conditionOf({ conditions = [] }: Resource['status']): BackupReport['condition'] {
  const found = conditions.find(({ type }) => type === 'BackupVerified');
  return found && { status: found.status, reason: found.reason, message: found.message };
}

function listCopies({ store }: NonNullable<Resource['spec']['backup']>, { lastVerified, copies = [] }: BackupStatus): CopyReport[] {
  return copies.map(({ name, bytes, damaged }) => {
    const made = parseCopyTime(name);
    return { name, ...(made && { at: toSeconds(made) }), bytes, damaged, where: lastVerified?.where ?? store, verified: lastVerified?.copy === name ? lastVerified.how : 'counts' };
  });
}
