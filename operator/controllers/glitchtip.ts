// Reconciles one GlitchTip resource: observe, plan, execute; every decision is in core/.
import { REASONS } from '../api/conditions.js';
import { parseSpec, type GlitchTipResource, type GlitchTipSpec, type GlitchTipStatus } from '../api/glitchtip.js';
import type { Observed, ObservedPostgres, ObservedSecret, ObservedSecrets } from '../core/observed.js';
import { plan, REQUEUE_WHEN_READY, type Action, type ChangeDatabase } from '../core/plan.js';
import { describeChange, type DatabaseChange, type WantedRoles } from '../core/roles.js';
import { applicationLogin, superuserLogin, type CreateSecret, type Crypto } from '../core/secrets.js';
import type { Sensitive } from '../core/sensitive.js';
import { buildInvalidStatus } from '../core/status.js';
import type { Clock } from '../runtime/clock.js';
import type { Outcome } from '../runtime/queue.js';

/** What happened, for `kubectl describe`; never a value. */
export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

/** A login by name and password. */
export interface Login {
  readonly user: string;
  readonly password: Sensitive;
}

/** The cluster as this controller uses it. */
export interface ClusterPort {
  observeSecret(name: string, signal: AbortSignal): Promise<ObservedSecret>;
  createSecret(action: CreateSecret, signal: AbortSignal): Promise<'created' | 'exists'>;
  readResource(name: string, signal: AbortSignal): Promise<GlitchTipResource | undefined>;
  applyStatus(name: string, status: GlitchTipStatus, signal: AbortSignal): Promise<void>;
  recordEvent(about: GlitchTipResource, event: EventNote, at: Date): Promise<void>;
}

/** Postgres as this controller uses it. */
export interface PostgresPort {
  observe(spec: GlitchTipSpec, superuser: Login, application: Login | undefined): Promise<ObservedPostgres>;
  change(spec: GlitchTipSpec, superuser: Login, wanted: WantedRoles, password: Sensitive): Promise<readonly DatabaseChange[]>;
}

export interface Dependencies {
  readonly cluster: ClusterPort;
  readonly postgres: PostgresPort;
  readonly crypto: Crypto;
  readonly clock: Clock;
  /** One line of log; never a value. */
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
  /** Called with each status that was found, changed or not. */
  readonly onStatus: (name: string, status: GlitchTipStatus) => void;
}

export class GlitchTipController {
  constructor(private readonly deps: Dependencies) {}

  /** Looks at everything that belongs to the resource `name` and does what is to be done. */
  async reconcile(name: string, signal: AbortSignal): Promise<Outcome> {
    const resource = await this.deps.cluster.readResource(name, signal);
    // Deleted: the credentials stay. Whoever deletes a resource by mistake must not lose what opens the database.
    if (!resource) return {};

    const parsed = parseSpec(resource.spec);
    const at = { now: new Date(this.deps.clock.now()), generation: resource.metadata.generation };
    if (parsed.kind === 'invalid') {
      await this.#report(resource, buildInvalidStatus(parsed.problems, resource.status, at), signal);
      return { requeueAfter: REQUEUE_WHEN_READY };
    }

    const observed = await this.#observe(parsed.spec, signal);
    const { actions, status, requeueAfter } = plan({ spec: parsed.spec, observed, previous: resource.status, at }, this.deps.crypto);
    await this.#report(resource, status, signal);
    let changed = false;
    for (const action of actions) {
      // The lead may have been lost, or the end announced, since the last action.
      signal.throwIfAborted();
      changed = (await this.#execute(action, { resource, spec: parsed.spec, observed }, signal)) || changed;
    }
    // At once after a change; actions that changed nothing are not repeated in a tight loop.
    return { requeueAfter: changed ? 0 : requeueAfter };
  }

  async #observe(spec: GlitchTipSpec, signal: AbortSignal): Promise<Observed> {
    const read = (name: string) => this.deps.cluster.observeSecret(name, signal);
    const [application, postgres, valkey, administrator] = await Promise.all([
      read(spec.secrets.application),
      read(spec.secrets.postgres),
      read(spec.secrets.valkey),
      read(spec.secrets.administrator),
    ]);
    const secrets: ObservedSecrets = { application, postgres, valkey, administrator };
    const superuser = superuserLogin(postgres);
    if (!superuser) return { secrets, postgres: { kind: 'not observed' } };
    return { secrets, postgres: await this.deps.postgres.observe(spec, superuser, applicationLogin(application)) };
  }

  /** True when the action changed something. */
  async #execute(action: Action, context: Context, signal: AbortSignal): Promise<boolean> {
    switch (action.kind) {
      case 'create secret': return this.#createSecret(action, context, signal);
      case 'change database': return this.#changeDatabase(action, context);
    }
  }

  async #createSecret(action: CreateSecret, { resource }: Context, signal: AbortSignal): Promise<boolean> {
    const result = await this.deps.cluster.createSecret(action, signal);
    this.deps.log(result === 'created' ? 'Secret created' : 'Secret exists already', { resource: resource.metadata.name, secret: action.name });
    if (result === 'created') await this.#tell(resource, { type: 'Normal', reason: 'SecretCreated', action: 'CreateSecret', note: `Secret ${action.name} created` });
    return result === 'created';
  }

  async #changeDatabase({ wanted }: ChangeDatabase, { resource, spec, observed }: Context): Promise<boolean> {
    const superuser = superuserLogin(observed.secrets.postgres);
    const application = applicationLogin(observed.secrets.application);
    if (!superuser || !application) return false;
    const changes = await this.deps.postgres.change(spec, superuser, wanted, application.password);
    if (changes.length === 0) return false;
    const made = changes.map(describeChange);
    this.deps.log('database changed', { resource: resource.metadata.name, changes: made });
    await this.#tell(resource, { type: 'Normal', reason: 'DatabaseChanged', action: 'ChangeDatabase', note: made.join('; ') });
    return true;
  }

  async #report(resource: GlitchTipResource, status: GlitchTipStatus, signal: AbortSignal): Promise<void> {
    const { name } = resource.metadata;
    this.deps.onStatus(name, status);
    if (sameStatus(resource.status, status)) return;
    await this.deps.cluster.applyStatus(name, status, signal);
    const ready = status.conditions?.find((condition) => condition.type === 'Ready');
    this.deps.log('status changed', { resource: name, ready: ready?.status, reason: ready?.reason, message: ready?.message });
    if (ready?.reason === REASONS.InvalidSpec) await this.#tell(resource, { type: 'Warning', reason: ready.reason, action: 'Validate', note: ready.message });
  }

  /** An event is for people to read: that it could not be written must not stop or repeat the work that it tells of. */
  async #tell(resource: GlitchTipResource, event: EventNote): Promise<void> {
    try {
      // events.k8s.io takes notes of up to 1 kB.
      await this.deps.cluster.recordEvent(resource, { ...event, note: event.note.slice(0, 1_000) }, new Date(this.deps.clock.now()));
    } catch (error) {
      this.deps.log('event not recorded', { resource: resource.metadata.name, reason: event.reason, error: error instanceof Error ? error.message : String(error) });
    }
  }
}

interface Context {
  readonly resource: GlitchTipResource;
  readonly spec: GlitchTipSpec;
  readonly observed: Observed;
}

/** Equal whatever the order of the keys: the API server returns them in its own. */
function sameStatus(a: GlitchTipStatus | undefined, b: GlitchTipStatus): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
