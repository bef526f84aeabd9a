// Words of the status that a later version may have more of: reasons, phases, channels.
import * as z from 'zod/mini';

/**
 * In the schema a pattern and no list: a word that is new then costs no older command line the whole status, and no older
 * CustomResourceDefinition refuses it. Typed as what this version writes; whoever reads must do with another one.
 */
export function openWord<T extends string>(known: readonly T[]): z.ZodMiniType<T> {
  const word = z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9-]*$/), z.maxLength(63), z.meta({ description: `One of ${known.join(', ')}; or one of a later version.` }));
  return word as unknown as z.ZodMiniType<T>;
}
