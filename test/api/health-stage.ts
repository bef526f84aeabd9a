// The stage of the health tests: a real API server with all of dist/ in it, a real Postgres and Valkey, doubles of web and of the gateway, and
// the operator's own health controller with the operator's own token. No kubelet: what it would report of pods is written by the test.
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import pg from 'pg';
import type { Settings } from '../../charts/settings/schema.js';
import { ALERTS_SECRET, DEFAULT_SECRET_NAMES, POSTGRES_SUPERUSER, VALKEY_OPERATOR_USER, alertStateName, gatewayLoginName } from '../../operator/api/object-names.js';
import { NotificationController } from '../../operator/controllers/alerts/notification-controller.js';
import { CredentialsController } from '../../operator/controllers/credentials/credentials-controller.js';
import { HealthController } from '../../operator/controllers/health/health-controller.js';
import type { Ports } from '../../operator/controllers/ports.js';
import { nodeCrypto, sha256Hex } from '../../operator/io/crypto.js';
import { gatewayModes, gatewayMoves, moveDatabase, openHealthPort, openNotifiers, postgresPort, restoreDatabases, schemas, valkeyPort, webPort } from '../../operator/io/connect-ports.js';
import { readCertificate } from '../../operator/io/kubernetes/certificate-expiry.js';
import { RestoreObjects } from '../../operator/io/kubernetes/restore-objects.js';
import { backupJobs, legacyImports, moveJobs, rehearsalJobs } from '../../operator/io/kubernetes/template-jobs.js';
import { KubernetesObjects } from '../../operator/io/kubernetes/objects.js';
import { upgradeSteps } from '../../operator/io/kubernetes/upgrade-step.js';
import { Workloads } from '../../operator/io/kubernetes/workloads.js';
import { Operator } from '../../operator/run-operator.js';
import { systemClock, type Clock } from '../../operator/runtime/clock.js';
import { TelegramServer } from '../support/alerts/telegram-server.js';
import { GatewayDouble } from './gateway-double.js';
import { makePartitions, TABLES } from './glitchtip-tables.js';
import { HERE, NAMESPACE, RESOURCES, Stage } from './operator-stage.js';
import { WebDouble } from './web-double.js';

export const RESOURCE = 'glitchtip';
export const TLS_SECRET = 'web-tls';
/** The list of GlitchTip 5.2's tasks. */
const QUEUE = 'celery';
const CHAT = { token: '123456:local-token', chat: '5550777' };
const SETTINGS = JSON.stringify({ https: { secret: TLS_SECRET } } satisfies Partial<Record<keyof Settings, unknown>>);
const never = new AbortController().signal;
// A check asks for more things at once than Node.js expects of one signal.
setMaxListeners(0, never);

/** The wall clock, and what was let pass on top of it. */
export class PassingClock implements Clock {
  #passed = 0;
  now(): number {
    return Date.now() + this.#passed;
  }

  monotonic(): number {
    return performance.now() + this.#passed;
  }

  after(milliseconds: number, callback: () => void): () => void {
    return systemClock.after(milliseconds, callback);
  }

  pass(milliseconds: number): void {
    this.#passed += milliseconds;
  }
}

export interface RunningOperator {
  /** Health checks that have ended. */
  readonly checks: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

export class HealthStage {
  /** Of the controller that runs now; what web stores has its time. */
  clock = new PassingClock();
  readonly telegram = new TelegramServer({ ...CHAT, now: () => this.clock.now() });
  /** What shows pages. Who sends it an event went past the gateway, and is refused. */
  readonly web = new WebDouble(() => Promise.resolve());
  readonly gateway: GatewayDouble;
  #gatewaySession: pg.Client | undefined;
  #controller: HealthController | undefined;
  #password: string | undefined;

  private constructor(readonly stage: Stage, private readonly folder: string) {
    this.web.fate = 'refuse';
    this.gateway = new GatewayDouble((id) => this.storeEvent(id));
  }

  static async open(): Promise<HealthStage> {
    const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-health-'));
    const health = new HealthStage(await Stage.open(), folder);
    await health.#applyParts();
    await health.web.listen(health.webAddress(1), 8080);
    await health.gateway.listen(health.webAddress(3), 8080);
    await health.#startServers();
    await health.#connectGateway();
    await health.telegram.start();
    await health.#writeAlertsSecret();
    return health;
  }

