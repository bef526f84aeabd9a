// Follows something that the operator does by polling, through short outages of the API server.
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, isPassing } from '../failure.js';

const POLL_EVERY_MS = 1000;

export interface Clock {
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

export const systemClock: Clock = { now: Date.now, sleep: (milliseconds) => sleep(milliseconds) };

/** What is followed, and how far it is. */
export interface Followed<V, P> {
  /** @throws Failure */
  readonly read: () => Promise<V>;
  readonly judge: (seen: V) => P;
  /** Until something was seen. */
  readonly first: P;
  readonly isEnd: (progress: P) => boolean;
  /** What the last progress becomes when it was not the end in time. */
  readonly timedOut: (last: P) => P;
  /** Seconds. */
  readonly timeout: number;
  readonly clock?: Clock;
}

/**
 * One progress a poll; the last one is an end.
 * @throws Failure that will not pass, such as a right that is missing
 */
export async function* follow<V, P extends { readonly message: string }>(followed: Followed<V, P>): AsyncGenerator<P, void> {
  const { isEnd, timedOut, timeout, clock = systemClock } = followed;
  const deadline = clock.now() + timeout * 1000;
  let last = followed.first;
  for (;;) {
    last = await poll(followed, last);
    if (!isEnd(last) && clock.now() >= deadline) last = timedOut(last);
    yield last;
    if (isEnd(last)) return;
    await clock.sleep(POLL_EVERY_MS);
  }
}

async function poll<V, P extends { readonly message: string }>({ read, judge }: Followed<V, P>, last: P): Promise<P> {
  try {
    return judge(await read());
  } catch (error) {
    if (!(error instanceof Failure) || !isPassing(error)) throw error;
    // Until an answer comes, its last known progress stands.
    return { ...last, message: error.message };
  }
}

/** Of an operation whose progress is in phases, as it is told when nobody follows it to its end. */
export function lastSeen(last: { readonly kind: string; readonly phase?: string; readonly message: string }): string {
  return last.phase === undefined ? last.message : `${last.phase}, ${last.message}`;
}

/** The same polls, until a person leaves: what is followed goes on without this program. @param onLeft what the last progress becomes then */
export async function* untilLeft<P>(polls: AsyncGenerator<P, void>, left: Promise<void>, { first, onLeft }: { readonly first: P; readonly onLeft: (last: P) => P }): AsyncGenerator<P, void> {
  let last = first;
  for (;;) {
    const next = await Promise.race([polls.next(), left.then(() => undefined)]);
    if (next === undefined) {
      yield onLeft(last);
      return;
    }
    if (next.done === true) return;
    last = next.value;
    yield last;
  }
}
