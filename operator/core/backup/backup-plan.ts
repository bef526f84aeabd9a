// The decision on backups: what is known of the last run, and the time, become the next step and the status. Pure.
import { copyNameOf } from '../../../backup/core/copy-name.js';
import type { BackupProgress, BackupSpec, BackupStatus } from '../../api/backup-fields.js';
import { toSeconds } from '../timestamps.js';
import { without } from '../without.js';
import { maintenanceEnd, nextBackup, withoutAhead } from './backup-schedule.js';

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
  | FailedEnd;

export interface FailedEnd {
  readonly kind: 'failed';
  readonly step: string;
  readonly reason: string;
  readonly exitCode?: number;
  readonly detail?: string;
}

/** The Job of the run that the status names. */
export type ObservedRun =
  | { readonly kind: 'absent' }
  | { readonly kind: 'running' }
  /** None of its containers has run, and nobody should wait for that. */
  | { readonly kind: 'cannot start'; readonly why: string }
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'ended'; readonly end: RunEnd };

export interface BackupInput {
  readonly spec: BackupSpec;
  readonly suspend: boolean;
  readonly status: BackupStatus;
  readonly run: ObservedRun;
  /** Name of the request that the resource's annotation holds. */
  readonly request: string | undefined;
  /** What else is under way, or not well, so that none may begin: a sentence. Observed where {@link wantedSince} says that one is wanted. */
  readonly obstacle: string | undefined;
  /** Why no Job can be made at all, however long one waits. */
  readonly impediment?: FailedEnd | undefined;
  readonly now: Date;
}

export type BackupStep =
  /** The status with `current` is to be written first, then everything is looked at again. */
  | { readonly kind: 'begin'; readonly run: BackupProgress }
  /** The lock is taken, the run's variables are written, and its Job is made; one that is there already is the same. */
  | { readonly kind: 'create job'; readonly run: BackupProgress }
  /** What cannot start must not start when nobody expects it any more. */
  | { readonly kind: 'delete job'; readonly run: BackupProgress }
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
/** A run whose Job could not be made for so long is begun anew: its copy would have the time of another day. Milliseconds. */
const STALE_AFTER = 3_600_000;
/** The copies that the status lists. */
const MOST_COPIES = 60;
const REQUEST_KEPT = 100;

/** Since when a run should have begun, or its Job been made; undefined while none is wanted. */
export function wantedSince(input: Pick<BackupInput, 'spec' | 'status' | 'run' | 'request' | 'now'>): Date | undefined {
  const { run, now } = input;
  const status = withoutAhead(input.status, now);
  if (status.current) return run.kind === 'absent' && status.current.jobMadeAt === undefined ? new Date(status.current.startedAt) : undefined;
  const next = nextOf(input, status);
  if (next && next.getTime() <= now.getTime()) return next;
  return isRequested(input) ? now : undefined;
}

/** One step at a time: after each, everything is observed again. */
export function planBackup(given: BackupInput): BackupPlan {
  const input = { ...given, status: { since: toSeconds(given.now), ...withoutAhead(given.status, given.now) } };
  const { status, status: { current }, run, now } = input;
  if (current === undefined) return planNext(input);
  switch (run.kind) {
    case 'unreadable': return { step: { kind: 'wait', why: `Job of backup ${current.copy} cannot be seen (${run.why})` }, status, requeueAfter: WHILE_RUNNING };
    case 'running': return planRunning(input, current);
    case 'cannot start': return planStuck(input, current, run.why);
    case 'absent': return planAbsent(input, current);
    case 'ended': return planEnd(input, current, run.end, now);
  }
}

function planRunning({ status, now }: BackupInput, current: BackupProgress): BackupPlan {
  const seen = { ...without(status, 'heldBack'), current: { ...current, jobMadeAt: current.jobMadeAt ?? toSeconds(now) } };
  return { step: { kind: 'wait', why: `backup ${current.copy} runs` }, status: seen, requeueAfter: WHILE_RUNNING };
}

/** Told first, then deleted. */
function planStuck(input: BackupInput, current: BackupProgress, why: string): BackupPlan {
  if (input.suspend) return { step: { kind: 'wait', why: `backup ${current.copy} cannot start (${why})` }, status: input.status, requeueAfter: WHILE_HELD_BACK };
  const { status } = planEnd(input, current, { kind: 'failed', step: 'begin', reason: 'CannotStart', detail: why }, input.now);
  return { step: { kind: 'delete job', run: current }, status, requeueAfter: 0 };
}

/** The operator was ended between its status and its Job; suspended it makes none, and the schedule comes back later. */
function planAbsent(input: BackupInput, current: BackupProgress): BackupPlan {
  const { status, now, impediment } = input;
  if (current.jobMadeAt !== undefined) return planEnd(input, current, { kind: 'failed', step: 'run', reason: 'JobGone', detail: 'its Job was deleted before anybody saw how it ended' }, now);
  const held = heldBack(input);
  if (held !== undefined) return { step: { kind: 'wait', why: held }, status: { ...status, heldBack: held }, requeueAfter: WHILE_HELD_BACK };
  if (impediment) return planEnd(input, current, impediment, now);
  if (Math.abs(now.getTime() - Date.parse(current.startedAt)) > STALE_AFTER) return begin(input, current.trigger);
  return { step: { kind: 'create job', run: current }, status: without(status, 'heldBack'), requeueAfter: WHILE_RUNNING };
}

