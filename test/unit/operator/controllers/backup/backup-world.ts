// A cluster in memory for the backup controller: the resource, the lock, ConfigMap and Jobs, with a cut at a chosen write.
import { formatReport, type Report } from '../../../../../backup/core/report.js';
import type { GlitchTipResource, GlitchTipStatus } from '../../../../../operator/api/glitchtip-resource.js';
import { BACKUP_ANNOTATION } from '../../../../../operator/api/object-names.js';
import { BackupController } from '../../../../../operator/controllers/backup/backup-controller.js';
import type { JobManifests, BackupPort, ObservedJobs, Ports } from '../../../../../operator/controllers/ports.js';
import type { ObservedDatabaseFacts } from '../../../../../operator/core/backup/backup-obstacles.js';
import type { BackupJob } from '../../../../../operator/core/backup/run-end.js';
import type { JobFacts, PodFacts } from '../../../../../operator/core/health/health-facts.js';
import { CutWorld } from '../cut-world.js';

interface KnownJob extends BackupJob {
  readonly createdAt: Date;
  /** Of its own pod. */
  readonly pods: readonly PodFacts[];
}

const KIBIBYTE = 1_024;

export class BackupWorld extends CutWorld {
  now = new Date('2026-11-29T02:30:05Z');
  spec: object = { version: '5.2', worker: {}, backup: { store: 's3' } };
  status: GlitchTipStatus = { backup: { since: '2026-11-28T00:00:00Z', lastStartedAt: '2026-11-28T02:30:00Z' }, postgres: { systemIdentifier: '7123' } };
  request: string | undefined;
  readonly jobs = new Map<string, KnownJob>();
  /** Of Jobs, in the order in which they were made. */
  readonly made: string[] = [];
  readonly variables: Readonly<Record<string, string>>[] = [];
  readonly events: string[] = [];
  readonly ends: string[] = [];
  manifests: JobManifests = { kind: 'present', template: { spec: { containers: [] } } };
  database: ObservedDatabaseFacts = { kind: 'seen', systemIdentifier: '7123', migration: 'users.0042_last' };
  pending: string | undefined;
  areJobsSeen = true;

  /** A controller that knows nothing, as after a start. */
  controller(): BackupController {
    const quiet = () => undefined;
    return new BackupController({
      ...(this.#ports() as unknown as Ports), backups: this.#backups(), clock: { now: () => this.now.getTime(), monotonic: () => 0, after: () => quiet },
      log: quiet, onBackups: quiet, onEnd: (name) => this.ends.push(name),
    });
  }

  /** So many looks, each of a new controller, or until the process dies. @returns when the next one is due, in milliseconds */
  look(count = 1, signal = new AbortController().signal): Promise<number | undefined> {
    return this.untilCrashed(count, async () => (await this.controller().reconcile('g', signal)).requeueAfter);
  }

  after(minutes: number): void {
    this.now = new Date(this.now.getTime() + minutes * 60_000);
  }

  /** The newest Job ends, with what its last container says; null: its pod is gone. */
  finish(report: Report | null, condition: 'Complete' | 'Failed' = report?.result === 'verified' ? 'Complete' : 'Failed'): void {
    const name = this.made.at(-1) ?? '';
    const job = this.jobs.get(name);
    if (!job) throw new Error('there is no Job to finish');
    const terminated = { exitCode: condition === 'Complete' ? 0 : 1, reason: 'Completed', message: report ? formatReport(report) : '' };
    this.jobs.set(name, { ...job, condition, pods: [], ...(report ? { pod: { containers: [{ name: 'store', terminated }] } } : { pod: undefined }) });
  }

  verified(copy = this.status.backup?.current?.copy ?? ''): Report {
    return { result: 'verified', copy, bytes: KIBIBYTE, where: 's3', how: 'counts', seconds: 236, copies: [[copy, KIBIBYTE, 'good']], deleted: 0, retention: 'done' };
  }

  resource(): GlitchTipResource {
    const annotations: Readonly<Record<string, string>> = this.request === undefined ? {} : { [BACKUP_ANNOTATION]: this.request };
    return { metadata: { name: 'g', namespace: 'n', uid: 'u', generation: 1, resourceVersion: this.resourceVersion, annotations }, spec: this.spec, status: this.status };
  }

  #ports() {
    return {
      cluster: {
        readResource: () => Promise.resolve(this.resource()),
        observeSecret: () => Promise.resolve({ kind: 'absent' }),
        observeJournal: () => Promise.resolve({ kind: 'absent' }),
        observeLock: () => Promise.resolve(this.observeLock()),
        writeLock: (wanted: Parameters<Ports['cluster']['writeLock']>[0]) => this.writeLock(wanted),
        applyBackup: ({ metadata }: GlitchTipResource, report: Parameters<Ports['cluster']['applyBackup']>[1]) => this.write('status', () => this.change(metadata.resourceVersion, () => {
          this.status = { ...this.status, conditions: [...report?.conditions ?? []], backup: report?.backup };
        })),
        dropBackupRequest: ({ metadata }: GlitchTipResource) => this.write('request dropped', () => this.change(metadata.resourceVersion, () => { this.request = undefined; })),
        recordEvent: (_: unknown, { reason }: { reason: string }) => Promise.resolve(void this.events.push(reason)),
      },
      workloads: { observe: (name: string) => Promise.resolve({ name, ...(this.pending === undefined ? {} : { pending: this.pending }) }) },
      postgres: {
        observeFacts: () => {
          this.meanwhile();
          return Promise.resolve(this.database);
        },
      },
    };
  }

  #backups(): BackupPort {
    return {
      observeJobs: (name) => Promise.resolve(this.areJobsSeen ? { kind: 'seen', value: this.#observeJobs(name) } : { kind: 'unseen', why: '503' }),
      readManifests: () => Promise.resolve(this.manifests),
      writeVariables: (variables) => this.write('variables', () => this.variables.push({ ...variables }) > 0),
      createJob: (job) => this.write('job', () => this.#createJob((job as { metadata: { name: string } }).metadata.name)),
      deleteJob: ({ name }) => this.write('job deleted', () => this.jobs.delete(name)),
    };
  }

  #createJob(name: string): boolean {
    if (this.jobs.has(name)) return false;
    const pod: PodFacts = {
      name: `${name}-x`, part: 'backup', job: name, createdAt: this.now, ending: false, alive: true, ready: false, startSeconds: 0,
      containers: [{ name: 'dump', init: true, image: 'postgres', restarts: 0, state: { kind: 'running', startedAt: this.now } }],
    };
    this.jobs.set(name, { createdAt: this.now, pods: [pod] });
    this.made.push(name);
    return true;
  }

  #observeJobs(name: string | undefined): ObservedJobs {
    const jobs = [...this.jobs].map(([each, { createdAt, condition }]): JobFacts => ({
      name: each, part: 'backup', createdAt, outcome: condition === undefined ? 'running' : condition === 'Complete' ? 'succeeded' : 'failed', failedPods: 0, version: { uid: each, resourceVersion: '1' },
    }));
    const own = this.jobs.get(name ?? '');
    return { jobs, pods: [...this.jobs.values()].flatMap(({ pods }) => pods), ...(own ? { own } : {}) };
  }
}
