// What `glitchkeeper rotate` asks the operator for, or why it does not ask: pure.
import { REASONS } from '../../operator/api/conditions.js';
import { ROTATE_ANNOTATION } from '../../operator/api/object-names.js';
import type { Trigger } from '../../operator/api/rotation-fields.js';
import { parseRequest, rotatableCredentials } from '../../operator/core/rotation/requested-rotation.js';
import type { Resource } from '../glitchtip-resource-access.js';

export interface RotateArguments {
  readonly compromised: boolean;
  /** Credentials separated by commas; undefined: all. */
  readonly only?: string;
}

export type RequestPlan =
  | { readonly kind: 'ask'; readonly request: Request; /** Whether it takes the place of another one. */ readonly overwrite: boolean; readonly note?: string }
  /** The same is asked for already. */
  | { readonly kind: 'asked'; readonly request: Request; readonly note: string }
  | { readonly kind: 'refused'; readonly usage: boolean; readonly message: string };

/** A request, and what identifies the rotation that answers it. */
export interface Request {
  /** Of the annotation. */
  readonly value: string;
  readonly trigger: Trigger;
  /** Rotations of before; one that was under way is none of ours. */
  readonly known: readonly string[];
}

export function planRequest(resource: Resource, args: RotateArguments): RequestPlan {
  const value = args.compromised ? 'compromised' : (args.only?.replaceAll(' ', '') ?? 'all');
  const rotatable = rotatableCredentials(resource.spec);
  const parsed = parseRequest(value, rotatable);
  // The annotation's keywords are not credentials for --only.
  if (parsed.kind !== 'valid' || args.only === 'all' || args.only === 'compromised') {
    return { kind: 'refused', usage: true, message: `--only: expected some of ${rotatable.join(', ')}, separated by commas; found "${args.only ?? ''}"` };
  }
  return whyNot(resource) ?? besideOthers(resource, { value, trigger: parsed.trigger, known: knownRotations(resource) });
}

/** A request that nobody would answer is not made. */
function whyNot({ problems, spec }: Resource): RequestPlan | undefined {
  if (problems.length > 0) return refused(`the resource is not valid, and the operator leaves it alone until it is: ${problems.join('; ')}`);
  return spec.suspend ? refused('spec.suspend is true: the operator changes nothing until it is false') : undefined;
}

function besideOthers(resource: Resource, request: Request): RequestPlan {
  const pending = resource.annotations[ROTATE_ANNOTATION];
  const rejected = resource.status.conditions?.some(({ reason }) => reason === REASONS.RequestRejected) === true;
  const note = queueNote(resource);
  if (pending === undefined) return { kind: 'ask', request, overwrite: false, note };
  if (pending === request.value) return { kind: 'asked', request, note: `"${pending}" is asked for already${note === undefined ? ', and the operator has not recorded it yet' : `; ${note}`}` };
  if (rejected) return { kind: 'ask', request, overwrite: true, note: `takes the place of "${pending}", which the operator rejected` };
  // It replaces all that the other one would have replaced, and cannot wait.
  if (request.value === 'compromised') return { kind: 'ask', request, overwrite: true, note: `takes the place of the pending request "${pending}"` };
  return refused(`another request ("${pending}") is pending: wait until it has ended (glitchkeeper status), or take it back with: kubectl --namespace ${resource.namespace} annotate gt ${resource.name} ${ROTATE_ANNOTATION}-`);
}

function queueNote({ status }: Resource): string | undefined {
  const current = status.rotation?.current;
  return current && `rotation ${current.id} is under way (${current.phase}); this one begins when it has ended`;
}

function refused(message: string): RequestPlan {
  return { kind: 'refused', usage: false, message };
}

function knownRotations({ status: { rotation = {} } }: Resource): string[] {
  const { current, history = [] } = rotation;
  return [...new Set([...(current ? [current.id] : []), ...history.map(({ id }) => rotationOf(id))])];
}

/** The history names the attempts of a rotation: ID for the first, ID-2 for the second. Our ids are DATE-DIGITS. */
export function rotationOf(id: string): string {
  return id.split('-').slice(0, 2).join('-');
}
