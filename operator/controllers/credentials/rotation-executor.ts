// Observes what the plan of a rotation needs, and executes its actions.
import { holderOf } from '../../core/operations/exclusion.js';
import { jobsAtWork } from '../../core/operations/job-state.js';
import { proofEvents } from '../../core/rotation/storage-proof.js';
import type { Observed, ObservedLogin, ObservedRollout } from '../../core/credentials/observed.js';
import { isClusterAction, type ClusterAction, type RotationAction, type ServerAction } from '../../core/rotation/actions.js';
import { journalOf } from '../../core/rotation/journal.js';
import type { Values } from '../../core/rotation/journal.js';
import { PROTOCOL, type Observation, type ValueSet } from '../../core/rotation/protocol.js';
import { passwordOfUrl, valueOf, type Crypto } from '../../core/credentials/generated-secrets.js';
import { Sensitive } from '../../core/sensitive.js';
import { postgresLogins, valkeyPasswords } from '../../core/credentials/operator-logins.js';
import type { GlitchTipResource, GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { backupLoginName, gatewayLoginName } from '../../api/object-names.js';
import type { Fence, Login, Ports } from '../ports.js';

/** One observation of one resource. */
export interface Context {
  readonly resource: GlitchTipResource;
  readonly spec: GlitchTipSpec;
  readonly observed: Observed;
  readonly now: Date;
}

type BothValues = Readonly<Record<ValueSet, Values>>;

const SETS = ['previous', 'next'] as const satisfies readonly ValueSet[];

export class RotationExecutor {
  constructor(private readonly ports: Ports, private readonly crypto: Crypto) {}

  /** @throws when the API server or Postgres does not answer: then the reconcile is retried */
  async observe(context: Context, signal: AbortSignal): Promise<ObservedRollout> {
    const { spec } = context;
    const { rotation, values } = journalOf(context.observed) ?? {};
    const { observes } = PROTOCOL[rotation?.phase ?? 'Waiting'];
    const observe = async <T>(what: Observation, how: () => Promise<T>, otherwise: T): Promise<T> => (observes.includes(what) ? how() : otherwise);
    const [pods, lock, jobs, noRoom] = await Promise.all([
      this.#observePods(spec, signal),
      this.ports.cluster.observeLock(signal),
      observe('jobs', () => this.#jobs(context.now, signal), []),
      observe('room', () => this.ports.workloads.noRoomFor((spec.gateway ?? spec.web).deployment, signal), undefined),
    ]);
    const { restore = {}, upgrade = {} } = context.resource.status ?? {};
    const around = { ...pods, lock, jobs, noRoom, restore: restore.current ?? null, upgrade: upgrade.current ?? null };
    if (!values) return { ...around, ...NOT_OBSERVED };
    const [servers, sessions, eventStored, administrator] = await Promise.all([
      observe('logins', () => this.#tryBoth(context, values, signal), NO_LOGINS),
      observe('sessions', () => this.#sessions(context, values, signal), NO_SESSIONS),
      observe('event', () => this.#isProofStored(context, rotation?.since ?? '', signal), false),
      observe('administrator', () => this.#judgeAdministrator(context, values, signal), 'unknown'),
    ]);
    return { ...around, ...servers, sessions, eventStored, administrator };
  }

  /** True when something changed; false when somebody else was first, and everything has to be observed again. */
  execute(action: RotationAction, context: Context, signal: AbortSignal): Promise<boolean> {
    return isClusterAction(action) ? this.#executeInCluster(action, context, signal) : this.#executeInServers(action, context, signal);
  }

  async #executeInCluster(action: ClusterAction, { spec, resource }: Context, signal: AbortSignal): Promise<boolean> {
    const { cluster, workloads } = this.ports;
    switch (action.kind) {
      case 'write journal': return cluster.writeJournal(spec.secrets.rotation, action, signal);
      case 'write secret': return cluster.writeSecret(action, signal);
      case 'drop request': return cluster.dropRequest(resource, signal);
      case 'write lock': return cluster.writeLock(action, signal);
      case 'roll': await workloads.roll(action.workload, action.rotation, signal); return true;
    }
  }

  async #executeInServers(action: ServerAction, context: Context, signal: AbortSignal): Promise<boolean> {
    const { spec, observed } = context;
    const { postgres, valkey } = this.ports;
    const place = { operator: operatorLogin(context), fence: this.#fence(context, signal), signal };
    switch (action.kind) {
      // Accepted is not stored: a later observation shows whether it was.
      case 'send event': await this.#sendEvent(context, signal); return false;
      case 'open login': await postgres.openLogin(spec, place, action.role, action.password); break;
      case 'close login': await postgres.closeLogin(spec, place, action.role); break;
      case 'replace operator password': await postgres.replaceOperatorPassword(spec, place, action.password); break;
      case 'set administrator password': await postgres.setAdministratorPassword(spec, place, { email: administratorEmail(context), password: action.password }); break;
      case 'set valkey passwords': if (spec.valkey) await valkey.setPasswords(spec.valkey, valkeyPasswords(observed), action, signal); break;
      case 'end sessions': await this.#endSessions(context, signal); break;
    }
    return true;
  }

  /** Straight to web, whose new pods have to be proven: the gateway gives it what has waited on its disk for longer first, and that may be minutes of events. */
  async #sendEvent(context: Context, signal: AbortSignal): Promise<void> {
    const canary = await this.ports.postgres.ensureCanary(context.spec, operatorLogin(context), signal);
    const [id = ''] = this.#eventIds(context);
    await this.ports.web.sendEvent(context.spec.web, { canary, id }, signal);
  }

  /** A late step of an operator that lost the Lease meanwhile finds another journal and does nothing. */
  #fence({ spec, observed }: Context, signal: AbortSignal): Fence {
    return async () => {
      const now = await this.ports.cluster.observeJournal(spec.secrets.rotation, signal);
      const before = observed.journal;
      const same = now.kind === 'present' && before.kind === 'present' && now.resourceVersion === before.resourceVersion;
      if (!same) throw new Error('the journal of the rotation changed meanwhile');
    };
  }

  async #endSessions(context: Context, signal: AbortSignal): Promise<void> {
    const { spec, observed } = context;
    const { pods } = await this.ports.workloads.podAddresses(signal);
    await this.ports.postgres.endSessions(spec, operatorLogin(context), signal);
    if (spec.gateway) await this.ports.postgres.endForeignSessions(spec, operatorLogin(context), { role: gatewayLoginName(spec.database.name), pods }, signal);
    // Also those of a Job of ours: it is made again.
    await this.ports.postgres.endForeignSessions(spec, operatorLogin(context), { role: backupLoginName(spec.database.name), pods: [] }, signal);
    if (!spec.valkey) return;
    const passwords = valkeyPasswords(observed);
    await this.ports.valkey.endSessions(spec.valkey, passwords, signal);
    await this.ports.valkey.endForeignConnections(spec.valkey, passwords, pods, signal);
  }

  async #tryBoth(context: Context, values: BothValues, signal: AbortSignal): Promise<Pick<ObservedRollout, 'logins' | 'valkeyLogins' | 'gatewayLogin' | 'backupLogin'>> {
    const { gateway, backup, database: { name } } = context.spec;
    const { next } = values;
    const [logins, valkeyLogins, gatewayLogin, backupLogin] = await Promise.all([
      bothSets((set) => this.#tryLogin(context, { user: values[set].DATABASE_USER.reveal(), password: values[set].DATABASE_PASSWORD }, signal)),
      bothSets((set) => this.#tryValkey(context.spec, values[set], signal)),
      this.#tryLogin(context, gateway && { user: gatewayLoginName(name), password: next['gateway-database-password'] }, signal),
      this.#tryLogin(context, backup && { user: backupLoginName(name), password: next['backup-database-password'] }, signal),
    ]);
    return { logins, valkeyLogins, gatewayLogin, backupLogin };
  }

  async #tryLogin({ spec, observed }: Context, login: Login | undefined, signal: AbortSignal): Promise<ObservedLogin> {
    if (!login || observed.postgres.kind !== 'observed') return { kind: 'not tried' };
    return this.ports.postgres.tryLogin(spec, login, observed.postgres.state, signal);
  }

  async #tryValkey({ valkey }: GlitchTipSpec, values: Values, signal: AbortSignal): Promise<ObservedRollout['valkeyLogins']['next']> {
    const password = passwordOfUrl(values.VALKEY_URL);
    return valkey && password ? this.ports.valkey.tryPassword(valkey, password, signal) : 'not tried';
  }

  async #sessions(context: Context, values: BothValues, signal: AbortSignal): Promise<ObservedRollout['sessions']> {
    const addresses = await this.ports.workloads.podAddresses(signal);
    const users = { previous: values.previous.DATABASE_USER.reveal(), next: values.next.DATABASE_USER.reveal() };
    const counted = await this.ports.postgres.countSessions(context.spec, operatorLogin(context), { logins: Object.values(users), ...addresses }, signal);
    return { previous: counted.get(users.previous) ?? NOBODY, next: counted.get(users.next) ?? NOBODY };
  }

  async #observePods({ web, worker, gateway }: GlitchTipSpec, signal: AbortSignal): Promise<Pick<ObservedRollout, 'web' | 'worker' | 'gateway'>> {
    const observe = (name: string) => this.ports.workloads.observe(name, signal);
    const [webSeen, workerSeen, gatewaySeen] = await Promise.all([observe(web.deployment), worker && observe(worker.deployment), gateway && observe(gateway.deployment)]);
    return { web: webSeen, worker: workerSeen, ...(gatewaySeen ? { gateway: gatewaySeen } : {}) };
  }

  async #jobs(now: Date, signal: AbortSignal): Promise<ObservedRollout['jobs']> {
    const { jobs, pods } = await this.ports.workloads.jobs(signal);
    return jobsAtWork(jobs, pods, now).map(holderOf);
  }

  #isProofStored(context: Context, since: string, signal: AbortSignal): Promise<boolean> {
    const events = { ids: this.#eventIds(context), since: new Date(since), until: context.now };
    return this.ports.postgres.isEventStored(context.spec, operatorLogin(context), events, signal);
  }

  #judgeAdministrator(context: Context, values: BothValues, signal: AbortSignal): Promise<ObservedRollout['administrator']> {
    const account = { email: administratorEmail(context), previous: values.previous['administrator-password'], next: values.next['administrator-password'] };
    return this.ports.postgres.judgeAdministrator(context.spec, operatorLogin(context), account, signal);
  }

  #eventIds({ observed, now }: Context): readonly string[] {
    const rotation = journalOf(observed)?.rotation;
    return rotation ? proofEvents(rotation, now, (text) => this.crypto.sha256(new Sensitive(text))) : [];
  }
}

