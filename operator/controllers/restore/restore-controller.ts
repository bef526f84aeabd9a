// Brings a copy back into one GlitchTip: observe, plan, write. Every decision is in core/restore/.
//
// The status with the step is written first, then the step is done; each is seen in the world when it was. So an operator that is ended
// after any of it, and another one that begins at the same moment, go on where this one was.
//
// Web and worker are kept away by being scaled to nothing, which is looked at before each step: `kubectl apply` in the middle starts
// them, and they are scaled again before anything else is done. While the databases exchange their names both are closed to everybody, so that
// what was started so for a moment finds no database. A policy against it would refuse the apply, and with it what else it brings.
import type { GlitchTipResource, GlitchTipSpec, GlitchTipStatus } from '../../api/glitchtip-resource.js';
import { REHEARSAL_ANNOTATION, RESTORE_ANNOTATION, RESTORE_SECRET, UPGRADE_ANNOTATION } from '../../api/object-names.js';
import type { RestoreStatus } from '../../api/restore-fields.js';
import { canonical } from '../../core/canonical-json.js';
import { unexpectedJobs } from '../../core/restore/restore-jobs.js';
import { describeRestoreAction } from '../../core/restore/restore-facts.js';
import { planRestore, type RestorePlan } from '../../core/restore/restore-plan.js';
import { notesOf } from '../../core/restore/restore-report.js';
import { isSecretSpent } from '../../core/restore/restore-secret.js';
import { parseTrusted } from '../../core/trusted-hosts.js';
import type { Clock } from '../../runtime/clock.js';
import type { Outcome } from '../../runtime/work-queue.js';
import { recordEvent } from '../kubernetes-events.js';
import { RefusedWrites } from '../refused-writes.js';
import { RestoreExecutor, type ExecutorDependencies } from './restore-executor.js';
import { RestoreObserver, type SeenRestore } from './restore-observer.js';

export interface RestoreDependencies extends ExecutorDependencies {
  readonly clock: Clock;
  /** Hosts that a resource may name beside the Services of the manifests. @default none */
  readonly trustedHosts?: readonly string[];
  /** Called with what is known of restores, written or not; undefined when there was none. */
  readonly onRestore: (name: string, known: RestoreStatus | undefined) => void;
  /** Called when a phase has ended: whoever tells of it need not wait for the next look. */
  readonly onPhase: (name: string) => void;
}

/** One look at one resource. */
interface Look {
  readonly resource: GlitchTipResource;
  readonly spec: GlitchTipSpec;
  readonly status: RestoreStatus;
  readonly now: Date;
}

/** Somebody else wrote at the same moment, or what was done shows its effect a moment later. Milliseconds. */
const AGAIN = 1_000;
/** An invalid spec, whose change the watch reports. Milliseconds. */
const IDLE_EVERY = 300_000;
const NO_BACKUPS = 'A restore was asked for, and spec.backup is not there: backup.store in settings.yaml is none.';

export class RestoreController {
  readonly #observer: RestoreObserver;
  readonly #executor: RestoreExecutor;
  readonly #writes: RefusedWrites;

  constructor(private readonly deps: RestoreDependencies) {
    this.#observer = new RestoreObserver(deps);
    this.#executor = new RestoreExecutor(deps);
    this.#writes = new RefusedWrites(deps, { what: 'restore', reason: 'RestoreHeldBack', action: 'Restore' });
  }

  async reconcile(name: string, signal: AbortSignal): Promise<Outcome> {
    const resource = await this.deps.cluster.readResource(name, signal);
    if (!resource) {
      this.deps.onRestore(name, undefined);
      return {};
    }
    const parsed = parseTrusted(resource.spec, this.deps.trustedHosts);
    if (parsed.kind === 'invalid') return { requeueAfter: IDLE_EVERY };
    const { spec } = parsed;
    const known = resource.status?.restore;
    const isAsked = resource.metadata.annotations?.[RESTORE_ANNOTATION] !== undefined;
    // Where no backups are made there is nothing to restore from; one that is under way comes to its end all the same.
    if (!spec.backup && !known && !isAsked) return {};
    return this.#advance({ resource, spec, status: known ?? {}, now: new Date(this.deps.clock.now()) }, signal);
  }

