// What k3s has before the stack, on a cluster that is not k3s: Traefik as a pod of kube-system, told what the host file tells it, and an
// ACME server on the node. Clients run on the node, where the public name leads to Traefik's Service.
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import { z } from 'zod';
import { TRAEFIK } from '../../../charts/traefik.js';
import type { Settings } from '../../../charts/settings/schema.js';
import { buildProgress, ensurePebble, ensureTraefik } from '../../../embedded/index.js';
import { send, type HttpAnswer, type HttpRequest } from '../../sdk/http-client.js';
import { selfSignedFor } from '../../support/certificate.js';
import { installCertManager } from './cert-manager.js';
import { printFigure } from './fault-report.js';
import { PROGRAM, type Task } from './inside.js';
import type { LoadReport } from '../../sdk/load.js';
import type { Stack } from './stack.js';
import { TRAEFIK_SERVICE, traefikManifests } from './traefik-manifests.js';
import { waitFor, when } from './wait.js';

export const NAME = 'errors.example.test';
/** Of an old Sentry, since it was pointed to this host. */
export const OLD_NAME = 'sentry.example.test';
const ACME_PORT = 14_000;
const ROOTS_PORT = 15_000;
const DNS = { address: '127.0.0.1:18053', management: '127.0.0.1:18055' };
/** Of the node, on which the ACME server and its DNS server listen. */
export const AUTHORITY_PORTS: readonly number[] = [ACME_PORT, ROOTS_PORT, ...Object.values(DNS).map((address) => Number(address.split(':')[1]))];
/** How long answers may still be due to a load that is told to stop. */
const ANSWERS_MS = 45_000;
/** A connection to nobody is tried by openssl for two minutes. */
const HANDSHAKE_MS = 15_000;
/** The program that sends requests. */
export const CLIENT = 'test/cluster/support/https-client.ts';

/** An answer, or why there was none. */
export const outcomes = z.array(z.union([
  z.object({ status: z.number(), headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])), body: z.string() }),
  z.object({ code: z.string() }),
]));
export type Outcome = (HttpAnswer & { readonly code?: never }) | ({ readonly code: string } & { readonly [field in keyof HttpAnswer]?: never });

/** Seconds. */
const DAY = 86_400;

/** Whatever runs on a cluster of ours. */
type OnCluster = Pick<Stack, 'cluster'>;

interface EdgeOptions {
  readonly certificateSeconds?: number;
  readonly traefikArguments?: readonly string[];
}

export class HttpsEdge {
  private readonly ended: (() => Promise<unknown>)[] = [];

  private constructor(private readonly stack: OnCluster, private readonly folder: string, readonly traefikAddress: string, private readonly more: readonly string[]) {}

