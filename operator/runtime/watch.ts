// Keeps a watch going for ever: list, watch from there, and start again, with backoff, whatever ends it.
import { delayAfter, type Backoff } from './backoff.js';
import { sleep, type Clock } from './clock.js';

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Only says how far the watch has come. */
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string }
  /** The server ended the watch; 410 means that the version asked for is too old and a new list is needed. */
  | { readonly type: 'ERROR'; readonly status: number; readonly message: string };

export interface ListWatch<T> {
  list(signal: AbortSignal): Promise<{ readonly items: readonly T[]; readonly resourceVersion: string }>;
  /** Ends when the server or `signal` ends it; throws when the connection breaks. */
  watch(resourceVersion: string, signal: AbortSignal): AsyncIterable<WatchEvent<T>>;
  versionOf(object: T): string;
}

export interface WatchOptions<T> {
  readonly source: ListWatch<T>;
  readonly clock: Clock;
  readonly backoff: Backoff;
  /** Called for everything in a list, and for every change. */
  readonly onObject: (object: T, change: 'PRESENT' | 'DELETED') => void;
  readonly onError: (error: unknown, retryIn: number) => void;
  /** A new list at least this often, in case an event was missed. Milliseconds. */
  readonly resyncEvery: number;
}

/** A watch without an event that is shorter than this counts as a failure. Milliseconds. */
const SHORTEST_WATCH = 1_000;

/** Resolves when `signal` is aborted, and not before. */
export async function keepWatching<T>(options: WatchOptions<T>, signal: AbortSignal): Promise<void> {
  const stopped = () => signal.aborted;
  let failures = 0;
  while (!stopped()) {
    try {
      await listAndWatch(options, signal, () => (failures = 0));
    } catch (error) {
      if (stopped()) return;
      failures += 1;
      const retryIn = delayAfter(failures, options.backoff);
      options.onError(error, retryIn);
      await sleep(options.clock, retryIn, signal);
    }
  }
}

/** One list and the watches that follow it, until a resync is due or the server wants a new list. */
async function listAndWatch<T>(options: WatchOptions<T>, signal: AbortSignal, onProgress: () => void): Promise<void> {
  const { source, clock, resyncEvery, onObject } = options;
  const { items, resourceVersion } = await source.list(signal);
  onProgress();
  for (const item of items) onObject(item, 'PRESENT');

  const resync = new AbortController();
  const cancelResync = clock.after(resyncEvery, () => resync.abort());
  const either = AbortSignal.any([signal, resync.signal]);
  try {
    let version: string | undefined = resourceVersion;
    while (version !== undefined && !either.aborted) version = await watchFrom(version, options, either);
  } catch (error) {
    // A watch that was cut to list again did not fail.
    if (!resync.signal.aborted) throw error;
  } finally {
    cancelResync();
  }
}

/** Follows one watch to its end. The version to go on from; undefined when a new list is needed. */
async function watchFrom<T>(version: string, { source, clock, onObject }: WatchOptions<T>, signal: AbortSignal): Promise<string | undefined> {
  const started = clock.now();
  let reached = version;
  for await (const event of source.watch(version, signal)) {
    if (event.type === 'ERROR') {
      if (event.status === 410) return undefined;
      throw new Error(`watch ended by the server: ${event.status} ${event.message}`);
    }
    if (event.type === 'BOOKMARK') {
      reached = event.resourceVersion;
      continue;
    }
    reached = source.versionOf(event.object);
    onObject(event.object, event.type === 'DELETED' ? 'DELETED' : 'PRESENT');
  }
  // A server that ends every watch at once, without a word, must not be asked again in a tight loop.
  const brief = reached === version && clock.now() - started < SHORTEST_WATCH;
  if (brief && !signal.aborted) throw new Error('the watch ended at once, without an event');
  return reached;
}
