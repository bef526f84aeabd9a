// What the plans of a restore and of an upgrade are made of: a status that is written before each step, and the step that follows it. Pure.
import { cut } from '../text-limits.js';
import { toSeconds } from '../timestamps.js';
import { without } from '../without.js';

/** An operation that is under way, in the status of its resource. */
export interface RecordedProgress {
  readonly phase: string;
  readonly since: string;
  readonly attempt: number;
  readonly why?: string | undefined;
  readonly waitsFor?: string | undefined;
}

interface Refused {
  readonly request: string;
  readonly at: string;
  readonly why: string;
}

export interface RecordedStatus {
  readonly current?: RecordedProgress | undefined;
  readonly refused?: Refused | undefined;
}

export interface RecordedPlan<Status, Action> {
  /** Undefined: only the status changes, or nothing. */
  readonly action?: Action;
  /** To be written before the action. */
  readonly status: Status;
  /** What is done or waited for, for a person. */
  readonly message: string;
  /** Milliseconds. */
  readonly requeueAfter: number;
}

export const AT_ONCE = 0;
export const WHILE_UNDER_WAY = 2_000;
/** Until somebody else's operation has ended. */
export const WHILE_HELD_BACK = 10_000;
export const RESTING = 300_000;
/** A request is refused once, however often it is looked at until it is gone. Milliseconds. */
const REFUSED_ONCE = 60_000;
const REQUEST_KEPT = 100;

/** The operation is so from now on; nothing is done yet. */
export function record<Status extends RecordedStatus>(status: Status, current: NonNullable<Status['current']>, message: string): RecordedPlan<Status, never> {
  return { status: { ...status, current }, message, requeueAfter: AT_ONCE };
}

/** @param said what is done, for a person */
export function doing<Status, Action>(status: Status, action: Action, said: string): RecordedPlan<Status, Action> {
  return { status, action, message: `${said}.`, requeueAfter: AT_ONCE };
}

export function rest<Status extends RecordedStatus>(status: Status, message: string, requeueAfter = RESTING): RecordedPlan<Status, never> {
  const { current } = status;
  const isNews = current !== undefined && withoutFigures(current.waitsFor) !== withoutFigures(message);
  return { status: isNews ? { ...status, current: { ...current, waitsFor: message } } : status, message, requeueAfter };
}

/** Another count is no news: each would be a write. */
function withoutFigures(message = ''): string {
  return message.replaceAll(/[0-9]+/g, '0');
}

/** In the status as it is told, which is written before the annotation goes. */
export function refusal({ refused: last }: Pick<RecordedStatus, 'refused'>, request: string, rejected: string, now: Date): Refused | undefined {
  const refused = { request: cut(request, REQUEST_KEPT), at: toSeconds(now), why: rejected };
  const isTold = last?.request === refused.request && last.why === rejected && now.getTime() - Date.parse(last.at) < REFUSED_ONCE;
  return isTold ? last : refused;
}

/** Without what was said of the phase before. */
export function enter<Progress extends RecordedProgress>(current: Progress, phase: Progress['phase'], now: Date): Progress {
  return { ...withoutWords(current), phase, since: toSeconds(now), attempt: 1 };
}

export function nextAttempt<Progress extends RecordedProgress>(current: Progress, why: string, now: Date): Progress {
  return { ...withoutWords(current), attempt: current.attempt + 1, since: toSeconds(now), why };
}

function withoutWords<Progress extends RecordedProgress>(current: Progress): Progress {
  return without<RecordedProgress>(current, 'why', 'waitsFor') as Progress;
}
