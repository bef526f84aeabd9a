// Runs rotations with a fault at a chosen write, and checks after it that nobody is locked out.
import { CredentialsController } from '../../operator/controllers/credentials/credentials-controller.js';
import type { GlitchTipStatus } from '../../operator/api/glitchtip-resource.js';
import { DEFAULT_SECRET_NAMES, ROTATE_ANNOTATION, VALKEY_GATEWAY_USER } from '../../operator/api/object-names.js';
import { nodeCrypto } from '../../operator/io/crypto.js';
import { buildDjangoPassword, verifyDjangoPassword } from '../../operator/io/django-password.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import type { PostgresPort, Ports } from '../../operator/controllers/ports.js';
import { postgresPort } from '../../operator/io/connect-ports.js';
import type { ValueName } from '../../operator/core/rotation/journal.js';
import { COMPROMISED_EVERY } from '../../operator/core/rotation/requested-rotation.js';
import type { Clock } from '../../operator/runtime/clock.js';
import { buildPorts, type Fault, type TestPorts } from '../api/operator-ports.js';
import { HERE, RESOURCES, type Stage, type StoredSecret } from '../api/operator-stage.js';
import { BACKUP_LOGIN, GATEWAY_LOGIN } from './credentials.js';
import type { Looks } from './cuts.js';
import { Pods } from './pods.js';
import { hasSaved, valkeyPassword } from './valkey-users-file.js';

const never = new AbortController().signal;
/** More reconciles than any rotation takes. */
const MOST_TURNS = 90;
/** Of those after a rotation has ended: the last of them writes nothing. */
const MOST_RESTLESS_TURNS = 5;
const EMAIL = 'admin@example.com';
/** Of hashing; Django reads their number from the hash. */
const ROUNDS = 1_000;

/** A clock that the test moves: deadlines are reached without waiting. */
export class MovingClock implements Clock {
  #ahead = 0;

  now(): number {
    return Date.now() + this.#ahead;
  }

  monotonic(): number {
    return performance.now() + this.#ahead;
  }

  after(milliseconds: number, callback: () => void): () => void {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  }

  advance(milliseconds: number): void {
    this.#ahead += milliseconds;
  }
}

export class Replay {
  readonly clock = new MovingClock();
  readonly pods: Pods;

  constructor(readonly stage: Stage) {
    this.pods = new Pods(stage, this.clock);
  }

  /** The operator's ports, with web as the pods have it, and fewer rounds of hashing than Django's million. */
  ports(fault?: Fault): TestPorts {
    const postgres: PostgresPort = { ...postgresPort, setAdministratorPassword: async (_, { fence }, { password }) => {
      await fence();
      await this.#setAdministrator(password);
    } };
    return buildPorts(this.stage.operatorApi, fault, { web: this.pods.web, postgres });
  }

  async request(value: string): Promise<void> {
    // One after another, for this one waits until some minutes after the one before.
    if (value === 'compromised') this.clock.advance(COMPROMISED_EVERY);
    await this.stage.server.admin.merge(`${RESOURCES}/glitchtip`, { metadata: { annotations: { [ROTATE_ANNOTATION]: value } } }, 'test');
  }

  /** One reconcile, then what the kubelet does. @throws when the pods could not log in to a Valkey that is started again */
  async turn(ports: TestPorts): Promise<void> {
    await this.reconcile(ports);
    await this.pods.sync();
    const refused = this.pods.refusedBy(await this.stage.valkey.savedUsers());
    if (refused.length > 0) throw new Error(`Valkey, started again, would refuse ${refused.join(' and ')}`);
  }

  /** Turns until one writes nothing: neither status nor event. */
  async rest(): Promise<void> {
    for (let turn = 1; turn <= MOST_RESTLESS_TURNS; turn += 1) {
      const ports = this.ports();
      this.lastError = undefined;
      await this.turn(ports);
      if (ports.writes().length === 0 && this.lastError === undefined) return;
    }
    throw new Error(`the operator does not come to rest: ${await this.#describe()}; last error: ${String(this.lastError)}`);
  }

  /** An error is what the queue would try again. */
  async reconcile(ports: Ports): Promise<void> {
    const nothing = () => undefined;
    const controller = new CredentialsController({ ...ports, crypto: nodeCrypto, clock: this.clock, trustedHosts: HERE, log: nothing, warn: nothing, onStatus: nothing });
    await controller.reconcile('glitchtip', never).catch((error: unknown) => {
      this.lastError = error;
    });
  }

  lastError: unknown;

  /** Until the status is as wanted and no request is left; or the ports have crashed. @returns the writes of each turn that made some */
  async run(ports: TestPorts, reached: (status: GlitchTipStatus) => boolean): Promise<Looks> {
    const looks: (readonly string[])[] = [];
    for (let turn = 1; turn <= MOST_TURNS; turn += 1) {
      const { length } = ports.writes();
      await this.turn(ports);
      if (ports.writes().length > length) looks.push(ports.writes().slice(length));
      if (ports.crashed()) return looks;
      const { status = {}, metadata } = await this.stage.resource();
      if (metadata.annotations?.[ROTATE_ANNOTATION] === undefined && reached(status)) return looks;
    }
    throw new Error(`the rotation does not end: ${await this.#describe()}; last error: ${String(this.lastError)}`);
  }

