// Bounded waiting: what was waited for and what was last seen are in the error, so that a red test says why.
import { setTimeout as sleep } from 'node:timers/promises';

export interface Goal {
  readonly what: string;
  readonly seconds: number;
  /** Seconds between two looks, of which one by kubectl takes a tenth of a core's second. @default 1 */
  readonly every?: number;
}

/** One look: the value, or what was seen instead. A look that throws is one that saw the error. */
export type Look<T> = { readonly found: T } | { readonly seen: string };

/** Looks until something is found. @throws Error naming the goal and the last sight when the time is over */
export async function waitFor<T>({ what, seconds, every = 1 }: Goal, look: () => Promise<Look<T>>): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const sight = await look().catch((error: unknown): Look<T> => ({ seen: String(error) }));
    if ('found' in sight) return sight.found;
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s for ${what}; last seen: ${sight.seen}`);
    await sleep(every * 1000);
  }
}

/** A condition without a value. */
export function when(condition: boolean, seen: string): Look<true> {
  return condition ? { found: true } : { seen };
}
