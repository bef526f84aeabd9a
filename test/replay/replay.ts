// Runs rotations with a fault at a chosen write, and checks after it that nobody is locked out.
import { GlitchTipController } from '../../operator/controllers/credentials/credentials-controller.js';
import type { GlitchTipStatus } from '../../operator/api/glitchtip-resource.js';
import { DEFAULT_SECRET_NAMES, ROTATE_ANNOTATION } from '../../operator/api/object-names.js';
import { buildDjangoPassword, nodeCrypto, verifyDjangoPassword } from '../../operator/io/crypto.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import type { PostgresPort, Ports } from '../../operator/controllers/ports.js';
import { postgresPort } from '../../operator/io/connect-ports.js';
import type { Clock } from '../../operator/runtime/clock.js';
import { buildPorts, type Fault, type TestPorts } from '../api/operator-ports.js';
import { RESOURCES, type Stage } from '../api/operator-stage.js';
import { Pods } from './pods.js';

const never = new AbortController().signal;
/** More reconciles than any rotation takes. */
const MOST_TURNS = 90;
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
    await this.stage.server.admin.merge(`${RESOURCES}/glitchtip`, { metadata: { annotations: { [ROTATE_ANNOTATION]: value } } }, 'test');
  }

  /** One reconcile, then what the kubelet does. */
  async turn(ports: TestPorts): Promise<void> {
    await this.reconcile(ports);
    await this.pods.sync();
  }

  /** An error is what the queue would try again. */
  async reconcile(ports: Ports): Promise<void> {
    const nothing = () => undefined;
    const controller = new GlitchTipController({ ...ports, crypto: nodeCrypto, clock: this.clock, log: nothing, warn: nothing, onStatus: nothing });
    await controller.reconcile('glitchtip', never).catch((error: unknown) => {
      this.lastError = error;
    });
  }

  lastError: unknown;

  /** Until the status is as wanted and no request is left; or the ports are dead. */
  async run(ports: TestPorts, reached: (status: GlitchTipStatus) => boolean): Promise<void> {
    for (let turn = 1; turn <= MOST_TURNS; turn += 1) {
      await this.turn(ports);
      if (ports.dead()) return;
      const { status = {}, metadata } = await this.stage.resource();
      if (metadata.annotations?.[ROTATE_ANNOTATION] === undefined && reached(status)) return;
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
    const secrets = await this.stage.secrets();
    const kept = Object.values(secrets).flatMap(({ values }) => Object.values(values));
    const problems = (await this.pods.failing()).map((pod) => `${pod} cannot log in with what it read`);
    if (!(await this.#publishedWorks(secrets))) problems.push('what is published does not work');
    if (!(await this.#someLetsIn(kept, (password) => this.stage.postgres.query({ user: 'glitchkeeper', password }, 'SELECT 1').then(() => true, () => false)))) problems.push('no kept value lets the operator into Postgres');
    if (!(await this.#someLetsIn(kept, (password) => this.stage.valkey.accepts('glitchkeeper', password)))) problems.push('no kept value lets the operator into Valkey');
    if (!(await this.#someLetsIn(kept, (password) => this.administratorHas(password)))) problems.push("no kept value is the administrator's password");
    return problems;
  }

  readonly administratorHas = async (password: string): Promise<boolean> => {
    const [row] = await this.stage.sql<{ password: string }>(`SELECT password FROM users_user WHERE email = '${EMAIL}'`, 'glitchtip');
    return verifyDjangoPassword(new Sensitive(password), row?.password ?? '');
  };

  async #publishedWorks(secrets: Awaited<ReturnType<Stage['secrets']>>): Promise<boolean> {
    const { DATABASE_USER: user = '', DATABASE_PASSWORD: password = '', VALKEY_URL = 'redis://none' } = secrets[DEFAULT_SECRET_NAMES.application]?.values ?? {};
    const postgres = await this.stage.postgres.query({ user, password, database: 'glitchtip' }, 'SELECT 1').then(() => true, () => false);
    return postgres && (await this.stage.valkey.accepts('default', new URL(VALKEY_URL).password));
  }

  /** Passwords are the only kept values of this form. */
  async #someLetsIn(kept: readonly string[], tryIt: (password: string) => Promise<boolean>): Promise<boolean> {
    for (const value of new Set(kept.filter((text) => /^[A-Za-z0-9_-]{40,}$/.test(text)))) if (await tryIt(value)) return true;
    return false;
  }
}
