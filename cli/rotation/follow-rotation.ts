// Follows a rotation by polling the resource.
import { follow, type Clock } from '../live/follow.js';
import type { Resource } from '../glitchtip-resource-access.js';
import { isEnd, judgeProgress, type Progress } from './rotation-progress.js';
import type { Request } from './request-rotation.js';

/**
 * One progress a poll; the last one is an end.
 * @param timeout seconds
 * @throws Failure that will not pass, such as a right that is missing
 */
export function followRotation(request: Request, read: () => Promise<Resource>, timeout: number, clock?: Clock): AsyncGenerator<Progress, void> {
  return follow<Resource, Progress>({
    read, isEnd, timeout, clock,
    judge: (resource) => judgeProgress(request, resource),
    first: { kind: 'queued', message: 'nothing seen yet' },
    timedOut: (last) => ({ kind: 'timed out', message: last.kind === 'phase' ? `${last.phase}: ${last.message}` : last.message }),
  });
}
