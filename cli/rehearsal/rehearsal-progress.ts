// How far the rehearsal is that is followed: pure, from the resource's status and the pod of its Job.
import { REHEARSAL_ANNOTATION } from '../../operator/api/object-names.js';
import type { RehearsalEnd, RehearsalStatus } from '../../operator/api/rehearsal-fields.js';
import { REHEARSAL_CONTAINERS, type RehearsalContainer } from '../../operator/core/rehearsal/rehearsal-end.js';
import { describeRehearsal } from '../../operator/core/rehearsal/rehearsal-report.js';
import type { RunStep } from '../backup/run-pod.js';
import type { Resource } from '../glitchtip-resource-access.js';
import type { Request } from './request-rehearsal.js';

export type Progress =
  /** Not begun: the operator has not seen it, or something has to end first. */
  | { readonly kind: 'queued'; readonly message: string }
  | { readonly kind: 'running'; readonly step?: Step; readonly message: string }
  | { readonly kind: 'ended'; readonly run: RehearsalEnd; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string }
  /** How it ended is not to be found out. */
  | { readonly kind: 'lost' | 'timed out'; readonly message: string };

export type End = Exclude<Progress, { kind: 'queued' | 'running' }>;

/** The server and what migrates on it run side by side, and are one step. */
export type Step = Exclude<RehearsalContainer, 'server'>;
const RUNS = REHEARSAL_CONTAINERS.filter((name) => name !== 'server') as readonly Step[];
/** `waiting` is before the first container. */
export const STEPS: readonly (Step | 'waiting')[] = ['waiting', ...RUNS];

export const DOES: Readonly<Record<Step, string>> = {
  image: 'brings the image of the release to the node',
  fetch: 'fetches the newest copy, where it can be read',
  dump: 'dumps the database, where no copy was fetched',
  restore: 'restores it into a server of its own',
  migrate: 'lets the migrations run on it',
};

export function isEnd(progress: Progress): progress is End {
  return progress.kind !== 'queued' && progress.kind !== 'running';
}

export function stepOfProgress(progress: Progress): Step | 'waiting' {
  return progress.kind === 'running' && progress.step !== undefined ? progress.step : 'waiting';
}

/** Whether a run has left a step behind; one that failed has not ended the step that it was in. */
export function isPast(progress: Progress, step: Step | 'waiting'): boolean {
  if (progress.kind === 'ended') return progress.run.result === 'Passed';
  return !isEnd(progress) && STEPS.indexOf(stepOfProgress(progress)) > STEPS.indexOf(step);
}

/** What was seen at one moment. */
export interface Sight {
  readonly resource: Resource;
  /** Of its pod; undefined: there is none, or it may not be seen. */
  readonly step?: RunStep<Step>;
}

export function judgeProgress({ version, known }: Request, { resource, step }: Sight): Progress {
  const { status: { rehearsal = {} }, annotations } = resource;
  const { current, last } = rehearsal;
  if (current?.trigger === 'request' && current.version === version) return underWay(rehearsal, step);
  if (last?.version === version && last.startedAt !== known.startedAt) return { kind: 'ended', run: last, message: describeRehearsal(last) };
  return annotations[REHEARSAL_ANNOTATION] === undefined ? notBegun(rehearsal, known) : { kind: 'queued', message: whyQueued(rehearsal) };
}

function underWay({ heldBack }: RehearsalStatus, step: RunStep<Step> | undefined): Progress {
  return heldBack === undefined ? { kind: 'running', ...(step ?? { message: 'its Job is made' }) } : { kind: 'queued', message: heldBack };
}

function whyQueued({ current, heldBack }: RehearsalStatus): string {
  return heldBack ?? (current ? "the month's check has to end first" : 'the operator has not seen the request yet');
}

function notBegun({ refused }: RehearsalStatus, { refusedAt }: Request['known']): Progress {
  if (refused !== undefined && refused.at !== refusedAt) return { kind: 'refused', message: refused.why };
  return { kind: 'lost', message: 'the rehearsal is not in the status any more' };
}
