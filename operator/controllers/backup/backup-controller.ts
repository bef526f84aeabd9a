// Makes the backups of one GlitchTip: observe, plan, write. Every decision is in core/.
//
// What is written, and in which order, so that an operator that is ended after any of it neither skips nor doubles a run: the status with
// the run that begins; the lock; the run's variables; its Job. Each is looked for before it is made.
import type { BackupSpec, BackupStatus } from '../../api/backup-fields.js';
import type { GlitchTipResource, GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { BACKUP_ANNOTATION } from '../../api/object-names.js';
import { backupJobName } from '../../core/backup/backup-job.js';
import { isTakenUp, planBackup, wantedSince, type BackupInput, type BackupPlan } from '../../core/backup/backup-plan.js';
import { buildReport, isSameReport, notesOf, writtenReport, type BackupReport } from '../../core/backup/backup-report.js';
import { findObstacle } from '../../core/backup/backup-obstacles.js';
import { parseTrusted } from '../../core/trusted-hosts.js';
import type { Clock } from '../../runtime/clock.js';
import type { Outcome } from '../../runtime/work-queue.js';
import { recordEvent } from '../kubernetes-events.js';
import type { BackupPort, Ports } from '../ports.js';
import type { SeenAround } from '../surroundings.js';
import { BackupObserver, type SeenRun } from './backup-observer.js';
import { BackupRun } from './backup-run.js';

export interface BackupDependencies extends Pick<Ports, 'cluster' | 'workloads' | 'postgres'> {
  readonly backups: BackupPort;
  readonly clock: Clock;
  /** One line of log; never a value. */
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Hosts that a resource may name beside the Services of the manifests. @default none */
  readonly trustedHosts?: readonly string[];
  /** Called with what is known of backups, written or not; undefined when none are made. */
  readonly onBackups: (name: string, known: { readonly spec: BackupSpec; readonly status: BackupStatus } | undefined) => void;
  /** Called when a run has ended: whoever tells of it need not wait for the next look. */
  readonly onEnd: (name: string) => void;
}

/** One look at one resource. */
interface About {
  readonly resource: GlitchTipResource;
  readonly spec: GlitchTipSpec;
  readonly backup: BackupSpec;
}

type Surroundings = SeenAround & Pick<BackupInput, 'obstacle'>;

/** Somebody else wrote at the same moment. Milliseconds. */
const AGAIN = 1_000;
/** An invalid spec, whose change the watch reports. Milliseconds. */
const IDLE_EVERY = 300_000;

export class BackupController {
  readonly #observer: BackupObserver;
  readonly #run: BackupRun;

  constructor(private readonly deps: BackupDependencies) {
    this.#observer = new BackupObserver(deps);
    this.#run = new BackupRun(deps);
  }

  async reconcile(name: string, signal: AbortSignal): Promise<Outcome> {
    const resource = await this.deps.cluster.readResource(name, signal);
    if (!resource) {
      this.deps.onBackups(name, undefined);
      return {};
    }
    const parsed = parseTrusted(resource.spec, this.deps.trustedHosts);
    if (parsed.kind === 'invalid') return { requeueAfter: IDLE_EVERY };
    const { spec } = parsed;
    return spec.backup ? this.#advance({ resource, spec, backup: spec.backup }, signal) : this.#stop(resource, signal);
  }

  async #advance(about: About, signal: AbortSignal): Promise<Outcome> {
    const { resource, spec, backup } = about;
    const { name, generation, annotations } = resource.metadata;
    const status = resource.status?.backup ?? {};
    const request = annotations?.[BACKUP_ANNOTATION];
    if (request !== undefined && isTakenUp(request, status)) return this.#dropRequest(resource, signal);

    const now = new Date(this.deps.clock.now());
    const seen = await this.#observer.observeRun(status.current, now, signal);
    const asked = { spec: backup, suspend: spec.suspend, status, run: seen.run, request, now };
    const around = await this.#observeAround(about, { seen, asked }, signal);
    // What was cut off in the middle of it observed nothing.
    signal.throwIfAborted();
    const plan = planBackup({ ...asked, obstacle: around?.obstacle, impediment: around?.impediment });

    this.deps.onBackups(name, { spec: backup, status: plan.status });
    const report = buildReport(backup, plan.status, resource.status, { now, generation });
    const isDone = (await this.#report(resource, report, signal)) && (await this.#execute(plan, { spec, seen, around, now }, signal));
    return { requeueAfter: isDone ? plan.requeueAfter : AGAIN };
  }

  /** Undefined while no run is wanted: then nothing is asked for it. */
  async #observeAround({ resource, spec }: About, { seen, asked }: { readonly seen: SeenRun; readonly asked: Omit<BackupInput, 'obstacle'> }, signal: AbortSignal): Promise<Surroundings | undefined> {
    const since = wantedSince(asked);
    if (since === undefined) return undefined;
    const { status: { current }, now } = asked;
    const around = await this.#observer.observeAround(spec, { seen, status: resource.status, now }, signal);
    return { ...around, obstacle: around.unseen ?? findObstacle(around.around, { operation: 'backup', job: current && backupJobName(current.copy), since, now }) };
  }

  /** False when another operation was first, and everything has to be looked at again. */
  async #execute({ step, status }: BackupPlan, { spec, seen, around, now }: { readonly spec: GlitchTipSpec; readonly seen: SeenRun; readonly around: Surroundings | undefined; readonly now: Date }, signal: AbortSignal): Promise<boolean> {
    if (step.kind === 'create job') return this.#run.make(step.run, { spec, status, seen: around, now }, signal);
    if (step.kind === 'delete job') await this.#run.remove(step.run, seen, signal);
    if (!status.current) await this.#run.releaseLock(status, signal);
    return true;
  }

  /** Backups were taken out of the settings: nothing is said of them any more. What runs comes to its end by itself. */
  async #stop(resource: GlitchTipResource, signal: AbortSignal): Promise<Outcome> {
    const { name, annotations = {} } = resource.metadata;
    this.deps.onBackups(name, undefined);
    if (annotations[BACKUP_ANNOTATION] !== undefined) {
      await recordEvent(this.deps, resource, { type: 'Warning', reason: 'BackupRejected', action: 'Backup', note: 'A backup was asked for, and spec.backup is not there: backup.store in settings.yaml is none.' }, { at: new Date(this.deps.clock.now()), signal });
      return this.#dropRequest(resource, signal);
    }
    if (writtenReport(resource.status) === undefined) return {};
    return (await this.deps.cluster.applyBackup(resource, undefined, signal)) ? {} : { requeueAfter: AGAIN };
  }

  async #dropRequest(resource: GlitchTipResource, signal: AbortSignal): Promise<Outcome> {
    return { requeueAfter: (await this.deps.cluster.dropBackupRequest(resource, signal)) ? 0 : AGAIN };
  }

  /** False when the resource changed since it was read: then everything is looked at again. */
  async #report(resource: GlitchTipResource, report: BackupReport, signal: AbortSignal): Promise<boolean> {
    const { name } = resource.metadata;
    if (isSameReport(writtenReport(resource.status), report)) return true;
    if (!(await this.deps.cluster.applyBackup(resource, report, signal))) return false;
    const before = resource.status?.backup ?? {};
    for (const { note, type, reason } of notesOf(before, report.backup)) {
      this.deps.log('backup', { resource: name, reason, note });
      await recordEvent(this.deps, resource, { type, reason, action: 'Backup', note }, { at: new Date(this.deps.clock.now()), signal });
    }
    if (before.current && !report.backup.current) this.deps.onEnd(name);
    return true;
  }
}
