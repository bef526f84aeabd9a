// Pods and Jobs as the kubelet and the controllers of Kubernetes would report them, written into a real API server where there are none.
import type { KubernetesApi } from '../../operator/io/kubernetes/api-client.js';
import { NAMESPACE, type Stage } from './operator-stage.js';

const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
const JOBS = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`;
const MANAGER = 'kubelet';
const TWO_HOURS = 7_200;

const WORKLOADS = { web: 'deployments/web', worker: 'deployments/worker', gateway: 'deployments/gateway', postgres: 'statefulsets/postgres', valkey: 'statefulsets/valkey' } as const;
export type Workload = keyof typeof WORKLOADS;

interface Container {
  readonly name: string;
  readonly image: string;
  readonly readinessProbe?: object;
}

interface Template {
  readonly metadata: object;
  readonly spec: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
}

interface Job {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly template: Template };
}

/** What the kubelet says of a container. */
export interface Report {
  readonly state: object;
  readonly restarts?: number;
  readonly lastState?: object;
}

/** So many seconds ago, as Kubernetes writes it. */
export function ago(seconds: number): string {
  return new Date(Date.now() - seconds * 1_000).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

export const running = (seconds: number): Report => ({ state: { running: { startedAt: ago(seconds) } } });
export const waiting = (reason: string): Report => ({ state: { waiting: { reason } } });

export class ReportedPods {
  private readonly api: KubernetesApi;

  constructor(private readonly stage: Stage) {
    this.api = stage.server.admin;
  }

  /** Each part with one pod that has been Ready for two hours, and migrations that are done. */
  async startAll(addressOf: (part: Workload) => string): Promise<void> {
    for (const part of Object.keys(WORKLOADS) as Workload[]) await this.makeReady(part, addressOf(part));
    for (const name of await this.jobs()) await this.finishJob(name);
  }

  async makeReady(part: Workload, address: string): Promise<void> {
    await this.make(part, `${part}-1`);
    await this.report(part, `${part}-1`, { ready: true, address, main: running(TWO_HOURS) });
  }

  /** A pod of this part's own template, which nobody has looked at yet. @param probe changes of its readiness probe */
  async make(part: Workload, name: string, probe?: object): Promise<void> {
    const { metadata, spec } = await this.#template(part);
    const containers = spec.containers.map((container) => (probe ? { ...container, readinessProbe: { ...container.readinessProbe, ...probe } } : container));
    await this.api.create(PODS, { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name }, spec: { ...spec, containers } });
  }

  /** Says of the pod's main container, and of its init container where it stands in that, how it is. */
  async report(part: Workload, name: string, { ready = false, address, main, init }: { ready?: boolean; address?: string; main: Report; init?: Report }): Promise<void> {
    const { spec: { containers, initContainers = [] } } = await this.#template(part);
    const done: Report = { state: { terminated: { exitCode: 0, reason: 'Completed', startedAt: ago(TWO_HOURS), finishedAt: ago(TWO_HOURS) } } };
    const status = {
      phase: init ? 'Pending' : 'Running',
      ...(address === undefined ? {} : { podIP: address, podIPs: [{ ip: address }] }),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(TWO_HOURS) }],
      containerStatuses: containers.map((container) => statusOf(container, main, ready)),
      initContainerStatuses: initContainers.map((container) => statusOf(container, init ?? done, init === undefined)),
    };
    await this.api.merge(`${PODS}/${name}/status`, { status }, MANAGER);
  }

  async remove(name: string): Promise<void> {
    await this.stage.kubectl(['delete', 'pod', name, '--grace-period=0', '--force']);
  }

  /** Names of all. */
  async jobs(): Promise<readonly string[]> {
    return (await this.api.get<{ items: { metadata: { name: string } }[] }>(JOBS)).items.map(({ metadata }) => metadata.name);
  }

  /** New Jobs with the pods of another one. */
  async copyJob(of: string, names: readonly string[]): Promise<void> {
    const { metadata: { labels }, spec: { template } } = await this.api.get<Job>(`${JOBS}/${of}`);
    const { 'app.kubernetes.io/component': component, 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': whole } = labels;
    const own = { 'app.kubernetes.io/component': component, 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': whole };
    for (const each of names) await this.api.create(JOBS, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: each, labels: own }, spec: { template: { metadata: { labels: own }, spec: template.spec } } });
  }

  /** The pod of a Job, which stands in its first container. */
  async makeOfJob(job: string, init: Report): Promise<void> {
    const { spec: { template: { spec } } } = await this.api.get<Job>(`${JOBS}/${job}`);
    const labels = { 'app.kubernetes.io/component': 'migrate', 'app.kubernetes.io/part-of': 'glitchtip', 'batch.kubernetes.io/job-name': job };
    await this.api.create(PODS, { apiVersion: 'v1', kind: 'Pod', metadata: { name: `${job}-1`, labels }, spec });
    const initContainerStatuses = spec.initContainers?.map((container) => statusOf(container, init, false));
    await this.api.merge(`${PODS}/${job}-1/status`, { status: { phase: 'Pending', initContainerStatuses } }, MANAGER);
  }

  async finishJob(name: string): Promise<void> {
    const at = ago(0);
    const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({ type, status: 'True', lastProbeTime: at, lastTransitionTime: at }));
    await this.api.merge(`${JOBS}/${name}/status`, { status: { startTime: at, completionTime: at, succeeded: 1, conditions } }, MANAGER);
  }

  #template(part: Workload): Promise<Template> {
    return this.api.get<{ spec: { template: Template } }>(`/apis/apps/v1/namespaces/${NAMESPACE}/${WORKLOADS[part]}`).then(({ spec }) => spec.template);
  }
}

function statusOf({ name, image }: Container, { state, restarts = 0, lastState }: Report, ready: boolean): object {
  return { name, image, imageID: '', ready, restartCount: restarts, state, ...(lastState ? { lastState } : {}) };
}
