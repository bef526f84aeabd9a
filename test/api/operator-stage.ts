// The stage of the operator's test: a real API server with the manifests of dist/, a real Postgres, and the operator with its own token.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpMethod } from '@kubernetes/client-node';
import { execa } from 'execa';
import { parse, parseAllDocuments } from 'yaml';
import type { GlitchTipResource } from '../../operator/api/glitchtip-resource.js';
import { API_VERSION } from '../../operator/api/object-names.js';
import { PROGRAMS } from '../../charts/programs.js';
import { buildScramVerifier } from '../../operator/io/crypto.js';
import type { KubernetesApi, ObjectMeta } from '../../operator/io/kubernetes/api-client.js';
import { sendRequest } from '../../operator/io/kubernetes/api-request.js';
import { isRefusal } from '../../operator/io/postgres/postgres-client.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import { Program, connectAs, freePort, startControlPlane, type ControlPlane } from './control-plane.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';
import { startValkey, type ValkeyServer } from './valkey-server.js';
import { NO_SETTINGS } from '../support/settings.js';

export const NAMESPACE = 'glitchtip';
export const RESOURCES = `/apis/${API_VERSION}/namespaces/${NAMESPACE}/glitchtips`;
export const SECRETS = `/api/v1/namespaces/${NAMESPACE}/secrets`;
/** Where the servers of a test listen: no Services, so that the operator has to be told. */
export const HERE: readonly string[] = ['127.0.0.1'];
const ROLE = `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/roles/glitchkeeper`;

/** The operator's files of dist/, in the order in which kubectl takes them. */
const MANIFESTS = ['0000-namespace.k8s.yaml', '0001-crds.k8s.yaml', '0002-operator.k8s.yaml'];

interface SecretObject {
  readonly metadata: ObjectMeta;
  readonly data?: Readonly<Record<string, string>>;
}

/** A Secret as it is stored. */
export interface StoredSecret {
  readonly resourceVersion: string;
  readonly values: Readonly<Record<string, string>>;
}

interface Rule {
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

export class Stage {
  /** As the operator: the token of its service account. */
  readonly operatorApi: KubernetesApi;
  #postgres: PostgresServer | undefined;
  #valkey: ValkeyServer | undefined;
  #superuserPassword = '';
  #applied = { exitCode: -1, stderr: '' };

  private constructor(readonly server: ControlPlane, private readonly folder: string, private readonly token: string, private readonly own: { readonly ports: { readonly postgres: number; readonly valkey: number }; readonly spec: object }) {
    this.operatorApi = server.apiFor(token);
  }

  /** Everything but Postgres: that is started when its password exists. @param spec what the resource has beside what is in dist/ */
  static async open(spec: object = {}): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-operator-'));
    await execa('node', ['build/main.js'], { env: { GLITCHKEEPER_SETTINGS: NO_SETTINGS, CDK8S_OUTDIR: join(folder, 'dist') } });
    const server = await startControlPlane();
    const kubectl = (args: readonly string[]) => execa(server.kubectl, ['--kubeconfig', server.kubeconfig, ...args], { reject: false });
    const { exitCode = -1, stderr } = await kubectl(['apply', '--warnings-as-errors', ...MANIFESTS.flatMap((file) => ['-f', join(folder, 'dist', file)])]);
    await kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd/glitchtips.glitchkeeper.io']);
    const stage = new Stage(server, folder, await server.tokenOf(NAMESPACE, 'glitchkeeper'), { ports: { postgres: await freePort(), valkey: await freePort() }, spec });
    stage.#applied = { exitCode, stderr };
    await stage.#writePodFiles();
    return stage;
  }

  /** How `kubectl apply` of the manifests ended. */
  get applied(): { readonly exitCode: number; readonly stderr: string } {
    return this.#applied;
  }

