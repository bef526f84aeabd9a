// The decision on rehearsals: a request, or the month's check, and what is known of the run that is under way become the next step and the status. Pure.
import type { Release } from '../../api/glitchtip-releases.js';
import { REHEARSAL_ANNOTATION } from '../../api/object-names.js';
import type { RehearsalEnd, RehearsalProgress, RehearsalStatus } from '../../api/rehearsal-fields.js';
import type { BackupStatus } from '../../api/backup-fields.js';
import type { FailedEnd } from '../backup/backup-plan.js';
import { isAhead, maintenanceEnd } from '../backup/backup-schedule.js';
import { cut } from '../text-limits.js';
import { toSeconds } from '../timestamps.js';
import { without } from '../without.js';
import type { ObservedRehearsal, RehearsalRunEnd } from './rehearsal-end.js';
import { parseRehearsalRequest } from './rehearsal-request.js';

export interface RehearsalInput {
  /** The release that runs. */
  readonly running: Release;
  readonly suspend: boolean;
  /** Whether anything is made on schedule. */
  readonly onSchedule: boolean;
  readonly status: RehearsalStatus;
  readonly backup: Pick<BackupStatus, 'lastVerified'>;
  readonly run: ObservedRehearsal;
  /** Of the resource. */
  readonly request: string | undefined;
  /** What else is under way, or not well, so that none may begin: a sentence. Observed where {@link wantedSince} says that one is wanted. */
  readonly obstacle: string | undefined;
  /** Why no Job can be made at all, however long one waits. */
  readonly impediment?: FailedEnd | undefined;
  readonly now: Date;
}

export type RehearsalStep =
  /** The status with `current` is to be written first, then everything is looked at again. */
  | { readonly kind: 'begin' | 'wait' }
  /** The lock is taken, and its Job is made; one that is there already is the same. */
  | { readonly kind: 'create job'; readonly run: RehearsalProgress }
  /** What cannot start must not start when nobody expects it any more. */
  | { readonly kind: 'delete job'; readonly run: RehearsalProgress }
  /** What was asked for is in the status, and in no annotation any more. */
  | { readonly kind: 'drop request' };

export interface RehearsalPlan {
  readonly step: RehearsalStep;
  readonly status: RehearsalStatus;
  /** Milliseconds. */
  readonly requeueAfter: number;
}

/** A Job is looked at this often. Milliseconds. */
const WHILE_RUNNING = 10_000;
const WHILE_HELD_BACK = 60_000;
const IDLE = 3_600_000;
/** A check that failed is tried again a day later: the copy of the next night may be another. Milliseconds. */
const CHECK_AGAIN = 86_400_000;
const REQUEST_KEPT = 100;

/** What is to be run, and since when; undefined while nothing is wanted. */
export function wantedRun(input: Pick<RehearsalInput, 'running' | 'onSchedule' | 'status' | 'backup' | 'run' | 'request' | 'now'>): { readonly version: string; readonly trigger: 'request' | 'schedule'; readonly since: Date } | undefined {
  const { status: { current }, run, request, running, now } = input;
  if (current) return run.kind === 'absent' && current.jobMadeAt === undefined ? { version: current.version, trigger: current.trigger === 'schedule' ? 'schedule' : 'request', since: new Date(current.startedAt) } : undefined;
  const asked = parseRehearsalRequest(request, running);
  if (asked.kind === 'begin') return { version: asked.version, trigger: 'request', since: now };
  return isCheckDue(input) ? { version: running, trigger: 'schedule', since: now } : undefined;
}

/** Once a month, after the month's first copy, which is the one that is looked at most closely; by the calendar of UTC. */
function isCheckDue({ onSchedule, status: { check }, backup: { lastVerified }, running, now }: Pick<RehearsalInput, 'onSchedule' | 'status' | 'backup' | 'running' | 'now'>): boolean {
  const month = toSeconds(now).slice(0, 7);
  if (!onSchedule || lastVerified?.at.slice(0, 7) !== month) return false;
  if (check === undefined || isAhead(check.endedAt, now)) return true;
  if (check.result === 'Passed') return check.version !== running || check.endedAt.slice(0, 7) !== month;
  return now.getTime() - Date.parse(check.endedAt) >= CHECK_AGAIN;
}

/** One step at a time: after each, everything is observed again. */
export function planRehearsal(input: RehearsalInput): RehearsalPlan {
  const { status: { current }, run } = input;
  if (current === undefined) return planNext(input);
  // What a person asked for is recorded before anything is made for it; one of the schedule is waited for.
  if (input.request !== undefined && current.trigger === 'request') return planRepeated(input, current);
  switch (run.kind) {
    case 'unreadable': return wait(input.status, WHILE_RUNNING);
    case 'running': return planRunning(input, current);
    case 'cannot start': return planStuck(input, current, run.why);
    case 'absent': return planAbsent(input, current);
    case 'ended': return end(input, current, run.end);
  }
}

