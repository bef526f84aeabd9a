// Keeps a watch going for ever: list, watch from there, and start again, with backoff, whatever ends it.
import { delayAfter, type Backoff } from './backoff.js';
import { sleep, type Clock } from './clock.js';
import { startDeadline } from './deadline.js';

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
  /** Identifies an object of the collection. */
  nameOf(object: T): string;
}

export interface WatchOptions<T> {
  readonly source: ListWatch<T>;
  readonly clock: Clock;
  readonly backoff: Backoff;
  /** Called for everything in a list, and for every change. */
  readonly onPresent: (object: T) => void;
  /** Called when one was deleted, also when only the next list shows it. */
  readonly onDeleted: (name: string) => void;
  readonly onError: (error: unknown, retryIn: number) => void;
  /** A new list at least this often, in case an event was missed. Milliseconds. */
  readonly resyncEvery: number;
}

/** A watch without an event that is shorter than this counts as a failure. Milliseconds. */
const SHORTEST_WATCH = 1_000;

/** Resolves when `signal` is aborted, and not before. */
export async function keepWatching<T>(options: WatchOptions<T>, signal: AbortSignal): Promise<void> {
  const stopped = () => signal.aborted;
  const present = new Set<string>();
  let failures = 0;
  /** Lists in a row that the server itself found too old to watch from. */
  let outdated = 0;
  while (!stopped()) {
    try {
      const usable = await listAndWatch(options, present, () => (failures = 0), signal);
      outdated = usable ? 0 : outdated + 1;
      // Once is bad luck and costs no wait; a server that says so of every list has failed.
      if (outdated > 1) throw new Error(`the server found ${outdated} lists in a row too old to watch from`);
    } catch (error) {
      if (stopped()) return;
      failures += 1;
      const retryIn = delayAfter(failures, options.backoff);
      options.onError(error, retryIn);
      await sleep(options.clock, retryIn, signal);
    }
  }
}

/**
 * One list and the watches that follow it, until a resync is due or the server wants a new list.
 * @returns false when the server wanted a new list before it sent any event since this one
 */
async function listAndWatch<T>(options: WatchOptions<T>, present: Set<string>, onProgress: () => void, signal: AbortSignal): Promise<boolean> {
  const { source, clock, resyncEvery } = options;
  const onPresent = (object: T): void => {
    present.add(source.nameOf(object));
    options.onPresent(object);
  };
  const onDeleted = (name: string): void => {
    present.delete(name);
    options.onDeleted(name);
  };
  const { items, resourceVersion } = await source.list(signal);
  const listed = new Set(items.map((item) => source.nameOf(item)));
  for (const name of [...present]) if (!listed.has(name)) onDeleted(name);
  for (const item of items) onPresent(item);

  const resync = startDeadline(signal, resyncEvery, clock);
  try {
    let watched: Watched = { reached: resourceVersion, tooOld: false };
    while (!watched.tooOld && !resync.signal.aborted) watched = await watchFrom(watched.reached, { source, clock, onPresent, onDeleted, onProgress }, resync.signal);
    return !watched.tooOld || watched.reached !== resourceVersion;
  } catch (error) {
    // A watch that was cut to list again did not fail.
    if (!resync.isExpired) throw error;
    return true;
  } finally {
    resync.release();
  }
}

interface Watched {
  /** The version to go on from. */
  readonly reached: string;
  /** A new list is needed. */
  readonly tooOld: boolean;
}

type Following<T> = Pick<WatchOptions<T>, 'source' | 'clock' | 'onPresent' | 'onDeleted'> & {
  /** The watch works: a list alone does not show it. */
  readonly onProgress: () => void;
};

/** Follows one watch to its end. */
async function watchFrom<T>(version: string, { source, clock, onPresent, onDeleted, onProgress }: Following<T>, signal: AbortSignal): Promise<Watched> {
  const started = clock.monotonic();
  let reached = version;
  for await (const event of source.watch(version, signal)) {
    if (event.type === 'ERROR') {
      if (event.status === 410) return { reached, tooOld: true };
      throw new Error(`watch ended by the server: ${event.status} ${event.message}`);
    }
    onProgress();
    if (event.type === 'BOOKMARK') {
      reached = event.resourceVersion;
      continue;
    }
    reached = source.versionOf(event.object);
    if (event.type === 'DELETED') onDeleted(source.nameOf(event.object));
    else onPresent(event.object);
  }
  // A server that ends every watch at once, without a word, must not be asked again in a tight loop.
  const brief = reached === version && clock.monotonic() - started < SHORTEST_WATCH;
  if (brief && !signal.aborted) throw new Error('the watch ended at once, without an event');
  if (!brief) onProgress();
  return { reached, tooOld: false };
}
