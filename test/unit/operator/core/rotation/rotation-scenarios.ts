// A GlitchTip in memory that a rotation can be played through: Secrets, logins, pods, journal, and what can go wrong with each.
import type { GlitchTipSpec } from '../../../../../operator/api/glitchtip-resource.js';
import type { Phase } from '../../../../../operator/api/rotation-fields.js';
import type { Observed, ObservedLogin, ObservedRollout, ObservedSecret, ObservedSecrets, ObservedWorkload, SecretRole, SessionCount, ValkeyPasswords } from '../../../../../operator/core/credentials/observed.js';
import type { ObservedJournal } from '../../../../../operator/core/rotation/journal.js';
import { postgresLogins } from '../../../../../operator/core/credentials/operator-logins.js';
import { plan, type Action, type Plan } from '../../../../../operator/core/credentials/credentials-plan.js';
import type { Holder, Operation } from '../../../../../operator/core/operations/exclusion.js';
import type { WriteSecret } from '../../../../../operator/core/rotation/actions.js';
import { decodeJournal, encodeJournal, type Journal, type Rotation } from '../../../../../operator/core/rotation/journal.js';
import type { ValueSet } from '../../../../../operator/core/rotation/protocol.js';
import { buildUsersFile, passwordOfUrl } from '../../../../../operator/core/credentials/generated-secrets.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { roleOf, stateOf } from '../../operator-scenarios.js';
import { CountingCrypto, specOf } from '../credentials/credentials-scenarios.js';

type Data = ReadonlyMap<string, Sensitive>;
interface Pod { readonly mark?: string; readonly values: Data }
interface Stored { readonly data: Data; readonly version: number; readonly annotations: Readonly<Record<string, string>> }

export const OLD = { SECRET_KEY: 'old-key', DATABASE_USER: 'glitchtip_a', DATABASE_PASSWORD: 'old-pw', VALKEY_URL: 'redis://:old-vpw@valkey:6379/0' };
export const START = new Date('2026-01-02T03:04:05Z');
const WORKLOADS = ['web', 'worker'] as const;
const sensitive = (values: Readonly<Record<string, string>>): Data => new Map(Object.entries(values).map(([key, value]) => [key, new Sensitive(value)]));
const text = (data: Data | undefined, key: string) => data?.get(key)?.reveal() ?? '';

/** What goes wrong; nothing does unless it says so. */
export interface Faults {
  /** New pods never become available. `gone`: the old one has ended first, as where web makes room for itself behind a gateway. */
  stuck?: boolean | 'gone';
  /** Events are accepted and never stored. */
  eventsLost?: boolean;
  /** Sessions on the old login that are of no pod of ours. */
  foreign?: number;
  postgresDown?: boolean;
  valkeyDown?: boolean;
  /** A look through the login says something else than it would. */
  rollout?: Partial<ObservedRollout>;
  journal?: ObservedJournal;
  unreadable?: SecretRole;
}

export class RotationWorld {
  readonly crypto = new CountingCrypto();
  now = START;
  faults: Faults = {};
  request: string | undefined;
  journal: Journal | undefined;
  sessionsEnded = 0;
  /** The recorded lock of operations. */
  lock: Holder | undefined;
  administrator = 'old-admin';
  readonly spec: GlitchTipSpec;
  readonly secrets: Map<SecretRole, Stored>;
  readonly logins = new Map([['glitchtip_a', 'old-pw']]);
  readonly pods = new Map<string, Pod>();
  readonly templates = new Map<string, string | undefined>();
  operatorPassword = 'old-super';
  valkey: ValkeyPasswords;

  constructor(fields: object = {}) {
    this.spec = specOf({ worker: {}, ...fields });
    const hash = (value: string) => this.crypto.sha256(new Sensitive(value));
    this.valkey = { application: [hash('old-vpw')], operator: [hash('old-own')], ...(this.spec.gateway ? { gateway: [hash('old-gateway-valkey')] } : {}) };
    const stored = (data: Data): Stored => ({ data, version: 1, annotations: {} });
    this.secrets = new Map([
      ['application', stored(sensitive(OLD))],
      ['postgres', stored(sensitive({ password: 'old-super' }))],
      ['valkey', stored(new Map([['users.acl', buildUsersFile(this.valkey)], ['password', new Sensitive('old-own')]]))],
      ['administrator', stored(sensitive({ email: 'admin@example.com', password: 'old-admin' }))],
    ]);
    if (this.spec.gateway) this.#addGateway(stored);
    if (this.spec.backup) this.#addBackup(stored);
    for (const name of WORKLOADS) this.pods.set(name, { values: this.published() });
  }