/** Another run begins at the next look: what is in its way was not looked for. */
function planEnd(input: BackupInput, { copy }: BackupProgress, end: RunEnd, now: Date): BackupPlan {
  const ended = recordEnd(input.status, copy, end, now);
  const next = nextOf(input, ended);
  return { step: { kind: 'wait', why: explainNext(next) }, status: withNext(ended, next), requeueAfter: isRequested(input) ? 0 : untilThen(next, now) };
}

function planNext(input: BackupInput): BackupPlan {
  const { status, now } = input;
  const next = nextOf(input, status);
  const known = withNext(without(status, 'heldBack'), next);
  if (wantedSince(input) === undefined) return { step: { kind: 'wait', why: explainNext(next) }, status: known, requeueAfter: untilThen(next, now) };
  const held = heldBack(input);
  if (held !== undefined) return { step: { kind: 'wait', why: held }, status: { ...known, heldBack: held }, requeueAfter: WHILE_HELD_BACK };
  return begin({ ...input, status: known }, isRequested(input) ? 'request' : (status.failures ?? 0) > 0 ? 'retry' : 'schedule');
}

/** By the time of its beginning, not the one that it was due at: after an outage of days the copy is of today. */
function begin(input: BackupInput, trigger: BackupProgress['trigger']): BackupPlan {
  const { status, now } = input;
  const run: BackupProgress = { copy: copyNameOf(now), trigger, startedAt: toSeconds(now) };
  const known = without(status, 'heldBack');
  return { step: { kind: 'begin', run }, status: { ...known, ...requestOf(input, run.copy), current: run, lastStartedAt: run.startedAt }, requeueAfter: 0 };
}

/** One that is begun anew is for the request of the first time. */
function requestOf(input: BackupInput, copy: string): Pick<BackupStatus, 'request'> {
  const { status: { request: taken, current }, request = '' } = input;
  if (isRequested(input)) return { request: { name: cutName(request), copy } };
  return taken && taken.copy === current?.copy ? { request: { ...taken, copy } } : {};
}

/** One that was taken up stays in the annotation until that is taken away. */
function isRequested(input: Pick<BackupInput, 'request' | 'status'>): boolean {
  return input.request !== undefined && !isTakenUp(input.request, input.status);
}

export function isTakenUp(request: string, { request: taken }: BackupStatus): boolean {
  return taken?.name === cutName(request);
}

function cutName(request: string): string {
  return request.slice(0, REQUEST_KEPT);
}

function heldBack({ suspend, obstacle, now }: BackupInput): string | undefined {
  if (suspend) return 'no backup is made while spec.suspend is true';
  if (obstacle !== undefined) return obstacle;
  const end = maintenanceEnd(now);
  return end && `a dump would hold up the maintenance of partitions, and that all events: it waits until ${toSeconds(end)}`;
}

function recordEnd(status: BackupStatus, copy: string, end: RunEnd, now: Date): BackupStatus {
  const at = toSeconds(now);
  if (end.kind === 'failed') {
    const { step, reason, exitCode, detail } = end;
    const failure = { copy, at, step, reason, ...(exitCode === undefined ? {} : { exitCode }), ...(detail === undefined ? {} : { detail }) };
    return { ...without(status, 'current', 'heldBack'), lastFailure: failure, failures: (status.failures ?? 0) + 1 };
  }
  const { bytes, seconds, how, where, copies, retention, rechecked } = end;
  return {
    ...without(status, 'current', 'heldBack', 'lastFailure', 'failures', 'retention'), lastVerified: { copy, at, bytes, seconds, how, where }, copies: copies.slice(0, MOST_COPIES).map((each) => ({ ...each })),
    ...(retention === undefined ? {} : { retention }), ...(how === 'content' ? { lastHashedAt: at } : {}), ...(rechecked ? { lastRecheckedAt: at } : {}),
  };
}

function nextOf({ spec, now }: Pick<BackupInput, 'spec' | 'now'>, status: BackupStatus): Date | undefined {
  return nextBackup(spec, status, status.since === undefined ? now : new Date(status.since));
}

function withNext(status: BackupStatus, next: Date | undefined): BackupStatus {
  return { ...without(status, 'nextAt'), ...(next ? { nextAt: toSeconds(next) } : {}) };
}

function explainNext(next: Date | undefined): string {
  return next ? `the next backup is at ${toSeconds(next)}` : 'backups are made on demand only';
}

function untilThen(next: Date | undefined, now: Date): number {
  return next ? Math.min(LONGEST, Math.max(0, next.getTime() - now.getTime())) : LONGEST;
}
