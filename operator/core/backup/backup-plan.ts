// The decision on backups: what is known of the last run, and the time, become the next step and the status. Pure.
import type { BackupProgress, BackupSpec, BackupStatus } from '../../api/backup-fields.js';
import { toSeconds } from '../timestamps.js';
import { maintenanceEnd, nextBackup } from './backup-schedule.js';

/** How a run ended, as its containers or Kubernetes say. */
export type RunEnd =
  | {
    readonly kind: 'verified'; readonly bytes: number; readonly seconds: number; readonly how: 'counts' | 'content'; readonly where: 's3' | 'volume';
    readonly copies: readonly { readonly name: string; readonly bytes: number; readonly damaged: boolean }[];
    /** Why retention deleted nothing. */
    readonly retention?: string;
    /** An old copy was fetched and compared. */
    readonly rechecked: boolean;
  }
  | { readonly kind: 'failed'; readonly step: string; readonly reason: string; readonly exitCode?: number; readonly detail?: string };

/** The Job of the run that the status names. */
export type ObservedRun =
  | { readonly kind: 'absent' }
  | { readonly kind: 'running' }
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'ended'; readonly end: RunEnd };

export interface BackupInput {
  readonly spec: BackupSpec;
  readonly suspend: boolean;
  readonly status: BackupStatus;
  /** When the resource was made. */
  readonly created: Date;
  readonly run: ObservedRun;
  /** A person asked for one now. */
  readonly isRequested: boolean;
  /** What else is under way, or not well, so that none may begin: a sentence. */
  readonly obstacle: string | undefined;
  readonly now: Date;
}

export type BackupStep =
  /** The status with `current` is to be written first, then everything is looked at again. */
  | { readonly kind: 'begin'; readonly run: BackupProgress }
  /** Its Job is made; one that is there already is the same. */
  | { readonly kind: 'create job'; readonly run: BackupProgress }
  | { readonly kind: 'wait'; readonly why: string };

export interface BackupPlan {
  readonly step: BackupStep;
  readonly status: BackupStatus;
  /** Milliseconds. */
  readonly requeueAfter: number;
}

/** A Job is looked at this often. Milliseconds. */
const WHILE_RUNNING = 10_000;
const WHILE_HELD_BACK = 60_000;
/** A timer that is longer than this is none: a clock may be set. Milliseconds. */
const LONGEST = 3_600_000;
/** The copies that the status lists. */
const MOST_COPIES = 60;

/** One step at a time: after each, everything is observed again. */
export function planBackup(input: BackupInput): BackupPlan {
  const { status: { current }, run, now } = input;
  if (current === undefined) return planNext(input, input.status);
  switch (run.kind) {
    case 'unreadable': return { step: { kind: 'wait', why: `Job of backup ${current.copy} cannot be seen (${run.why})` }, status: input.status, requeueAfter: WHILE_RUNNING };
    case 'running': return { step: { kind: 'wait', why: `backup ${current.copy} runs` }, status: input.status, requeueAfter: WHILE_RUNNING };
    case 'absent': return planAbsent(input, current);
    case 'ended': return planNext(input, recordEnd(input.status, current, run.end, now));
  }
}

/** The operator was ended between its status and its Job; suspended it makes none, and the schedule comes back later. */
function planAbsent(input: BackupInput, current: BackupProgress): BackupPlan {
  const held = heldBack(input);
  if (held !== undefined) return { step: { kind: 'wait', why: held }, status: input.status, requeueAfter: WHILE_HELD_BACK };
  return { step: { kind: 'create job', run: current }, status: input.status, requeueAfter: WHILE_RUNNING };
}

function planNext(input: BackupInput, status: BackupStatus): BackupPlan {
  const { spec, created, isRequested, now } = input;
  const next = nextBackup(spec, status, created);
  const known: BackupStatus = { ...without(status, 'nextAt'), ...(next ? { nextAt: toSeconds(next) } : {}) };
  const isDue = isRequested || (next !== undefined && next.getTime() <= now.getTime());
  if (!isDue) return { step: { kind: 'wait', why: next ? `the next backup is at ${toSeconds(next)}` : 'backups are made on demand only' }, status: known, requeueAfter: untilThen(next, now) };
  const held = heldBack(input);
  if (held !== undefined) return { step: { kind: 'wait', why: held }, status: known, requeueAfter: WHILE_HELD_BACK };
  // By the time of its beginning, not the one that it was due at: after an outage of days the copy is of today.
  const run: BackupProgress = { copy: copyNameAt(now), trigger: isRequested ? 'request' : (status.failures ?? 0) > 0 ? 'retry' : 'schedule', startedAt: toSeconds(now) };
  return { step: { kind: 'begin', run }, status: { ...known, current: run, lastStartedAt: run.startedAt }, requeueAfter: 0 };
}

function heldBack({ suspend, obstacle, now }: BackupInput): string | undefined {
  if (suspend) return 'no backup is made while spec.suspend is true';
  if (obstacle !== undefined) return obstacle;
  const end = maintenanceEnd(now);
  return end && `a dump would hold up the maintenance of partitions, and that all events: it waits until ${toSeconds(end)}`;
}

function recordEnd(status: BackupStatus, { copy }: BackupProgress, end: RunEnd, now: Date): BackupStatus {
  const at = toSeconds(now);
  if (end.kind === 'failed') {
    const { step, reason, exitCode, detail } = end;
    const failure = { copy, at, step, reason, ...(exitCode === undefined ? {} : { exitCode }), ...(detail === undefined ? {} : { detail }) };
    return { ...without(status, 'current'), lastFailure: failure, failures: (status.failures ?? 0) + 1 };
  }
  const { bytes, seconds, how, where, copies, retention, rechecked } = end;
  return {
    ...without(status, 'current', 'lastFailure', 'failures', 'retention'), lastVerified: { copy, at, bytes, seconds, how, where }, copies: copies.slice(0, MOST_COPIES).map((each) => ({ ...each })),
    ...(retention === undefined ? {} : { retention }), ...(how === 'content' ? { lastHashedAt: at } : {}), ...(rechecked ? { lastRecheckedAt: at } : {}),
  };
}

function without(status: BackupStatus, ...names: readonly (keyof BackupStatus)[]): BackupStatus {
  return Object.fromEntries(Object.entries(status).filter(([name]) => !(names as readonly string[]).includes(name)));
}

/** As backup/core/copy-name.ts reads it. */
function copyNameAt(now: Date): string {
  return toSeconds(now).replace(/[-:]/g, '');
}

function untilThen(next: Date | undefined, now: Date): number {
  return next ? Math.min(LONGEST, next.getTime() - now.getTime()) : LONGEST;
}
