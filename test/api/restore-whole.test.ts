// Whole restores by the operator's decisions, on a real server, with the real programs for Jobs: web is a connection, the gateway and the lock are words.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { identityToRecipient } from 'age-encryption';
import { formatReport } from '../../backup/core/report.js';
import { formatRestoreReport } from '../../backup/core/restore-report.js';
import type { RestoreStatus } from '../../operator/api/restore-fields.js';
import type { BackupJob, ContainerEnd } from '../../operator/core/backup/run-end.js';
import { judgeRestoreJob } from '../../operator/core/restore/restore-end.js';
import type { GatewayMode, Hold } from '../../operator/core/operations/away-steps.js';
import type { RestoreAction, RestoreFacts, RestoreJob } from '../../operator/core/restore/restore-facts.js';
import { jobOfPhase, type RestoreJobKind } from '../../operator/core/restore/restore-names.js';
import { planRestore } from '../../operator/core/restore/restore-plan.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import { changeRestoreDatabase, observeLiveContent, observeRestoreDatabases } from '../../operator/io/postgres/restore-databases.js';
import { observeRestoreLogin, openRestoreLogin } from '../../operator/io/postgres/restore-login.js';
import { closeLogin } from '../../operator/io/postgres/rotate-logins.js';
import { RESTORE_USER, BACKUP_LOGIN, type ScriptChange } from './backup-run.js';
import { NEW, RestoreStage } from './restore-run.js';

const BUILD_MS = 900_000;
const RUN_MS = 300_000;
const LIVE = 'glitchtip';
const seen = <T>(value: T) => ({ kind: 'seen', value }) as const;

/** The operator as far as a restore needs it. */
class Operator {
  status: RestoreStatus = {};
  request: string | undefined = 'latest';
  readonly done: string[] = [];
  /** What the next Job's load.sh is given. */
  loads: ScriptChange[] = [];
  #isHeld = false;
  #isLocked = false;
  #gateway: GatewayMode = 'gives';
  #web: pg.Client | undefined;
  #isAdministratorRight = true;
  #isProved = false;
  readonly #jobs = new Map<string, BackupJob>();

  constructor(private readonly stage: RestoreStage) {}

