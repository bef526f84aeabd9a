// What a look at a move becomes: a step, a change of the status, or a pause; and the shapes of all of it. Pure.
import type { MovePhase, MoveProgress, MoveStatus } from '../../api/move-fields.js';
import { toSeconds } from '../timestamps.js';
import { without } from '../without.js';
import type { Reach } from './dsn-table.js';
import { describeMoveAction, type MoveAction, type MoveFacts } from './move-facts.js';

export interface MoveInput {
  /** Percent of the spool for the follower. */
  readonly share: number;
  /** Undefined: the settings name no old server any more. */
  readonly reach: Reach | undefined;
  readonly suspend: boolean;
  readonly status: MoveStatus;
  /** The value of the annotation glitchkeeper.io/move. */
  readonly request: string | undefined;
  /** Why none can begin at all; undefined: nothing keeps one from it. */
  readonly impediment: string | undefined;
  readonly facts: MoveFacts;
  readonly now: Date;
}

/** With the move that is under way. */
export type UnderWay = MoveInput & { readonly current: MoveProgress };

export interface MovePlan {
  /** Undefined: only the status changes, or nothing. */
  readonly action?: MoveAction;
  /** To be written before the action. */
  readonly status: MoveStatus;
  /** What is done or waited for, for a person. */
  readonly message: string;
  /** Milliseconds. */
  readonly requeueAfter: number;
}

const AT_ONCE = 0;

export function end(status: MoveStatus, { current, result, why, now }: { readonly current: MoveProgress; readonly result: 'Canceled' | 'Failed'; readonly why?: string; readonly now: Date }): MovePlan {
  const last = { id: current.id, at: toSeconds(now), result, ...(why === undefined ? {} : { why }) };
  return { status: { ...status, current: undefined, last }, message: `The move has ended: ${result}.`, requeueAfter: AT_ONCE };
}

/** Anew: whether the gateway does it is to be seen. */
export function enter(current: MoveProgress, phase: MovePhase, now: Date): MoveProgress {
  return { ...without(current, 'why', 'waitsFor', 'inForceSince'), phase, since: toSeconds(now), attempt: 1 };
}

export function record(status: MoveStatus, current: MoveProgress, message: string): MovePlan {
  return { status: { ...status, current }, message, requeueAfter: AT_ONCE };
}

export function doing(status: MoveStatus, action: MoveAction): MovePlan {
  return { status, action, message: `${describeMoveAction(action)}.`, requeueAfter: AT_ONCE };
}

export function rest(status: MoveStatus, message: string, requeueAfter: number): MovePlan {
  const { current } = status;
  const isNews = current !== undefined && withoutFigures(current.waitsFor) !== withoutFigures(message);
  return { status: isNews ? { ...status, current: { ...current, waitsFor: message } } : status, message, requeueAfter };
}

/** Another count is no news: each would be a write. */
function withoutFigures(message = ''): string {
  return message.replaceAll(/[0-9]+/g, '0');
}
