// What `glitchkeeper rehearse` asks the operator for, which rehearsal it follows, or why it does neither: pure.
import { releaseOf } from '../../operator/api/glitchtip-releases.js';
import { specRelease } from '../../operator/api/glitchtip-resource.js';
import { REHEARSAL_ANNOTATION } from '../../operator/api/object-names.js';
import { parseRehearsalRequest } from '../../operator/core/rehearsal/rehearsal-request.js';
import { NO_BACKUPS } from '../backup/request-backup.js';
import type { Resource } from '../glitchtip-resource-access.js';

/** What identifies the rehearsal that is followed. */
export interface Request {
  readonly version: string;
  /** Of the last ones of before: when they began, and when one was refused. */
  readonly known: { readonly startedAt: string | undefined; readonly refusedAt: string | undefined };
}

export type RequestPlan =
  | { readonly kind: 'ask' | 'follow'; readonly request: Request; readonly note: string }
  | { readonly kind: 'refused'; readonly message: string };

/** @param hasIdentity whether an identity of age was given */
export function planRequest(resource: Resource, wanted: string, hasIdentity: boolean): RequestPlan {
  const { spec, status: { rehearsal = {} } } = resource;
  const impediment = impedimentOf(resource, hasIdentity);
  if (impediment !== undefined) return refused(impediment);
  const asked = parseRehearsalRequest(wanted, specRelease(spec));
  if (asked.kind !== 'begin') return refused(asked.kind === 'invalid' ? asked.message : 'no release is named');
  const { version } = asked;
  const request: Request = { version, known: { startedAt: rehearsal.last?.startedAt, refusedAt: rehearsal.refused?.at } };
  const underWay = underWayOrAsked(resource);
  if (underWay === undefined) return { kind: 'ask', request, note: `asked the operator for a rehearsal of ${version}` };
  if (releaseOf(underWay) !== version) return refused(`a rehearsal of ${underWay} is under way, or asked for: wait until it has ended`);
  return { kind: 'follow', request, note: `a rehearsal of ${version} is under way, or asked for, and is followed` };
}

/** Of one that a person asked for. */
function underWayOrAsked({ annotations, status: { rehearsal: { current } = {} } }: Resource): string | undefined {
  return current?.trigger === 'request' ? current.version : annotations[REHEARSAL_ANNOTATION];
}

function impedimentOf({ spec, problems, status: { restore } }: Resource, hasIdentity: boolean): string | undefined {
  if (problems.length > 0) return `the resource is not valid, and the operator leaves it alone until it is: ${problems.join('; ')}`;
  if (spec.backup === undefined) return NO_BACKUPS;
  if (spec.suspend) return 'spec.suspend is true: the operator changes nothing until it is false';
  // Both read the identity from the same Secret.
  return hasIdentity && restore?.current !== undefined ? `restore ${restore.current.id} is under way: wait until it has ended` : undefined;
}

function refused(message: string): RequestPlan {
  return { kind: 'refused', message };
}
