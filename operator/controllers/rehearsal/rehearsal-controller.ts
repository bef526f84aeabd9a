// Rehearses the migrations of a release for one GlitchTip: observe, plan, write. Every decision is in core/rehearsal/.
//
// What is written, and in which order, so that an operator that is ended after any of it neither forgets nor doubles a run: the status with
// the run that begins; the request away; the lock; the Job. Each is looked for before it is made.
import type { GlitchTipResource, GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { specRelease } from '../../api/glitchtip-resource.js';
import { REHEARSAL_ANNOTATION, RESTORE_ANNOTATION, RESTORE_SECRET, rehearsalTemplate } from '../../api/object-names.js';
import type { RehearsalProgress, RehearsalStatus } from '../../api/rehearsal-fields.js';
import { findObstacle } from '../../core/backup/backup-obstacles.js';
import { canonical } from '../../core/canonical-json.js';
import { whyCannotStart } from '../../core/operations/job-state.js';
import { judgeRehearsal, type ObservedRehearsal } from '../../core/rehearsal/rehearsal-end.js';
import { buildRehearsalJob, rehearsalJobName } from '../../core/rehearsal/rehearsal-job.js';
import { planRehearsal, wantedRun, type RehearsalInput, type RehearsalPlan } from '../../core/rehearsal/rehearsal-plan.js';
import { notesOf } from '../../core/rehearsal/rehearsal-report.js';
import type { Seen } from '../../core/seen.js';
import { cut } from '../../core/text-limits.js';
import { toSeconds } from '../../core/timestamps.js';
import { parseTrusted } from '../../core/trusted-hosts.js';
import type { Clock } from '../../runtime/clock.js';
import type { Outcome } from '../../runtime/work-queue.js';
import { releaseLock, takeLock } from '../job-lock.js';
import { recordEvent } from '../kubernetes-events.js';
import type { ObservedJobs, Ports, RehearsalPort } from '../ports.js';
import { observeAround, type SeenAround } from '../surroundings.js';

export interface RehearsalDependencies extends Pick<Ports, 'cluster' | 'workloads' | 'postgres'> {
  readonly rehearsals: RehearsalPort;
  readonly clock: Clock;
  /** One line of log; never a value. */
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Hosts that a resource may name beside the Services of the manifests. @default none */
  readonly trustedHosts?: readonly string[];
}

/** One look at one resource. */
interface Look {
  readonly resource: GlitchTipResource;
  readonly spec: GlitchTipSpec;
  readonly status: RehearsalStatus;
  readonly now: Date;
}

interface SeenRun {
  readonly run: ObservedRehearsal;
  readonly jobs: Seen<ObservedJobs>;
}

type Asked = Omit<RehearsalInput, 'obstacle' | 'impediment'>;
type Surroundings = SeenAround & Pick<RehearsalInput, 'obstacle'>;

/** Somebody else wrote at the same moment. Milliseconds. */
const AGAIN = 1_000;
/** An invalid spec, whose change the watch reports. Milliseconds. */
const IDLE_EVERY = 300_000;
const NO_BACKUPS = 'A rehearsal was asked for, and spec.backup is not there: backup.store in settings.yaml is none.';

export class RehearsalController {
  constructor(private readonly deps: RehearsalDependencies) {}

  async reconcile(name: string, signal: AbortSignal): Promise<Outcome> {
    const resource = await this.deps.cluster.readResource(name, signal);
    const parsed = resource && parseTrusted(resource.spec, this.deps.trustedHosts);
    if (!parsed) return {};
    if (parsed.kind === 'invalid') return { requeueAfter: IDLE_EVERY };
    const look = { resource, spec: parsed.spec, status: resource.status?.rehearsal ?? {}, now: new Date(this.deps.clock.now()) };
    // Its pods are those of a backup, more or less; one that is under way comes to its end by itself.
    return parsed.spec.backup ? this.#advance(look, signal) : this.#refuse(look, signal);
  }

  async #advance(look: Look, signal: AbortSignal): Promise<Outcome> {
    const { resource, spec, status, now } = look;
    const seen = await this.#observeRun(status.current, now, signal);
    const asked: Asked = {
      running: specRelease(spec), suspend: spec.suspend, onSchedule: spec.backup?.enabled ?? false, status, backup: resource.status?.backup ?? {},
      run: seen.run, request: resource.metadata.annotations?.[REHEARSAL_ANNOTATION], now,
    };
    const around = await this.#observeAround(look, { seen, asked }, signal);
    // What was cut off in the middle of it observed nothing.
    signal.throwIfAborted();
    const plan = planRehearsal({ ...asked, obstacle: around?.obstacle, impediment: around?.impediment });
    const isDone = (await this.#report(look, plan.status, signal)) && (await this.#execute(look, plan, { seen, around }, signal));
    return { requeueAfter: isDone ? plan.requeueAfter : AGAIN };
  }

  async #observeRun(current: RehearsalProgress | undefined, now: Date, signal: AbortSignal): Promise<SeenRun> {
    const name = current && rehearsalJobName(current);
    const jobs = await this.deps.rehearsals.observeJobs(name, signal);
    if (jobs.kind === 'unseen') return { jobs, run: { kind: 'unreadable', why: jobs.why } };
    return { jobs, run: judgeRehearsal(jobs.value.own, current?.trigger === 'schedule', whyCannotStart(jobs.value, name, now)) };
  }

  /** Undefined while no run is wanted: then nothing is asked for it. */
  async #observeAround({ resource, spec, status: { current }, now }: Look, { seen: { jobs }, asked }: { readonly seen: SeenRun; readonly asked: Asked }, signal: AbortSignal): Promise<Surroundings | undefined> {
    const wanted = wantedRun(asked);
    if (wanted === undefined) return undefined;
    const manifests = await this.deps.rehearsals.readManifests(rehearsalTemplate(wanted.version), signal);
    const around = await observeAround(this.deps, spec, { jobs, manifests, status: resource.status, now }, signal);
    const { since } = wanted;
    return { ...around, obstacle: around.unseen ?? findObstacle(around.around, { operation: 'rehearsal', job: current && rehearsalJobName(current), since, now }) };
  }

  /** False when another operation was first, and everything has to be looked at again. */
  async #execute(look: Look, { step, status }: RehearsalPlan, { seen: { jobs }, around }: { readonly seen: SeenRun; readonly around: Surroundings | undefined }, signal: AbortSignal): Promise<boolean> {
    switch (step.kind) {
      case 'create job': return this.#make(step.run, { around, now: look.now }, signal);
      case 'delete job': await this.#remove(step.run, jobs, signal); break;
      case 'drop request': return this.deps.cluster.dropRehearsalRequest(look.resource, signal);
      case 'begin': case 'wait': break;
    }
    const { current } = look.status;
    if (current && !status.current) await this.#clear(look, current, signal);
    return true;
  }

  async #make(run: RehearsalProgress, { around, now }: { readonly around: Surroundings | undefined; readonly now: Date }, signal: AbortSignal): Promise<boolean> {
    if (around?.manifests.kind !== 'present') throw new Error('a rehearsal was planned without its template');
    const name = rehearsalJobName(run);
    if (!(await takeLock(this.deps.cluster, { operation: 'rehearsal', name }, { lock: around.around.lock, now }, signal))) return false;
    signal.throwIfAborted();
    const isMade = await this.deps.rehearsals.createJob(buildRehearsalJob(around.manifests.template, run), signal);
    this.deps.log(isMade ? 'Job of a rehearsal made' : 'Job of a rehearsal exists already', { job: name });
    return true;
  }

  async #remove(run: RehearsalProgress, jobs: Seen<ObservedJobs>, signal: AbortSignal): Promise<void> {
    const job = jobs.kind === 'seen' ? jobs.value.jobs.find(({ name }) => name === rehearsalJobName(run)) : undefined;
    signal.throwIfAborted();
    if (job && (await this.deps.rehearsals.deleteJob(job, signal))) this.deps.log('Job of a rehearsal deleted, for it cannot start', { job: job.name });
  }

  /** Cut before it, the lock counts as free once Jobs are looked at, and the restore controller deletes the identity within minutes. */
  async #clear({ resource }: Look, run: RehearsalProgress, signal: AbortSignal): Promise<void> {
    const { cluster, log } = this.deps;
    await releaseLock(cluster, { operation: 'rehearsal', name: rehearsalJobName(run) }, signal);
    const isForRestore = resource.status?.restore?.current !== undefined || resource.metadata.annotations?.[RESTORE_ANNOTATION] !== undefined;
    if (run.trigger === 'schedule' || isForRestore) return;
    const secret = await cluster.observeSecret(RESTORE_SECRET, signal);
    signal.throwIfAborted();
    if (secret.kind === 'present' && (await cluster.deleteSecret(RESTORE_SECRET, secret.resourceVersion ?? '', signal))) log('Secret of a rehearsal deleted', { secret: RESTORE_SECRET });
  }

  async #refuse(look: Look, signal: AbortSignal): Promise<Outcome> {
    const { resource, status, now } = look;
    const request = resource.metadata.annotations?.[REHEARSAL_ANNOTATION];
    if (request === undefined) return {};
    const refused = { request: cut(request, 100), at: toSeconds(now), why: NO_BACKUPS };
    const isDone = (await this.#report(look, { ...status, refused }, signal)) && (await this.deps.cluster.dropRehearsalRequest(resource, signal));
    return isDone ? {} : { requeueAfter: AGAIN };
  }

  /** False when the resource changed since it was read: then everything is looked at again. */
  async #report({ resource, status, now }: Look, next: RehearsalStatus, signal: AbortSignal): Promise<boolean> {
    if (canonical(status) === canonical(next)) return true;
    if (!(await this.deps.cluster.applyRehearsal(resource, next, signal))) return false;
    for (const { note, type, reason } of notesOf(status, next)) {
      this.deps.log('rehearsal', { resource: resource.metadata.name, reason, note });
      await recordEvent(this.deps, resource, { type, reason, action: 'Rehearse', note }, { at: now, signal });
    }
    return true;
  }
}