  async #advance(look: Look, signal: AbortSignal): Promise<Outcome> {
    const { resource, spec, status, now } = look;
    const request = resource.metadata.annotations?.[RESTORE_ANNOTATION];
    const seen = await this.#observer.observe({ resource, spec, current: status.current, now }, signal);
    // What was cut off in the middle of it observed nothing.
    signal.throwIfAborted();
    const plan = planRestore({
      database: spec.database.name, suspend: spec.suspend, status, request, facts: seen.facts, now, impediment: impedimentOf(resource, spec, request),
    });
    this.deps.onRestore(resource.metadata.name, plan.status);
    if (!(await this.#report(look, plan.status, signal))) return { requeueAfter: AGAIN };
    if (!spec.suspend) await this.#clear(look, seen, { status: plan.status, isAsked: request !== undefined }, signal);
    return { requeueAfter: (await this.#execute(look, plan, seen, signal)) ? plan.requeueAfter : AGAIN };
  }

  /** False when somebody else was first, and everything has to be looked at again. */
  async #execute({ resource, spec, now }: Look, { action, status }: RestorePlan, seen: SeenRestore, signal: AbortSignal): Promise<boolean> {
    if (!action) return true;
    const isDone = await this.#executor.execute(action, { resource, spec, status, seen, now }, signal);
    if (isDone) this.deps.log('restore', { resource: resource.metadata.name, done: describeRestoreAction(action) });
    return isDone;
  }

  /** False when the resource changed since it was read: then everything is looked at again. */
  async #report({ resource, status, now }: Look, next: RestoreStatus, signal: AbortSignal): Promise<boolean> {
    if (canonical(status) === canonical(next)) return true;
    if (!(await this.#writes.write(resource, () => this.deps.cluster.applyRestore(resource, next, signal), signal))) return false;
    const { name } = resource.metadata;
    for (const { note, type, reason } of notesOf(status, next)) {
      this.deps.log('restore', { resource: name, reason, note });
      await recordEvent(this.deps, resource, { type, reason, action: 'Restore', note }, { at: now, signal });
    }
    if (status.current?.phase !== next.current?.phase) this.deps.onPhase(name);
    return true;
  }

  /** What nobody needs any more: Jobs that may start late, and the identity that opens every copy. */
  async #clear({ resource, now }: Look, { jobs, secrets: { own } }: SeenRestore, { status, isAsked }: { readonly status: RestoreStatus; readonly isAsked: boolean }, signal: AbortSignal): Promise<void> {
    const { restores, cluster, log } = this.deps;
    for (const job of jobs.kind === 'seen' ? unexpectedJobs(jobs.value.jobs, status.current) : []) {
      if (await restores.deleteJob(job, signal)) log('Job of a restore deleted, for nobody expects it any more', { job: job.name });
    }
    if (own.kind !== 'present' || !isSecretSpent(status, { createdAt: own.createdAt, request: isAsked, isForOthers: isForOthers(resource), now })) return;
    if (await cluster.deleteSecret(RESTORE_SECRET, own.resourceVersion ?? '', signal)) log('Secret of a restore deleted', { secret: RESTORE_SECRET });
  }
}

/** An upgrade that waits to be confirmed has the gateway keep what its own way back misses. */
function impedimentOf({ status }: GlitchTipResource, { backup }: GlitchTipSpec, request: string | undefined): string | undefined {
  if (!backup) return NO_BACKUPS;
  const upgrade = status?.upgrade?.current;
  const isOfUpgrade = upgrade !== undefined && request?.includes(upgrade.id) === true;
  return upgrade === undefined || isOfUpgrade ? undefined : `Upgrade ${upgrade.id} is ${upgrade.phase}: glitchkeeper upgrade --confirm or --undo first.`;
}

/** Whether a rehearsal, or an upgrade that is taken back, is under way or asked for: they read the Secret, too. */
function isForOthers({ status = {}, metadata: { annotations = {} } }: GlitchTipResource): boolean {
  if (status.rehearsal?.current !== undefined || annotations[REHEARSAL_ANNOTATION] !== undefined) return true;
  return annotations[UPGRADE_ANNOTATION] === 'undo' || isAwaited(status);
}

/** Until the restore of an upgrade that is taken back has begun: whoever makes the Secret asks for the upgrade, and not for it. */
function isAwaited({ restore = {}, upgrade }: GlitchTipStatus): boolean {
  return upgrade?.current?.phase === 'Undoing' && restore.current === undefined && restore.last?.upgrade !== upgrade.current.id;
}
