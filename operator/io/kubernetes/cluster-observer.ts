// The facts of a check that the API server has: three lists, and a get of each workload; each of the four kinds may fail by itself.
import { DATA_SERVERS, HEALTH_MANAGER, MIGRATE_TEMPLATE, REPAIR_JOB_DEADLINE, RESTARTED_AT_ANNOTATION } from '../../api/object-names.js';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { ClusterFacts, JobFacts, PodFacts, WorkloadFacts } from '../../core/health/health-facts.js';
import type { Seen } from '../../core/seen.js';
import { messageOf } from '../../core/error-message.js';
import { parseBytes } from '../../core/quantity.js';
import type { KubernetesApi, ObjectMeta } from './api-client.js';
import { absentAsUndefined, ApiError, isStatus } from './api-error.js';
import { readJob, type Job } from './job-reports.js';
import { OURS } from './workloads.js';
import { readPod, type ObservedCondition, type Pod } from './pod-reports.js';

interface Workload {
  readonly metadata: ObjectMeta;
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly conditions?: readonly ObservedCondition[] };
}

interface PodTemplate {
  readonly template: {
    readonly metadata?: { readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
    readonly spec: object;
  };
}

interface PodMetrics {
  readonly metadata: ObjectMeta;
  readonly containers: readonly { readonly usage?: { readonly memory?: string } }[];
}

/** Its log is there for a day. Seconds. */
const JOB_KEPT = 86_400;

export class ClusterObserver {
  constructor(private readonly api: KubernetesApi, private readonly namespace: string) {}

  async observe(spec: GlitchTipSpec, signal: AbortSignal): Promise<ClusterFacts> {
    const [pods, workloads, jobs, memory] = await Promise.all([
      seen(this.#pods(signal)), seen(this.#workloads(spec, signal)), seen(this.#jobs(signal)), seen(this.#memory(signal)),
    ]);
    return { namespace: this.namespace, pods, workloads, jobs, memory };
  }

  /**
   * Runs the pods of the manifests' migrate Job once more, as a Job of its own: a Job cannot be started again. False when the
   * manifests have no template of them, or a Job of this name exists.
   */
  async rerunMigrations(name: string, signal: AbortSignal): Promise<boolean> {
    const found = await absentAsUndefined(this.api.get<PodTemplate>(`/api/v1/namespaces/${this.namespace}/podtemplates/${MIGRATE_TEMPLATE}`, signal));
    if (!found) return false;
    const { metadata: { labels = {}, annotations } = {}, spec } = found.template;
    return createJob(this.api, this.namespace, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, labels },
      spec: {
        backoffLimit: 2, completions: 1, parallelism: 1, activeDeadlineSeconds: REPAIR_JOB_DEADLINE, ttlSecondsAfterFinished: JOB_KEPT,
        template: { metadata: { labels, ...(annotations ? { annotations } : {}) }, spec },
      },
    }, signal);
  }

  deleteJob(job: JobFacts, signal: AbortSignal): Promise<boolean> {
    return deleteJob(this.api, this.namespace, job, signal);
  }

  /** Of one that has not ended the API server refuses it (charts/parts/admission-policies.ts). */
  async deletePod({ name }: Pick<PodFacts, 'name'>, signal: AbortSignal): Promise<boolean> {
    const deleted = this.api.delete(`/api/v1/namespaces/${this.namespace}/pods/${name}`, {}, signal).then(() => true);
    return (await absentAsUndefined(deleted)) ?? false;
  }

