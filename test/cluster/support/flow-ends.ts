// The ends of flows: the parts of the stack, pods beside them, and listeners where a part serves nothing.
import { execa } from 'execa';
import { selectorOf } from '../../../charts/part-names.js';
import { dnsServiceAddress, kubernetesServiceAddress } from '../../../embedded/address.js';
import { busyboxImage } from '../../../embedded/images/index.js';
import { ALERT_PORTS } from '../../support/alerts/inside.js';
import { listen, networkOf, networkOfNode, tryFlows, type Flow, type Listener, type Target } from './flows.js';
import { PARTS } from './parts.js';
import type { Stack } from './stack.js';

/** Another namespace, and one that the settings may name as that of clients. */
const OTHER = 'flows-other';
export const CLIENT = 'flows-client';

/** Where pods listen that serve nothing, and this machine does: a flow to them is refused by a policy or by nobody. */
export const PORT = 8099;
const SILENT = ['worker', 'migrate', 'backup', 'other namespace'];
/** Cloud providers answer there with credentials of the machine. */
const METADATA = '169.254.169.254';
/** For documentation (RFC 5737): nobody has it, and no rule of ours knows it. */
export const INTERNET = '203.0.113.10';

const SERVERS: readonly { readonly part: string; readonly name?: string; readonly service: string; readonly port: number }[] = [
  { part: 'postgres', service: 'postgres', port: 5432 },
  { part: 'valkey', service: 'valkey', port: 6379 },
  { part: 'web', service: 'web-backend', port: 8080 },
  { part: 'gateway', service: 'web', port: 8080 },
  { part: 'gateway', name: 'gateway control', service: 'gateway-control', port: 9465 },
  { part: 'operator', service: 'glitchkeeper', port: 9464 },
];

/** Pods beside the stack's, listeners where nothing listens, and the addresses of all. */
export class FlowEnds {
  private readonly listeners: Listener[] = [];
  private readonly networks = new Map<string, string>();
  private targets: readonly Target[] = [];

  constructor(private readonly stack: Stack) {}

