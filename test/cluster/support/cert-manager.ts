// cert-manager's controller as a pod of a namespace of its own, with the rights of its chart, on a cluster that has no registry.
import { buildProgress, ensureCertManager, type ClusterHandle } from '../../../embedded/index.js';
import { acmeSolverImage, certManagerImage } from '../../../embedded/images/index.js';
import { TRAEFIK } from '../../../charts/traefik.js';
import { CERT_MANAGER } from '../../../operator/api/object-names.js';
import { printFigure } from './fault-report.js';
import type { Stack } from './stack.js';

export const CERT_MANAGER_NAMESPACE = 'cert-manager';
const metadata = { name: 'cert-manager', namespace: CERT_MANAGER_NAMESPACE };
const LABELS = { 'app.kubernetes.io/name': 'cert-manager' };
const AUTHORITY_FOLDER = '/acme-authority';
/** What the budget counts for it, and half of that for Go's heap: beside it the program's own pages stay in memory. */
const MEMORY = { limit: '112Mi', heap: '48MiB' };

/** What of the world is not as it is out there. */
interface Outside {
  /** PEM of the certificate by which the ACME server is known. */
  readonly authority: string;
  /** Public name, and where it leads to: no DNS server knows it. */
  readonly name: string;
  readonly address: string;
}

export async function installCertManager(cluster: ClusterHandle, outside: Outside): Promise<void> {
  const { images, kinds } = await ensureCertManager(buildProgress(printFigure, Date.now));
  for (const { archive } of images) await cluster.importArchive(archive);
  await cluster.kubectl(['apply', '--server-side', '-f', kinds]);
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests(outside) }));
  await cluster.kubectl(['rollout', 'status', 'deployment/cert-manager', '--namespace', CERT_MANAGER_NAMESPACE, '--timeout=120s']);
}

/** As a person has one. @param serviceType of the pod for a challenge: by default a NodePort */
export async function putClusterIssuer(cluster: ClusterHandle, name: string, { server, serviceType }: { readonly server: string; readonly serviceType?: 'ClusterIP' }): Promise<void> {
  const http01 = { ingress: { ingressClassName: TRAEFIK.ingressClass, ...(serviceType === undefined ? {} : { serviceType }) } };
  const acme = { email: 'ops@glitchtip.invalid', server, privateKeySecretRef: { name }, solvers: [{ http01 }] };
  await cluster.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name }, spec: { acme } }));
}

/** How often it got the certificate. */
export async function revisionOf(stack: Stack): Promise<number> {
  return Number(await stack.kubectl('get', 'certificate', CERT_MANAGER.certificate, '--output', 'jsonpath={.status.revision}'));
}

/** As `cmctl renew` does. */
export async function renew(stack: Stack): Promise<void> {
  const issuing = { type: 'Issuing', status: 'True', reason: 'ManuallyTriggered', message: 'a test', lastTransitionTime: new Date().toISOString() };
  const { status } = JSON.parse(await stack.kubectl('get', 'certificate', CERT_MANAGER.certificate, '--output', 'json')) as { status: { conditions: object[] } };
  await stack.kubectl('patch', 'certificate', CERT_MANAGER.certificate, '--subresource', 'status', '--type', 'merge', '--patch', JSON.stringify({ status: { conditions: [...status.conditions, issuing] } }));
}

/** Of deploy/charts/cert-manager/templates/rbac.yaml, what issuing by ACME needs. */
const RIGHTS = [
  { apiGroups: ['cert-manager.io', 'acme.cert-manager.io'], resources: ['*'], verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'] },
  { apiGroups: ['cert-manager.io'], resources: ['signers'], verbs: ['approve'], resourceNames: ['issuers.cert-manager.io/*', 'clusterissuers.cert-manager.io/*'] },
  { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch', 'create', 'update', 'delete', 'patch'] },
  { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
  { apiGroups: [''], resources: ['pods', 'services'], verbs: ['get', 'list', 'watch', 'create', 'delete'] },
  { apiGroups: [''], resources: ['namespaces'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['get', 'list', 'watch', 'create', 'delete', 'update'] },
];

function manifests({ authority, name, address }: Outside): object[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: CERT_MANAGER_NAMESPACE, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'cert-manager' }, rules: RIGHTS },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'cert-manager' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cert-manager' }, subjects: [{ kind: 'ServiceAccount', ...metadata }] },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: 'acme-authority' }, data: { 'ca.pem': authority } },
    {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata,
      spec: {
        replicas: 1, selector: { matchLabels: LABELS }, strategy: { type: 'Recreate' },
        template: { metadata: { labels: LABELS }, spec: podSpec({ hostAliases: [{ ip: address, hostnames: [name] }] }) },
      },
    },
  ];
}

function podSpec(more: object): object {
  return {
    ...more,
    serviceAccountName: metadata.name,
    securityContext: { runAsUser: 65_532, runAsGroup: 65_532, runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [{
      name: 'cert-manager-controller', image: certManagerImage, imagePullPolicy: 'Never',
      env: Object.entries({ CM_SOLVER: acmeSolverImage, CM_CLUSTER_NAMESPACE: CERT_MANAGER_NAMESPACE, SSL_CERT_FILE: `${AUTHORITY_FOLDER}/ca.pem`, GOMEMLIMIT: MEMORY.heap }).map(([name, value]) => ({ name, value })),
      resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { cpu: '500m', memory: MEMORY.limit } },
      securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      volumeMounts: [{ name: 'authority', mountPath: AUTHORITY_FOLDER, readOnly: true }],
    }],
    volumes: [{ name: 'authority', configMap: { name: 'acme-authority' } }],
  };
}
