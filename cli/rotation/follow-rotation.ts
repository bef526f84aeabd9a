// Follows a rotation by polling the resource, through short outages of the API server.
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, isPassing } from '../failure.js';
import type { Resource } from '../glitchtip-resource-access.js';
import { isEnd, judgeProgress, type Progress } from './rotation-progress.js';
import type { Request } from './request-rotation.js';

const POLL_EVERY_MS = 1000;

export interface Clock {
  readonly now: () => number;
  readonly sleep: (milliseconds: number) => Promise<unknown>;
}

export const systemClock: Clock = { now: Date.now, sleep: (milliseconds) => sleep(milliseconds) };

/**
 * One progress a poll; the last one is an end.
 * @param timeout seconds
 * @throws Failure that will not pass, such as a right that is missing
 */
export async function* follow(request: Request, read: () => Promise<Resource>, timeout: number, clock: Clock = systemClock): AsyncGenerator<Progress, void> {
  const deadline = clock.now() + timeout * 1000;
  let last: Progress = { kind: 'queued', message: 'nothing seen yet' };
  for (;;) {
    last = await poll(request, read, last);
    if (!isEnd(last) && clock.now() >= deadline) last = { kind: 'timed out', message: last.kind === 'phase' ? `${last.phase}: ${last.message}` : last.message };
    yield last;
    if (isEnd(last)) return;
    await clock.sleep(POLL_EVERY_MS);
  }
}

async function poll(request: Request, read: () => Promise<Resource>, last: Progress): Promise<Progress> {
  try {
    return judgeProgress(request, await read());
  } catch (error) {
    if (!(error instanceof Failure) || !isPassing(error)) throw error;
    // Until an answer comes, its last known progress stands.
    return { ...last, message: error.message };
  }
}
