// Reconciles one GlitchTip resource: observe, plan, execute; every decision is in core/.
import { REASONS } from '../../api/conditions.js';
import type { GlitchTipResource, GlitchTipSpec, GlitchTipStatus } from '../../api/glitchtip-resource.js';
import { ACCEPT_DATABASE_ANNOTATION, ROTATE_ANNOTATION } from '../../api/object-names.js';
import type { Observed, ObservedAdministrator, ObservedSecrets, ObservedValkey } from '../../core/credentials/observed.js';
import { postgresLogins, valkeyPasswords } from '../../core/credentials/operator-logins.js';
import { plan, REQUEUE_WHEN_READY, wantsRollout, type Action, type ChangeDatabase } from '../../core/credentials/credentials-plan.js';
import { describeChange } from '../../core/credentials/database-changes.js';
import { describeAction, type RotationAction } from '../../core/rotation/actions.js';
import { applicationLogin, backupLogin, gatewayLogin, valueOf, type CreateSecret, type Crypto } from '../../core/credentials/generated-secrets.js';
import { canonical } from '../../core/canonical-json.js';
import { buildInvalidStatus, ownStatus } from '../../core/credentials/resource-conditions.js';
import { parseTrusted } from '../../core/trusted-hosts.js';
import type { Clock } from '../../runtime/clock.js';
import type { Outcome } from '../../runtime/work-queue.js';
import { recordEvent } from '../kubernetes-events.js';
import type { EventNote, Login, Ports, TriedLogins } from '../ports.js';
import { isRefusal } from '../write-refusal.js';
import { operatorLogin, RotationExecutor, type Context } from './rotation-executor.js';

export interface Dependencies extends Ports {
  readonly crypto: Crypto;
  readonly clock: Clock;
  /** One line of log; never a value. */
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** The same, for what a person has to fix. */
  readonly warn: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Hosts that a resource may name beside the Services of the manifests. @default none */
  readonly trustedHosts?: readonly string[];
  /** Called with each status that was found, changed or not. */
  readonly onStatus: (name: string, status: GlitchTipStatus) => void;
}

export class CredentialsController {
  readonly #executor: RotationExecutor;
  /** Resources whose refused status was reported. */
  readonly #refused = new Set<string>();

  constructor(private readonly deps: Dependencies) {
    this.#executor = new RotationExecutor(deps, deps.crypto);
  }

  /** Observes everything that belongs to the resource `name`, and executes the plan. */
  async reconcile(name: string, signal: AbortSignal): Promise<Outcome> {
    const resource = await this.deps.cluster.readResource(name, signal);
    // Deleted: the credentials stay. Whoever deletes a resource by mistake must not lose what opens the database.
    if (!resource) return {};

    const parsed = parseTrusted(resource.spec, this.deps.trustedHosts);
    const at = { now: new Date(this.deps.clock.now()), generation: resource.metadata.generation };
    if (parsed.kind === 'invalid') {
      await this.#report(resource, buildInvalidStatus(parsed.problems, resource.status, at), signal);
      return { requeueAfter: REQUEUE_WHEN_READY };
    }

    const { spec } = parsed;
    const seen = await this.#observe(spec, signal);
    const observed = { ...seen, administrator: await this.#tryAdministrator({ spec, observed: seen }, signal) };
    const context = { resource, spec, observed, now: at.now };
    const { annotations = {} } = resource.metadata;
    const input = { spec, observed, request: annotations[ROTATE_ANNOTATION], acceptedDatabase: annotations[ACCEPT_DATABASE_ANNOTATION], previous: resource.status, at };
    const rollout = wantsRollout(input) ? await this.#executor.observe(context, signal) : undefined;
    // What was cut off in the middle of it observed nothing.
    signal.throwIfAborted();
    const { actions, status, requeueAfter } = plan({ ...input, rollout }, this.deps.crypto);
    await this.#report(resource, status, signal);
    const changed = await this.#executeAll(actions, context, signal);
    // At once after a change; actions that changed nothing are not repeated in a tight loop.
    return { requeueAfter: changed ? 0 : requeueAfter };
  }

  async #observe(spec: GlitchTipSpec, signal: AbortSignal): Promise<Observed> {
    const { cluster, postgres } = this.deps;
    const read = (name: string) => cluster.observeSecret(name, signal);
    const [application, superuser, valkey, administrator, gateway, backup, journal] = await Promise.all([
      read(spec.secrets.application),
      read(spec.secrets.postgres),
      read(spec.secrets.valkey),
      read(spec.secrets.administrator),
      read(spec.secrets.gateway),
      read(spec.secrets.backup),
      cluster.observeJournal(spec.secrets.rotation, signal),
    ]);
    const secrets: ObservedSecrets = { application, postgres: superuser, valkey, administrator, gateway, backup };
    const logins = postgresLogins({ secrets, journal });
    const [postgresSeen, valkeySeen] = await Promise.all([
      logins.length === 0 ? { kind: 'not observed' as const } : postgres.observe(spec, logins, loginsOf(spec, secrets), signal),
      this.#observeValkey(spec, { secrets, journal }, signal),
    ]);
    return { secrets, journal, postgres: postgresSeen, valkey: valkeySeen };
  }

