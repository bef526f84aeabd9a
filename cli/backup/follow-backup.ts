// Follows a backup by polling the resource, and the pod of its Job for the step that it is in.
import { JOB_NAME_LABEL } from '../../operator/api/object-names.js';
import { backupJobName } from '../../operator/core/backup/backup-job.js';
import { Failure } from '../failure.js';
import { ask, readResource, type Place } from '../glitchtip-resource-access.js';
import { follow, type Clock } from '../live/follow.js';
import { copyOf, isEnd, judgeProgress, type Progress, type Sight } from './backup-progress.js';
import type { Request } from './request-backup.js';
import { stepOf, type RunStep } from './run-pod.js';

/**
 * One progress a poll; the last one is an end.
 * @param timeout seconds
 * @throws Failure that will not pass, such as a right that is missing
 */
export function followBackup(place: Place, request: Request, timeout: number, clock?: Clock): AsyncGenerator<Progress, void> {
  return follow<Sight, Progress>({
    read: () => look(place, request),
    judge: (sight) => judgeProgress(request, sight),
    first: { kind: 'queued', message: 'nothing seen yet' },
    isEnd, timeout, clock,
    timedOut: (last) => ({ kind: 'timed out', message: last.kind === 'running' ? `${last.copy}: ${last.step ?? 'begun'}, ${last.message}` : last.message }),
  });
}

async function look(place: Place, request: Request): Promise<Sight> {
  const resource = await readResource(place);
  const copy = copyOf(request, resource);
  return copy !== undefined && resource.status.backup?.current?.copy === copy ? { resource, step: await readStep(place, copy) } : { resource };
}

/** Who may read the resource and not the pods sees all but the step. */
async function readStep(place: Place, copy: string): Promise<RunStep | undefined> {
  try {
    return stepOf(await ask(place, 'get', 'pods', '--selector', `${JOB_NAME_LABEL}=${backupJobName(copy)}`, '--output', 'json'));
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
