// How the Job of a backup ended: its containers' own reports, or, where they could not write one, what Kubernetes says of them. Pure.
import { parseReport, type Report } from '../../../backup/core/report.js';
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
    case 'Failed': return { kind: 'ended', end: failed(job) };
  }
}

/** Exit code 0 alone is no copy. */
function completed({ pod }: BackupJob): RunEnd {
  const report = reportOf(pod?.containers.find(({ name }) => name === 'store'));
  if (report?.result !== 'verified') return { kind: 'failed', step: 'store', reason: 'NoReport' };
  const { bytes, seconds, how, where, copies, retention, rechecked } = report;
  return {
    kind: 'verified', bytes, seconds, how, where, copies: copies.map(([name, size, state]) => ({ name, bytes: size, damaged: state === 'damaged' })),
    rechecked: rechecked !== undefined, ...(retention === 'done' ? {} : { retention }),
  };
}

function failed({ reason, pod }: BackupJob): RunEnd {
  // What failed by itself says more than that time was up.
  const culprit = pod?.containers.find(({ terminated }) => terminated !== undefined && terminated.exitCode !== 0);
  const report = reportOf(culprit);
  if (report?.result === 'failed' && report.reason !== 'Stopped') return failure(report.step, report.reason, report);
  if (reason === 'DeadlineExceeded') return failure(unfinished(pod), 'TooSlow');
  return pod === undefined ? failure('begin', 'PodGone') : withoutReport(pod, culprit);
}

function withoutReport(pod: BackupPod, culprit: ContainerEnd | undefined): RunEnd {
  if (pod.reason === 'Evicted') return failure(unfinished(pod), isForRoom(pod) ? 'NoSpace' : 'Evicted');
  const end = culprit?.terminated;
  return failure(culprit?.name ?? unfinished(pod), end?.reason === 'OOMKilled' ? 'OutOfMemory' : 'StepFailed', { exitCode: end?.exitCode });
}

function failure(step: string, reason: string, { exitCode, detail }: { readonly exitCode?: number; readonly detail?: string } = {}): RunEnd {
  return { kind: 'failed', step, reason, ...(exitCode === undefined ? {} : { exitCode }), ...(detail === undefined ? {} : { detail }) };
}

function reportOf(container: ContainerEnd | undefined): Report | undefined {
  const message = container?.terminated?.message;
  return message === undefined ? undefined : parseReport(message);
}

/** The container that had not ended well. */
function unfinished(pod: BackupPod | undefined): string {
  const ended = new Set(pod?.containers.filter(({ terminated }) => terminated?.exitCode === 0).map(({ name }) => name));
  return BACKUP_CONTAINERS.find((name) => !ended.has(name)) ?? 'store';
}

/** The kubelet evicts a pod whose emptyDir is larger than its limit, and those of a node whose disk is full. */
function isForRoom({ message = '' }: BackupPod): boolean {
  return /emptyDir|ephemeral|disk/i.test(message);
}
