// Deployments, pods, Jobs and the quota of the namespace: observed, and rolled out by an annotation.
import type { PodAddresses } from '../../controllers/ports.js';
import type { JobFacts, PodFacts } from '../../core/health/health-facts.js';
import { JOB_NAME_LABEL, LABELS, OPERATOR_MANAGER, QUOTA, ROTATION_ANNOTATION } from '../../api/object-names.js';
import type { ObservedWorkload } from '../../core/credentials/observed.js';
import { explainNoRoom, podNeeds, type ContainerResources, type Needs, type Quota } from '../../core/rotation/quota-room.js';
import type { KubernetesApi, ObjectMeta } from './api-client.js';
import { absentAsUndefined } from './api-error.js';
import { readJob, type Job } from './job-reports.js';
import { readPod, type Pod } from './pod-reports.js';

interface Deployment {
  readonly metadata: ObjectMeta & { readonly generation: number };
  readonly spec: {
    readonly replicas?: number;
    readonly template: {
      readonly metadata?: ObjectMeta;
      readonly spec: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
    };
  };
  readonly status?: { readonly observedGeneration?: number; readonly replicas?: number; readonly updatedReplicas?: number; readonly availableReplicas?: number };
}

interface Container {
  readonly resources?: ContainerResources;
}

interface ResourceQuota {
  readonly status?: Partial<Quota>;
}

/** Of a list: what belongs to a GlitchTip of ours. */
export const OURS = `labelSelector=${encodeURIComponent(`app.kubernetes.io/part-of=${LABELS['app.kubernetes.io/part-of']}`)}`;

export class Workloads {
  constructor(private readonly api: KubernetesApi, private readonly namespace: string) {}

  async observe(name: string, signal: AbortSignal): Promise<ObservedWorkload> {
    const deployment = await absentAsUndefined(this.#read(name, signal));
    if (!deployment) return { name, pending: 'it does not exist', isAbsent: true };
    return {
      name, rotation: deployment.spec.template.metadata?.annotations?.[ROTATION_ANNOTATION], pending: explainPending(deployment),
      ...(deployment.spec.replicas === 0 ? { isScaledToNothing: true } : {}), ...(hasOldPods(deployment) ? { hasOldPods: true } : {}),
    };
  }

  /** Marks the pod template, which makes new pods; undefined takes the mark away. */
  async roll(name: string, rotation: string | undefined, signal: AbortSignal): Promise<void> {
    const annotations = rotation === undefined ? {} : { [ROTATION_ANNOTATION]: rotation };
    const body = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { template: { metadata: { annotations } } } };
    await this.api.apply(`${this.#path('deployments')}/${name}`, body, OPERATOR_MANAGER, signal);
  }

  /** Jobs of ours, ended ones too, and what shows whether they work. */
  async jobs(signal: AbortSignal): Promise<{ readonly jobs: readonly JobFacts[]; readonly pods: readonly PodFacts[] }> {
    const path = `/apis/batch/v1/namespaces/${this.namespace}/jobs?${OURS}`;
    const [jobs, pods] = await Promise.all([this.api.list<Job>(path, signal), this.#pods(signal)]);
    return { jobs: jobs.map(readJob), pods: pods.map(readPod) };
  }

  /** Addresses of pods of ours, also of those that are about to end; `jobs`: those of them that are of a Job. */
  async podAddresses(signal: AbortSignal): Promise<PodAddresses> {
    const pods = await this.#pods(signal);
    const addresses = (some: readonly Pod[]) => some.flatMap(({ status }) => status?.podIPs?.map(({ ip }) => ip) ?? []);
    return { pods: addresses(pods), jobs: addresses(pods.filter(({ metadata: { labels } }) => labels?.[JOB_NAME_LABEL] !== undefined)) };
  }

  #pods(signal: AbortSignal): Promise<readonly Pod[]> {
    return this.api.list<Pod>(`/api/v1/namespaces/${this.namespace}/pods?${OURS}`, signal);
  }

  /** Why one more pod of this Deployment has no room; undefined when it has, or nothing limits it. */
  async noRoomFor(name: string, signal: AbortSignal): Promise<string | undefined> {
    const [quota, deployment] = await Promise.all([readQuota(this.api, this.namespace, signal), absentAsUndefined(this.#read(name, signal))]);
    if (!quota || !deployment) return undefined;
    return explainNoRoom(needsOf(deployment.spec.template.spec), quota);
  }

  #read(name: string, signal: AbortSignal): Promise<Deployment> {
    return this.api.get<Deployment>(`${this.#path('deployments')}/${name}`, signal);
  }

  #path(plural: string): string {
    return `/apis/apps/v1/namespaces/${this.namespace}/${plural}`;
  }
}

/** Undefined where nothing limits the namespace. */
export async function readQuota(api: KubernetesApi, namespace: string, signal: AbortSignal): Promise<Quota | undefined> {
  const quota = await absentAsUndefined(api.get<ResourceQuota>(`/api/v1/namespaces/${namespace}/resourcequotas/${QUOTA}`, signal));
  return quota?.status && { hard: quota.status.hard ?? {}, used: quota.status.used ?? {} };
}

/** Of a pod of this spec. */
export function needsOf({ containers, initContainers = [] }: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] }): Needs {
  const resources = (list: readonly Container[]) => list.map((container) => container.resources ?? {});
  return podNeeds({ containers: resources(containers), initContainers: resources(initContainers) });
}

/** Counts from before the newest template was taken up say nothing of it. */
function hasOldPods({ metadata, status: { observedGeneration = 0, replicas = 0, updatedReplicas = 0 } = {} }: Deployment): boolean {
  return observedGeneration < metadata.generation || replicas > updatedReplicas;
}

/** As `kubectl rollout status` judges; a Deployment that was scaled to nothing is pending too: it would prove nothing. */
function explainPending({ metadata, spec: { replicas: wanted = 1 }, status = {} }: Deployment): string | undefined {
  const [observed, all, updated, available] = [status.observedGeneration, status.replicas, status.updatedReplicas, status.availableReplicas].map((count) => count ?? 0) as [number, number, number, number];
  const obstacles: readonly (readonly [boolean, string])[] = [
    [wanted === 0, 'it is scaled to 0'],
    [observed < metadata.generation, 'its newest template was not taken up yet'],
    [updated < wanted, `${updated} of ${wanted} pods are new`],
    [all > updated, `${all - updated} old pods are still there`],
    [available < updated, `${available} of ${updated} new pods are available`],
  ];
  return obstacles.find(([inTheWay]) => inTheWay)?.[1];
}
