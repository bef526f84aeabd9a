// Signals that are aborted in time, and of which nothing is left when the work is done. AbortSignal.any and AbortSignal.timeout leave
// what they combine on the signal of the whole process for ever: on Node.js 20.20 always, on 24.21 when one combination is part of another.
import { setMaxListeners } from 'node:events';
import type { Clock } from './clock.js';

export interface Deadline {
  /** Aborted with the parent's reason, or by a TimeoutError. */
  readonly signal: AbortSignal;
  /** Whether the time was up first. */
  readonly isExpired: boolean;
  /** Has to be called when the work is done, however it ended. */
  release(): void;
}

/** A check makes more requests at once than the 10 listeners from which on Node.js warns of a leak; each takes its own away again. */
const MOST_AT_ONCE = 100;

/** A deadline alone keeps no process alive, as AbortSignal.timeout does not. */
const passing: Pick<Clock, 'after'> = {
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};

/** Calls back once when `signal` is aborted, at once where it is already. @returns what has to be called when that is of no interest any more */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  setMaxListeners(MOST_AT_ONCE, signal);
  if (signal.aborted) callback();
  else signal.addEventListener('abort', callback, { once: true });
  return () => signal.removeEventListener('abort', callback);
}

/** @param milliseconds from now on, by `clock` */
export function startDeadline(parent: AbortSignal | undefined, milliseconds: number, clock = passing): Deadline {
  const controller = new AbortController();
  let isExpired = false;
  const cancel = clock.after(milliseconds, () => {
    isExpired = !controller.signal.aborted;
    controller.abort(new DOMException(`not done within ${milliseconds} ms`, 'TimeoutError'));
  });
  const unfollow = parent && onAbort(parent, () => controller.abort(parent.reason));
  return {
    signal: controller.signal,
    get isExpired() { return isExpired; },
    release() {
      cancel();
      unfollow?.();
    },
  };
}

/**
 * Runs `work` with a signal that is aborted when `parent` is, or after `milliseconds`; not at all where `parent` is aborted already,
 * for node:http connects even then. @throws the reason of `parent` once that is aborted, whatever `work` makes of it
 */
export async function withDeadline<T>(parent: AbortSignal | undefined, milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  parent?.throwIfAborted();
  const deadline = startDeadline(parent, milliseconds);
  try {
    return await work(deadline.signal);
  } catch (error) {
    parent?.throwIfAborted();
    throw error;
  } finally {
    deadline.release();
  }
}