  #addGateway(stored: (data: Data) => Stored): void {
    const values = sensitive({ 'database-password': 'old-gateway', 'valkey-password': 'old-gateway-valkey', 'control-token': 'old-token' });
    this.secrets.set('gateway', stored(values));
    this.logins.set('glitchtip_gateway', 'old-gateway');
    this.pods.set('gateway', { values });
  }

  #addBackup(stored: (data: Data) => Stored): void {
    this.secrets.set('backup', stored(sensitive({ 'database-password': 'old-backup' })));
    this.logins.set('glitchtip_backup', 'old-backup');
  }

  get rotation(): Rotation | undefined { return this.journal?.rotation; }
  get phase(): Phase | undefined { return this.rotation?.phase; }
  published(): Data { return this.secrets.get('application')?.data ?? new Map(); }

  /** One reconcile's plan; nothing is done. */
  plan(): Plan {
    const observed = this.observe();
    const rollout = observed.postgres.kind === 'observed' ? this.#rollout() : undefined;
    return plan({ spec: this.spec, observed, rollout, request: this.request, at: { now: this.now, generation: 1 } }, this.crypto);
  }

  /** Plans and does it, one second later; what was done, in words. */
  turn(check: () => void = () => undefined): readonly string[] {
    const { actions } = this.plan();
    this.now = new Date(this.now.getTime() + 1_000);
    return actions.map((action) => {
      this.apply(action);
      check();
      return words(action);
    });
  }

  /** Turns until it holds. @throws when it does not after 60 */
  until(reached: () => boolean, check?: () => void): readonly string[] {
    const done: string[] = [];
    for (let turn = 0; turn < 60; turn += 1) {
      if (reached()) return done;
      done.push(...this.turn(check));
    }
    throw new Error(`it stays ${this.phase ?? 'idle'}: ${this.plan().status.rotation?.current?.message ?? ''}`);
  }

  after(minutes: number): this {
    this.now = new Date(this.now.getTime() + minutes * 60_000);
    return this;
  }

  observe(): Observed {
    const { faults } = this;
    const secret = (role: SecretRole): ObservedSecret => {
      const stored = this.secrets.get(role);
      if (faults.unreadable === role) return { kind: 'unreadable', why: '403' };
      return stored ? { kind: 'present', data: stored.data, undecodable: [], createdAt: '2026-01-01T00:00:00Z', resourceVersion: String(stored.version), annotations: stored.annotations } : { kind: 'absent' };
    };
    const secrets: ObservedSecrets = { application: secret('application'), postgres: secret('postgres'), valkey: secret('valkey'), administrator: secret('administrator'), gateway: secret('gateway'), backup: secret('backup') };
    const journal = faults.journal ?? this.#observeJournal();
    return { secrets, journal, postgres: this.#observePostgres({ secrets, journal }), valkey: this.#observeValkey() };
  }

  apply(action: Action): void {
    switch (action.kind) {
      case 'write journal': this.journal = action.journal; break;
      case 'write secret': this.#write(action); break;
      case 'drop request': this.request = undefined; break;
      case 'write lock': this.lock = action.holder; break;
      case 'open login': this.logins.set(action.role, action.password.reveal()); break;
      case 'close login': this.#close(action.role); break;
      case 'roll': this.#roll(action.workload, action.rotation); break;
      default: this.#applyElsewhere(action);
    }
  }

  #applyElsewhere(action: Action): void {
    switch (action.kind) {
      case 'replace operator password': this.operatorPassword = action.password.reveal(); break;
      case 'set administrator password': this.administrator = action.password.reveal(); break;
      case 'set valkey passwords': this.valkey = passwordsOf(action); break;
      case 'end sessions': this.sessionsEnded += 1; break;
      case 'send event': this.#stored = this.faults.eventsLost ? undefined : action.rotation.since; break;
      default: throw new Error(`${action.kind} is no part of a rotation`);
    }
  }

  #stored: string | undefined;

  /** Whether what a pod would read, or has read, lets it in. */
  works(values: Data): boolean {
    const password = passwordOfUrl(new Sensitive(text(values, 'VALKEY_URL')));
    const valkey = password === undefined || this.valkey.application.includes(this.crypto.sha256(password));
    return valkey && this.logins.get(text(values, 'DATABASE_USER')) === text(values, 'DATABASE_PASSWORD');
  }

  #write({ role, data, annotations }: WriteSecret): void {
    const before = this.secrets.get(role);
    const kept = Object.entries({ ...before?.annotations, ...annotations }).filter((entry): entry is [string, string] => entry[1] !== null);
    this.secrets.set(role, { data: new Map([...(before?.data ?? []), ...data]), version: (before?.version ?? 0) + 1, annotations: Object.fromEntries(kept) });
  }

  #close(role: string): void {
    this.logins.delete(role);
    if (role === 'glitchtip_a') this.faults.foreign = 0;
  }

  #roll(name: string, mark: string | undefined): void {
    this.templates.set(name, mark);
    if (this.faults.stuck === 'gone') this.pods.delete(name);
    if (!this.faults.stuck && this.pods.get(name)?.mark !== mark) this.restart(name);
  }

  /** Somebody has applied a template whose pods never become available. */
  breakRollout(stuck: true | 'gone'): this {
    this.faults = { ...this.faults, stuck };
    for (const name of WORKLOADS) this.#roll(name, 'broken');
    return this;
  }

  /** A pod starts with what is published now: because it is new, or because it was killed. */
  restart(name: string): void {
    this.pods.set(name, { mark: this.faults.stuck ? this.pods.get(name)?.mark : this.templates.get(name), values: name === 'gateway' ? this.secrets.get('gateway')?.data ?? new Map() : this.published() });
  }

  #observeJournal(): ObservedJournal {
    if (!this.journal) return { kind: 'absent' };
    const data = encodeJournal(this.journal);
    const decoded = decodeJournal(data);
    if (decoded.kind === 'invalid') throw new Error(decoded.why);
    return { kind: 'present', journal: decoded.journal, resourceVersion: '1', keys: [...data.keys()] };
  }

  #observePostgres(sources: Pick<Observed, 'secrets' | 'journal'>): Observed['postgres'] {
    const via = postgresLogins(sources).find(({ password }) => password.reveal() === this.operatorPassword)?.via;
    if (this.faults.postgresDown) return { kind: 'unreachable', why: 'ECONNREFUSED' };
    if (!via) return { kind: 'refused' };
    const login = (name: string) => roleOf(name, { canLogin: this.logins.has(name), hasVerifier: this.logins.has(name) });
    const part = (name: string, group: string) => ({ ...login(name), memberOf: [group], actsAs: undefined });
    const roles = [
      roleOf('glitchtip', { memberOf: [], actsAs: undefined }), login('glitchtip_a'), login('glitchtip_b'),
      ...(this.spec.gateway ? [part('glitchtip_gateway', 'pg_read_all_stats')] : []), ...(this.spec.backup ? [part('glitchtip_backup', 'pg_read_all_data')] : []),
    ];
    return {
      kind: 'observed', via, state: stateOf({ roles }), login: this.#try(this.published()), ...(this.spec.gateway ? { gatewayLogin: this.#tryPublished('gateway') } : {}),
      ...(this.spec.backup ? { backupLogin: this.#tryPublished('backup') } : {}),
    };
  }

  #observeValkey(): Observed['valkey'] {
    if (!this.spec.valkey) return { kind: 'none' };
    return this.faults.valkeyDown ? { kind: 'unreachable', why: 'ECONNREFUSED' } : { kind: 'observed', passwords: this.valkey };
  }

  #try(values: Data): ObservedLogin {
    const accepted = this.logins.get(text(values, 'DATABASE_USER')) === text(values, 'DATABASE_PASSWORD');
    return accepted ? { kind: 'accepted', actsAs: 'glitchtip' } : { kind: 'refused' };
  }

  #rollout(): ObservedRollout {
    const values = this.journal?.values;
    const set = (name: ValueSet): Data => new Map(Object.entries(values?.[name] ?? {}));
    const [previous, next] = [set('previous'), set('next')];
    const valkeyLogin = (data: Data) => {
      const password = passwordOfUrl(new Sensitive(text(data, 'VALKEY_URL')));
      if (!password) return 'not tried' as const;
      return this.valkey.application.includes(this.crypto.sha256(password)) ? 'accepted' as const : 'refused' as const;
    };
    return {
      logins: { previous: this.#try(previous), next: this.#try(next) },
      sessions: { previous: this.#sessions(previous), next: this.#sessions(next) },
      valkeyLogins: { previous: valkeyLogin(previous), next: valkeyLogin(next) },
      gatewayLogin: this.#tryPart('gateway', text(next, 'gateway-database-password')),
      backupLogin: this.#tryPart('backup', text(next, 'backup-database-password')),
      web: this.#workload('web'),
      worker: this.#workload('worker'),
      ...(this.spec.gateway ? { gateway: this.#workload('gateway') } : {}),
      jobs: [],
      lock: this.lock ? { kind: 'held', holder: this.lock, resourceVersion: '1' } : { kind: 'free' },
      eventStored: this.#stored === this.rotation?.since,
      administrator: this.#administratorHas(),
      ...this.faults.rollout,
    };
  }

  #tryPublished(part: 'gateway' | 'backup'): ObservedLogin {
    return this.#tryPart(part, text(this.secrets.get(part)?.data, 'database-password'));
  }

  #tryPart(part: 'gateway' | 'backup', password: string): ObservedLogin {
    if (!this.spec[part]) return { kind: 'not tried' };
    const login = `glitchtip_${part}`;
    return this.logins.get(login) === password ? { kind: 'accepted', actsAs: login } : { kind: 'refused' };
  }

  #sessions(data: Data): SessionCount {
    const user = text(data, 'DATABASE_USER');
    // A login that is closed has none, whoever tries.
    const ours = [...this.pods.values()].filter(({ values }) => this.logins.has(user) && text(values, 'DATABASE_USER') === user).length;
    return { ours, jobs: 0, others: user === 'glitchtip_a' ? this.faults.foreign ?? 0 : 0 };
  }

  #workload(name: string): ObservedWorkload {
    const mark = this.templates.get(name);
    const pending = this.pods.get(name)?.mark === mark ? undefined : '0 of 1 new pods are available';
    return { name, rotation: mark, pending, ...(pending !== undefined && this.pods.has(name) ? { hasOldPods: true } : {}) };
  }

  #administratorHas(): ObservedRollout['administrator'] {
    const values = this.journal?.values;
    const found = (['next', 'previous'] as const).find((set) => values?.[set]['administrator-password'].reveal() === this.administrator);
    return found ?? 'own';
  }
}

