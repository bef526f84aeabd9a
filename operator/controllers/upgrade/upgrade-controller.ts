// Leads one GlitchTip to the next release: observe, plan, write. Every decision is in core/upgrade/.
//
// The status with the step is written first, then the step is done; each is seen in the world when it was. So an operator that is ended
// after any of it, and another one that begins at the same moment, go on where this one was.
//
// What keeps a plain `kubectl apply` from migrating is not here but in the pods (charts/runtime/release_guard.py): they wait until the step is
// named, which is done only in phase Migrating, when the backup that leads back was restored and found good.
import type { GlitchTipResource, GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { UPGRADE_ANNOTATION } from '../../api/object-names.js';
import type { UpgradeStatus } from '../../api/upgrade-fields.js';
import { canonical } from '../../core/canonical-json.js';
import { parseTrusted } from '../../core/trusted-hosts.js';
import { describeUpgradeAction } from '../../core/upgrade/upgrade-facts.js';
import { planUpgrade, type UpgradePlan } from '../../core/upgrade/upgrade-plan.js';
import { notesOf } from '../../core/upgrade/upgrade-report.js';
import type { Clock } from '../../runtime/clock.js';
import type { Outcome } from '../../runtime/work-queue.js';
import { recordEvent } from '../kubernetes-events.js';
import { RefusedWrites } from '../refused-writes.js';
import { UpgradeExecutor, type ExecutorDependencies } from './upgrade-executor.js';
import { UpgradeObserver, type SeenUpgrade } from './upgrade-observer.js';

export interface UpgradeDependencies extends ExecutorDependencies {
  readonly clock: Clock;
  /** One line of log; never a value. */
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Hosts that a resource may name beside the Services of the manifests. @default none */
  readonly trustedHosts?: readonly string[];
  /** Called with what is known of upgrades, written or not; undefined when there was none. */
  readonly onUpgrade: (name: string, known: UpgradeStatus | undefined) => void;
  /** Called when a phase has ended: whoever tells of it need not wait for the next look. */
  readonly onPhase: (name: string) => void;
}

/** One look at one resource. */
interface Look {
  readonly resource: GlitchTipResource;
  readonly spec: GlitchTipSpec;
  readonly status: UpgradeStatus;
  readonly now: Date;
}

/** Somebody else wrote at the same moment, or what was done shows its effect a moment later. Milliseconds. */
const AGAIN = 1_000;
/** An invalid spec, whose change the watch reports. Milliseconds. */
const IDLE_EVERY = 300_000;
const NO_BACKUPS = 'An upgrade was asked for, and spec.backup is not there: backup.store in settings.yaml is none, and without a backup there is no way back.';

export class UpgradeController {
  readonly #observer: UpgradeObserver;
  readonly #executor: UpgradeExecutor;
  readonly #writes: RefusedWrites;

  constructor(private readonly deps: UpgradeDependencies) {
    this.#observer = new UpgradeObserver(deps);
    this.#executor = new UpgradeExecutor(deps);
    this.#writes = new RefusedWrites(deps, { what: 'upgrade', reason: 'UpgradeHeldBack', action: 'Upgrade' });
  }

  async reconcile(name: string, signal: AbortSignal): Promise<Outcome> {
    const resource = await this.deps.cluster.readResource(name, signal);
    const known = resource?.status?.upgrade;
    if (!resource) {
      this.deps.onUpgrade(name, undefined);
      return {};
    }
    const parsed = parseTrusted(resource.spec, this.deps.trustedHosts);
    if (parsed.kind === 'invalid') return { requeueAfter: IDLE_EVERY };
    const isAsked = resource.metadata.annotations?.[UPGRADE_ANNOTATION] !== undefined;
    if (!known && !isAsked) return {};
    return this.#advance({ resource, spec: parsed.spec, status: known ?? {}, now: new Date(this.deps.clock.now()) }, signal);
  }

  async #advance(look: Look, signal: AbortSignal): Promise<Outcome> {
    const { resource, spec, status, now } = look;
    const request = resource.metadata.annotations?.[UPGRADE_ANNOTATION];
    const seen = await this.#observer.observe(look, signal);
    // What was cut off in the middle of it observed nothing.
    signal.throwIfAborted();
    const plan = planUpgrade({ suspend: spec.suspend, status, request, facts: seen.facts, now, impediment: spec.backup ? undefined : NO_BACKUPS });
    this.deps.onUpgrade(resource.metadata.name, plan.status);
    if (!(await this.#report(look, plan.status, signal))) return { requeueAfter: AGAIN };
    return { requeueAfter: (await this.#execute(look, plan, seen, signal)) ? plan.requeueAfter : AGAIN };
  }

  /** False when somebody else was first, and everything has to be looked at again. */
  async #execute({ resource, spec, now }: Look, { action, status }: UpgradePlan, seen: SeenUpgrade, signal: AbortSignal): Promise<boolean> {
    if (!action) return true;
    const isDone = await this.#executor.execute(action, { resource, spec, status, seen, now }, signal);
    if (isDone) this.deps.log('upgrade', { resource: resource.metadata.name, done: describeUpgradeAction(action) });
    return isDone;
  }

  /** False when the resource changed since it was read: then everything is looked at again. */
  async #report({ resource, status, now }: Look, next: UpgradeStatus, signal: AbortSignal): Promise<boolean> {
    if (canonical(status) === canonical(next)) return true;
    if (!(await this.#writes.write(resource, () => this.deps.cluster.applyUpgrade(resource, next, signal), signal))) return false;
    const { name } = resource.metadata;
    for (const { note, type, reason } of notesOf(status, next)) {
      this.deps.log('upgrade', { resource: name, reason, note });
      await recordEvent(this.deps, resource, { type, reason, action: 'Upgrade', note }, { at: now, signal });
    }
    if (status.current?.phase !== next.current?.phase) this.deps.onPhase(name);
    return true;
  }
}