  /** Of a pod: loopback is a whole network, and its own part of it keeps this process apart from others. */
  webAddress(pod: number): string {
    return `127.${100 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 250}.${pod}`;
  }

  /** Where Postgres and Valkey, web, and the gateway listen. */
  #hosts(): readonly string[] {
    return [...HERE, this.webAddress(1), this.webAddress(3)];
  }

  /** Parts as dist/ has them, with a certificate, but without the quota: nobody here counts what it allows. */
  async #applyParts(): Promise<void> {
    const [settings, dist] = [join(this.folder, 'settings.yaml'), join(this.folder, 'dist')];
    await writeFile(settings, SETTINGS);
    await execa('node', ['build/main.js'], { env: { GLITCHKEEPER_SETTINGS: settings, CDK8S_OUTDIR: dist } });
    await this.stage.kubectl(['apply', '-f', dist]);
    await this.stage.kubectl(['delete', 'resourcequota', '--all']);
  }

  /** Resource, Secrets, roles and database as the operator makes them, and GlitchTip's tables in it. */
  async #startServers(): Promise<void> {
    const { stage } = this;
    const { spec, ...settings } = await stage.settings();
    const more = { health: { storedWithinSeconds: 1 }, web: { host: this.webAddress(1), port: 8080, tls: TLS_SECRET }, gateway: { host: this.webAddress(3), port: 8080, controlHost: this.webAddress(3), controlPort: this.gateway.controlPort } };
    await stage.server.admin.apply(`${RESOURCES}/${RESOURCE}`, { ...settings, spec: { ...spec, ...more } }, 'test');
    await this.#reconcile();
    await Promise.all([stage.startPostgres(), stage.startValkey()]);
    for (let turn = 0; turn < 5; turn += 1) await this.#reconcile();
    await this.sql(TABLES);
    await this.sql(makePartitions(-1, 7));
  }

  /** As the gateway does: with its own login, for as long as it runs. */
  async #connectGateway(): Promise<void> {
    const { 'database-password': password = '', 'control-token': token = '' } = (await this.stage.secrets())[DEFAULT_SECRET_NAMES.gateway]?.values ?? {};
    this.gateway.token = token;
    await this.#reconcile();
    this.#gatewaySession = new pg.Client({ host: '127.0.0.1', port: this.stage.postgres.port, database: 'glitchtip', user: gatewayLoginName('glitchtip'), password });
    await this.#gatewaySession.connect();
  }

  async #reconcile(): Promise<void> {
    const api = this.stage.operatorApi;
    const ports: Ports = { cluster: new KubernetesObjects(api, NAMESPACE, 'test'), workloads: new Workloads(api, NAMESPACE), postgres: postgresPort, valkey: valkeyPort, web: webPort };
    const nothing = () => undefined;
    await new CredentialsController({ ...ports, crypto: nodeCrypto, clock: systemClock, trustedHosts: this.#hosts(), log: nothing, warn: nothing, onStatus: nothing }).reconcile(RESOURCE, never);
  }

  async #writeAlertsSecret(): Promise<void> {
    const stringData = { 'telegram-api': this.telegram.url, 'telegram-token': CHAT.token, 'telegram-chat': CHAT.chat };
    await this.stage.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: ALERTS_SECRET }, stringData }));
  }

  /** An operator that has just started, and remembers nothing but what is written down. */
  restart(): void {
    const { stage: { operatorApi: api }, clock } = this;
    const cluster = new KubernetesObjects(api, NAMESPACE, 'test');
    const nothing = () => undefined;
    this.#controller = new HealthController({
      cluster, readCertificate, clock, log: nothing, warn: nothing, onHealth: nothing, leadership: () => 'leads', trustedHosts: this.#hosts(),
      health: openHealthPort(api, NAMESPACE, clock),
      notifications: new NotificationController({ cluster, notifiers: openNotifiers(), clock, namespace: NAMESPACE, digest: sha256Hex }),
    });
  }

  /** Nothing was ever wrong, and no time has passed. */
  async forget(): Promise<void> {
    this.clock = new PassingClock();
    this.telegram.deleteMessages();
    this.telegram.beBusyFor(0);
    await this.stage.kubectl(['delete', 'configmap', alertStateName(RESOURCE), '--ignore-not-found']);
    this.restart();
  }

  /** One check, and the time until the next. */
  async check(): Promise<void> {
    if (!this.#controller) this.restart();
    const { requeueAfter = 0 } = (await this.#controller?.reconcile(RESOURCE, never)) ?? {};
    this.clock.pass(requeueAfter);
  }

  async checks(count: number): Promise<void> {
    for (let each = 0; each < count; each += 1) await this.check();
  }

  /** The chat: of each message its mark and what it is about, as "🔴 DatabaseDown, postgres". */
  shown(): string[] {
    return this.telegram.messages().map(({ text }) => `${text.split(' ')[0] ?? ''} ${/(\w+, [\w-]+), incident/.exec(text)?.[1] ?? text}`);
  }

  /** Hours between two reports. */
  async setReportHours(hours: number): Promise<void> {
    await this.stage.kubectl(['patch', 'glitchtip', RESOURCE, '--type=merge', `--patch=${JSON.stringify({ spec: { alerts: { reportHours: hours } } })}`]);
  }

  /** The whole operator, with its election and by the wall clock. */
  runOperator(): RunningOperator {
    const api = this.stage.operatorApi;
    const ended = new AbortController();
    const operator = new Operator({
      config: { namespace: NAMESPACE, instance: 'test', listen: { host: '127.0.0.1', port: 0 }, resource: RESOURCE, settingsFile: '', serviceAccount: '', trustedHosts: this.#hosts(), logLevel: 'silent' },
      cluster: new KubernetesObjects(api, NAMESPACE, 'test'), workloads: new Workloads(api, NAMESPACE), postgres: postgresPort, valkey: valkeyPort, web: webPort,
      backups: backupJobs(api, NAMESPACE), rehearsals: rehearsalJobs(api, NAMESPACE), restores: new RestoreObjects(api, NAMESPACE), upgradeSteps: upgradeSteps(api, NAMESPACE), legacyImports: legacyImports(api, NAMESPACE), schemas, databases: restoreDatabases, gateways: gatewayModes, moveJobs: moveJobs(api, NAMESPACE), moveDatabase, gatewayMoves, health: openHealthPort(api, NAMESPACE, systemClock), notifiers: openNotifiers(), readCertificate, crypto: nodeCrypto, clock: systemClock, random: Math.random,
      readSettings: () => Promise.resolve(undefined), log: { info: () => undefined, warn: () => undefined },
    });
    const running = operator.run(ended.signal);
    return {
      checks: async () => Number(/^glitchkeeper_reconcile_duration_seconds_count\{(?=[^}]*controller="health")[^}]*\} (\d+)/m.exec((await operator.metrics.render()).body)?.[1] ?? 0),
      stop: () => {
        ended.abort();
        return running;
      },
    };
  }

  /** Events of others are stored all the time. @returns what ends it */
  storeOthers(): () => Promise<void> {
    const stopped = new AbortController();
    const storing = (async () => {
      while (!stopped.signal.aborted) {
        await this.storeEvent(randomUUID());
        await sleep(100);
      }
    })();
    return () => {
      stopped.abort();
      return storing;
    };
  }

  /** So many tasks wait in the queue. */
  async queueTasks(count: number): Promise<void> {
    const login = { user: VALKEY_OPERATOR_USER, password: (await this.stage.secrets())[DEFAULT_SECRET_NAMES.valkey]?.values['password'] ?? '' };
    await this.stage.valkey.command(login, 'DEL', QUEUE);
    if (count > 0) await this.stage.valkey.command(login, 'LPUSH', QUEUE, ...Array.from({ length: count }, () => 'task'));
  }

  storeEvent(id: string): Promise<unknown> {
    return this.sql(`INSERT INTO issue_events_issueevent VALUES ('${id}', 1, '${new Date(this.clock.now()).toISOString()}')`);
  }

  /** In GlitchTip's database, as the superuser, also while the API server does not answer. */
  async sql(statement: string): Promise<void> {
    this.#password ??= (await this.stage.secrets())[DEFAULT_SECRET_NAMES.postgres]?.values['password'] ?? '';
    await this.stage.postgres.query({ user: POSTGRES_SUPERUSER, password: this.#password, database: 'glitchtip' }, statement);
  }

  async close(): Promise<void> {
    await this.#gatewaySession?.end();
    this.web.stop();
    this.gateway.stop();
    await this.telegram.stop();
    await this.stage.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}
