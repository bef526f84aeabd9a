// Follows a rehearsal by polling the resource, and the pod of its Job for the step that it is in; and shows it meanwhile.
import { JOB_NAME_LABEL } from '../../operator/api/object-names.js';
import type { RehearsalProgress } from '../../operator/api/rehearsal-fields.js';
import { rehearsalJobName } from '../../operator/core/rehearsal/rehearsal-job.js';
import { stepAmong, type RunStep } from '../backup/run-pod.js';
import { Failure } from '../failure.js';
import { ask, readResource, type Place } from '../glitchtip-resource-access.js';
import { follow, type Clock } from '../live/follow.js';
import { endOf, openCursor, phaseLine, printStates, showLines } from '../live/phase-lines.js';
import type { Output } from '../output.js';
import { DOES, STEPS, isEnd, isPast, judgeProgress, stepOfProgress, type End, type Progress, type Sight, type Step } from './rehearsal-progress.js';
import type { Request } from './request-rehearsal.js';

/**
 * One progress a poll; the last one is an end.
 * @param timeout seconds
 * @throws Failure that will not pass, such as a right that is missing
 */
export function followRehearsal(place: Place, request: Request, timeout: number, clock?: Clock): AsyncGenerator<Progress, void> {
  return follow<Sight, Progress>({
    read: () => look(place),
    judge: (sight) => judgeProgress(request, sight),
    first: { kind: 'queued', message: 'nothing seen yet' },
    isEnd, timeout, clock,
    timedOut: (last) => ({ kind: 'timed out', message: `gave up waiting; the rehearsal goes on without this program. Last seen: ${last.message}` }),
  });
}

async function look(place: Place): Promise<Sight> {
  const resource = await readResource(place);
  const { current } = resource.status.rehearsal ?? {};
  const step = current && (await readStep(place, current));
  return { resource, ...(step ? { step } : {}) };
}

/** Who may read the resource and not the pods sees all but the step. */
async function readStep(place: Place, current: RehearsalProgress): Promise<RunStep<Step> | undefined> {
  try {
    return stepAmong(await ask(place, 'get', 'pods', '--selector', `${JOB_NAME_LABEL}=${rehearsalJobName(current)}`, '--output', 'json'), ['image', 'fetch', 'dump', 'restore', 'migrate'], DOES);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** A line a step with its seconds; the one that it failed in says why. */
export async function showSteps(polls: AsyncGenerator<Progress, void>): Promise<End> {
  const cursor = await openCursor(polls);
  const lines = STEPS.map((step) => phaseLine({ title: step, isPast: (progress) => isPast(progress, step), hasTurned: isEnd }, cursor));
  await showLines(lines, { exitOnError: true });
  return endOf(cursor.progress, isEnd);
}

/** One JSON line whenever the step changes; the end is the caller's to print. */
export function printSteps(polls: AsyncGenerator<Progress, void>, output: Output): Promise<End> {
  return printStates(polls, isEnd, { describe: (progress) => ({ state: stepOfProgress(progress), message: progress.message }), output });
}
