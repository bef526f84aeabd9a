// One sample a second while something else runs.
import { setTimeout as sleep } from 'node:timers/promises';

/** Looks until the function that it gives is called, and once more then; that call rejects with what a look failed with. */
export function everySecond(look: () => Promise<void>): () => Promise<void> {
  const stopped = new AbortController();
  const loop = (async (): Promise<void> => {
    do {
      await look();
      await sleep(1000, undefined, { signal: stopped.signal }).catch(() => undefined);
    } while (!stopped.signal.aborted);
    await look();
  })();
  // Whoever stops it hears of a failure; until then it must not end the process.
  loop.catch(() => undefined);
  return () => {
    stopped.abort();
    return loop;
  };
}
