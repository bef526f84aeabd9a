// How far the step of a move is that is followed: pure, from the resource's status.
import { MOVE_ANNOTATION } from '../../operator/api/object-names.js';
import type { MovePhase, MoveProgress, MoveStatus } from '../../operator/api/move-fields.js';
import type { Resource } from '../glitchtip-resource-access.js';
import type { MoveRequest } from './request-move.js';

export type Progress =
  /** The operator has not seen the request. */
  | { readonly kind: 'queued'; readonly message: string }
  | { readonly kind: 'phase'; readonly phase: MovePhase; readonly message: string }
  /** The gateway has confirmed it. */
  | { readonly kind: 'in force'; readonly phase: MovePhase; readonly since: string; readonly message: string }
  | { readonly kind: 'ended'; readonly result: 'Canceled' | 'Failed'; readonly message: string }
  | { readonly kind: 'refused' | /** How it ended is not to be found out. */ 'lost' | 'timed out'; readonly message: string };

export type End = Exclude<Progress, { kind: 'queued' | 'phase' }>;

export function isEnd(progress: Progress): progress is End {
  return progress.kind !== 'queued' && progress.kind !== 'phase';
}

/** The phases that a request goes through when all is well. */
export function phasesOf({ kind, target }: Pick<MoveRequest, 'kind' | 'target'>): readonly MovePhase[] {
  return kind === 'start' ? ['Importing', 'Parallel'] : [target];
}

export function judgeProgress(request: MoveRequest, { annotations, status: { move = {} } }: Pick<Resource, 'annotations' | 'status'>): Progress {
  const { current } = move;
  const isSeen = isTakenUp(request, current);
  if (annotations[MOVE_ANNOTATION] === request.value && !isSeen) return { kind: 'queued', message: 'the operator has not seen the request yet' };
  return refusalOf(request, move) ?? endOf(request, move) ?? (isSeen ? underWay(request, current) : { kind: 'lost', message: 'nothing of the request is in the status: the operator does not run, or is of an older version' });
}

function underWay({ target }: MoveRequest, current: MoveProgress): Progress {
  const { phase, inForceSince } = current;
  if (phase === target && inForceSince !== undefined) return { kind: 'in force', phase, since: inForceSince, message: describeInForce(current) };
  return { kind: 'phase', phase, message: describePhase(current) };
}

function refusalOf({ value, refusedAt }: MoveRequest, { refused }: MoveStatus): End | undefined {
  return refused !== undefined && refused.at !== refusedAt && refused.request === value ? { kind: 'refused', message: refused.why } : undefined;
}

function isTakenUp({ kind, target, known }: MoveRequest, current: MoveProgress | undefined): current is MoveProgress {
  if (current === undefined) return false;
  return kind === 'start' ? !known.includes(current.id) : current.phase === target;
}

function endOf({ kind, known }: MoveRequest, { current, last }: MoveStatus): End | undefined {
  if (current !== undefined || last === undefined) return undefined;
  const isOwn = kind === 'start' ? !known.includes(last.id) : kind === 'rollback' && last.result === 'Canceled';
  return isOwn ? { kind: 'ended', result: last.result, message: describeEnd(last) } : undefined;
}

const DOES: Readonly<Record<MovePhase, string>> = {
  Importing: 'projects, keys, teams and people are imported',
  Parallel: 'the gateway is told: the old one leads',
  Cutover: 'the gateway is told: GlitchTip leads',
  Finished: 'the gateway lets go of the old one',
};

export function describePhase({ phase, attempt, why, waitsFor }: MoveProgress): string {
  const tried = attempt > 1 ? `attempt ${attempt}: ` : '';
  return `${tried}${(waitsFor ?? DOES[phase]).replace(/\.$/, '')}${why === undefined ? '' : ` (${why})`}`;
}

const DONE: Readonly<Record<MovePhase, string>> = {
  Importing: 'projects are being imported',
  Parallel: 'both get every event, and the old one leads',
  Cutover: 'both get every event, and GlitchTip leads',
  Finished: 'events go to GlitchTip alone, and the old one was let go',
};

export function describeInForce({ phase, dsns }: MoveProgress): string {
  const missing = dsns === undefined || phase === 'Finished' ? 0 : dsns.known - dsns.served;
  return `${DONE[phase]}${missing === 0 ? '' : `; ${missing} of ${dsns?.known ?? 0} old DSNs have no project here, and are refused`}`;
}

export function describeEnd({ id, result, why }: NonNullable<MoveStatus['last']>): string {
  if (result === 'Canceled') return `move ${id} was taken back: events go to GlitchTip alone, as before`;
  return `move ${id} came to nothing, and events go to GlitchTip alone: ${why ?? 'it does not say why'}`;
}