  get #place() {
    const { signal } = new AbortController();
    const address = { host: '127.0.0.1', port: this.stage.postgres.postgres.port, database: LIVE, signal };
    return { address, operator: { user: 'glitchkeeper', password: new Sensitive('of-the-superuser') }, fence: () => Promise.resolve(), signal };
  }

  async until(isSo: () => boolean): Promise<void> {
    for (let turn = 0; !isSo(); turn += 1) {
      if (turn > 120) throw new Error(`it does not end: ${JSON.stringify(this.status)}: ${this.done.slice(-5).join(', ')}`);
      const plan = planRestore({ database: LIVE, suspend: false, status: this.status, request: this.request, facts: await this.#facts(), now: new Date() });
      // As it is stored.
      this.status = JSON.parse(JSON.stringify(plan.status)) as RestoreStatus;
      this.done.push(plan.message);
      if (plan.action) await this.#apply(plan.action);
    }
  }

  isAt = (phase: string, direction = 'forth') => (): boolean => {
    const { current } = this.status;
    return current?.phase === phase && current.direction === direction && this.request === undefined && current.request === undefined;
  };

  isOver = (): boolean => this.status.current === undefined && this.status.last !== undefined && !this.#isLocked;

  async start(): Promise<void> {
    this.#web = new pg.Client({ host: '127.0.0.1', port: this.stage.postgres.postgres.port, user: 'glitchtip_a', password: 'a', database: LIVE });
    await this.#web.connect();
    await this.#web.query("INSERT INTO users_user (email) VALUES ('event-' || gen_random_uuid())");
    this.#isProved = true;
  }

  async stop(): Promise<void> {
    await this.#web?.end();
    this.#web = undefined;
  }

  #hold(): Hold {
    return this.#isHeld ? { kind: 'held', by: `restore ${this.status.current?.id ?? ''}` } : { kind: 'free' };
  }

  async #facts(): Promise<RestoreFacts> {
    const { address, operator } = this.#place;
    const { current } = this.status;
    const job = current && jobOfPhase(current);
    const [databases, login] = [await observeRestoreDatabases(address, operator), await observeRestoreLogin(address, operator)];
    const isThere = databases.some(({ name, isOpen }) => name === LIVE && isOpen);
    const content = isThere ? await observeLiveContent(address, operator) : { isEmpty: true, storedSessions: 0 };
    const replicas = this.#web ? 1 : 0;
    const part = { wanted: replicas, pods: replicas, ready: replicas };
    const [sessions] = await this.stage.postgres.sql<{ count: number }>("SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = 'glitchtip_a'");
    return {
      lock: { kind: this.#isLocked ? 'ours' : 'free' }, gateway: seen({ mode: this.#gateway, underWay: 0 }), parts: seen({ web: part, worker: part }), hold: seen(this.#hold()), sessions: seen(sessions?.count ?? 0),
      databases: seen(databases), isLiveEmpty: seen(content.isEmpty), storedSessions: seen(content.storedSessions), restoreLogin: seen(login), free: undefined,
      job: seen<RestoreJob>(job ? judgeRestoreJob(job.kind, this.#jobs.get(job.name)) : { kind: 'absent' }),
      isAdministratorRight: seen(this.#isAdministratorRight), isProved: seen(this.#isProved),
    };
  }

  async #apply(action: RestoreAction): Promise<void> {
    if (action.kind === 'create database' || 'oid' in action) return changeRestoreDatabase(this.#place, action);
    switch (action.kind) {
      case 'scale': return action.replicas === 0 ? this.stop() : this.start();
      case 'create job': { this.#jobs.set(action.name, await this.#run(action.job)); return; }
      case 'open restore login': return openRestoreLogin(this.#place, new Sensitive(BACKUP_LOGIN.password));
      case 'close restore login': return closeLogin(this.#place, `${LIVE}_restore`);
      default: this.#note(action);
    }
  }

  /** Of what there is only a word here. */
  #note(action: RestoreAction): void {
    switch (action.kind) {
      case 'take lock': case 'release lock': this.#isLocked = action.kind === 'take lock'; return;
      case 'hold': case 'let go': this.#isHeld = action.kind === 'hold'; return;
      case 'set gateway': this.#gateway = action.mode; return;
      case 'set administrator password': this.#isAdministratorRight = true; return;
      case 'drop request': this.request = undefined; return;
      default: throw new Error(`${action.kind} is not expected here`);
    }
  }

  async #run(kind: RestoreJobKind): Promise<BackupJob> {
    if (kind === 'migrate') return { condition: 'Complete' };
    const containers: ContainerEnd[] = [];
    const steps = kind === 'save' ? [() => this.#save()] : kind === 'check' ? [() => this.#program('fetch')] : [() => this.#program('fetch'), () => this.#load(), () => this.#program('place')];
    for (const step of steps) {
      const ended = await step();
      containers.push(ended);
      if (ended.terminated?.exitCode !== 0) return { condition: 'Failed', reason: 'BackoffLimitExceeded', pod: { containers } };
    }
    this.#isAdministratorRight = kind !== 'restore';
    return { condition: 'Complete', pod: { containers } };
  }

  async #program(task: string, variables: Readonly<Record<string, string>> = {}): Promise<ContainerEnd> {
    const { report } = await this.stage.run(task, { COPY: NEW, ...variables });
    if (!report) return { name: task, terminated: { exitCode: 137 } };
    return { name: task, terminated: { exitCode: report.result === 'failed' ? 1 : 0, message: report.result === 'verified' ? formatReport(report) : formatRestoreReport(report) } };
  }

  async #load(): Promise<ContainerEnd> {
    const name = this.stage.postgres.sql<{ name: string }>("SELECT datname AS name FROM pg_database WHERE datname LIKE '%\\_restored\\_%'");
    const change = this.loads.shift() ?? {};
    const { report, output } = await this.stage.load((await name)[0]?.name, { ...change, env: { PGUSER: `${LIVE}_restore`, OWNER: LIVE, ...change.env } });
    if (report) return { name: 'load', terminated: { exitCode: 1, message: formatRestoreReport(report) } };
    return { name: 'load', terminated: { exitCode: output.includes('recount:') ? 0 : 137 } };
  }

  async #save(): Promise<ContainerEnd> {
    const made = await this.stage.postgres.newWork();
    await this.stage.postgres.dump(made, LIVE);
    await this.stage.postgres.restore(made);
    await mkdir(join(made, 'settings'));
    await writeFile(join(made, 'settings', 'SECRET_KEY'), 'a-key');
    await execa('chown', ['-R', String(RESTORE_USER.uid), made]);
    const expected = { ...(JSON.parse(await this.stage.expected()) as object), database: LIVE };
    const copy = this.status.current?.since.replaceAll(/[-:]/g, '') ?? '';
    return this.#program('store', { COPY: copy, WORK: made, RECIPIENTS: await identityToRecipient(this.stage.identity), SETTINGS: join(made, 'settings'), EXPECTED: JSON.stringify({ ...expected, mayShrink: 'another database' }) });
  }
}

describe('a restore on a real server', () => {
  let stage: RestoreStage;
  let operator: Operator;
  const users = async (database: string) => (await stage.postgres.sql<{ count: number }>("SELECT count(*)::int AS count FROM users_user WHERE email NOT LIKE 'event-%'", database))[0]?.count;

  beforeAll(async () => {
    stage = await RestoreStage.open();
    await stage.postgres.sql("CREATE ROLE glitchtip_a LOGIN IN ROLE glitchtip PASSWORD 'a'; ALTER ROLE glitchtip_a SET role = 'glitchtip'");
  }, BUILD_MS);
  afterAll(() => stage.close());
  beforeEach(async () => {
    await stage.renew();
    for (const { name } of await stage.postgres.sql<{ name: string }>("SELECT datname AS name FROM pg_database WHERE datname LIKE 'glitchtip%'")) await stage.postgres.dropDatabase(name);
    await stage.postgres.makeDatabase(LIVE);
    await stage.postgres.sql('ALTER TABLE users_user OWNER TO glitchtip; ALTER SEQUENCE users_user_id_seq OWNER TO glitchtip; DELETE FROM users_user WHERE id > 200', LIVE);
    operator = new Operator(stage);
    await operator.start();
  });

  it('comes to the copy, goes back to what was there, and comes to the copy again', async () => {
    await operator.until(operator.isAt('Unconfirmed'));
    expect(await users(LIVE)).toBe(301);
    expect(operator.status.current).toMatchObject({ copy: NEW, saved: expect.stringMatching(/^2/) });
    expect((await stage.manifestOf(operator.status.current?.saved ?? '')).database.name).toBe(LIVE);
    operator.request = 'undo';
    await operator.until(operator.isAt('Unconfirmed', 'back'));
    expect(await users(LIVE)).toBe(200);
    operator.request = 'undo';
    await operator.until(operator.isAt('Unconfirmed'));
    expect(await users(LIVE)).toBe(301);
    operator.request = 'confirm';
    await operator.until(operator.isOver);
    expect(await stage.postgres.sql("SELECT datname FROM pg_database WHERE datname LIKE 'glitchtip%'")).toEqual([{ datname: LIVE }]);
    expect(operator.status.last).toMatchObject({ result: 'Confirmed', copy: NEW });
    await operator.stop();
  }, RUN_MS);

  it('whose Job is killed in the middle begins again with a new database', async () => {
    operator.loads = [{ programs: { pg_restore: '/usr/lib/postgresql/17/bin/pg_restore "${@:1:$#-1}" --section=pre-data "${@: -1}"; kill -9 $PPID' } }];
    await operator.until(operator.isAt('Unconfirmed'));
    expect(operator.done).toContain('Restoring is tried again: load: StepFailed (exit code 137).');
    expect(await users(LIVE)).toBe(301);
    await operator.stop();
  }, RUN_MS);

  it('whose copy is damaged stops nothing', async () => {
    await writeFile(stage.dumpOf(NEW), 'damaged');
    await operator.until(operator.isOver);
    await stage.mend();
    expect(operator.status.last).toMatchObject({ result: 'Failed', why: expect.stringMatching(/^Checking: fetch: CopyDamaged: /) });
    expect(operator.done.filter((line) => line.includes('scale'))).toEqual([]);
    expect(await users(LIVE)).toBe(200);
    await operator.stop();
  }, RUN_MS);

  it('that cannot be loaded leaves everything as it was', async () => {
    operator.loads = [{ env: { PASSWORD_FILE: '/opt/backup/facts.sql' } }];
    await operator.until(operator.isOver);
    expect(operator.status.last).toMatchObject({ result: 'Failed', why: 'Restoring: empty: LoginRefused (exit code 2)' });
    expect(await stage.postgres.sql("SELECT datname, datallowconn FROM pg_database WHERE datname LIKE 'glitchtip%'")).toEqual([{ datname: LIVE, datallowconn: true }]);
    expect(await users(LIVE)).toBe(200);
    await operator.stop();
  }, RUN_MS);
});