/** A Job that is at work since ten minutes before the start. */
export function jobAtWork(operation: Operation, name: string = operation): Holder {
  return { operation, name, since: new Date(START.getTime() - 600_000), until: new Date(START.getTime() + 86_400_000) };
}

function passwordsOf({ application, operator, gateway }: ValkeyPasswords): ValkeyPasswords {
  return { application, operator, ...(gateway ? { gateway } : {}) };
}

/** A world in which a rotation has just entered the phase. */
export function worldIn(phase: Phase, { request = 'all', faults = {}, fields = {} }: { request?: string; faults?: Faults; fields?: object } = {}): RotationWorld {
  const world = new RotationWorld(fields);
  world.request = request;
  const back = phase === 'Returning' || phase === 'Dropping';
  world.until(() => world.phase === (back ? 'Proving' : phase) && world.request === undefined && world.rotation?.requestPending === false);
  if (back) world.faults = { eventsLost: true };
  if (back) world.after(6).until(() => world.phase === phase);
  world.faults = faults;
  return world;
}

const stateOfJournal = ({ rotation, history: [latest] }: Journal) => rotation?.phase ?? latest?.result ?? 'empty';

/** An action in words; it holds no value. */
export function words(action: Action): string {
  switch (action.kind) {
    case 'write journal': return `journal: ${stateOfJournal(action.journal)}`;
    case 'write secret': return `write ${action.name}`;
    case 'roll': return `roll ${action.workload}`;
    case 'write lock': return action.holder ? 'take lock' : 'release lock';
    case 'open login': case 'close login': return `${action.kind} ${action.role}`;
    case 'set valkey passwords': return `Valkey accepts ${action.application.length}`;
    default: return action.kind;
  }
}

export const said = (made: Plan): string => made.status.rotation?.current?.message ?? made.status.conditions?.find(({ type }) => type === 'RotationInProgress')?.message ?? '';
