// Follows an upgrade by polling the resource, and applies the manifests that it waits for; until it ends, a person has to say something, or Ctrl-C.
import { JOB_NAME_LABEL } from '../../operator/api/object-names.js';
import { importJobName } from '../../operator/core/upgrade/upgrade-names.js';
import { Failure } from '../failure.js';
import { ask, readResource, type Place, type Resource } from '../glitchtip-resource-access.js';
import { follow, lastSeen, untilLeft, type Clock } from '../live/follow.js';
import { applyManifests } from './manifests.js';
import type { Request } from './request-upgrade.js';
import { isEnd, judgeProgress, type Progress } from './upgrade-progress.js';

const NOTHING_YET: Progress = { kind: 'queued', message: 'nothing seen yet' };
/** Phases that wait for manifests. */
const APPLIED_IN: readonly string[] = ['Ready', 'Undoing'];

export interface Followed {
  readonly request: Request;
  /** Whose manifests are applied when it waits for them; undefined: a person applies them. */
  readonly folder: string | undefined;
  /** Seconds. */
  readonly timeout: number;
  /** Resolves on Ctrl-C. */
  readonly until: Promise<void>;
}

/** One progress a poll; the last one is an end. @throws Failure that will not pass, such as a right that is missing */
export function followUpgrade(place: Place, { request, folder, timeout, until }: Followed, clock?: Clock): AsyncGenerator<Progress, void> {
  const polls = follow<Resource, Progress>({
    read: () => readResource(place),
    judge: (resource) => judgeProgress(request, resource),
    first: NOTHING_YET, isEnd, timeout, clock,
    timedOut: (last) => ({ kind: 'timed out', message: lastSeen(last) }),
  });
  const watched = untilLeft<Progress>(polls, until, { first: NOTHING_YET, onLeft: (last) => ({ kind: 'left', message: lastSeen(last) }) });
  return request.kind === 'import' ? withCounts(place, watched) : applying(place, folder, watched);
}

/** Once: whoever applies other manifests afterwards has his reasons. */
async function* applying({ target }: Place, folder: string | undefined, polls: AsyncGenerator<Progress, void>): AsyncGenerator<Progress, void> {
  let isApplied = folder === undefined;
  for await (const progress of polls) {
    if (!isApplied && folder !== undefined && progress.kind === 'phase' && APPLIED_IN.includes(progress.phase)) {
      yield { ...progress, message: `kubectl apply -f ${folder}/` };
      await applyManifests(target, folder);
      isApplied = true;
    }
    yield progress;
  }
}

/** Its program says after each thousand how far it is. */
async function* withCounts(place: Place, polls: AsyncGenerator<Progress, void>): AsyncGenerator<Progress, void> {
  for await (const progress of polls) yield progress.kind === 'phase' ? { ...progress, message: (await lastCount(place, progress.id)) ?? progress.message } : progress;
}

async function lastCount(place: Place, id: string): Promise<string | undefined> {
  try {
    const lines = await ask(place, 'logs', '--selector', `${JOB_NAME_LABEL}=${importJobName({ id })}`, '--tail', '1');
    const [, imported, left] = /"imported": (\d+), "left": (\d+)/.exec(lines) ?? [];
    return imported === undefined ? undefined : `${imported} are here, ${left ?? 0} are left in the archive`;
  } catch (error) {
    // Its pod has not started yet.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
