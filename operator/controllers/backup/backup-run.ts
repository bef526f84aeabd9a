// The writes of a run: the lock, the variables, the Job; and what is taken away when it has ended.
import type { BackupProgress, BackupStatus } from '../../api/backup-fields.js';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { backupJobName, buildBackupJob, JOB_DEADLINE, runVariables } from '../../core/backup/backup-job.js';
import { expectedOf, ownName, whyOtherRows } from '../../core/backup/backup-obstacles.js';
import { copyNameOf } from '../../../backup/core/copy-name.js';
import { isSameHolder, type ObservedLock } from '../../core/operations/operation-lock.js';
import type { BackupPort, ClusterPort } from '../ports.js';
import type { SeenAround, SeenRun } from './backup-observer.js';

interface RunDependencies {
  readonly cluster: Pick<ClusterPort, 'observeLock' | 'writeLock'>;
  readonly backups: BackupPort;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

interface Making {
  readonly spec: GlitchTipSpec;
  readonly status: BackupStatus;
  readonly seen: SeenAround | undefined;
  readonly now: Date;
}

/** Beyond the deadline of its Job: what it says at its end is read, and another one begins. Milliseconds. */
const HELD_FOR = JOB_DEADLINE * 1_000 + 600_000;

export class BackupRun {
  constructor(private readonly deps: RunDependencies) {}

  /** False when another operation began at the same moment. What is there already is left as it is. */
  async make(run: BackupProgress, { spec, status, seen, now }: Making, signal: AbortSignal): Promise<boolean> {
    if (seen?.manifests.kind !== 'present' || seen.around.database.kind !== 'seen') throw new Error('a run was planned without its template, or without its database');
    const name = backupJobName(run.copy);
    if (!(await this.#takeLock(name, seen.around.lock, { now, signal }))) return false;
    signal.throwIfAborted();
    const expected = expectedOf(spec, seen.around.database, spec.backup?.mayShrink ?? whyOtherRows(status, seen.around.restore));
    if (!(await this.deps.backups.writeVariables(runVariables(run, expected, status), signal))) return false;
    signal.throwIfAborted();
    const isMade = await this.deps.backups.createJob(buildBackupJob(seen.manifests.template, run.copy), signal);
    this.deps.log(isMade ? 'Job of a backup made' : 'Job of a backup exists already', { job: name });
    return true;
  }

  async #takeLock(name: string, lock: ObservedLock, { now, signal }: { readonly now: Date; readonly signal: AbortSignal }): Promise<boolean> {
    signal.throwIfAborted();
    if (lock.kind === 'unreadable') return false;
    if (lock.kind === 'held' && isSameHolder(lock.holder, ownName(name))) return true;
    const holder = { operation: 'backup', name, since: now, until: new Date(now.getTime() + HELD_FOR) } as const;
    return this.deps.cluster.writeLock({ holder, resourceVersion: lock.resourceVersion }, signal);
  }

  /** When the last run has ended. One that is not released counts as free all the same, once Jobs are looked at. */
  async releaseLock({ lastStartedAt }: BackupStatus, signal: AbortSignal): Promise<void> {
    if (lastStartedAt === undefined) return;
    const lock = await this.deps.cluster.observeLock(signal);
    signal.throwIfAborted();
    const own = ownName(backupJobName(copyNameOf(new Date(lastStartedAt))));
    if (lock.kind === 'held' && isSameHolder(lock.holder, own)) await this.deps.cluster.writeLock({ resourceVersion: lock.resourceVersion }, signal);
  }

  async remove({ copy }: BackupProgress, { jobs }: SeenRun, signal: AbortSignal): Promise<void> {
    const job = jobs.kind === 'seen' ? jobs.value.jobs.find(({ name }) => name === backupJobName(copy)) : undefined;
    signal.throwIfAborted();
    if (job && (await this.deps.backups.deleteJob(job, signal))) this.deps.log('Job of a backup deleted, for it cannot start', { job: job.name });
  }
}
