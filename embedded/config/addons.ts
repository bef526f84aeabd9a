/**
 * Kubernetes objects that the cluster needs beside its processes: rights of the addons, their Services, the default
 * StorageClass. The addons run as processes of the node, so their Services have hand-made endpoints.
 */
import { dnsServiceAddress, type NodeNetwork } from '../address.js';
import { addonUsers } from '../pki.js';

type Manifest = Readonly<Record<string, unknown>>;

const rbac = 'rbac.authorization.k8s.io';
const readVerbs = ['get', 'list', 'watch'];

/** Port on which metrics-server listens on the node's address. */
export const metricsServerPort = 4443;

/** Namespace in which local-path-provisioner runs its helper pods. */
export const localPathNamespace = 'local-path-storage';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

function roleFor(name: string, user: string, rules: readonly Rule[]): readonly Manifest[] {
  return [
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name }, rules },
    binding('ClusterRoleBinding', { name }, { kind: 'ClusterRole', name }, user),
  ];
}

function binding(kind: string, metadata: Manifest, role: { kind: string; name: string }, user: string): Manifest {
  const subjects = [{ apiGroup: rbac, kind: 'User', name: user }];
  return { apiVersion: `${rbac}/v1`, kind, metadata, roleRef: { apiGroup: rbac, ...role }, subjects };
}

/** A Service whose only endpoint is a port of the node. */
function nodeService(name: string, clusterIP: string | undefined, address: string, ports: readonly Port[]): readonly Manifest[] {
  const metadata = { name, namespace: 'kube-system' };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { clusterIP, ports: ports.map((p) => ({ name: p.name, port: p.port, protocol: p.protocol, targetPort: p.target })) },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: ports.map((p) => ({ name: p.name, port: p.target, protocol: p.protocol })),
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    },
  ];
}

interface Port {
  readonly name: string;
  readonly port: number;
  readonly target: number;
  readonly protocol: 'TCP' | 'UDP';
}

function buildDns(address: string): readonly Manifest[] {
  return [
    ...roleFor(addonUsers.coredns, addonUsers.coredns, [
      { apiGroups: [''], resources: ['services', 'namespaces', 'pods'], verbs: readVerbs },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: readVerbs },
    ]),
    ...nodeService('kube-dns', dnsServiceAddress, address, [
      { name: 'dns', port: 53, target: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, target: 53, protocol: 'TCP' },
    ]),
  ];
}

function buildMetrics(address: string, authority: string): readonly Manifest[] {
  const user = addonUsers.metricsServer;
  return [
    ...roleFor(user, user, [
      { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods', 'nodes'], verbs: readVerbs },
    ]),
    binding('ClusterRoleBinding', { name: `${user}:delegator` }, { kind: 'ClusterRole', name: 'system:auth-delegator' }, user),
    binding('RoleBinding', { name: 'metrics-server', namespace: 'kube-system' }, { kind: 'Role', name: 'extension-apiserver-authentication-reader' }, user),
    ...nodeService('metrics-server', undefined, address, [{ name: 'https', port: 443, target: metricsServerPort, protocol: 'TCP' }]),
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.metrics.k8s.io' },
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        caBundle: Buffer.from(authority).toString('base64'),
        service: { name: 'metrics-server', namespace: 'kube-system', port: 443 },
      },
    },
  ];
}

function buildStorage(): readonly Manifest[] {
  const user = addonUsers.localPath;
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: localPathNamespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'helper', namespace: localPathNamespace }, automountServiceAccountToken: false },
    ...roleFor(user, user, [
      { apiGroups: [''], resources: ['nodes', 'persistentvolumeclaims', 'configmaps', 'pods', 'pods/log'], verbs: readVerbs },
      { apiGroups: [''], resources: ['pods'], verbs: ['create', 'delete'] },
      { apiGroups: [''], resources: ['persistentvolumes'], verbs: [...readVerbs, 'create', 'patch', 'update', 'delete'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create', 'patch'] },
      { apiGroups: ['storage.k8s.io'], resources: ['storageclasses'], verbs: readVerbs },
    ]),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'local-path-config', namespace: localPathNamespace },
      data: {
        setup: '#!/bin/sh\nset -eu\nmkdir -p "$VOL_DIR"\nchmod 0777 "$VOL_DIR"\n',
        teardown: '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
      },
    },
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'local-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'rancher.io/local-path',
      volumeBindingMode: 'WaitForFirstConsumer',
      reclaimPolicy: 'Delete',
    },
  ];
}

/** Everything as one List, for one server-side apply. `authority` is the PEM text of the cluster's CA. */
export function buildAddons(network: NodeNetwork, authority: string): Manifest {
  const items = [...buildDns(network.nodeAddress), ...buildMetrics(network.nodeAddress, authority), ...buildStorage()];
  return { apiVersion: 'v1', kind: 'List', items };
}