  /** What the kubelet would mount: the token, and the settings with Postgres' address of here. */
  async #writePodFiles(): Promise<void> {
    await mkdir(join(this.folder, 'account'));
    await writeFile(join(this.folder, 'account', 'ca.crt'), this.server.address.ca);
    await writeFile(join(this.folder, 'account', 'token'), this.token, { mode: 0o600 });
    await writeFile(join(this.folder, 'settings.yaml'), JSON.stringify(await this.settings()));
  }

  /** The GlitchTip resource that dist/ hands to the operator, with Postgres' address of here. */
  async settings(): Promise<{ metadata: { name: string }; spec: object }> {
    const objects = parseAllDocuments(await readFile(join(this.folder, 'dist', '0002-operator.k8s.yaml'), 'utf8'))
      .map((document) => document.toJS() as { metadata: { name: string }; data?: Record<string, string> });
    const file = objects.find(({ metadata }) => metadata.name === 'glitchkeeper-settings')?.data?.['glitchtip.yaml'] ?? '';
    const resource = parse(file) as { metadata: { name: string }; spec: object };
    return { ...resource, spec: { ...resource.spec, ...this.own.spec, database: { host: '127.0.0.1', port: this.own.ports.postgres }, valkey: { host: '127.0.0.1', port: this.own.ports.valkey } } };
  }

  /** That resource, without these parts of its spec. */
  async applyResource(without: readonly string[]): Promise<void> {
    const { spec, ...rest } = await this.settings();
    const kept = Object.fromEntries(Object.entries(spec).filter(([part]) => !without.includes(part)));
    await this.server.admin.apply(`${RESOURCES}/glitchtip`, { ...rest, spec: kept }, 'test');
  }

  /** The operator's own bundle, started as its Deployment starts it. @param build folder that it was built into */
  async startOperator(pod: string, build = 'build'): Promise<OperatorProcess> {
    const [{ host, port }, metricsPort] = [this.server.address, await freePort()];
    return new OperatorProcess({ pod, build, metricsPort }, {
      KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: String(port), SERVICE_ACCOUNT_DIR: join(this.folder, 'account'),
      POD_NAMESPACE: NAMESPACE, POD_NAME: pod, SETTINGS_FILE: join(this.folder, 'settings.yaml'),
      LISTEN_HOST: '127.0.0.1', PORT: String(metricsPort), LOG_LEVEL: 'trace', TRUSTED_HOSTS: HERE.join(),
    });
  }

  get postgres(): PostgresServer {
    if (!this.#postgres) throw new Error('Postgres was not started');
    return this.#postgres;
  }

  /** As its StatefulSet does: once the Secret is there, with the password in it. */
  async startPostgres(): Promise<void> {
    this.#superuserPassword = (await this.secrets())['glitchtip-postgres']?.values['password'] ?? '';
    this.#postgres = await startPostgres(this.#superuserPassword, this.own.ports.postgres);
  }

  get valkey(): ValkeyServer {
    if (!this.#valkey) throw new Error('Valkey was not started');
    return this.#valkey;
  }

  /** As its StatefulSet does: with the users file of its Secret. */
  async startValkey(): Promise<void> {
    this.#valkey = await startValkey(this.own.ports.valkey, await this.#usersFile());
  }

  async #usersFile(): Promise<string> {
    return (await this.secrets())['glitchtip-valkey']?.values['users.acl'] ?? '';
  }

  /** Runs SQL as the superuser. */
  async sql<T extends Record<string, unknown>>(statement: string, database = 'postgres'): Promise<T[]> {
    const run = () => this.postgres.query<T>({ user: 'glitchkeeper', password: this.#superuserPassword, database }, statement);
    try {
      return await run();
    } catch (error) {
      if (!isRefusal(error)) throw error;
      await this.#findSuperuserPassword();
      return run();
    }
  }

  /** A rotation gives the superuser another password, which is then in its Secret or in the journal. */
  async #findSuperuserPassword(): Promise<void> {
    const secrets = await this.secrets();
    for (const password of [secrets['glitchtip-postgres']?.values['password'], secrets['glitchtip-rotation']?.values['next.operator-postgres-password']]) {
      if (password === undefined || !(await this.#letsSuperuserIn(password))) continue;
      this.#superuserPassword = password;
      return;
    }
  }

  #letsSuperuserIn(password: string): Promise<boolean> {
    return this.postgres.query({ user: 'glitchkeeper', password }, 'SELECT 1').then(() => true, () => false);
  }

  /** Name and SCRAM verifier of each of GlitchTip's roles. */
  async roles(): Promise<{ rolname: string; rolcanlogin: boolean; rolpassword: string | null }[]> {
    return this.sql("SELECT rolname, rolcanlogin, rolpassword FROM pg_authid WHERE rolname LIKE 'glitchtip%' ORDER BY rolname");
  }

  async secrets(): Promise<Record<string, StoredSecret>> {
    const { items } = await this.server.admin.get<{ items: SecretObject[] }>(SECRETS);
    return Object.fromEntries(items.map(({ metadata, data = {} }) => [metadata.name, {
      resourceVersion: metadata.resourceVersion ?? '',
      values: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')])),
    }]));
  }

  resource(): Promise<GlitchTipResource & { metadata: ObjectMeta }> {
    return this.server.admin.get(`${RESOURCES}/glitchtip`);
  }

  /** A condition as "status reason: message". */
  async condition(type: string): Promise<string> {
    const resource = await this.resource().catch(() => undefined);
    const found = resource?.status?.conditions?.find((condition) => condition.type === type);
    return found ? `${found.status} ${found.reason}: ${found.message}` : 'none';
  }

  /** Back to nothing: no Secret, no resource, no role. Postgres itself stays. */
  async reset(): Promise<void> {
    await this.kubectl(['delete', 'glitchtips,secrets,leases', '--all']);
    await this.sql('DROP DATABASE IF EXISTS glitchtip WITH (FORCE)');
    await this.sql('DROP ROLE IF EXISTS glitchtip, glitchtip_a, glitchtip_b, glitchtip_gateway, glitchtip_backup');
  }

  /** What empty volumes would do by themselves: both servers take up the Secrets that were made anew. */
  async followSecrets(): Promise<void> {
    await this.#followSuperuserSecret();
    const file = await this.#usersFile();
    const password = (await this.secrets())['glitchtip-valkey']?.values['password'] ?? '';
    if (this.#valkey && file !== '' && !(await this.#valkey.accepts('glitchkeeper', password))) await this.#valkey.restart(file);
  }

  async #followSuperuserSecret(): Promise<void> {
    const password = (await this.secrets())['glitchtip-postgres']?.values['password'];
    if (password === undefined || password === this.#superuserPassword) return;
    await this.sql(`ALTER ROLE glitchkeeper PASSWORD '${await buildScramVerifier(new Sensitive(password))}'`);
    this.#superuserPassword = password;
  }

  async kubectl(args: readonly string[], input?: string): Promise<string> {
    const { stdout } = await execa(this.server.kubectl, ['--kubeconfig', this.server.kubeconfig, '--namespace', NAMESPACE, ...args], { input });
    return stdout;
  }

  /** Takes the right to read one Secret away, or gives all back, and waits until the API server goes by it. */
  async allowReading(names: readonly string[], probe: string): Promise<void> {
    const { rules } = await this.server.admin.get<{ rules: Rule[] }>(ROLE);
    const changed = rules.map((rule) => (rule.resources.includes('secrets') && rule.resourceNames ? { ...rule, resourceNames: names } : rule));
    await this.kubectl(['patch', 'role', 'glitchkeeper', '--type=merge', `--patch=${JSON.stringify({ rules: changed })}`]);
    await until(`reading ${probe}`, async () => (await this.answerTo('GET', `${SECRETS}/${probe}`)) !== 403, names.includes(probe));
  }

  /** The API server's status code for the operator's token. */
  async answerTo(method: keyof typeof HttpMethod, path: string): Promise<number> {
    const connection = connectAs(this.token, this.server.address);
    const { status } = await sendRequest(connection, { method: HttpMethod[method], path }).finally(() => connection.close());
    return status;
  }

  async close(): Promise<void> {
    this.operatorApi.close();
    await this.#postgres?.stop();
    await this.#valkey?.stop();
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** One process of the operator; a new one is a restart of the same pod's container. */
export class OperatorProcess {
  readonly #program: Program;

  constructor(private readonly of: { readonly pod: string; readonly build: string; readonly metricsPort: number }, env: NodeJS.ProcessEnv) {
    this.#program = new Program(process.execPath, [...PROGRAMS.operator.flags, join(of.build, 'assets/runtime/run.mjs'), `../${PROGRAMS.operator.bundle}`], { env });
    this.#program.start();
  }

  get pod(): string {
    return this.of.pod;
  }

  get pid(): number {
    return this.#program.pid ?? 0;
  }

  get output(): string {
    return this.#program.fullOutput;
  }

  /** Messages of its log. */
  get messages(): string[] {
    return this.output.split('\n').filter((line) => line.startsWith('{')).map((line) => (JSON.parse(line) as { msg: string }).msg);
  }

  /** Empty when it does not answer. */
  metrics(): Promise<string> {
    return fetch(`http://127.0.0.1:${this.of.metricsPort}/metrics`).then((response) => response.text(), () => '');
  }

  /** How many reconciles of the resource ended well. */
  async reconciles(): Promise<number> {
    const line = (await this.metrics()).split('\n').find((text) => text.startsWith('glitchkeeper_reconcile_duration_seconds_count') && text.includes('"glitchtip"') && text.includes('"ok"'));
    return Number(line?.split(' ').at(-1) ?? 0);
  }

  kill(signal: NodeJS.Signals): Promise<void> {
    return this.#program.kill(signal);
  }
}

/** Waits until `look` gives `wanted`; at most 60 s. */
export async function until<T>(what: string, look: () => Promise<T> | T, wanted: T): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (let found = await look(); found !== wanted; found = await look()) {
    if (Date.now() > deadline) throw new Error(`${what}: not ${String(wanted)} but ${String(found)} after 60 s`);
    await sleep(50);
  }
}
