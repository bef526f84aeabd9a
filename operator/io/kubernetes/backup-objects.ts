// What a backup's Job is made from and the Job itself, by the calls that the operator's rights allow: Jobs are listed, never read by name.
import { BACKUP_MANAGER, BACKUP_RUN, BACKUP_TEMPLATE, JOB_NAME_LABEL } from '../../api/object-names.js';
import type { BackupManifests, BackupPort, ObservedJobs } from '../../controllers/ports.js';
import type { PodTemplate, RunVariables } from '../../core/backup/backup-job.js';
import type { BackupJob, BackupPod, ContainerEnd } from '../../core/backup/run-end.js';
import type { JobFacts, Seen } from '../../core/health/health-facts.js';
import { explainNoRoom } from '../../core/rotation/quota-room.js';
import { absentAsUndefined, provesAbsence, type KubernetesApi } from './api-client.js';
import { createJob, deleteJob, seen } from './cluster-observer.js';
import { readJob, type Job } from './job-reports.js';
import { readPod, type Pod } from './pod-reports.js';
import { needsOf, OURS, readQuota } from './workloads.js';

export class BackupObjects implements BackupPort {
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

  async readManifests(signal: AbortSignal): Promise<BackupManifests> {
    const [found, variables, quota] = await Promise.all([
      absentAsUndefined(this.api.get<{ readonly template: PodTemplate }>(`${this.#path('v1', 'podtemplates')}/${BACKUP_TEMPLATE}`, signal)),
      absentAsUndefined(this.api.get<object>(`${this.#path('v1', 'configmaps')}/${BACKUP_RUN}`, signal)),
      readQuota(this.api, this.namespace, signal),
    ]);
    if (!found) return { kind: 'missing', what: `PodTemplate ${BACKUP_TEMPLATE}` };
    if (!variables) return { kind: 'missing', what: `ConfigMap ${BACKUP_RUN}` };
    const noRoom = quota && explainNoRoom(needsOf(found.template.spec), quota, 'the pod of a backup');
    return { kind: 'present', template: found.template, ...(noRoom === undefined ? {} : { noRoom }) };
  }

  /** Only over what the manifests made: the operator has no right to make it. */
  async writeVariables(variables: RunVariables, signal: AbortSignal): Promise<boolean> {
    try {
      await this.api.merge(`${this.#path('v1', 'configmaps')}/${BACKUP_RUN}`, { data: variables }, BACKUP_MANAGER, signal);
      return true;
    } catch (error) {
      if (provesAbsence(error, BACKUP_RUN)) return false;
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
