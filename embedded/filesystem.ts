/** Two questions about files that several modules ask. */
import { access } from 'node:fs/promises';

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The system's code of an error ("ENOENT"); undefined when it has none. Inside Jest Node's errors are no `instanceof Error`. */
export function errorCode(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
