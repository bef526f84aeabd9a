// How a Job of a restore ended: its containers' own reports, or what Kubernetes says of them; and whether another attempt may end otherwise. Pure.
import { parseRestoreReport } from '../../../backup/core/restore-report.js';
import type { RunEnd } from '../backup/backup-plan.js';
import { failureOf, judgeRun, reportOf, type BackupJob } from '../backup/run-end.js';
import type { RestoreJob, RestoreJobEnd } from './restore-facts.js';
import type { RestoreJobKind } from './restore-names.js';

/** Containers in the order in which they run; the last one reports. */
export const RESTORE_CONTAINERS = { check: ['fetch'], restore: ['fetch', 'load', 'place'] } as const;

/** What is the same however often it is tried. Anything else may be the moment's: a pod that was killed, a store or a server that was away. */
const FINAL: ReadonlySet<string> = new Set([
  'NoCopy', 'CopyDamaged', 'ManifestUnreadable', 'OtherRelease', 'IdentityWrong', 'KeyMissing', 'NotVerified', 'DumpChanged', 'LoginRefused', 'StoreRefused', 'ClockSkewed', 'NoSpace', 'TooSlow',
]);

/** `stuck`: why none of its containers will run; web is not kept away for that. */
export function judgeRestoreJob(kind: RestoreJobKind, job: BackupJob | undefined, stuck?: string): RestoreJob {
  if (job === undefined) return { kind: 'absent' };
  if (job.condition === undefined) return stuck === undefined ? { kind: 'running' } : { kind: 'ended', end: { kind: 'failed', why: stuck, again: false } };
  return { kind: 'ended', end: endOf(kind, job) };
}

function endOf(kind: RestoreJobKind, job: BackupJob): RestoreJobEnd {
  switch (kind) {
    case 'save': return saved(job);
    case 'migrate': return job.condition === 'Complete' ? { kind: 'done' } : failed({ kind: 'failed', step: 'migrate', reason: job.reason ?? 'StepFailed' });
    default: return restored(kind, job);
  }
}

function saved(job: BackupJob): RestoreJobEnd {
  const run = judgeRun(job);
  if (run.kind !== 'ended') return failed({ kind: 'failed', step: 'begin', reason: 'PodGone' });
  return run.end.kind === 'verified' ? { kind: 'done' } : failed(run.end);
}

/** Exit code 0 alone is no restore. */
function restored(kind: 'check' | 'restore', job: BackupJob): RestoreJobEnd {
  const containers = RESTORE_CONTAINERS[kind];
  const last = containers.at(-1) ?? 'fetch';
  if (job.condition === 'Failed') return failed(failureOf(job, { containers, parse: parseRestoreReport }));
  const report = reportOf(job.pod?.containers.find(({ name }) => name === last), parseRestoreReport);
  if (kind === 'check' && report?.result === 'fetched') return { kind: 'checked', copy: report.copy, databaseBytes: report.databaseBytes };
  if (kind === 'restore' && report?.result === 'restored') return { kind: 'done' };
  return failed({ kind: 'failed', step: last, reason: 'NoReport' });
}

function failed({ step, reason, exitCode, detail }: Extract<RunEnd, { kind: 'failed' }>): RestoreJobEnd {
  const code = exitCode === undefined ? '' : ` (exit code ${exitCode})`;
  return { kind: 'failed', why: `${step}: ${reason}${code}${detail === undefined ? '' : `: ${detail}`}`, again: !FINAL.has(reason) };
}
