// How the Job of a backup ended: its containers' own reports, or, where they could not write one, what Kubernetes says of them. Pure.
import { parseReport } from '../../../backup/core/report.js';
import type { ObservedRun, RunEnd } from './backup-plan.js';

/** The containers of the Job, in the order in which they run: the first two are init containers. */
export const BACKUP_CONTAINERS = ['dump', 'restore', 'store'] as const;
export type BackupContainer = (typeof BACKUP_CONTAINERS)[number];

export interface ContainerEnd {
  readonly name: string;
  /** Absent while it waits or runs. */
  readonly terminated?: { readonly exitCode: number; readonly reason?: string; readonly message?: string };
}

export interface BackupPod {
  /** Of the pod itself, such as Evicted, and what was said of it. */
  readonly reason?: string;
  readonly message?: string;
  readonly containers: readonly ContainerEnd[];
}

export interface BackupJob {
  /** Complete or Failed, when it is True. */
  readonly condition?: 'Complete' | 'Failed';
  /** Of Failed, such as DeadlineExceeded. */
  readonly reason?: string;
  /** Absent: deleted, or never made. */
  readonly pod?: BackupPod;
}

/** `stuck`: why none of its containers will run. */
export function judgeRun(job: BackupJob | undefined, stuck?: string): ObservedRun {
  if (job === undefined) return { kind: 'absent' };
  switch (job.condition) {
    case undefined: return stuck === undefined ? { kind: 'running' } : { kind: 'cannot start', why: stuck };
    case 'Complete': return { kind: 'ended', end: completed(job) };
    case 'Failed': return { kind: 'ended', end: failureOf(job, { containers: BACKUP_CONTAINERS, parse: parseReport }) };
  }
}

/** Exit code 0 alone is no copy. */
function completed({ pod }: BackupJob): RunEnd {
  const report = reportOf(pod?.containers.find(({ name }) => name === 'store'), parseReport);
  if (report?.result !== 'verified') return { kind: 'failed', step: 'store', reason: 'NoReport' };
  const { bytes, seconds, how, where, copies, retention, rechecked } = report;
  return {
    kind: 'verified', bytes, seconds, how, where, copies: copies.map(([name, size, state]) => ({ name, bytes: size, damaged: state === 'damaged' })),
    rechecked: rechecked !== undefined, ...(retention === 'done' ? {} : { retention }),
  };
}

/** How a Job's containers report. */
export interface Reporting<R> {
  /** In the order in which they run. */
  readonly containers: readonly string[];
  /** Undefined for what none of them wrote. */
  readonly parse: (message: string) => R | undefined;
}

interface FailedReport {
  readonly result: 'failed';
  readonly step: string;
  readonly reason: string;
  readonly exitCode?: number | undefined;
  readonly detail?: string | undefined;
}
type AnyReport = FailedReport | { readonly result: 'verified' | 'listed' | 'fetched' | 'restored' | 'rehearsed' };
export type RunFailure = Extract<RunEnd, { kind: 'failed' }>;

/** Of a Job that failed. */
export function failureOf<R extends AnyReport>({ reason, pod }: BackupJob, reporting: Reporting<R>): RunFailure {
  // What failed by itself says more than that time was up.
  const culprit = pod?.containers.find(({ terminated }) => terminated !== undefined && terminated.exitCode !== 0);
  const report: AnyReport | undefined = reportOf(culprit, reporting.parse);
  if (report?.result === 'failed' && report.reason !== 'Stopped') return failure(report.step, report.reason, report);
  const last = unfinished(pod, reporting.containers);
  if (reason === 'DeadlineExceeded') return failure(last, 'TooSlow');
  return pod === undefined ? failure('begin', 'PodGone') : withoutReport(pod, culprit, last);
}

function withoutReport(pod: BackupPod, culprit: ContainerEnd | undefined, last: string): RunFailure {
  if (pod.reason === 'Evicted') return failure(last, isForRoom(pod) ? 'NoSpace' : 'Evicted');
  const end = culprit?.terminated;
  return failure(culprit?.name ?? last, end?.reason === 'OOMKilled' ? 'OutOfMemory' : 'StepFailed', { exitCode: end?.exitCode });
}

function failure(step: string, reason: string, { exitCode, detail }: Pick<FailedReport, 'exitCode' | 'detail'> = {}): RunFailure {
  return { kind: 'failed', step, reason, ...(exitCode === undefined ? {} : { exitCode }), ...(detail === undefined ? {} : { detail }) };
}

/** What the container left, if it was one of ours. */
export function reportOf<R>(container: ContainerEnd | undefined, parse: Reporting<R>['parse']): R | undefined {
  const message = container?.terminated?.message;
  return message === undefined ? undefined : parse(message);
}

/** The container that had not ended well. */
function unfinished(pod: BackupPod | undefined, containers: readonly string[]): string {
  const ended = new Set(pod?.containers.filter(({ terminated }) => terminated?.exitCode === 0).map(({ name }) => name));
  return containers.find((name) => !ended.has(name)) ?? containers.at(-1) ?? 'begin';
}

/** The kubelet evicts a pod whose emptyDir is larger than its limit, and those of a node whose disk is full. */
function isForRoom({ message = '' }: BackupPod): boolean {
  return /emptyDir|ephemeral|disk/i.test(message);
}
