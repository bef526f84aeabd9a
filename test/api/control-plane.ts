// A real API server with its etcd on free loopback ports, without nodes: what the operator and the manifests are tried against.
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubernetesApi } from '../../operator/io/kubernetes/api-client.js';
import { ClusterConnection } from '../../operator/io/kubernetes/connection.js';
import { networkFor } from '../../embedded/address.js';
import { ensureBinaries } from '../../embedded/binaries.js';
import { buildProgress } from '../../embedded/index.js';
import { ensurePki } from '../../embedded/pki.js';

/** Only this API server knows it, and it listens on loopback only. */
const ADMIN_TOKEN = 'admin';

/** The servers' start, and a bootstrap, on busy processors. Milliseconds. */
export const START_MS = 300_000;

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** PEM of the authority that signed its certificate. */
  readonly ca: string;
}

export interface ControlPlane {
  /** Everything that the API server sent in Warning headers to anybody of `apiFor`. */
  readonly warnings: readonly string[];
  /** As cluster administrator. */
  readonly admin: KubernetesApi;
  /** For kubectl: path of a kubeconfig with the administrator's rights. */
  readonly kubeconfig: string;
  readonly kubectl: string;
  readonly address: ServerAddress;
  apiFor(token: string): KubernetesApi;
  /** A fresh token of a service account, as a pod would have one. */
  tokenOf(namespace: string, serviceAccount: string): Promise<string>;
  /** Stops the API server as a crash would; `resume` starts it again on the same port and data. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Frozen it takes connections and never answers; `thaw` may be called at any time. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** Starts both in a new folder; about 5 s with the binaries in the cache. The output of both is in that folder until `stop`. */
export async function startControlPlane(): Promise<ControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-api-'));
  const binaries = await ensureBinaries(buildProgress((line) => process.stderr.write(`${line}\n`), Date.now));
  const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  await ensurePki(join(folder, 'pki'), 'none', networkFor(0));
  await writeFile(join(folder, 'tokens.csv'), `${ADMIN_TOKEN},admin,admin,system:masters\n`, { mode: 0o600 });
  const ca = await readFile(join(folder, 'pki', 'ca.crt'), 'utf8');

  const etcd = new Program(binaries.etcd, etcdArguments(folder, etcdPort, peerPort));
  const apiserver = new Program(binaries.apiserver, apiserverArguments(folder, etcdPort, port));
  const warnings: string[] = [];
  const address = { host: '127.0.0.1', port, ca };
  const kubeconfig = join(folder, 'kubeconfig.json');
  await writeFile(kubeconfig, connectAs(ADMIN_TOKEN, address).exportConfig(), { mode: 0o600 });
  const apiFor = (token: string) => new KubernetesApi(connectAs(token, address), { onWarning: (warning) => warnings.push(warning), onAnswer: () => undefined });
  const admin = apiFor(ADMIN_TOKEN);
  const resume = async () => {
    apiserver.start();
    await waitUntilReady(admin, apiserver);
  };
  etcd.start();
  await resume();
  return {
    warnings, admin, kubeconfig, kubectl: binaries.kubectl, address, apiFor, resume,
    tokenOf: (namespace, serviceAccount) => requestToken(admin, namespace, serviceAccount),
    pause: () => apiserver.kill(),
    freeze: () => apiserver.signal('SIGSTOP'),
    thaw: () => apiserver.signal('SIGCONT'),
    async stop() {
      admin.close();
      await apiserver.kill();
      await etcd.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** With a token that does not change. */
export function connectAs(token: string, { host, port, ca }: ServerAddress): ClusterConnection {
  const connection = new ClusterConnection();
  connection.loadFromClusterAndUser({ name: 'test', server: `https://${host}:${port}`, caData: Buffer.from(ca).toString('base64'), skipTLSVerify: false }, { name: 'test', token });
  return connection;
}

function etcdArguments(folder: string, port: number, peerPort: number): string[] {
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`];
  return [
    `--data-dir=${join(folder, 'etcd')}`, '--unsafe-no-fsync', '--log-level=error',
    `--listen-client-urls=${client}`, `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`, `--initial-cluster=default=${peer}`,
  ];
}

function apiserverArguments(folder: string, etcdPort: number, port: number): string[] {
  const pki = (file: string) => join(folder, 'pki', file);
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`, '--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', `--secure-port=${port}`,
    // Nobody looks for the API server by its Service here, and loopback would be refused as an endpoint.
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${pki('apiserver.crt')}`, `--tls-private-key-file=${pki('apiserver.key')}`,
    `--token-auth-file=${join(folder, 'tokens.csv')}`,
    `--service-account-key-file=${pki('sa.pub')}`, `--service-account-signing-key-file=${pki('sa.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc', '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=RBAC', '--profiling=false', '--v=0',
    // The controller that makes default service accounts is not here.
    '--disable-admission-plugins=ServiceAccount',
  ];
}

async function requestToken(admin: KubernetesApi, namespace: string, serviceAccount: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`;
  const answer = await admin.create<{ status: { token: string } }>(path, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} });
  return answer.status.token;
}

async function waitUntilReady(admin: KubernetesApi, apiserver: Program): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    // RBAC's own roles are made after the start: before that even a right answer is no ready API server.
    const ready = await admin.get('/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin').then(() => true, () => false);
    if (ready && (await admin.get('/api/v1/namespaces/default').then(() => true, () => false))) return;
    if (Date.now() > deadline || apiserver.ended) throw new Error(`the API server is not ready: ${apiserver.output}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Of a program's output, at least. Characters. */
const KEPT = 1_000_000;

/** A program that ends with this process, whatever ends this process. */
export class Program {
  #child: ChildProcess | undefined;
  #output = '';
  readonly #kill = () => this.#child?.kill('SIGKILL');

  constructor(private readonly command: string, private readonly args: readonly string[], private readonly options: { readonly env?: NodeJS.ProcessEnv } = {}) {}

  get ended(): boolean {
    return this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Null: it runs, or a signal ended it. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null;
  }

  /** The last of what it wrote. */
  get output(): string {
    return this.#output.slice(-2_000);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    this.#child = spawn(this.command, this.args, { stdio: ['ignore', 'pipe', 'pipe'], ...this.options });
    const collect = (chunk: Buffer) => this.#collect(chunk.toString());
    this.#child.stdout?.on('data', collect);
    this.#child.stderr?.on('data', collect);
    process.once('exit', this.#kill);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Cut seldom: cutting copies all of it, and Postgres says something with each statement. */
  #collect(text: string): void {
    this.#output += text;
    if (this.#output.length > 2 * KEPT) this.#output = this.#output.slice(-KEPT);
  }

  /** Everything that it wrote, as far as it is kept: the last 1 MB at least. */
  get fullOutput(): string {
    return this.#output;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    process.removeListener('exit', this.#kill);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
