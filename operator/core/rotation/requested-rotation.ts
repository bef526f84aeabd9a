// What a person asks for with the annotation glitchkeeper.io/rotate.
import { CREDENTIALS, type CredentialName, type Trigger } from '../../api/rotation-fields.js';

export type Request =
  | { readonly kind: 'none' }
  | { readonly kind: 'valid'; readonly trigger: Trigger; readonly credentials: readonly CredentialName[] }
  | { readonly kind: 'invalid'; readonly message: string };

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

/** The credentials that exist: without Valkey, a gateway or backups there are none of it. */
export function rotatableCredentials(spec: { readonly valkey?: object; readonly gateway?: object; readonly backup?: object }): readonly CredentialName[] {
  return CREDENTIALS.filter((name) => (name !== 'valkey' && name !== 'gateway' && name !== 'backup') || spec[name] !== undefined);
}
