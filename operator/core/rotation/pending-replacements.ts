// Pending replacements: credentials of rotations that were given up, kept in the journal (`owed`) until completed rotations have replaced them.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { CredentialName, RotationRecord, Trigger } from '../../api/rotation-fields.js';
import type { Journal } from './journal.js';
import { rotatableCredentials } from './requested-rotation.js';

/** A rotation that was given up, with those of its credentials that no completed one has replaced since. */
export type PendingReplacement = RotationRecord;

/** The strict one first. From the history only in a journal without `owed`, which older versions wrote: the history keeps few rotations. */
export function pendingReplacements({ owed, history, rotation }: Journal): readonly PendingReplacement[] {
  if (owed) return owed;
  // One that is tried again was not given up.
  const ended = history.filter(({ id }) => rotation === undefined || !id.startsWith(rotation.id));
  return ended.toReversed().reduce<readonly PendingReplacement[]>(settle, []);
}

/** Pending replacements after one more rotation, which completed or was given up. */
export function settle(pending: readonly PendingReplacement[], ended: RotationRecord): readonly PendingReplacement[] {
  return ended.result === 'Completed' ? removeReplaced(pending, ended) : addGivenUp(pending, ended);
}

/** Without credentials that do not exist any more. */
export function replaceable(spec: GlitchTipSpec, journal: Journal): readonly PendingReplacement[] {
  const rotatable = rotatableCredentials(spec);
  return keepCredentials(pendingReplacements(journal), (name) => rotatable.includes(name));
}

/** One entry of each strictness, the newest with the credentials of older ones added: never more than two. */
function addGivenUp(pending: readonly PendingReplacement[], gaveUp: PendingReplacement): readonly PendingReplacement[] {
  const [same, others] = [pending.filter((each) => isStrict(each) === isStrict(gaveUp)), pending.filter((each) => isStrict(each) !== isStrict(gaveUp))];
  const credentials = [...new Set([...same.flatMap((each) => each.credentials), ...gaveUp.credentials])];
  const added = { ...gaveUp, credentials };
  return isStrict(added) ? [added, ...others] : [...others, added];
}

/**
 * What is left after a completed rotation. Only a strict rotation replaces what was compromised: any other leaves the old SECRET_KEY
 * its grace period, a password that a person chose, and the sessions and connections that were opened with what leaked.
 */
function removeReplaced(pending: readonly PendingReplacement[], { trigger, credentials }: RotationRecord): readonly PendingReplacement[] {
  return pending.flatMap((each) => (isStrict(each) && trigger !== 'compromised' ? [each] : keepCredentials([each], (name) => !credentials.includes(name))));
}

/** What the schedule begins when it is due, pending replacements included. */
export function dueRotation(spec: GlitchTipSpec, journal: Journal): { trigger: Trigger; credentials: CredentialName[] } {
  const pending = replaceable(spec, journal);
  const owed = pending.flatMap(({ credentials }) => credentials);
  // It takes the place of a waiting rotation, so it includes that one's credentials.
  if (pending.some(isStrict)) return { trigger: 'compromised', credentials: [...new Set([...owed, ...(journal.rotation?.credentials ?? [])])] };
  return { trigger: 'schedule', credentials: [...new Set([...(spec.rotation.credentials ?? rotatableCredentials(spec)), ...owed])] };
}

export function describePending({ id, message, trigger, credentials }: PendingReplacement): string {
  const until = isStrict({ trigger }) ? ' What leaked is valid until a rotation with glitchkeeper.io/rotate=compromised has completed.' : '';
  return `Rotation ${id} was given up: ${message} Not replaced since: ${credentials.join(', ')}.${until}`;
}

function isStrict({ trigger }: Pick<PendingReplacement, 'trigger'>): boolean {
  return trigger === 'compromised';
}

/** An entry without credentials is dropped. */
function keepCredentials(pending: readonly PendingReplacement[], isKept: (name: CredentialName) => boolean): readonly PendingReplacement[] {
  return pending.map((each) => ({ ...each, credentials: each.credentials.filter(isKept) })).filter(({ credentials }) => credentials.length > 0);
}