function planNext(input: RehearsalInput): RehearsalPlan {
  const { request, running, now } = input;
  const status = without(input.status, 'heldBack');
  const asked = parseRehearsalRequest(request, running);
  if (asked.kind === 'invalid') return refuse(input, `Annotation ${REHEARSAL_ANNOTATION}: ${asked.message}.`);
  const wanted = wantedRun(input);
  if (wanted === undefined) return wait(status, IDLE);
  const held = heldBack(input);
  if (held !== undefined) return wait({ ...status, heldBack: held }, WHILE_HELD_BACK);
  const current: RehearsalProgress = { version: wanted.version, trigger: wanted.trigger, startedAt: toSeconds(now) };
  return { step: { kind: 'begin' }, status: { ...(wanted.trigger === 'request' ? without(status, 'refused') : status), current }, requeueAfter: 0 };
}

/** Told once, and taken away. */
function refuse({ status, request = '', now }: RehearsalInput, why: string): RehearsalPlan {
  const told = { request: cut(request, REQUEST_KEPT), at: toSeconds(now), why };
  const isTold = status.refused?.request === told.request && status.refused.why === why;
  return { step: { kind: 'drop request' }, status: isTold ? status : { ...status, refused: told }, requeueAfter: 0 };
}

/** What is recorded is asked for no longer; another release waits for nobody, and is asked for again. */
function planRepeated(input: RehearsalInput, { version, startedAt }: RehearsalProgress): RehearsalPlan {
  const { request, running, status } = input;
  const asked = parseRehearsalRequest(request, running);
  if (asked.kind === 'begin' && asked.version === version) return { step: { kind: 'drop request' }, status, requeueAfter: 0 };
  return refuse(input, `A rehearsal of ${version} is under way since ${startedAt}.`);
}

function planRunning({ status, now }: RehearsalInput, current: RehearsalProgress): RehearsalPlan {
  return wait({ ...without(status, 'heldBack'), current: { ...current, jobMadeAt: current.jobMadeAt ?? toSeconds(now) } }, WHILE_RUNNING);
}

/** Told first, then deleted. */
function planStuck(input: RehearsalInput, current: RehearsalProgress, why: string): RehearsalPlan {
  if (input.suspend) return wait(input.status, WHILE_HELD_BACK);
  const { status } = end(input, current, { kind: 'failed', step: 'begin', reason: 'CannotStart', detail: why });
  return { step: { kind: 'delete job', run: current }, status, requeueAfter: 0 };
}

/** The operator was ended between its status and its Job. */
function planAbsent(input: RehearsalInput, current: RehearsalProgress): RehearsalPlan {
  const { status, impediment } = input;
  if (current.jobMadeAt !== undefined) return end(input, current, { kind: 'failed', step: 'run', reason: 'JobGone', detail: 'its Job was deleted before anybody saw how it ended' });
  const held = heldBack(input);
  if (held !== undefined) return wait({ ...status, heldBack: held }, WHILE_HELD_BACK);
  if (impediment) return end(input, current, impediment);
  return { step: { kind: 'create job', run: current }, status: without(status, 'heldBack'), requeueAfter: WHILE_RUNNING };
}

function end({ status, now }: RehearsalInput, { version, trigger, startedAt }: RehearsalProgress, run: RehearsalRunEnd): RehearsalPlan {
  const { copy, figures } = run;
  const ended: RehearsalEnd = {
    version, ...(copy === undefined ? {} : { copy }), startedAt, endedAt: toSeconds(now), result: run.kind === 'rehearsed' ? 'Passed' : 'Failed',
    ...(run.kind === 'failed' ? failureOf(run) : {}), ...(figures ? { ...figures, locks: figures.locks.map((lock) => ({ ...lock })) } : {}),
  };
  return wait({ ...without(status, 'current', 'heldBack'), [trigger === 'schedule' ? 'check' : 'last']: ended }, 0);
}

function failureOf({ step, reason, exitCode, detail }: FailedEnd): Pick<RehearsalEnd, 'step' | 'reason' | 'exitCode' | 'detail'> {
  return { step, reason, ...(exitCode === undefined ? {} : { exitCode }), ...(detail === undefined ? {} : { detail }) };
}

/** It may dump, and a dump holds up the maintenance of partitions. */
function heldBack({ suspend, obstacle, now }: RehearsalInput): string | undefined {
  if (suspend) return 'none is made while spec.suspend is true';
  if (obstacle !== undefined) return obstacle;
  const until = maintenanceEnd(now);
  return until && `a dump would hold up the maintenance of partitions, and that all events: it waits until ${toSeconds(until)}`;
}

function wait(status: RehearsalStatus, requeueAfter: number): RehearsalPlan {
  return { step: { kind: 'wait' }, status, requeueAfter };
}
