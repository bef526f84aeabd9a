// A cluster in memory for the rehearsal controller: the resource, the lock, the Secret and Jobs, with a cut at a chosen write.
import type { RehearsalReport } from '../../../../../backup/core/rehearsal-report.js';
import type { GlitchTipResource, GlitchTipStatus } from '../../../../../operator/api/glitchtip-resource.js';
import { REHEARSAL_ANNOTATION } from '../../../../../operator/api/object-names.js';
import { RehearsalController } from '../../../../../operator/controllers/rehearsal/rehearsal-controller.js';
import type { JobManifests, ObservedJobs, Ports, RehearsalPort } from '../../../../../operator/controllers/ports.js';
import type { BackupJob } from '../../../../../operator/core/backup/run-end.js';
import type { JobFacts } from '../../../../../operator/core/health/health-facts.js';
import { CutWorld } from '../cut-world.js';

export const REHEARSED: RehearsalReport = { result: 'rehearsed', checked: true, migrations: 2, seconds: 3.5, peakMemory: 4, bytesBefore: 5, bytesAfter: 6, locks: [] };

export class RehearsalWorld extends CutWorld {
  now = new Date('2026-11-29T10:00:00Z');
  spec: object = { version: '5.2', worker: {}, backup: { store: 's3' } };
  status: GlitchTipStatus = { postgres: { systemIdentifier: '7123' } };
  request: string | undefined = '6.2';
  /** Whether somebody gave an identity. */
  hasSecret = true;
  readonly jobs = new Map<string, BackupJob & { readonly createdAt: Date }>();
  readonly made: string[] = [];
  readonly templates: string[] = [];
  readonly events: string[] = [];
  manifests: JobManifests = { kind: 'present', template: { spec: { containers: [] } } };
  pending: string | undefined;

  /** So many looks, each of a controller that knows nothing, or until the process dies. @returns when the next one is due, in milliseconds */
  look(count = 1, signal = new AbortController().signal): Promise<number | undefined> {
    return this.untilCrashed(count, async () => (await this.#controller().reconcile('g', signal)).requeueAfter);
  }

  after(minutes: number): void {
    this.now = new Date(this.now.getTime() + minutes * 60_000);
  }

  /** The newest Job ends, with what its server says. */
  finish(report: RehearsalReport = REHEARSED): void {
    const name = this.made.at(-1) ?? '';
    const isWell = report.result === 'rehearsed';
    const terminated = { exitCode: isWell ? 0 : 1, reason: 'Completed', message: JSON.stringify(report) };
    this.jobs.set(name, { createdAt: this.now, condition: isWell ? 'Complete' : 'Failed', pod: { containers: [{ name: 'server', terminated }] } });
  }

  #controller(): RehearsalController {
    const quiet = () => undefined;
    return new RehearsalController({ ...(this.#ports() as unknown as Ports), rehearsals: this.#rehearsals(), clock: { now: () => this.now.getTime(), monotonic: () => 0, after: () => quiet }, log: quiet });
  }

  #resource(): GlitchTipResource {
    const annotations: Readonly<Record<string, string>> = this.request === undefined ? {} : { [REHEARSAL_ANNOTATION]: this.request };
    return { metadata: { name: 'g', namespace: 'n', uid: 'u', generation: 1, resourceVersion: this.resourceVersion, annotations }, spec: this.spec, status: this.status };
  }

  #ports() {
    return {
      cluster: {
        readResource: () => Promise.resolve(this.#resource()),
        observeSecret: (name: string) => Promise.resolve(name === 'glitchtip-restore' && this.hasSecret ? { kind: 'present', data: new Map(), undecodable: [], resourceVersion: '1' } : { kind: 'absent' }),
        deleteSecret: () => this.write('secret deleted', () => { this.hasSecret = false; }),
        observeJournal: () => Promise.resolve({ kind: 'absent' }),
        observeLock: () => Promise.resolve(this.observeLock()),
        writeLock: (wanted: Parameters<Ports['cluster']['writeLock']>[0]) => this.writeLock(wanted),
        applyRehearsal: ({ metadata }: GlitchTipResource, rehearsal: GlitchTipStatus['rehearsal']) => this.write('status', () => this.change(metadata.resourceVersion, () => { this.status = { ...this.status, rehearsal }; })),
        dropRehearsalRequest: ({ metadata }: GlitchTipResource) => this.write('request dropped', () => this.change(metadata.resourceVersion, () => { this.request = undefined; })),
        recordEvent: (_: unknown, { reason }: { reason: string }) => Promise.resolve(void this.events.push(reason)),
      },
      workloads: { observe: (name: string) => Promise.resolve({ name, ...(this.pending === undefined ? {} : { pending: this.pending }) }) },
      postgres: {
        observeFacts: () => {
          this.meanwhile();
          return Promise.resolve({ kind: 'seen', systemIdentifier: '7123', migration: 'users.0042_last' });
        },
      },
    };
  }

  #rehearsals(): RehearsalPort {
    return {
      observeJobs: (name) => Promise.resolve({ kind: 'seen', value: this.#observeJobs(name) }),
      readManifests: (template) => {
        this.templates.push(template);
        return Promise.resolve(this.manifests);
      },
      createJob: (job) => this.write('job', () => this.#createJob((job as { metadata: { name: string } }).metadata.name)),
      deleteJob: ({ name }) => this.write('job deleted', () => this.jobs.delete(name)),
    };
  }

  #createJob(name: string): boolean {
    if (this.jobs.has(name)) return false;
    this.jobs.set(name, { createdAt: this.now });
    this.made.push(name);
    return true;
  }

  #observeJobs(name: string | undefined): ObservedJobs {
    const jobs = [...this.jobs].map(([each, { createdAt, condition }]): JobFacts => ({
      name: each, part: 'rehearsal', createdAt, outcome: condition === undefined ? 'running' : condition === 'Complete' ? 'succeeded' : 'failed', failedPods: 0, version: { uid: each, resourceVersion: '1' },
    }));
    const own = this.jobs.get(name ?? '');
    return { jobs, pods: [], ...(own ? { own } : {}) };
  }
}
