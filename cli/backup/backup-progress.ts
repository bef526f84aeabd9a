// How far the backup is that is followed: pure, from the resource's status and the pod of its Job.
import { BACKUP_ANNOTATION } from '../../operator/api/object-names.js';
import type { BackupStatus } from '../../operator/api/backup-fields.js';
import { adviceOnFailure } from '../../operator/core/backup/failure-advice.js';
import { BACKUP_CONTAINERS, type BackupContainer } from '../../operator/core/backup/run-end.js';
import type { Resource } from '../glitchtip-resource-access.js';
import { size } from '../report/bars.js';
import { knownCopies, type Request } from './request-backup.js';
import type { RunStep } from './run-pod.js';

type Verified = NonNullable<BackupStatus['lastVerified']>;
type Failed = NonNullable<BackupStatus['lastFailure']>;

export type Progress =
  /** Not begun: the operator has not seen it, or something has to end first. */
  | { readonly kind: 'queued'; readonly message: string }
  | { readonly kind: 'running'; readonly copy: string; readonly step?: BackupContainer; readonly message: string }
  | { readonly kind: 'verified'; readonly run: Verified; readonly message: string }
  | { readonly kind: 'failed'; readonly run: Failed; readonly message: string }
  /** How it ended is not to be found out. */
  | { readonly kind: 'lost'; readonly copy: string; readonly message: string }
  | { readonly kind: 'timed out'; readonly message: string };

export type End = Exclude<Progress, { kind: 'queued' | 'running' }>;

/** `waiting` is before the first container. */
export const STEPS = ['waiting', ...BACKUP_CONTAINERS] as const;
export type Step = (typeof STEPS)[number];

export function isEnd(progress: Progress): progress is End {
  return progress.kind !== 'queued' && progress.kind !== 'running';
}

export function stepOfProgress(progress: Progress): Step {
  return progress.kind === 'running' && progress.step !== undefined ? progress.step : 'waiting';
}

/** Whether a run has left a step behind; one that failed has not ended the step that it was in. */
export function isPast(progress: Progress, step: Step): boolean {
  if (progress.kind === 'verified') return true;
  return !isEnd(progress) && STEPS.indexOf(stepOfProgress(progress)) > STEPS.indexOf(step);
}

/** What was seen at one moment. */
export interface Sight {
  readonly resource: Resource;
  /** Of the pod of the run that is followed; undefined: there is none, or it may not be seen. */
  readonly step?: RunStep;
}

/** The run that answers a request: as the operator says, else the first of those that began since. */
export function copyOf({ value, copy, known }: Request, resource: Resource): string | undefined {
  const { request } = resource.status.backup ?? {};
  if (value !== undefined && request?.name === value) return request.copy;
  return copy ?? knownCopies(resource).filter((each) => !known.includes(each)).sort()[0];
}

export function judgeProgress(request: Request, { resource, step }: Sight): Progress {
  const { current, lastVerified, lastFailure } = resource.status.backup ?? {};
  const copy = copyOf(request, resource);
  if (copy === undefined) return { kind: 'queued', message: whyQueued(resource) };
  if (lastVerified?.copy === copy) return { kind: 'verified', run: lastVerified, message: describeVerified(lastVerified) };
  if (lastFailure?.copy === copy) return { kind: 'failed', run: lastFailure, message: describeFailed(lastFailure) };
  if (current?.copy === copy) return { kind: 'running', copy, ...(step ?? { message: 'its Job is made' }) };
  return { kind: 'lost', copy, message: `backup ${copy} is not in the status any more: another run has taken its place` };
}

function whyQueued({ annotations, status }: Resource): string {
  if (annotations[BACKUP_ANNOTATION] === undefined) return 'recorded by the operator';
  return status.backup?.heldBack ?? 'the operator has not seen the request yet';
}

/** For a person, after the copy's name. */
export function describeVerified({ copy, bytes, seconds, how, where }: Verified): string {
  const what = how === 'content' ? 'every row is as dumped' : 'the rows of each table are as dumped';
  return `copy ${copy} was restored, and ${what}: ${size(bytes)}, stored ${where === 's3' ? 'in the bucket' : 'on a volume of this host'}, in ${Math.round(seconds)} s`;
}

export function describeFailed({ copy, step, reason, exitCode, detail }: Failed): string {
  return `backup ${copy} failed in step ${step}: ${reason}${exitCode === undefined ? '' : `, exit code ${exitCode}`}${detail === undefined ? '' : ` (${detail})`}`;
}

/** The end as text, with what to do about it. */
export function describeEnd(end: End): string {
  switch (end.kind) {
    case 'verified': return end.message;
    case 'failed': return `${end.message}\n  ${adviceOnFailure(end.run)}`;
    case 'lost': return `${end.message}; glitchkeeper backups shows how it is now`;
    case 'timed out': return `gave up waiting; the backup goes on without this program. Last seen: ${end.message}`;
  }
}
