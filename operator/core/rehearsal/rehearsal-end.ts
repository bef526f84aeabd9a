// How the Job of a rehearsal ended: its containers' own reports, or, where they could not write one, what Kubernetes says of them. Pure.
import { parseRehearsalReport, REHEARSAL_FAILURES, type RehearsedReport } from '../../../backup/core/rehearsal-report.js';
import { parseRestoreReport } from '../../../backup/core/restore-report.js';
import type { FailedEnd } from '../backup/backup-plan.js';
import { failureOf, reportOf, type BackupJob, type ContainerEnd } from '../backup/run-end.js';

/** The containers of the Job: four one after the other, then two side by side. What the server says of itself goes before what the other one saw of it. */
export const REHEARSAL_CONTAINERS = ['image', 'fetch', 'dump', 'restore', 'server', 'migrate'] as const;
export type RehearsalContainer = (typeof REHEARSAL_CONTAINERS)[number];

/** Beside those of the containers: found by the operator. */
export const FOUND_REHEARSAL_FAILURES = {
  ...REHEARSAL_FAILURES,
  /** GlitchTip's own check finds migrations left in what was restored, although its release runs here. */
  MigrationsPending: 'MigrationsPending',
} as const;

type Figures = Omit<RehearsedReport, 'result' | 'checked'>;

/** `copy`: that it ran on; absent: a dump that was made for it. */
export type RehearsalRunEnd = { readonly copy?: string } & (
  | { readonly kind: 'rehearsed'; readonly figures: Figures }
  | (FailedEnd & { readonly figures?: Figures })
);

export type ObservedRehearsal =
  | { readonly kind: 'absent' }
  | { readonly kind: 'running' }
  /** None of its containers has run, and nobody should wait for that. */
  | { readonly kind: 'cannot start'; readonly why: string }
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'ended'; readonly end: RehearsalRunEnd };

/** @param isCheck whether nothing may be left to migrate @param stuck why none of its containers will run */
export function judgeRehearsal(job: BackupJob | undefined, isCheck: boolean, stuck?: string): ObservedRehearsal {
  if (job === undefined) return { kind: 'absent' };
  if (job.condition === undefined) return stuck === undefined ? { kind: 'running' } : { kind: 'cannot start', why: stuck };
  const containers = inOrder(job);
  const fetched = reportOf(containers.find(({ name }) => name === 'fetch'), parseRestoreReport);
  const end = job.condition === 'Complete' ? completed(containers, isCheck) : failed(job, containers);
  return { kind: 'ended', end: { ...end, ...(fetched?.result === 'fetched' ? { copy: fetched.copy } : {}) } };
}

/** The kubelet names containers by the alphabet. What killed the one that migrates says more than that it was waited for in vain. */
function inOrder({ pod }: BackupJob): readonly ContainerEnd[] {
  const hasWaited = (end: ContainerEnd) => {
    const report = reportOf(end, parseRehearsalReport);
    return report?.result === 'failed' && report.reason === REHEARSAL_FAILURES.MigrateAway;
  };
  const place = (end: ContainerEnd) => (hasWaited(end) ? REHEARSAL_CONTAINERS.length : (REHEARSAL_CONTAINERS as readonly string[]).indexOf(end.name));
  return [...pod?.containers ?? []].sort((one, other) => place(one) - place(other));
}

/** Exit code 0 alone shows nothing. */
function completed(containers: readonly ContainerEnd[], isCheck: boolean): RehearsalRunEnd {
  const report = reportOf(containers.find(({ name }) => name === 'server'), parseRehearsalReport);
  if (report?.result !== 'rehearsed') return { kind: 'failed', step: 'server', reason: 'NoReport' };
  const figures = figuresOf(report);
  if (!isCheck || report.checked) return { kind: 'rehearsed', figures };
  return { kind: 'failed', step: 'check', reason: FOUND_REHEARSAL_FAILURES.MigrationsPending, detail: `${figures.migrations} ran`, figures };
}

function figuresOf({ migrations, seconds, slowest, peakMemory, bytesBefore, bytesAfter, locks }: RehearsedReport): Figures {
  return { migrations, seconds, ...(slowest ? { slowest } : {}), peakMemory, bytesBefore, bytesAfter, locks };
}

function failed(job: BackupJob, containers: readonly ContainerEnd[]): RehearsalRunEnd {
  const pod = job.pod && { ...job.pod, containers };
  return failureOf({ ...job, ...(pod ? { pod } : {}) }, { containers: REHEARSAL_CONTAINERS, parse: (message) => parseRehearsalReport(message) ?? parseRestoreReport(message) });
}
