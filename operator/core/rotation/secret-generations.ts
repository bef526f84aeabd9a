// A Secret whose values change: which keys, and the annotations that say how many times it was made and when last.
import { GENERATION_ANNOTATION, ROTATED_AT_ANNOTATION } from '../../api/object-names.js';
import type { ObservedSecret, SecretRole } from '../credentials/observed.js';
import type { Sensitive } from '../sensitive.js';
import { toSeconds } from '../timestamps.js';
import type { WriteSecret } from './actions.js';
import type { Rotation } from './journal.js';

export interface Change {
  readonly role: SecretRole;
  readonly name: string;
  readonly secret: ObservedSecret;
  readonly data: ReadonlyMap<string, Sensitive>;
  /** A credential in it is a new one; otherwise only what surrounds it changes (a users file, an expired key). */
  readonly renewed: boolean;
  readonly now: Date;
}

/** Undefined when the Secret was not read: then nothing may be written over it. */
export function secretWrite({ role, name, secret, data, renewed, now }: Change): WriteSecret | undefined {
  if (secret.kind !== 'present' || secret.resourceVersion === undefined) return undefined;
  const annotations: WriteSecret['annotations'] = renewed
    ? { [GENERATION_ANNOTATION]: String(generationOf(secret) + 1), [ROTATED_AT_ANNOTATION]: toSeconds(now) }
    : {};
  return { kind: 'write secret', role, name, resourceVersion: secret.resourceVersion, data, annotations };
}

/** How many times the credential was made: 1 until it is first replaced. */
export function generationOf(secret: ObservedSecret & { readonly kind: 'present' }): number {
  const generation = Number(secret.annotations?.[GENERATION_ANNOTATION] ?? 1);
  return Number.isInteger(generation) && generation > 0 ? generation : 1;
}

/** What a Secret says of its age, to be kept while its values may have to come back. */
export function ageOf(secret: ObservedSecret): NonNullable<Rotation['publishedBefore']> {
  const annotations = secret.kind === 'present' ? secret.annotations : undefined;
  return { generation: annotations?.[GENERATION_ANNOTATION] ?? null, rotatedAt: annotations?.[ROTATED_AT_ANNOTATION] ?? null };
}

/** The same write, with the age that the values had: those that are back are as old as they were. */
export function withAge(write: WriteSecret, age: Rotation['publishedBefore']): WriteSecret {
  return age ? { ...write, annotations: { [GENERATION_ANNOTATION]: age.generation, [ROTATED_AT_ANNOTATION]: age.rotatedAt } } : write;
}
