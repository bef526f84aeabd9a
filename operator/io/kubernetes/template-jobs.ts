// Jobs that the operator makes from PodTemplates of the manifests, by the calls that its rights allow: Jobs are listed, never read by name.
import { BACKUP_MANAGER, BACKUP_RUN, BACKUP_TEMPLATE, JOB_NAME_LABEL, LEGACY_IMPORT_TEMPLATE, MIGRATE_TEMPLATE, MOVE_TEMPLATE, RESTORE_MANAGER, RESTORE_RUN, RESTORE_TEMPLATES } from '../../api/object-names.js';
import type { MoveJobsPort } from '../../controllers/move/move-ports.js';
import type { LegacyImportPort } from '../../controllers/upgrade/upgrade-ports.js';
import type { BackupPort, JobManifests, ObservedJobs, RehearsalPort } from '../../controllers/ports.js';
import type { PodTemplate, RunVariables } from '../../core/backup/backup-job.js';
import type { BackupJob, BackupPod, ContainerEnd } from '../../core/backup/run-end.js';
import type { JobFacts } from '../../core/health/health-facts.js';
import type { Seen } from '../../core/seen.js';
import type { RestoreJobKind } from '../../core/restore/restore-names.js';
import { explainNoRoom } from '../../core/rotation/quota-room.js';
import type { KubernetesApi } from './api-client.js';
import { absentAsUndefined, provesAbsence } from './api-error.js';
import { createJob, deleteJob, seen } from './cluster-observer.js';
import { readJob, type Job } from './job-reports.js';
import { readPod, type Pod } from './pod-reports.js';
import { needsOf, OURS, readQuota } from './workloads.js';

/** What a Job is made from: its pods, and the ConfigMap with what differs from run to run, where anything does. */
interface Source {
  readonly template: string;
  /** As it is said of its pod: "a backup". */
  readonly of: string;
  readonly run?: { readonly name: string; readonly manager: string };
}

const BACKUP: Source = { template: BACKUP_TEMPLATE, of: 'a backup', run: { name: BACKUP_RUN, manager: BACKUP_MANAGER } };
const MOVE: Source = { template: MOVE_TEMPLATE, of: 'an import' };
const LEGACY_IMPORT: Source = { template: LEGACY_IMPORT_TEMPLATE, of: 'an import of old events' };
const RESTORE_VALUES = { name: RESTORE_RUN, manager: RESTORE_MANAGER };

/** By kind of a restore's Job. */
export const JOB_SOURCES: Readonly<Record<RestoreJobKind, Source>> = {
  check: { template: RESTORE_TEMPLATES.check, of: 'a restore', run: RESTORE_VALUES },
  restore: { template: RESTORE_TEMPLATES.restore, of: 'a restore', run: RESTORE_VALUES },
  save: BACKUP,
  migrate: { template: MIGRATE_TEMPLATE, of: 'the migrate Job' },
};

export class TemplateJobs {
  constructor(private readonly api: KubernetesApi, private readonly namespace: string) {}

  async observeJobs(name: string | undefined, signal: AbortSignal): Promise<Seen<ObservedJobs>> {
    return seen(this.#jobs(name, signal));
  }

  async #jobs(name: string | undefined, signal: AbortSignal): Promise<ObservedJobs> {
    // Jobs first: the pod of one that has ended is there, if it is not gone.
    const jobs = await this.api.list<Job>(`${this.#path('batch/v1', 'jobs')}?${OURS}`, signal);
    const pods = await this.api.list<Pod>(`${this.#path('v1', 'pods')}?${OURS}`, signal);
    const own = jobs.find(({ metadata }) => metadata.name === name);
    return { jobs: jobs.map(readJob), pods: pods.map(readPod), ...(own ? { own: readBackupJob(own, pods) } : {}) };
  }

  async readManifests({ template, of, run }: Source, signal: AbortSignal): Promise<JobManifests> {
    const [found, variables, quota] = await Promise.all([
      absentAsUndefined(this.api.get<{ readonly template: PodTemplate }>(`${this.#path('v1', 'podtemplates')}/${template}`, signal)),
      run && absentAsUndefined(this.api.get<object>(`${this.#path('v1', 'configmaps')}/${run.name}`, signal)),
      readQuota(this.api, this.namespace, signal),
    ]);
    if (!found) return { kind: 'missing', what: `PodTemplate ${template}` };
    if (run && !variables) return { kind: 'missing', what: `ConfigMap ${run.name}` };
    const noRoom = quota && explainNoRoom(needsOf(found.template.spec), quota, `the pod of ${of}`);
    return { kind: 'present', template: found.template, ...(noRoom === undefined ? {} : { noRoom }) };
  }

