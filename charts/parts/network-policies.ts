// NetworkPolicies: deny by default, then allow each flow by name.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { DATABASE, GATEWAY_CONTROL_PORT, OPERATOR_PORT, TUNNEL_PORT, VALKEY_PORT, selectorOf, type Component } from '../part-names.js';
import { mailPort } from '../settings/email-schema.js';
import { storeNetworks } from '../settings/store-address.js';
import { ANYWHERE_V4, ANYWHERE_V6, LINK_LOCAL, METADATA_V6, block, internet, type IpBlock } from '../networks.js';
import { HTTP_PORT } from '../releases.js';
import type { Settings } from '../settings/schema.js';
import { frontPart, topologyOf } from '../topology.js';
import { HttpsPolicies } from './https-policies.js';
import { exceptionAnnotations } from './pod-template.js';
import { tcp, udp } from './policy-ports.js';

/** A flow inside the namespace: egress at one end, ingress at the other. */
interface Flow {
  readonly from: Component;
  readonly to: Component;
  readonly ports: readonly number[];
}

/** Whose pods make copies, bring them back, and try the next release on one. */
const COPIES: readonly Component[] = ['backup', 'restore', 'rehearsal'];
/** Whose pods are in no manifest, but in templates for the operator. */
const OF_TEMPLATES: readonly Component[] = [...COPIES, 'legacy-import', 'move'];

