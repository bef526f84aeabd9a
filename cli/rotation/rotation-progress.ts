// How far the rotation is that answers a request: pure, from the resource's status.
import { REASONS } from '../../operator/api/conditions.js';
import { ROTATE_ANNOTATION } from '../../operator/api/object-names.js';
import { PHASES, type Phase, type RotationProgress, type RotationRecord } from '../../operator/api/rotation-fields.js';
import type { Resource } from '../glitchtip-resource-access.js';
import { rotationOf, type Request } from './request-rotation.js';

export type Progress =
  /** Not begun: the operator has not recorded it, or another rotation has to end first. */
  | { readonly kind: 'queued'; readonly message: string }
  | { readonly kind: 'phase'; readonly id: string; readonly phase: Phase; readonly since: string; readonly deadline?: string; readonly message: string }
  | { readonly kind: 'completed'; readonly id: string; readonly message: string }
  /** `retryAt`: the operator tries again by itself. */
  | { readonly kind: 'undone'; readonly id: string; readonly message: string; readonly retryAt?: string }
  | { readonly kind: 'rejected'; readonly message: string }
  | { readonly kind: 'timed out'; readonly message: string };

export type End = Exclude<Progress, { kind: 'queued' | 'phase' }>;

export function isEnd(progress: Progress): progress is End {
  return progress.kind !== 'queued' && progress.kind !== 'phase';
}

export function isWayBack(phase: Phase): boolean {
  return phase === 'Returning' || phase === 'Dropping';
}

/** Whether a rotation has left a phase behind; one that turned back has not ended the phase that it was in. */
export function isPast(progress: Progress, phase: Phase): boolean {
  if (progress.kind !== 'phase') return progress.kind === 'completed' || (progress.kind === 'undone' && isWayBack(phase));
  return isWayBack(progress.phase) === isWayBack(phase) && PHASES.indexOf(progress.phase) > PHASES.indexOf(phase);
}

export function judgeProgress(request: Request, resource: Resource): Progress {
  const { current, history = [] } = resource.status.rotation ?? {};
  const ours = findOurs(request, current, history);
  // Newest first: of several attempts the last one counts.
  const ended = history.find(({ id }) => rotationOf(id) === ours);
  const goesOn = current?.id === ours ? current : undefined;
  if (ended !== undefined) return judgeEnded(ended, goesOn);
  return goesOn === undefined ? judgeQueued(request, resource) : underway(goesOn);
}

function judgeEnded({ id, result, message }: RotationRecord, again: RotationProgress | undefined): Progress {
  return result === 'Completed' ? { kind: 'completed', id, message } : { kind: 'undone', id, message, retryAt: again?.notBefore };
}

function underway({ id, phase, since, deadline, message }: RotationProgress): Progress {
  return { kind: 'phase', id, phase, since, deadline, message };
}

/** The first rotation after the request that a request like it began: the schedule may have begun one in between. */
function findOurs({ known, trigger }: Request, current: RotationProgress | undefined, history: readonly RotationRecord[]): string | undefined {
  const oldestFirst = [...history.toReversed(), ...(current ? [current] : [])];
  const first = oldestFirst.find((rotation) => rotation.trigger === trigger && !known.includes(rotationOf(rotation.id)));
  return first && rotationOf(first.id);
}

function judgeQueued({ value }: Request, { annotations, status }: Resource): Progress {
  const isAsked = annotations[ROTATE_ANNOTATION] === value;
  const said = (wanted: string) => (isAsked ? status.conditions?.find(({ reason }) => reason === wanted)?.message : undefined);
  const rejected = said(REASONS.RequestRejected);
  // The condition may still be that of an older request: the message quotes the one that it means.
  if (rejected?.includes(`"${value}"`)) return { kind: 'rejected', message: rejected };
  const repeated = said(REASONS.RequestRepeated);
  if (repeated !== undefined) return { kind: 'queued', message: repeated };
  const other = status.rotation?.current;
  if (other) return { kind: 'queued', message: `rotation ${other.id} has to end first (${other.phase}: ${other.message})` };
  return { kind: 'queued', message: annotations[ROTATE_ANNOTATION] === undefined ? 'recorded by the operator' : 'the operator has not recorded the request yet' };
}

/** The end as a sentence. */
export function describeEnd(end: End): string {
  switch (end.kind) {
    case 'completed': return `rotation ${end.id} completed: ${end.message}`;
    case 'undone': return `rotation ${end.id} was undone: ${end.message}${end.retryAt === undefined ? ' It is left to you: docs/runbooks/rotate.md.' : ` The operator tries again at ${end.retryAt}.`}`;
    case 'rejected': return `the operator rejected the request: ${end.message}`;
    case 'timed out': return `gave up waiting; the rotation goes on without this program. Last seen: ${end.message}`;
  }
}
