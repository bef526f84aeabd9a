// The writes of a run: the lock, the variables, the Job; and what is taken away when it has ended.
import type { BackupProgress, BackupStatus } from '../../api/backup-fields.js';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { backupJobName, buildBackupJob, runVariables } from '../../core/backup/backup-job.js';
import { expectedOf, whyOtherRows } from '../../core/backup/backup-obstacles.js';
import { copyNameOf } from '../../../backup/core/copy-name.js';
import type { BackupPort, ClusterPort } from '../ports.js';
import { releaseLock, takeLock } from '../job-lock.js';
import type { SeenAround } from '../surroundings.js';
import type { SeenRun } from './backup-observer.js';

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

export class BackupRun {
  constructor(private readonly deps: RunDependencies) {}

  /** False when another operation began at the same moment. What is there already is left as it is. */
  async make(run: BackupProgress, { spec, status, seen, now }: Making, signal: AbortSignal): Promise<boolean> {
    if (seen?.manifests.kind !== 'present' || seen.around.database.kind !== 'seen') throw new Error('a run was planned without its template, or without its database');
    const name = backupJobName(run.copy);
    if (!(await takeLock(this.deps.cluster, { operation: 'backup', name }, { lock: seen.around.lock, now }, signal))) return false;
    signal.throwIfAborted();
    const expected = expectedOf(spec, seen.around.database, spec.backup?.mayShrink ?? whyOtherRows(status, seen.around.recorded));
    if (!(await this.deps.backups.writeVariables(runVariables(run, expected, status), signal))) return false;
    signal.throwIfAborted();
    const isMade = await this.deps.backups.createJob(buildBackupJob(seen.manifests.template, run.copy), signal);
    this.deps.log(isMade ? 'Job of a backup made' : 'Job of a backup exists already', { job: name });
    return true;
  }

  /** When the last run has ended. One that is not released counts as free all the same, once Jobs are looked at. */
  async releaseLock({ lastStartedAt }: BackupStatus, signal: AbortSignal): Promise<void> {
    if (lastStartedAt === undefined) return;
    await releaseLock(this.deps.cluster, { operation: 'backup', name: backupJobName(copyNameOf(new Date(lastStartedAt))) }, signal);
  }

  async remove({ copy }: BackupProgress, { jobs }: SeenRun, signal: AbortSignal): Promise<void> {
    const job = jobs.kind === 'seen' ? jobs.value.jobs.find(({ name }) => name === backupJobName(copy)) : undefined;
    signal.throwIfAborted();
    if (job && (await this.deps.backups.deleteJob(job, signal))) this.deps.log('Job of a backup deleted, for it cannot start', { job: job.name });
  }
}
