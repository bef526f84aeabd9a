// Follows a restore by polling the resource, until it ends, a person has to say something, or Ctrl-C.
import { readResource, type Place, type Resource } from '../glitchtip-resource-access.js';
import { follow, type Clock } from '../live/follow.js';
import type { Request } from './request-restore.js';
import { isEnd, judgeProgress, type Progress } from './restore-progress.js';

/**
 * One progress a poll; the last one is an end.
 * @param timeout seconds
 * @throws Failure that will not pass, such as a right that is missing
 */
export function followRestore(place: Place, request: Request, timeout: number, clock?: Clock): AsyncGenerator<Progress, void> {
  return follow<Resource, Progress>({
    read: () => readResource(place),
    judge: (resource) => judgeProgress(request, resource),
    first: { kind: 'queued', message: 'nothing seen yet' },
    isEnd, timeout, clock,
    timedOut: (last) => ({ kind: 'timed out', message: last.kind === 'phase' ? `${last.phase}, ${last.message}` : last.message }),
  });
}

/** The same, until a person leaves: it goes on without this program. */
export async function* untilLeft(polls: AsyncGenerator<Progress, void>, left: Promise<void>): AsyncGenerator<Progress, void> {
  let last: Progress = { kind: 'queued', message: 'nothing seen yet' };
  for (;;) {
    const next = await Promise.race([polls.next(), left.then(() => undefined)]);
    if (next === undefined) {
      yield { kind: 'left', message: last.kind === 'phase' ? `${last.phase}, ${last.message}` : last.message };
      return;
    }
    if (next.done === true) return;
    last = next.value;
    yield last;
  }
}
