// What a backup needs to know: how its Job is, and, where a run is wanted, what else is under way and which database it would be a copy of.
import type { BackupProgress } from '../../api/backup-fields.js';
import type { GlitchTipSpec, GlitchTipStatus } from '../../api/glitchtip-resource.js';
import { backupJobName } from '../../core/backup/backup-job.js';
import type { Around } from '../../core/backup/backup-obstacles.js';
import type { FailedEnd, ObservedRun } from '../../core/backup/backup-plan.js';
import { judgeRun } from '../../core/backup/run-end.js';
import { postgresLogins } from '../../core/credentials/operator-logins.js';
import type { Seen } from '../../core/seen.js';
import { holderOf } from '../../core/operations/exclusion.js';
import { jobsAtWork, whyCannotStart } from '../../core/operations/job-state.js';
import type { JobManifests, BackupPort, ObservedJobs, Ports } from '../ports.js';

export interface SeenRun {
  readonly run: ObservedRun;
  readonly jobs: Seen<ObservedJobs>;
}

export interface SeenAround {
  readonly around: Around;
  readonly manifests: JobManifests;
  /** Why nothing can be said of what is under way. */
  readonly unseen: string | undefined;
  readonly impediment: FailedEnd | undefined;
}

interface ObserverDependencies extends Pick<Ports, 'cluster' | 'workloads' | 'postgres'> {
  readonly backups: BackupPort;
}

/** No run needs a password of Valkey's. */
const NOT_READ = { kind: 'unreadable', why: 'it was not read' } as const;

export class BackupObserver {
  constructor(private readonly deps: ObserverDependencies) {}

  async observeRun(current: BackupProgress | undefined, now: Date, signal: AbortSignal): Promise<SeenRun> {
    const name = current && backupJobName(current.copy);
    const jobs = await this.deps.backups.observeJobs(name, signal);
    if (jobs.kind === 'unseen') return { jobs, run: { kind: 'unreadable', why: jobs.why } };
    return { jobs, run: judgeRun(jobs.value.own, whyCannotStart(jobs.value, name, now)) };
  }

  async observeAround(spec: GlitchTipSpec, { seen: { jobs }, status, now }: { readonly seen: SeenRun; readonly status: GlitchTipStatus | undefined; readonly now: Date }, signal: AbortSignal): Promise<SeenAround> {
    const { cluster, workloads, postgres, backups } = this.deps;
    const deployments = [spec.web, spec.worker, spec.gateway].flatMap((part) => part?.deployment ?? []);
    const [lock, journal, superuser, manifests, rollouts] = await Promise.all([
      cluster.observeLock(signal), cluster.observeJournal(spec.secrets.rotation, signal), cluster.observeSecret(spec.secrets.postgres, signal),
      backups.readManifests(signal), Promise.all(deployments.map((name) => workloads.observe(name, signal))),
    ]);
    const database = await postgres.observeFacts(spec, postgresLogins({ secrets: { postgres: superuser, valkey: NOT_READ }, journal }), signal);
    const atWork = jobs.kind === 'seen' ? jobsAtWork(jobs.value.jobs, jobs.value.pods, now).map(holderOf) : [];
    return {
      around: {
        lock, jobs: atWork, journal, rollouts, noRoom: manifests.kind === 'present' ? manifests.noRoom : undefined, database,
        restore: status?.restore, remembered: status?.postgres?.systemIdentifier,
      },
      manifests,
      unseen: jobs.kind === 'seen' ? undefined : `Jobs cannot be seen (${jobs.why})`,
      impediment: manifests.kind === 'missing' ? manifestsMissing(manifests.what) : undefined,
    };
  }
}

function manifestsMissing(what: string): FailedEnd {
  return { kind: 'failed', step: 'begin', reason: 'ManifestsMissing', detail: `${what} is not there: kubectl apply -f dist/ makes it` };
}
