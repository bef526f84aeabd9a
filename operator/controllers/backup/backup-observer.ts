// What a backup needs to know: how its Job is, and, where a run is wanted, what is around it.
import type { BackupProgress } from '../../api/backup-fields.js';
import type { GlitchTipSpec, GlitchTipStatus } from '../../api/glitchtip-resource.js';
import { backupJobName } from '../../core/backup/backup-job.js';
import type { ObservedRun } from '../../core/backup/backup-plan.js';
import { judgeRun } from '../../core/backup/run-end.js';
import type { Seen } from '../../core/seen.js';
import { whyCannotStart } from '../../core/operations/job-state.js';
import type { BackupPort, ObservedJobs, Ports } from '../ports.js';
import { observeAround, type SeenAround } from '../surroundings.js';

export interface SeenRun {
  readonly run: ObservedRun;
  readonly jobs: Seen<ObservedJobs>;
}

interface ObserverDependencies extends Pick<Ports, 'cluster' | 'workloads' | 'postgres'> {
  readonly backups: BackupPort;
}

export class BackupObserver {
  constructor(private readonly deps: ObserverDependencies) {}

  async observeRun(current: BackupProgress | undefined, now: Date, signal: AbortSignal): Promise<SeenRun> {
    const name = current && backupJobName(current.copy);
    const jobs = await this.deps.backups.observeJobs(name, signal);
    if (jobs.kind === 'unseen') return { jobs, run: { kind: 'unreadable', why: jobs.why } };
    return { jobs, run: judgeRun(jobs.value.own, whyCannotStart(jobs.value, name, now)) };
  }

  async observeAround(spec: GlitchTipSpec, { seen, status, now }: { readonly seen: SeenRun; readonly status: GlitchTipStatus | undefined; readonly now: Date }, signal: AbortSignal): Promise<SeenAround> {
    const manifests = await this.deps.backups.readManifests(signal);
    return observeAround(this.deps, spec, { jobs: seen.jobs, manifests, status, now }, signal);
  }
}