  async #describe(): Promise<string> {
    const { status } = await this.stage.resource();
    return JSON.stringify([status?.rotation?.current, status?.conditions?.map(({ type, status: value, message }) => `${type} ${value}: ${message}`)]);
  }

  /** The administrator that the migrate Job makes. */
  async makeAdministrator(): Promise<void> {
    const password = (await this.stage.secrets())[DEFAULT_SECRET_NAMES.administrator]?.values['password'] ?? '';
    await this.stage.sql(`DELETE FROM users_user; INSERT INTO users_user VALUES ('${EMAIL}', '')`, 'glitchtip');
    await this.#setAdministrator(new Sensitive(password));
  }

  async #setAdministrator(password: Sensitive): Promise<void> {
    await this.stage.sql(`UPDATE users_user SET password = '${await buildDjangoPassword(password, ROUNDS)}'`, 'glitchtip');
  }

  /** What must hold at every instant; empty when it does. */
  async lockedOut(): Promise<readonly string[]> {
    const [secrets, saved, hash] = await Promise.all([this.stage.secrets(), this.stage.valkey.savedUsers(), this.administratorHash()]);
    const published = secrets[DEFAULT_SECRET_NAMES.application]?.values ?? {};
    const kept = passwordsOf(secrets);
    const front = secrets[DEFAULT_SECRET_NAMES.gateway]?.values ?? {};
    const frontKept = keptFor('gateway-database-password', secrets, front['database-password']);
    const backupKept = keptFor('backup-database-password', secrets, secrets[DEFAULT_SECRET_NAMES.backup]?.values['database-password']);
    const checks: readonly (readonly [problem: string, holds: Promise<boolean>])[] = [
      ['what is published does not work', this.#publishedWorks(published)],
      ['no kept value lets the operator into Postgres', some(kept, (password) => this.#postgresLetsIn('glitchkeeper', password, 'postgres'))],
      ['no kept value lets the operator into Valkey', some(kept, (password) => this.stage.valkey.accepts('glitchkeeper', password))],
      ['no kept value lets the operator into a Valkey that is started again', some(kept, (password) => Promise.resolve(hasSaved(saved, 'glitchkeeper', password)))],
      ['what is published does not work with a Valkey that is started again', Promise.resolve(hasSaved(saved, 'default', valkeyPassword(published)))],
      ['no kept value lets the gateway into Postgres', some(frontKept, (password) => this.#readsKeys(GATEWAY_LOGIN, password))],
      ['no kept value lets a backup into Postgres', some(backupKept, (password) => this.#readsKeys(BACKUP_LOGIN, password))],
      ['what is published does not let the gateway into Valkey', this.stage.valkey.accepts(VALKEY_GATEWAY_USER, front['valkey-password'] ?? '')],
      ['what is published does not let the gateway into a Valkey that is started again', Promise.resolve(hasSaved(saved, VALKEY_GATEWAY_USER, front['valkey-password'] ?? ''))],
      ["no kept value is the administrator's password", some(kept, (password) => verifyDjangoPassword(new Sensitive(password), hash))],
    ];
    const [pods, problems] = await Promise.all([this.pods.failing(), Promise.all(checks.map(async ([problem, holds]) => ((await holds) ? [] : [problem])))]);
    return [...pods.map((pod) => `${pod} cannot log in with what it read`), ...this.pods.refusedBy(saved).map((pod) => `Valkey, started again, would refuse ${pod}`), ...problems.flat()];
  }

  async administratorHash(): Promise<string> {
    const [row] = await this.stage.sql<{ password: string }>(`SELECT password FROM users_user WHERE email = '${EMAIL}'`, 'glitchtip');
    return row?.password ?? '';
  }

  async #publishedWorks({ DATABASE_USER: user = '', DATABASE_PASSWORD: password = '', ...values }: StoredSecret['values']): Promise<boolean> {
    const [postgres, valkey] = await Promise.all([this.#postgresLetsIn(user, password, 'glitchtip'), this.stage.valkey.accepts('default', valkeyPassword(values))]);
    return postgres && valkey;
  }

  #readsKeys(user: string, password: string): Promise<boolean> {
    return this.stage.postgres.query({ user, password, database: 'glitchtip' }, 'SELECT public_key FROM projects_projectkey').then(() => true, () => false);
  }

  #postgresLetsIn(user: string, password: string, database: string): Promise<boolean> {
    return this.stage.postgres.query({ user, password, database }, 'SELECT 1').then(() => true, () => false);
  }
}

/** Passwords are the only kept values of this form; those by whose name they are one come first, for the first that is let in is enough. */
function passwordsOf(secrets: Readonly<Record<string, StoredSecret>>): readonly string[] {
  const entries = Object.values(secrets).flatMap(({ values }) => Object.entries(values)).filter(([, text]) => /^[A-Za-z0-9_-]{40,}$/.test(text));
  const likely = (key: string) => (key === 'password' ? 0 : key.includes('operator') ? 1 : 2);
  return [...new Set(entries.sort(([a], [b]) => likely(a) - likely(b)).map(([, text]) => text))];
}

/** What is published, and what the journal has under this name. */
function keptFor(name: ValueName, secrets: Readonly<Record<string, StoredSecret>>, published = ''): readonly string[] {
  const journal = secrets[DEFAULT_SECRET_NAMES.rotation]?.values ?? {};
  return [...new Set([published, journal[`next.${name}`] ?? published, journal[`previous.${name}`] ?? published])];
}

async function some(kept: readonly string[], tryIt: (password: string) => Promise<boolean>): Promise<boolean> {
  for (const value of kept) if (await tryIt(value)) return true;
  return false;
}