const NOBODY = { ours: 0, jobs: 0, others: 0 };
const NO_SESSIONS = { previous: NOBODY, next: NOBODY };
const NO_LOGINS = {
  logins: { previous: { kind: 'not tried' }, next: { kind: 'not tried' } },
  valkeyLogins: { previous: 'not tried', next: 'not tried' },
  gatewayLogin: { kind: 'not tried' },
  backupLogin: { kind: 'not tried' },
} as const;
const NOT_OBSERVED = { ...NO_LOGINS, sessions: NO_SESSIONS, eventStored: false, administrator: 'unknown' } as const;

/** The login that Postgres let the operator in with. @throws when it let it in with none */
export function operatorLogin({ observed }: Pick<Context, 'observed'>): Login {
  const { postgres } = observed;
  const login = postgresLogins(observed).find(({ via }) => postgres.kind === 'observed' && via === postgres.via);
  if (!login) throw new Error('Postgres has not let the operator in');
  return login;
}

/** Who was made the administrator: the Secret says it, also when the spec was changed since. */
function administratorEmail({ spec, observed }: Context): string {
  return valueOf(observed.secrets.administrator, 'email')?.reveal() ?? spec.administrator.email;
}

async function bothSets<T>(observe: (set: ValueSet) => Promise<T>): Promise<Readonly<Record<ValueSet, T>>> {
  const [previous, next] = await Promise.all(SETS.map(observe));
  return { previous, next } as Readonly<Record<ValueSet, T>>;
}