export class NetworkPolicies extends Construct {
  constructor(scope: Construct, id: string, private readonly settings: Settings) {
    super(scope, id);
    new k8s.KubeNetworkPolicy(this, 'deny', {
      metadata: { name: 'deny-by-default' },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
    this.flows().forEach((flow) => this.allowFlow(flow));
    this.allowDns();
    this.allowOperatorOut();
    this.allowWorkerOut();
    this.allowCopiesOut();
    this.allowMoveOut();
    this.allowProxy();
    this.allowMail();
    if (settings.service.type !== 'ClusterIP') this.allowEverybody();
    new HttpsPolicies(this, 'https', settings);
    this.allowNamespaces('web-from-clients', { to: frontPart(settings), port: HTTP_PORT }, settings.network.clients);
    this.allowNamespaces('operator-from-monitoring', { to: 'operator', port: OPERATOR_PORT }, settings.monitoring.from);
    if (topologyOf(settings).gateway) this.allowNamespaces('gateway-from-monitoring', { to: 'gateway', port: GATEWAY_CONTROL_PORT }, settings.monitoring.from);
  }

  private flows(): Flow[] {
    const { worker, valkey, gateway, tunnel, backup, legacyImport, move } = topologyOf(this.settings);
    const application: Component[] = ['web', ...(worker === undefined ? [] : ['worker' as const]), 'migrate', ...(gateway ? ['gateway' as const] : []), ...(legacyImport ? ['legacy-import' as const] : []), ...(move ? ['move' as const] : [])];
    return [
      ...[...application, 'operator' as const].map((from) => ({ from, to: 'postgres' as const, ports: [DATABASE.port] })),
      ...(backup === undefined ? [] : COPIES.map((from) => ({ from, to: 'postgres' as const, ports: [DATABASE.port] }))),
      ...(valkey ? [...application, 'operator' as const] : []).map((from) => ({ from, to: 'valkey' as const, ports: [VALKEY_PORT] })),
      { from: 'operator', to: 'web', ports: [HTTP_PORT] },
      ...(tunnel ? [{ from: 'tunnel' as const, to: frontPart(this.settings), ports: [HTTP_PORT] }, { from: 'operator' as const, to: 'tunnel' as const, ports: [TUNNEL_PORT] }] : []),
      ...(gateway ? [
        { from: 'gateway' as const, to: 'web' as const, ports: [HTTP_PORT] },
        { from: 'operator' as const, to: 'gateway' as const, ports: [HTTP_PORT, GATEWAY_CONTROL_PORT] },
      ] : []),
    ];
  }

  private allowFlow({ from, to, ports: numbers }: Flow): void {
    const ports = numbers.map(tcp);
    new k8s.KubeNetworkPolicy(this, `${from}-to-${to}`, {
      metadata: metadataFrom(from, `${from}-to-${to}`),
      spec: {
        podSelector: { matchLabels: selectorOf(from) },
        policyTypes: ['Egress'],
        egress: [{ to: [{ podSelector: { matchLabels: selectorOf(to) } }], ports }],
      },
    });
    new k8s.KubeNetworkPolicy(this, `${to}-from-${from}`, {
      metadata: { name: `${to}-from-${from}` },
      spec: {
        podSelector: { matchLabels: selectorOf(to) },
        policyTypes: ['Ingress'],
        ingress: [{ from: [{ podSelector: { matchLabels: selectorOf(from) } }], ports }],
      },
    });
  }

  private allowDns(): void {
    const { dnsServers } = this.settings.network;
    const pods = {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    };
    new k8s.KubeNetworkPolicy(this, 'dns', {
      metadata: { name: 'all-to-dns' },
      spec: {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [{
          to: [pods, ...dnsServers.map((cidr) => ({ ipBlock: { cidr } }))],
          ports: [tcp(53), udp(53)],
        }],
      },
    });
  }

  /** The API server is no pod. While its address is not known, only its ports can be named, and alerts go out by 443 with it. */
  private allowOperatorOut(): void {
    const { network: { apiServer: { addresses, ports } }, alerts } = this.settings;
    const isKnown = addresses.length > 0;
    this.allowOut('operator-api', 'operator-to-kubernetes-api', { from: 'operator', to: isKnown ? addresses.map((cidr) => ({ cidr })) : anywhere(), ports });
    const alertPorts = [...(isKnown ? [443] : []), ...alerts.ports];
    if (alertPorts.length > 0) this.allowOut('operator-alerts', 'operator-to-alerts', { from: 'operator', to: anywhere(), ports: alertPorts });
  }

  /** What watches sites, sends mails and calls webhooks: by rights everybody on the internet, and nobody in this cluster or beside it. */
  private allowWorkerOut(): void {
    const { workerToInternet, workerToPrivate, clusterRanges } = this.settings.network;
    const { worker } = topologyOf(this.settings);
    const from: Component = worker === undefined ? 'web' : 'worker';
    if (workerToInternet) this.allowOut('internet', `${from}-to-internet`, { from, to: internet(clusterRanges) });
    if (workerToPrivate.length > 0) this.allowOut('private', `${from}-to-private`, { from, to: workerToPrivate.map((cidr) => block(cidr, clusterRanges)) });
  }

  /** To the bucket: by the port of its address, and where private networks are named, to these alone. */
  private allowCopiesOut(): void {
    const { backup: { s3: { endpoint, privateNetworks } }, network: { clusterRanges } } = this.settings;
    if (topologyOf(this.settings).backup !== 's3' || endpoint === undefined) return;
    for (const from of COPIES) this.allowOut(`${from}-bucket`, `${from}-to-bucket`, { from, to: storeNetworks(privateNetworks, clusterRanges), ports: [portOf(endpoint)] });
  }

  /** To the old Sentry: what imports from it, and what gives events to it, by its port alone. */
  private allowMoveOut(): void {
    const { move: { from: old, privateNetworks }, network: { clusterRanges } } = this.settings;
    if (!topologyOf(this.settings).move || old === undefined) return;
    for (const from of ['gateway', 'move'] as const) this.allowOut(`${from}-old`, `${from}-to-old-server`, { from, to: storeNetworks(privateNetworks, clusterRanges), ports: [portOf(old)] });
  }

  /** Those that call the internet, and what they need there: the ways of their own stay as the settings have them. */
  private allowProxy(): void {
    const { proxy: { url, networks } } = this.settings.network;
    if (url === undefined) return;
    const { worker, backup, move } = topologyOf(this.settings);
    const callers: Component[] = ['operator', worker === undefined ? 'web' : 'worker', ...(backup === 's3' ? COPIES : []), ...(move ? ['gateway', 'move'] as const : [])];
    const port = Number(new URL(url).port || 80);
    for (const from of callers) this.allowOut(`${from}-proxy`, `${from}-to-proxy`, { from, to: networks.map((cidr) => ({ cidr })), ports: [port] });
  }

  /** Web sends mails too: password resets, invitations. */
  private allowMail(): void {
    const { email, network: { clusterRanges } } = this.settings;
    const port = mailPort(email);
    if (port === undefined) return;
    const to = email.privateNetworks.length > 0 ? email.privateNetworks.map((cidr) => block(cidr, clusterRanges)) : internet(clusterRanges);
    const senders: Component[] = ['web', ...(topologyOf(this.settings).worker === undefined ? [] : ['worker' as const])];
    for (const from of senders) this.allowOut(`${from}-mail`, `${from}-to-mail`, { from, to, ports: [port] });
  }

  /** Without ports: by all of them. */
  private allowOut(id: string, name: string, { from, to, ports }: { readonly from: Component; readonly to: readonly IpBlock[]; readonly ports?: readonly number[] }): void {
    new k8s.KubeNetworkPolicy(this, id, {
      metadata: metadataFrom(from, name),
      spec: {
        podSelector: { matchLabels: selectorOf(from) },
        policyTypes: ['Egress'],
        egress: [{ to: to.map((ipBlock) => ({ ipBlock })), ...(ports === undefined ? {} : { ports: ports.map(tcp) }) }],
      },
    });
  }

  /** A public Service: who comes by a port of the node has the node's address, or an own one, as the proxy of the cluster likes. */
  private allowEverybody(): void {
    new k8s.KubeNetworkPolicy(this, 'everybody', {
      metadata: { name: 'web-from-everybody' },
      spec: { podSelector: { matchLabels: selectorOf(frontPart(this.settings)) }, policyTypes: ['Ingress'], ingress: [{ ports: [tcp(HTTP_PORT)] }] },
    });
  }

  private allowNamespaces(name: string, { to, port }: { readonly to: Component; readonly port: number }, namespaces: readonly string[]): void {
    if (namespaces.length === 0) return;
    new k8s.KubeNetworkPolicy(this, name, {
      metadata: { name },
      spec: {
        podSelector: { matchLabels: selectorOf(to) },
        policyTypes: ['Ingress'],
        ingress: [{
          from: [{ namespaceSelector: { matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: [...namespaces] }] } }],
          ports: [tcp(port)],
        }],
      },
    });
  }
}

function metadataFrom(from: Component, name: string): k8s.ObjectMeta {
  return { name, annotations: exceptionAnnotations(OF_TEMPLATES.includes(from) ? [{ check: 'networkpolicy-targets-pod', reason: 'the operator makes its pods, from a PodTemplate' }] : []) };
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? { 'http:': 80 }[protocol] ?? 443 : Number(port);
}

/** But for where cloud providers keep credentials of the machine. */
function anywhere(): IpBlock[] {
  return [block(ANYWHERE_V4, [LINK_LOCAL]), block(ANYWHERE_V6, [METADATA_V6])];
}