  /**
   * New pods for a Deployment, as `kubectl rollout restart` makes them. Under the health controller's own field manager: the
   * rotation's mark on the same template has another owner, and neither takes the other's away.
   */
  async restart(name: string, at: Date, signal: AbortSignal): Promise<void> {
    const annotations = { [RESTARTED_AT_ANNOTATION]: at.toISOString() };
    const body = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { template: { metadata: { annotations } } } };
    await this.api.apply(`/apis/apps/v1/namespaces/${this.namespace}/deployments/${name}`, body, HEALTH_MANAGER, signal);
  }

  async #pods(signal: AbortSignal): Promise<readonly PodFacts[]> {
    return (await this.#list<Pod>('v1', 'pods', signal)).map(readPod);
  }

  async #workloads({ web, worker, gateway, tunnel, valkey }: GlitchTipSpec, signal: AbortSignal): Promise<readonly WorkloadFacts[]> {
    const looks = [
      this.#workload('deployments', web.deployment, 'web', signal),
      ...(worker ? [this.#workload('deployments', worker.deployment, 'worker', signal)] : []),
      ...(gateway ? [this.#workload('deployments', gateway.deployment, 'gateway', signal)] : []),
      ...(tunnel ? [this.#workload('deployments', tunnel.deployment, 'tunnel', signal)] : []),
      this.#workload('statefulsets', DATA_SERVERS.postgres, 'postgres', signal),
      ...(valkey ? [this.#workload('statefulsets', DATA_SERVERS.valkey, 'valkey', signal)] : []),
    ];
    return (await Promise.all(looks)).filter((workload) => workload !== undefined);
  }

  async #workload(plural: string, name: string, part: string, signal: AbortSignal): Promise<WorkloadFacts | undefined> {
    const found = await absentAsUndefined(this.api.get<Workload>(`/apis/apps/v1/namespaces/${this.namespace}/${plural}/${name}`, signal));
    if (!found) return undefined;
    const condition = (type: string) => found.status?.conditions?.find((each) => each.type === type);
    const progressing = condition('Progressing');
    return {
      name, part, wanted: found.spec.replicas ?? 1,
      ...(progressing?.reason === 'ProgressDeadlineExceeded' ? { stuck: progressing.message ?? progressing.reason } : {}),
      refused: readRefusal(condition('ReplicaFailure')),
    };
  }

  async #jobs(signal: AbortSignal): Promise<readonly JobFacts[]> {
    return (await this.#list<Job>('batch/v1', 'jobs', signal)).map(readJob);
  }

  /** Without metrics-server the API has no such group. */
  async #memory(signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const items = await this.#list<PodMetrics>('metrics.k8s.io/v1beta1', 'pods', signal);
    return new Map(items.map(({ metadata, containers }) => [metadata.name, containers.reduce((sum, { usage }) => sum + (parseBytes(usage?.memory ?? '') ?? 0), 0)] as const));
  }

  #list<T>(group: string, plural: string, signal: AbortSignal): Promise<readonly T[]> {
    const root = group === 'v1' ? '/api/v1' : `/apis/${group}`;
    return this.api.list<T>(`${root}/namespaces/${this.namespace}/${plural}?${OURS}`, signal);
  }
}

function readRefusal(failure: ObservedCondition | undefined): WorkloadFacts['refused'] {
  if (failure?.status !== 'True') return undefined;
  return { since: new Date(failure.lastTransitionTime ?? 0), message: failure.message ?? failure.reason ?? 'it is refused' };
}

/** False when a Job of this name exists. */
export async function createJob(api: KubernetesApi, namespace: string, job: object, signal: AbortSignal): Promise<boolean> {
  try {
    await api.create(`/apis/batch/v1/namespaces/${namespace}/jobs`, job, signal);
    return true;
  } catch (error) {
    if (isStatus(error, 409)) return false;
    throw error;
  }
}

/** Deletes a Job with its pods; false when it has changed since it was seen, or is gone. */
export async function deleteJob(api: KubernetesApi, namespace: string, { name, version }: JobFacts, signal: AbortSignal): Promise<boolean> {
  try {
    // Its pods too: the API server's default for Jobs leaves them behind.
    await api.delete(`/apis/batch/v1/namespaces/${namespace}/jobs/${name}`, { propagationPolicy: 'Background', preconditions: version }, signal);
    return true;
  } catch (error) {
    if (isStatus(error, 404) || isStatus(error, 409)) return false;
    throw error;
  }
}

/** What could not be seen is a result: the rest of the check goes on. */
export async function seen<T>(look: Promise<T>): Promise<Seen<T>> {
  try {
    return { kind: 'seen', value: await look };
  } catch (error) {
    return { kind: 'unseen', why: error instanceof ApiError ? `${error.status} ${error.reason}` : messageOf(error) };
  }
}