  /** Only over what the manifests made: the operator has no right to make it. */
  async writeVariables({ run }: Source, variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<boolean> {
    if (!run) return true;
    try {
      await this.api.merge(`${this.#path('v1', 'configmaps')}/${run.name}`, { data: variables }, run.manager, signal);
      return true;
    } catch (error) {
      if (provesAbsence(error, run.name)) return false;
      throw error;
    }
  }

  createJob(job: object, signal: AbortSignal): Promise<boolean> {
    return createJob(this.api, this.namespace, job, signal);
  }

  deleteJob(job: JobFacts, signal: AbortSignal): Promise<boolean> {
    return deleteJob(this.api, this.namespace, job, signal);
  }

  #path(group: string, plural: string): string {
    return `${group === 'v1' ? '/api/v1' : `/apis/${group}`}/namespaces/${this.namespace}/${plural}`;
  }
}

/** What a backup's Job is made from, and the Job. */
export function backupJobs(api: KubernetesApi, namespace: string): BackupPort {
  const jobs = new TemplateJobs(api, namespace);
  return {
    observeJobs: (name, signal) => jobs.observeJobs(name, signal),
    readManifests: (signal) => jobs.readManifests(BACKUP, signal),
    writeVariables: (variables: RunVariables, signal) => jobs.writeVariables(BACKUP, { ...variables }, signal),
    createJob: (job, signal) => jobs.createJob(job, signal),
    deleteJob: (job, signal) => jobs.deleteJob(job, signal),
  };
}

/** What a rehearsal's Job is made from, and the Job. */
export function rehearsalJobs(api: KubernetesApi, namespace: string): RehearsalPort {
  const jobs = new TemplateJobs(api, namespace);
  return {
    observeJobs: (name, signal) => jobs.observeJobs(name, signal),
    readManifests: (template, signal) => jobs.readManifests({ template, of: 'a rehearsal' }, signal),
    createJob: (job, signal) => jobs.createJob(job, signal),
    deleteJob: (job, signal) => jobs.deleteJob(job, signal),
  };
}

/** What the Job that imports events of the old release is made from. */
export function legacyImports(api: KubernetesApi, namespace: string): LegacyImportPort {
  const jobs = new TemplateJobs(api, namespace);
  return { readManifests: (signal) => jobs.readManifests(LEGACY_IMPORT, signal) };
}

/** Of a move. */
export function moveJobs(api: KubernetesApi, namespace: string): MoveJobsPort {
  const jobs = new TemplateJobs(api, namespace);
  return {
    observeJobs: (name, signal) => jobs.observeJobs(name, signal),
    readManifests: (signal) => jobs.readManifests(MOVE, signal),
    createJob: (job, signal) => jobs.createJob(job, signal),
    deleteJob: (job, signal) => jobs.deleteJob(job, signal),
  };
}

/** With what its containers said at their end, which no other look at pods keeps. */
function readBackupJob({ metadata: { name }, status: { conditions = [] } = {} }: Job, pods: readonly Pod[]): BackupJob {
  const ended = conditions.find(({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'));
  const pod = pods.find(({ metadata: { labels } }) => labels?.[JOB_NAME_LABEL] === name);
  return {
    ...(ended ? { condition: ended.type === 'Complete' ? 'Complete' : 'Failed' } : {}),
    ...(ended?.reason === undefined ? {} : { reason: ended.reason }),
    ...(pod ? { pod: readBackupPod(pod) } : {}),
  };
}

function readBackupPod({ status: { reason, message, initContainerStatuses = [], containerStatuses = [] } = {} }: Pod): BackupPod {
  const containers = [...initContainerStatuses, ...containerStatuses].map(({ name, state }): ContainerEnd => ({ name, ...(state?.terminated ? { terminated: state.terminated } : {}) }));
  return { ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }), containers };
}
