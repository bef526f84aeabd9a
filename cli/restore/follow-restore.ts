// Follows a restore by polling the resource, until it ends, a person has to say something, or Ctrl-C.
import { readResource, type Place, type Resource } from '../glitchtip-resource-access.js';
import { follow, lastSeen, untilLeft as untilAnybodyLeft, type Clock } from '../live/follow.js';
import type { Request } from './request-restore.js';
import { isEnd, judgeProgress, type Progress } from './restore-progress.js';

const NOTHING_YET: Progress = { kind: 'queued', message: 'nothing seen yet' };

/**
 * One progress a poll; the last one is an end.
 * @param timeout seconds
 * @throws Failure that will not pass, such as a right that is missing
 */
export function followRestore(place: Place, request: Request, timeout: number, clock?: Clock): AsyncGenerator<Progress, void> {
  return follow<Resource, Progress>({
    read: () => readResource(place),
    judge: (resource) => judgeProgress(request, resource),
    first: NOTHING_YET,
    isEnd, timeout, clock,
    timedOut: (last) => ({ kind: 'timed out', message: lastSeen(last) }),
  });
}

/** The same, until a person leaves: it goes on without this program. */
export function untilLeft(polls: AsyncGenerator<Progress, void>, left: Promise<void>): AsyncGenerator<Progress, void> {
  return untilAnybodyLeft<Progress>(polls, left, { first: NOTHING_YET, onLeft: (last) => ({ kind: 'left', message: lastSeen(last) }) });
}
