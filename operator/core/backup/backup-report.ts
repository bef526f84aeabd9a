// The backup controller's part of the status: what it owns, when it is worth writing, and which events a change of it is. Pure.
import type { BackupSpec, BackupStatus } from '../../api/backup-fields.js';
import { isBackupCondition } from '../../api/conditions.js';
import type { Condition, GlitchTipStatus } from '../../api/glitchtip-resource.js';
import { canonical } from '../canonical-json.js';
import { bytes, duration } from '../health/rule-finding.js';
import { toSeconds } from '../timestamps.js';
import { damagedCopy, describeFailure, judgeBackups } from './backup-condition.js';

/** What the backup controller writes. */
export interface BackupReport {
  readonly conditions: readonly Condition[];
  readonly backup: BackupStatus;
}

/** When, and for which generation of the resource, something was found. */
interface Instant {
  readonly now: Date;
  readonly generation: number;
}

export function buildReport(spec: BackupSpec, backup: BackupStatus, previous: GlitchTipStatus | undefined, { now, generation }: Instant): BackupReport {
  const finding = judgeBackups(spec, backup, now);
  const before = previous?.conditions?.find(isBackupCondition);
  const since = before?.status === finding.status ? before.lastTransitionTime : toSeconds(now);
  return { conditions: [{ ...finding, observedGeneration: generation, lastTransitionTime: since }], backup };
}

/** What of it the resource says already; undefined: nothing. */
export function writtenReport(status: GlitchTipStatus | undefined): BackupReport | undefined {
  const conditions = (status?.conditions ?? []).filter(isBackupCondition);
  return conditions.length === 0 && status?.backup === undefined ? undefined : { conditions, backup: status?.backup ?? {} };
}

export function isSameReport(one: BackupReport | undefined, other: BackupReport | undefined): boolean {
  return canonical(one ?? null) === canonical(other ?? null);
}

/** For `kubectl describe`. */
export interface BackupNote {
  readonly type: 'Normal' | 'Warning';
  readonly reason: 'BackupStarted' | 'BackupVerified' | 'BackupFailed' | 'BackupCopyDamaged';
  readonly note: string;
}

/** What happened between two statuses, in its order. */
export function notesOf(before: BackupStatus, after: BackupStatus): readonly BackupNote[] {
  return [...endNotes(before, after), ...damageNotes(before, after), ...startNotes(before, after)];
}

function endNotes({ current }: BackupStatus, after: BackupStatus): readonly BackupNote[] {
  if (!current || after.current?.copy === current.copy) return [];
  const { lastVerified, lastFailure } = after;
  if (lastFailure?.copy === current.copy) return [{ type: 'Warning', reason: 'BackupFailed', note: describeFailure(after) }];
  if (lastVerified?.copy !== current.copy) return [];
  return [{ type: 'Normal', reason: 'BackupVerified', note: `Copy ${current.copy} was restored and found good: ${bytes(lastVerified.bytes)}, ${duration(lastVerified.seconds)}.` }];
}

function damageNotes(before: BackupStatus, after: BackupStatus): readonly BackupNote[] {
  const damaged = damagedCopy(after);
  if (!damaged || damagedCopy(before)?.name === damaged.name) return [];
  return [{ type: 'Warning', reason: 'BackupCopyDamaged', note: `Copy ${damaged.name} in the store is not what its manifest says.` }];
}

function startNotes(before: BackupStatus, { current }: BackupStatus): readonly BackupNote[] {
  if (!current || before.current?.copy === current.copy) return [];
  return [{ type: 'Normal', reason: 'BackupStarted', note: `Backup ${current.copy} begins (${current.trigger}).` }];
}
