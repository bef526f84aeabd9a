// What a restore needs of the cluster beside what others do there: its Jobs, and web and worker scaled.
import { HOLD, RESTORE_MANAGER } from '../../api/object-names.js';
import type { JobManifests, ObservedJobs } from '../../controllers/ports.js';
import type { RestorePort } from '../../controllers/restore/restore-ports.js';
import type { Hold } from '../../core/operations/away-steps.js';
import type { JobFacts } from '../../core/health/health-facts.js';
import type { Seen } from '../../core/seen.js';
import type { RestoreJobKind } from '../../core/restore/restore-names.js';
import type { KubernetesApi } from './api-client.js';
import { absentAsUndefined } from './api-error.js';
import { ClusterObserver } from './cluster-observer.js';
import { JOB_SOURCES, TemplateJobs } from './template-jobs.js';

export class RestoreObjects implements RestorePort {
  readonly #jobs: TemplateJobs;

  constructor(private readonly api: KubernetesApi, private readonly namespace: string) {
    this.#jobs = new TemplateJobs(api, namespace);
  }

  observeJobs(name: string | undefined, signal: AbortSignal): Promise<Seen<ObservedJobs>> {
    return this.#jobs.observeJobs(name, signal);
  }

  readManifests(kind: RestoreJobKind, signal: AbortSignal): Promise<JobManifests> {
    return this.#jobs.readManifests(JOB_SOURCES[kind], signal);
  }

  writeVariables(kind: RestoreJobKind, variables: Readonly<Record<string, string>>, signal: AbortSignal): Promise<boolean> {
    return this.#jobs.writeVariables(JOB_SOURCES[kind], variables, signal);
  }

  createJob(job: object, signal: AbortSignal): Promise<boolean> {
    return this.#jobs.createJob(job, signal);
  }

  rerunMigrations(name: string, signal: AbortSignal): Promise<boolean> {
    return new ClusterObserver(this.api, this.namespace).rerunMigrations(name, signal);
  }

  deleteJob(job: JobFacts, signal: AbortSignal): Promise<boolean> {
    return this.#jobs.deleteJob(job, signal);
  }

  /** The figure is the manifests': 1 is what they say, so that a server-side apply afterwards finds nothing to argue about. */
  async scale(deployment: string, replicas: 0 | 1, signal: AbortSignal): Promise<void> {
    await this.api.merge(`/apis/apps/v1/namespaces/${this.namespace}/deployments/${deployment}`, { spec: { replicas } }, RESTORE_MANAGER, signal);
  }

  async readHold(signal: AbortSignal): Promise<Hold> {
    const found = await absentAsUndefined(this.api.get<{ readonly data?: Readonly<Record<string, string>> }>(this.#holdPath, signal));
    if (!found) return { kind: 'missing' };
    const by = found.data?.[HOLD.key];
    return by === undefined ? { kind: 'free' } : { kind: 'held', by };
  }

  async writeHold(by: string | undefined, signal: AbortSignal): Promise<void> {
    await absentAsUndefined(this.api.merge(this.#holdPath, { data: { [HOLD.key]: by ?? null } }, RESTORE_MANAGER, signal));
  }

  get #holdPath(): string {
    return `/api/v1/namespaces/${this.namespace}/configmaps/${HOLD.configMap}`;
  }
}