  async build(): Promise<void> {
    const { cluster, namespace } = this.stack;
    await cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [
      ...[OTHER, CLIENT].flatMap((name) => [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, pod('probe', name)]),
      pod('flows-migrate', namespace, selectorOf('migrate')),
      pod('flows-backup', namespace, selectorOf('backup')),
      pod('flows-no-part', namespace),
    ] }));
    const probes = [['migrate', namespace, 'flows-migrate'], ['backup', namespace, 'flows-backup'], ['no part', namespace, 'flows-no-part'], ['other namespace', OTHER, 'probe'], ['client namespace', CLIENT, 'probe']] as const;
    const addresses = new Map<string, string>();
    for (const [name, where, podName] of probes) {
      await cluster.kubectl(['wait', '--for=condition=Ready', '--timeout=60s', '--namespace', where, `pod/${podName}`]);
      addresses.set(name, await cluster.kubectl(['get', 'pod', podName, '--namespace', where, '--output', 'jsonpath={.status.podIP}']));
      this.networks.set(name, await networkOf(cluster, { namespace: where, pod: podName, container: 'probe' }));
    }
    for (const part of PARTS) {
      const { container, ip } = await this.stack.pod(part);
      addresses.set(part, ip);
      this.networks.set(part, await networkOf(cluster, container));
    }
    this.networks.set('node', networkOfNode(cluster));
    // Addresses of the node alone: this machine's own may be of use to it.
    for (const address of [METADATA, INTERNET]) await execa('nsenter', [networkOfNode(cluster), 'ip', 'address', 'replace', `${address}/32`, 'dev', 'lo']);
    await this.startListeners();
    this.targets = await this.findTargets((name) => addresses.get(name) ?? '');
  }

  /** Every source to every target but itself, all at once. */
  async measure(open: Readonly<Record<string, readonly string[]>>): Promise<Flow[]> {
    const measured = await Promise.all(Object.entries(open).map(([from, allowed]) => {
      const others = this.targets.filter(({ to }) => baseName(to) !== baseName(from));
      return tryFlows(from, this.network(from), others.map((target) => ({ ...target, expected: allowed.includes(target.to) ? 'open' : 'closed' })));
    }));
    return measured.flat();
  }

  async clear(): Promise<void> {
    for (const listener of this.listeners) await listener.stop();
    const { cluster } = this.stack;
    for (const address of [METADATA, INTERNET]) await execa('nsenter', [networkOfNode(cluster), 'ip', 'address', 'delete', `${address}/32`, 'dev', 'lo'], { reject: false });
    await this.stack.kubectl('delete', 'pod', 'flows-migrate', 'flows-backup', 'flows-no-part', '--now');
    await cluster.kubectl(['delete', 'namespace', OTHER, CLIENT]);
  }

  private network(source: string): string {
    const network = this.networks.get(baseName(source));
    if (network === undefined) throw new Error(`there is no source ${source}`);
    return network;
  }

  private async startListeners(): Promise<void> {
    const { nodeAddress, hostAddress } = this.stack.cluster.network;
    const every = { port: PORT, host: '0.0.0.0' };
    for (const name of SILENT) this.listeners.push(await listen(this.network(name), [every]));
    this.listeners.push(await listen(this.network('node'), [
      { port: 443, host: nodeAddress }, { port: 53, host: nodeAddress, protocol: 'UDP' }, { port: 80, host: METADATA }, { port: 80, host: INTERNET },
    ]));
    this.listeners.push(await listen('--net=/proc/self/ns/net', [{ port: 443, host: hostAddress }, { port: PORT, host: hostAddress }]));
  }

  private async findTargets(addressOf: (name: string) => string): Promise<readonly Target[]> {
    const { nodeAddress, hostAddress } = this.stack.cluster.network;
    const parts = await Promise.all(SERVERS.map(async ({ part, name = part, service, port }): Promise<Target[]> => [
      { to: name, address: addressOf(part), port },
      { to: `${name} (Service)`, address: await this.stack.serviceAddress(service), port },
    ]));
    return [
      ...parts.flat(),
      ...SILENT.map((to) => ({ to, address: addressOf(to), port: PORT })),
      { to: 'DNS by UDP', address: dnsServiceAddress, port: 53, protocol: 'UDP' },
      { to: 'DNS by TCP', address: dnsServiceAddress, port: 53, asks: true },
      { to: 'API server', address: nodeAddress, port: 6443 },
      { to: 'API server (Service)', address: kubernetesServiceAddress, port: 443 },
      { to: 'kubelet', address: nodeAddress, port: 10250 },
      { to: 'node', address: nodeAddress, port: 443 },
      { to: 'node by UDP', address: nodeAddress, port: 53, protocol: 'UDP' },
      { to: 'alert receiver', address: nodeAddress, port: ALERT_PORTS[0] },
      { to: 'outside by 443', address: hostAddress, port: 443 },
      { to: 'outside', address: hostAddress, port: PORT },
      { to: 'metadata', address: METADATA, port: 80 },
      { to: 'internet', address: INTERNET, port: 80 },
    ];
  }
}

/** Without what a name says of its state or of a port: "worker (no internet)" is the worker, "gateway control" the gateway. */
export function baseName(name: string): string {
  return (name.split(' (')[0] ?? name).replace(/ control$/, '');
}

/** A pod that does nothing, within PodSecurity `restricted` and the quota. */
function pod(name: string, namespace: string, labels: Readonly<Record<string, string>> = {}): object {
  const amounts = { cpu: '10m', memory: '16Mi' };
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels },
    spec: {
      terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{
        name: 'probe', image: busyboxImage, imagePullPolicy: 'IfNotPresent', command: ['sleep', '86400'], resources: { requests: amounts, limits: amounts },
        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      }],
    },
  };
}