  /** A credential that is shown to people is tried like the others. */
  async #tryAdministrator({ spec, observed }: Pick<Context, 'spec' | 'observed'>, signal: AbortSignal): Promise<ObservedAdministrator> {
    const { postgres, secrets: { administrator } } = observed;
    const [email, password] = [valueOf(administrator, 'email')?.reveal(), valueOf(administrator, 'password')];
    if (!email || !password || postgres.kind !== 'observed' || postgres.state.database.kind === 'absent') return { kind: 'not tried' };
    return this.deps.postgres.tryAdministrator(spec, operatorLogin({ observed }), { email, password }, signal);
  }

  async #observeValkey({ valkey }: GlitchTipSpec, sources: Pick<Observed, 'secrets' | 'journal'>, signal: AbortSignal): Promise<ObservedValkey> {
    if (!valkey) return { kind: 'none' };
    const passwords = valkeyPasswords(sources);
    return passwords.length === 0 ? { kind: 'not observed' } : this.deps.valkey.observe(valkey, passwords, signal);
  }

  /**
   * In their order, up to the first that throws, or a journal that somebody else wrote: what follows was planned from another one. True
   * when something changed.
   */
  async #executeAll(actions: readonly Action[], context: Context, signal: AbortSignal): Promise<boolean> {
    let changed = false;
    for (const action of actions) {
      // The Lease may have been lost, or the operator asked to stop, since the last action.
      signal.throwIfAborted();
      const isDone = await this.#execute(action, context, signal);
      if (!isDone && action.kind === 'write journal') return changed;
      changed = isDone || changed;
    }
    return changed;
  }

  /** True when the action changed something. */
  async #execute(action: Action, context: Context, signal: AbortSignal): Promise<boolean> {
    switch (action.kind) {
      case 'create secret': return this.#createSecret(action, context, signal);
      case 'change database': return this.#changeDatabase(action, context, signal);
      default: return this.#rotate(action, context, signal);
    }
  }

  async #createSecret(action: CreateSecret, { resource }: Context, signal: AbortSignal): Promise<boolean> {
    const result = await this.deps.cluster.createSecret(action, signal);
    this.deps.log(result === 'created' ? 'Secret created' : 'Secret exists already', { resource: resource.metadata.name, secret: action.name });
    if (result === 'created') await this.#recordEvent(resource, { type: 'Normal', reason: 'SecretCreated', action: 'CreateSecret', note: `Secret ${action.name} created` }, signal);
    return result === 'created';
  }

  async #changeDatabase({ wanted }: ChangeDatabase, context: Context, signal: AbortSignal): Promise<boolean> {
    const { resource, spec, observed } = context;
    const logins = loginsOf(spec, observed.secrets);
    if (!logins.application) return false;
    const passwords = new Map(Object.values(logins).flatMap((login: Login | undefined) => (login ? [[login.user, login.password]] : [])));
    const changes = await this.deps.postgres.change(spec, operatorLogin(context), { wanted, passwords }, signal);
    if (changes.length === 0) return false;
    const made = changes.map(describeChange);
    this.deps.log('database changed', { resource: resource.metadata.name, changes: made });
    await this.#recordEvent(resource, { type: 'Normal', reason: 'DatabaseChanged', action: 'ChangeDatabase', note: made.join('; ') }, signal);
    return true;
  }

  async #rotate(action: RotationAction, context: Context, signal: AbortSignal): Promise<boolean> {
    const changed = await this.#executor.execute(action, context, signal);
    if (!changed) return false;
    this.deps.log('rotation', { resource: context.resource.metadata.name, step: describeAction(action) });
    // An event a phase: what a person wants to read afterwards.
    if (action.kind === 'write journal') {
      await this.#recordEvent(context.resource, { type: action.warn ? 'Warning' : 'Normal', reason: action.warn ? 'RotationUndone' : 'Rotation', action: 'Rotate', note: action.note }, signal);
    }
    return true;
  }

  async #report(resource: GlitchTipResource, status: GlitchTipStatus, signal: AbortSignal): Promise<void> {
    const { name } = resource.metadata;
    this.deps.onStatus(name, status);
    if (canonical(resource.status && ownStatus(resource.status)) === canonical(status)) return;
    if (!(await this.#writeStatus(resource, status, signal))) return;
    const ready = status.conditions?.find((condition) => condition.type === 'Ready');
    this.deps.log('status changed', { resource: name, ready: ready?.status, reason: ready?.reason, message: ready?.message });
    if (ready?.reason === REASONS.InvalidSpec) await this.#recordEvent(resource, { type: 'Warning', reason: ready.reason, action: 'Validate', note: ready.message }, signal);
  }

  /**
   * False when it was refused, which must not stop what is to be done: a rotation would stay half way, without a step and without its
   * deadline. No step relies on the status having been written: what has to be written ahead is in the journal, which the plan's own
   * actions write, in their order. Of the status the plan reads only dates of conditions and what it last knew of Secrets that cannot
   * be read; the health controller reads when the schedule is next, and the phase from the journal.
   */
  async #writeStatus(resource: GlitchTipResource, status: GlitchTipStatus, signal: AbortSignal): Promise<boolean> {
    const { name } = resource.metadata;
    try {
      await this.deps.cluster.applyStatus(name, status, signal);
      this.#refused.delete(name);
      return true;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.#reportRefusal(resource, error.message, signal);
      return false;
    }
  }

  /** Once, and not at every reconcile, until a status is accepted again. */
  async #reportRefusal(resource: GlitchTipResource, error: string, signal: AbortSignal): Promise<void> {
    const { name } = resource.metadata;
    if (this.#refused.has(name)) return;
    this.#refused.add(name);
    this.deps.warn('status refused: what it says is not true any more; is the CRD of this version applied?', { resource: name, error });
    await this.#recordEvent(resource, { type: 'Warning', reason: 'StatusRefused', action: 'Report', note: error }, signal);
  }

  #recordEvent(resource: GlitchTipResource, event: EventNote, signal: AbortSignal): Promise<void> {
    return recordEvent(this.deps, resource, event, { at: new Date(this.deps.clock.now()), signal });
  }
}

/** What the Secrets say; of the operator's own there may be more than one. */
function loginsOf(spec: GlitchTipSpec, { application, gateway, backup }: ObservedSecrets): TriedLogins {
  return { application: applicationLogin(application), gateway: gatewayLogin(spec, gateway), backup: backupLogin(spec, backup) };
}
