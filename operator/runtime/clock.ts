// Time as a port: what waits or dates takes a clock, so that tests decide what time it is.

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since some moment in the past, which never go back and never leap: for how long something took, and for no date. */
  monotonic(): number;
  /** Calls `callback` once after `milliseconds`; the function that is returned prevents it. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** Resolves after `milliseconds`, or at once when `signal` is aborted; never rejects. */
export function sleep(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(milliseconds, finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};