  /**
   * The first call on a machine builds Traefik, which takes a quarter of an hour.
   * @param options life of the ACME server's certificates: Traefik renews those of less than 30 days at each of its starts; and what Traefik is
   *   told beside the host file
   */
  static async start(stack: OnCluster, { certificateSeconds = 90 * DAY, traefikArguments = [] }: EdgeOptions = {}): Promise<HttpsEdge> {
    const { cluster } = stack;
    const progress = buildProgress(printFigure, Date.now);
    const [traefik, programs] = [await ensureTraefik(progress), await ensurePebble(progress)];
    await cluster.importArchive(traefik.image.archive);
    await cluster.kubectl(['apply', '--server-side', '-f', traefik.kinds]);
    await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(TRAEFIK_SERVICE));
    const address = await cluster.kubectl(['get', 'service', 'traefik', '--namespace', TRAEFIK.namespace, '--output', 'jsonpath={.spec.clusterIP}']);
    const edge = new HttpsEdge(stack, await mkdtemp(join(tmpdir(), 'glitchkeeper-https-')), address, traefikArguments);
    await writeFile(edge.file('hosts'), `127.0.0.1 localhost\n${address} ${NAME} ${OLD_NAME}\n`);
    await edge.startAuthority(programs, certificateSeconds);
    return edge;
  }

  async stop(): Promise<void> {
    for (const end of this.ended) await end();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Directory of the ACME server, for `https.acme.server`. */
  get authority(): string {
    return `https://${this.stack.cluster.network.nodeAddress}:${ACME_PORT}/dir`;
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** As k3s does with the host file: Traefik is started anew with what these settings tell it. */
  async runTraefik(settings: Settings): Promise<void> {
    const { cluster } = this.stack;
    const list = { apiVersion: 'v1', kind: 'List', items: traefikManifests(settings, this.authorityCertificate, this.more) };
    await cluster.kubectl(['apply', '-f', '-'], JSON.stringify(list));
    await cluster.kubectl(['rollout', 'status', 'deployment/traefik', '--namespace', TRAEFIK.namespace, '--timeout=120s']);
  }

  scaleTraefik(replicas: 0 | 1): Promise<string> {
    return this.stack.cluster.kubectl(['scale', 'deployment/traefik', '--namespace', TRAEFIK.namespace, `--replicas=${replicas}`]);
  }

  /** As where k3s' volume of it was lost: with these settings, and no certificate. */
  async forgetCertificates(settings: Settings): Promise<void> {
    const { cluster } = this.stack;
    const inNamespace = ['--namespace', TRAEFIK.namespace];
    await this.scaleTraefik(0);
    await cluster.kubectl(['wait', '--for=delete', 'pod', '--selector', 'app.kubernetes.io/name=traefik', ...inNamespace, '--timeout=60s']);
    await cluster.kubectl(['delete', 'persistentvolumeclaim', 'traefik', ...inNamespace, '--timeout=60s']);
    await this.runTraefik(settings);
  }

  /** The certificate that is shown to who asks for the public name, whoever signed it. */
  async served(): Promise<X509Certificate> {
    const { stdout } = await execa('nsenter', [`--net=/run/netns/${this.stack.cluster.nodeName}`, 'openssl', 's_client', '-connect', `${this.traefikAddress}:443`, '-servername', NAME], { input: '', timeout: HANDSHAKE_MS });
    return new X509Certificate(stdout.slice(stdout.indexOf('-----BEGIN')));
  }

  async servedSerial(): Promise<string> {
    return (await this.served()).serialNumber;
  }

  /** Requests one after the other, by a client that trusts the ACME server's root and what `trust` names, and nobody else. */
  ask(requests: readonly HttpRequest[], trust = this.file('roots.pem')): Promise<Outcome[]> {
    return this.askAs(requests, { NODE_EXTRA_CA_CERTS: trust });
  }

  /** By a client that was told not to look whose certificate it is. */
  askUnverified(requests: readonly HttpRequest[]): Promise<Outcome[]> {
    return this.askAs(requests, { NODE_TLS_REJECT_UNAUTHORIZED: '0' });
  }

  private async askAs(requests: readonly HttpRequest[], env: Readonly<Record<string, string>>): Promise<Outcome[]> {
    const { stdout } = await this.run([CLIENT, JSON.stringify(requests)], env);
    return outcomes.parse(JSON.parse(stdout));
  }

  /** Until the answer is called nobody reaches the ACME server: connections are refused. It keeps its accounts. */
  async refuseAuthority(): Promise<() => Promise<void>> {
    const rules = (...commands: readonly string[]) => execa('nsenter', [`--net=/run/netns/${this.stack.cluster.nodeName}`, 'nft', '-f', '-'], { input: commands.join('\n') });
    // A table of its own: what keeps the policies writes back the others.
    await rules('add table inet authority_away', 'add chain inet authority_away input { type filter hook input priority -10; }', `add rule inet authority_away input tcp dport ${ACME_PORT} reject with tcp reset`);
    return async () => {
      await rules('delete table inet authority_away');
    };
  }

  /** Where the ACME server finds the public name. @param address by default where it is */
  async resolveName(address = this.traefikAddress): Promise<void> {
    const [told] = await this.ask([{ url: `http://${DNS.management}/set-default-ipv4`, method: 'POST', body: JSON.stringify({ ip: address }) }]);
    if (told?.status !== 200) throw new Error(`the DNS server was not told: ${JSON.stringify(told)}`);
  }

  /** Traefik once more, with what it has stored. */
  async restartTraefik(): Promise<void> {
    const workload = ['deployment/traefik', '--namespace', TRAEFIK.namespace];
    await this.stack.cluster.kubectl(['rollout', 'restart', ...workload]);
    await this.stack.cluster.kubectl(['rollout', 'status', ...workload, '--timeout=120s']);
  }

  /** Events by the public name, over connections that are kept; until it is stopped, or the time is over. */
  startLoad(task: Pick<Extract<Task, { kind: 'load' }>, 'dsn' | 'rate' | 'seconds' | 'attachmentBytes'>): { readonly report: Promise<LoadReport>; readonly stop: () => void } {
    const whole: Task = { kind: 'load', ...task, baseUrl: `https://${NAME}`, host: NAME, reuse: true };
    const running = this.run([PROGRAM, JSON.stringify(whole)], { NODE_EXTRA_CA_CERTS: this.file('roots.pem') });
    return { report: running.then(({ stdout }) => JSON.parse(stdout) as LoadReport), stop: () => running.kill('SIGTERM') };
  }

  load(task: Parameters<HttpsEdge['startLoad']>[0]): Promise<LoadReport> {
    return this.startLoad(task).report;
  }

  /** As a person has it before ours: its controller alone, which trusts the ACME server. */
  async installCertManager(): Promise<void> {
    await installCertManager(this.stack.cluster, { authority: this.authorityCertificate, name: NAME, address: this.traefikAddress });
  }

  /** A TypeScript program on the node, to which the public name leads to Traefik. */
  run(program: readonly string[], env: Readonly<Record<string, string>>): ResultPromise<{ env: Readonly<Record<string, string>>; reject: false; stderr: 'inherit'; maxBuffer: number; forceKillAfterDelay: number }> {
    const script = 'mount --bind "$1" /etc/hosts; shift; exec "$@"';
    const namespaces = [`--net=/run/netns/${this.stack.cluster.nodeName}`, 'unshare', '--mount', '--propagation', 'private'];
    return execa('nsenter', [...namespaces, 'sh', '-euc', script, 'sh', this.file('hosts'), process.execPath, '--import', 'tsx', ...program], { env, reject: false, stderr: 'inherit', maxBuffer: 1e9, forceKillAfterDelay: ANSWERS_MS });
  }

  private authorityCertificate = '';

  /** Pebble, and the DNS server that it asks for the name: its answer is Traefik's Service. */
  private async startAuthority({ pebble, challtestsrv }: { readonly pebble: string; readonly challtestsrv: string }, certificateSeconds: number): Promise<void> {
    const { nodeAddress } = this.stack.cluster.network;
    const { certificate, key } = await selfSignedFor(nodeAddress);
    this.authorityCertificate = certificate;
    await writeFile(this.file('pebble.pem'), certificate);
    await writeFile(this.file('pebble.key'), key);
    await writeFile(this.file('pebble.json'), JSON.stringify({ pebble: {
      listenAddress: `${nodeAddress}:${ACME_PORT}`, managementListenAddress: `${nodeAddress}:${ROOTS_PORT}`, certificate: this.file('pebble.pem'), privateKey: this.file('pebble.key'),
      httpPort: 80, tlsPort: 443, keyAlgorithm: 'ecdsa', ocspResponderURL: '', externalAccountBindingRequired: false, profiles: { default: { description: `of ${certificateSeconds} s`, validityPeriod: certificateSeconds } },
    } }));
    this.startProgram([challtestsrv, '-defaultIPv4', this.traefikAddress, '-defaultIPv6', '', '-dnsserver', DNS.address, '-management', DNS.management, '-http01', '', '-https01', '', '-tlsalpn01', '', '-doh', '']);
    this.startProgram([pebble, '-config', this.file('pebble.json'), '-dnsserver', DNS.address], { PEBBLE_VA_NOSLEEP: '1', PEBBLE_AUTHZREUSE: '0' });
    const agent = new Agent({ ca: certificate });
    const roots = await waitFor<string>({ what: "the ACME server's root", seconds: 30 }, async () => {
      const { status, body } = await send({ url: `https://${nodeAddress}:${ROOTS_PORT}/roots/0`, agent });
      return status === 200 ? { found: body } : { seen: String(status) };
    });
    await writeFile(this.file('roots.pem'), roots);
  }

  private startProgram([program = '', ...args]: readonly string[], env: Readonly<Record<string, string>> = {}): void {
    const running = execa('nsenter', [`--net=/run/netns/${this.stack.cluster.nodeName}`, program, ...args], { env, reject: false, stdout: 'ignore', stderr: 'ignore' });
    this.ended.push(async () => {
      running.kill('SIGTERM');
      await running;
    });
  }
}

/** Until the public name shows a certificate that the client trusts, whatever is answered then. Seconds that it took. */
export async function untilServed(edge: HttpsEdge, trust?: string): Promise<number> {
  const started = Date.now();
  return waitFor<number>({ what: `https://${NAME} to be served`, seconds: 120 }, async () => {
    const [outcome] = await edge.ask([{ url: `https://${NAME}/_health/` }], trust);
    const sight = when(outcome?.status !== undefined, JSON.stringify(outcome));
    return 'found' in sight ? { found: (Date.now() - started) / 1_000 } : sight;
  });
}

