// What is around a run of a Job that reads the whole database: what else is under way, which database it would be, and what its pods are made from.
import type { GlitchTipSpec, GlitchTipStatus } from '../api/glitchtip-resource.js';
import type { Around } from '../core/backup/backup-obstacles.js';
import type { FailedEnd } from '../core/backup/backup-plan.js';
import { postgresLogins } from '../core/credentials/operator-logins.js';
import type { Seen } from '../core/seen.js';
import { holderOf } from '../core/operations/exclusion.js';
import { jobsAtWork } from '../core/operations/job-state.js';
import type { JobManifests, ObservedJobs, Ports } from './ports.js';

export interface SeenAround {
  readonly around: Around;
  readonly manifests: JobManifests;
  /** Why nothing can be said of what is under way. */
  readonly unseen: string | undefined;
  /** Why no Job can be made at all. */
  readonly impediment: FailedEnd | undefined;
}

/** What was seen before it. */
interface Known {
  readonly jobs: Seen<ObservedJobs>;
  readonly manifests: JobManifests;
  readonly status: GlitchTipStatus | undefined;
  readonly now: Date;
}

/** No run needs a password of Valkey's. */
const NOT_READ = { kind: 'unreadable', why: 'it was not read' } as const;

export async function observeAround({ cluster, workloads, postgres }: Pick<Ports, 'cluster' | 'workloads' | 'postgres'>, spec: GlitchTipSpec, { jobs, manifests, status, now }: Known, signal: AbortSignal): Promise<SeenAround> {
  const deployments = [spec.web, spec.worker, spec.gateway].flatMap((part) => part?.deployment ?? []);
  const [lock, journal, superuser, rollouts] = await Promise.all([
    cluster.observeLock(signal), cluster.observeJournal(spec.secrets.rotation, signal), cluster.observeSecret(spec.secrets.postgres, signal),
    Promise.all(deployments.map((name) => workloads.observe(name, signal))),
  ]);
  const database = await postgres.observeFacts(spec, postgresLogins({ secrets: { postgres: superuser, valkey: NOT_READ }, journal }), signal);
  const atWork = jobs.kind === 'seen' ? jobsAtWork(jobs.value.jobs, jobs.value.pods, now).map(holderOf) : [];
  return {
    around: {
      lock, jobs: atWork, journal, rollouts, noRoom: manifests.kind === 'present' ? manifests.noRoom : undefined, database,
      recorded: status ?? {}, remembered: status?.postgres?.systemIdentifier,
    },
    manifests,
    unseen: jobs.kind === 'seen' ? undefined : `Jobs cannot be seen (${jobs.why})`,
    impediment: manifests.kind === 'missing' ? manifestsMissing(manifests.what) : undefined,
  };
}

function manifestsMissing(what: string): FailedEnd {
  return { kind: 'failed', step: 'begin', reason: 'ManifestsMissing', detail: `${what} is not there: kubectl apply -f dist/ makes it` };
}
