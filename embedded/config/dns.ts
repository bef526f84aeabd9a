/** Name resolution inside the cluster: CoreDNS as a pod, with the Service, the settings and the rights that it needs. */
import { dnsServiceAddress } from '../address.js';
import { shortHash } from '../cluster-options.js';
import { corednsImage } from '../images/catalog.js';
import type { Manifest } from './layout.js';

/** Label of CoreDNS' pods in every cluster: policies that allow DNS name it. */
const label = { 'k8s-app': 'kube-dns' };
const metadata = { name: 'coredns', namespace: 'kube-system' };
const readyPort = 8181;

/** Cluster names from the API server; every other name does not exist, at once, because pods have no way out. */
const corefile = `cluster.local:53 in-addr.arpa:53 {
  errors
  ready :${readyPort}
  kubernetes cluster.local in-addr.arpa {
    ttl 5
  }
}
.:53 {
  template ANY ANY . {
    rcode NXDOMAIN
  }
}
`;

/** For pods with dnsPolicy Default. */
export function buildResolvConf(): string {
  return `nameserver ${dnsServiceAddress}\n`;
}

/** @param runsPods whether its image is there; without it the Service has no endpoint */
export function buildDns(runsPods: boolean): readonly Manifest[] {
  return [...buildRights(), buildService(), ...(runsPods ? [buildSettings(), buildDeployment()] : [])];
}

function buildRights(): readonly Manifest[] {
  const apiGroup = 'rbac.authorization.k8s.io';
  const name = 'glitchkeeper:coredns';
  const verbs = ['list', 'watch'];
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRole',
      metadata: { name },
      rules: [
        { apiGroups: [''], resources: ['services', 'namespaces'], verbs },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs },
      ],
    },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', ...metadata }],
    },
  ];
}

function buildService(): Manifest {
  const ports = [
    { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
    { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
  ];
  const spec = { clusterIP: dnsServiceAddress, selector: label, ports };
  return { apiVersion: 'v1', kind: 'Service', metadata: { ...metadata, name: 'kube-dns', labels: label }, spec };
}

function buildSettings(): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { Corefile: corefile } };
}

function buildDeployment(): Manifest {
  const template = {
    // Of another Corefile another pod.
    metadata: { labels: label, annotations: { 'glitchkeeper.io/corefile': shortHash(corefile) } },
    spec: {
      serviceAccountName: metadata.name,
      priorityClassName: 'system-cluster-critical',
      enableServiceLinks: false,
      dnsPolicy: 'Default',
      containers: [buildContainer()],
      volumes: [{ name: 'corefile', configMap: { name: metadata.name } }],
    },
  };
  const spec = { replicas: 1, selector: { matchLabels: label }, template };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { ...metadata, labels: label }, spec };
}

/** Requests and limit are those of CoreDNS on k3s: they count in the budget of the host. */
function buildContainer(): Manifest {
  const httpGet = { path: '/ready', port: readyPort };
  return {
    name: metadata.name,
    image: corednsImage,
    imagePullPolicy: 'Never',
    args: ['-conf', '/etc/coredns/Corefile'],
    env: [{ name: 'GOMEMLIMIT', value: '100MiB' }, { name: 'GOGC', value: '50' }],
    resources: { requests: { cpu: '100m', memory: '70Mi' }, limits: { memory: '170Mi' } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      // Port 53 is that of the policies, which see a packet after its Service was resolved.
      capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    // Often at first: every start of the cluster waits for it.
    startupProbe: { httpGet, periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: { httpGet, periodSeconds: 5 },
    livenessProbe: { httpGet, periodSeconds: 10, timeoutSeconds: 5 },
    volumeMounts: [{ name: 'corefile', mountPath: '/etc/coredns', readOnly: true }],
  };
}
