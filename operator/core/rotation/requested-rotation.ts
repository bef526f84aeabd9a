// What a person asks for with the annotation glitchkeeper.io/rotate.
import { CREDENTIALS, type CredentialName, type RotationRecord, type Trigger } from '../../api/rotation-fields.js';
import { toSeconds } from '../timestamps.js';

export type Request =
  | { readonly kind: 'none' }
  | { readonly kind: 'valid'; readonly trigger: Trigger; readonly credentials: readonly CredentialName[] }
  | { readonly kind: 'invalid'; readonly message: string };

/** What is heard of a request now. */
export type Heard = Request | { readonly kind: 'repeated'; readonly message: string };

/** From the end of the one before. Milliseconds. */
export const COMPROMISED_EVERY = 300_000;

/** `all`, `compromised`, or credentials separated by commas; `rotatable`: those that this GlitchTip has. */
export function parseRequest(annotation: string | undefined, rotatable: readonly CredentialName[]): Request {
  if (annotation === undefined) return { kind: 'none' };
  const words = annotation.split(',').map((word) => word.trim()).filter((word) => word !== '');
  if (words.length === 1 && words[0] === 'all') return { kind: 'valid', trigger: 'request', credentials: rotatable };
  if (words.length === 1 && words[0] === 'compromised') return { kind: 'valid', trigger: 'compromised', credentials: rotatable };
  const unknown = words.filter((word) => !rotatable.some((name) => name === word));
  if (words.length > 0 && unknown.length === 0) return { kind: 'valid', trigger: 'request', credentials: rotatable.filter((name) => words.includes(name)) };
  const expected = `all, compromised, or some of ${rotatable.join(', ')} separated by commas`;
  return { kind: 'invalid', message: `Annotation glitchkeeper.io/rotate: expected ${expected}; found "${annotation.slice(0, 100)}".` };
}

/**
 * A rotation for a compromise signs everybody out. Where something repeats the request, as a GitOps tool does that has the annotation in
 * its manifests, the next one waits, and people can work in between; the request stays where it is until then.
 */
export function hearRequest(annotation: string | undefined, rotatable: readonly CredentialName[], { history, now }: { readonly history: readonly RotationRecord[]; readonly now: Date }): Heard {
  const request = parseRequest(annotation, rotatable);
  if (request.kind !== 'valid' || request.trigger !== 'compromised') return request;
  const last = history.find(({ trigger, result }) => trigger === 'compromised' && result === 'Completed');
  const from = last && new Date(Date.parse(last.finishedAt) + COMPROMISED_EVERY);
  if (last === undefined || from === undefined || from <= now) return request;
  return { kind: 'repeated', message: `A rotation for a compromise (${last.id}) completed at ${last.finishedAt}. The next may begin at ${toSeconds(from)}: each one signs everybody out. If nobody asked twice, look for what sets the annotation glitchkeeper.io/rotate, such as manifests in git.` };
}

/** The credentials that exist: without Valkey, a gateway or backups there are none of it. */
export function rotatableCredentials(spec: { readonly valkey?: object; readonly gateway?: object; readonly backup?: object }): readonly CredentialName[] {
  return CREDENTIALS.filter((name) => (name !== 'valkey' && name !== 'gateway' && name !== 'backup') || spec[name] !== undefined);
}
