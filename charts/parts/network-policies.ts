// NetworkPolicies: deny by default, then allow each flow by name.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { DATABASE, GATEWAY_CONTROL_PORT, OPERATOR_PORT, VALKEY_PORT, selectorOf, type Component } from '../part-names.js';
import { HTTP_PORT } from '../releases.js';
import type { Settings } from '../settings/schema.js';
import { topologyOf } from '../topology.js';

/** A flow inside the namespace: egress at one end, ingress at the other. */
interface Flow {
  readonly from: Component;
  readonly to: Component;
  readonly ports: readonly number[];
}

/** Where cloud providers keep credentials of the machine: never a target. */
const METADATA_SERVICE = '169.254.0.0/16';

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
    if (settings.alerts.ports.length > 0) this.allowAlerts(settings.alerts.ports);
    if (settings.network.workerToInternet) this.allowInternet();
    this.allowNamespaces('web-from-clients', { to: topologyOf(settings).gateway ? 'gateway' : 'web', port: HTTP_PORT }, settings.network.clients);
    this.allowNamespaces('operator-from-monitoring', { to: 'operator', port: OPERATOR_PORT }, settings.monitoring.from);
  }

  private flows(): Flow[] {
    const { worker, valkey, gateway } = topologyOf(this.settings);
    const application: Component[] = ['web', ...(worker === undefined ? [] : ['worker' as const]), 'migrate', ...(gateway ? ['gateway' as const] : [])];
    return [
      ...[...application, 'operator' as const].map((from) => ({ from, to: 'postgres' as const, ports: [DATABASE.port] })),
      ...(valkey ? [...application, 'operator' as const] : []).map((from) => ({ from, to: 'valkey' as const, ports: [VALKEY_PORT] })),
      { from: 'operator', to: 'web', ports: [HTTP_PORT] },
      ...(gateway ? [
        { from: 'gateway' as const, to: 'web' as const, ports: [HTTP_PORT] },
        { from: 'operator' as const, to: 'gateway' as const, ports: [HTTP_PORT, GATEWAY_CONTROL_PORT] },
      ] : []),
    ];
  }

  private allowFlow({ from, to, ports: numbers }: Flow): void {
    const ports = numbers.map(tcp);
    new k8s.KubeNetworkPolicy(this, `${from}-to-${to}`, {
      metadata: { name: `${from}-to-${to}` },
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
    new k8s.KubeNetworkPolicy(this, 'dns', {
      metadata: { name: 'all-to-dns' },
      spec: {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [{
          to: [{
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
            podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
          }],
          ports: [tcp(53), { protocol: 'UDP', port: k8s.IntOrString.fromNumber(53) }],
        }],
      },
    });
  }

  /** The API server is no pod and its address differs from host to host: only its ports can be named. By 443 alerts go out, too. */
  private allowOperatorOut(): void {
    new k8s.KubeNetworkPolicy(this, 'operator-api', {
      metadata: { name: 'operator-to-kubernetes-api' },
      spec: {
        podSelector: { matchLabels: selectorOf('operator') },
        policyTypes: ['Egress'],
        egress: [{ to: [anywhere()], ports: [tcp(443), tcp(6443)] }],
      },
    });
  }

  private allowAlerts(ports: readonly number[]): void {
    new k8s.KubeNetworkPolicy(this, 'operator-alerts', {
      metadata: { name: 'operator-to-alerts' },
      spec: {
        podSelector: { matchLabels: selectorOf('operator') },
        policyTypes: ['Egress'],
        egress: [{ to: [anywhere()], ports: ports.map(tcp) }],
      },
    });
  }

  private allowInternet(): void {
    const { worker } = topologyOf(this.settings);
    const from: Component = worker === undefined ? 'web' : 'worker';
    new k8s.KubeNetworkPolicy(this, 'internet', {
      metadata: { name: `${from}-to-internet` },
      spec: { podSelector: { matchLabels: selectorOf(from) }, policyTypes: ['Egress'], egress: [{ to: [anywhere()] }] },
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

function tcp(port: number): k8s.NetworkPolicyPort {
  return { protocol: 'TCP', port: k8s.IntOrString.fromNumber(port) };
}

function anywhere(): k8s.NetworkPolicyPeer {
  return { ipBlock: { cidr: '0.0.0.0/0', except: [METADATA_SERVICE] } };
}
