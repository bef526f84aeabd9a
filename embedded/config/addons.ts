/**
 * Kubernetes objects that the cluster needs beside its processes: DNS, rights of the addons, the Service of metrics-server,
 * the default StorageClass. metrics-server runs as a process of the node, so its Service has a hand-made endpoint.
 */
import { addonUsers } from '../pki.js';
import { buildDns } from './dns.js';
import type { Layout, Manifest } from './layout.js';

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
function nodeService(name: string, address: string, { port, target }: { readonly port: number; readonly target: number }): readonly Manifest[] {
  const metadata = { name, namespace: 'kube-system' };
  return [
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'https', port, protocol: 'TCP', targetPort: target }] } },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      ports: [{ name: 'https', port: target, protocol: 'TCP' }],
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    },
  ];
}

function buildPolicies(): readonly Manifest[] {
  return roleFor(addonUsers.netpol, addonUsers.netpol, [
    { apiGroups: [''], resources: ['nodes'], verbs: ['get'] },
    { apiGroups: [''], resources: ['pods', 'namespaces'], verbs: readVerbs },
    { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: readVerbs },
  ]);
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
    ...nodeService('metrics-server', address, { port: 443, target: metricsServerPort }),
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
export function buildAddons({ network, runsPods }: Layout, authority: string): Manifest {
  const items = [...buildDns(runsPods), ...buildMetrics(network.nodeAddress, authority), ...buildPolicies(), ...buildStorage()];
  return { apiVersion: 'v1', kind: 'List', items };
}
