// Traefik as k3s' Helm chart makes it, in what matters here: namespace, labels, ports, user, limits, and the arguments of the host file.
import { READINESS, RESOLVER, TRAEFIK, traefikArguments } from '../../../charts/traefik.js';
import type { Settings } from '../../../charts/settings/schema.js';
import { traefikImage } from '../../../embedded/images/index.js';
import { bytesOf } from '../../../charts/quantity.js';

const AUTHORITY_FOLDER = '/acme-authority';
const metadata = { name: 'traefik', namespace: TRAEFIK.namespace };
const READ = ['get', 'list', 'watch'];
/** Of the limit, as the host file says. */
const HEAP_SHARE = 0.5;

/** The address of Traefik: what it is told changes, this stays. */
export const TRAEFIK_SERVICE = {
  apiVersion: 'v1', kind: 'Service', metadata,
  spec: { selector: TRAEFIK.labels, ports: [{ name: TRAEFIK.plain, port: 80, targetPort: TRAEFIK.plainPort }, { name: TRAEFIK.secure, port: 443, targetPort: TRAEFIK.securePort }] },
};

/**
 * @param authority PEM of the certificate by which the ACME server is known
 * @param more arguments beside those of the chart and of the host file
 */
export function traefikManifests(settings: Settings, authority: string, more: readonly string[]): object[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'traefik' }, rules: [
      { apiGroups: [''], resources: ['services', 'secrets', 'nodes', 'configmaps', 'namespaces'], verbs: READ },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
      { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'ingressclasses'], verbs: READ },
      { apiGroups: ['traefik.io'], resources: ['*'], verbs: READ },
      { apiGroups: ['gateway.networking.k8s.io'], resources: ['*'], verbs: [...READ, 'update', 'patch'] },
    ] },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'traefik' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'traefik' }, subjects: [{ kind: 'ServiceAccount', ...metadata }] },
    { apiVersion: 'networking.k8s.io/v1', kind: 'IngressClass', metadata: { name: TRAEFIK.ingressClass }, spec: { controller: 'traefik.io/ingress-controller' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, name: 'acme-authority' }, data: { 'ca.pem': authority } },
    ...(keepsCertificates(settings) ? [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '128Mi' } } } }] : []),
    deployment(settings, more),
  ];
}

/** As the host file has it. */
function keepsCertificates({ https: { mode } }: Settings): boolean {
  return mode === 'traefik';
}

function deployment(settings: Settings, more: readonly string[]): object {
  const podSpec = {
    serviceAccountName: 'traefik',
    securityContext: { runAsUser: 65_532, runAsGroup: 65_532, runAsNonRoot: true },
    containers: [container(settings, more)],
    volumes: [{ name: 'data', ...(keepsCertificates(settings) ? { persistentVolumeClaim: { claimName: metadata.name } } : { emptyDir: {} }) }, { name: 'tmp', emptyDir: {} }, { name: 'authority', configMap: { name: 'acme-authority' } }],
  };
  return {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata,
    spec: {
      replicas: 1, selector: { matchLabels: TRAEFIK.labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
      template: { metadata: { labels: TRAEFIK.labels }, spec: podSpec },
    },
  };
}

function container(settings: Settings, more: readonly string[]): object {
  const { resources: { traefik: resources }, https: { mode, gateway } } = settings;
  return {
    name: 'traefik', image: traefikImage, imagePullPolicy: 'Never', resources,
    args: [
      // Of the chart.
      `--entrypoints.${TRAEFIK.plain}.address=:${TRAEFIK.plainPort}/tcp`, `--entrypoints.${TRAEFIK.secure}.address=:${TRAEFIK.securePort}/tcp`, '--entrypoints.traefik.address=:8080/tcp', '--ping=true',
      `--entrypoints.${TRAEFIK.secure}.http.tls=true`, '--providers.kubernetescrd=true', '--providers.kubernetescrd.allowemptyservices=true', '--providers.kubernetesingress=true',
      '--global.checknewversion=false', '--global.sendanonymoususage=false', '--log.level=INFO',
      ...(gateway === undefined ? [] : ['--providers.kubernetesgateway=true']),
      ...traefikArguments(settings),
      ...(mode === 'traefik' ? [`--certificatesresolvers.${RESOLVER}.acme.cacertificates=${AUTHORITY_FOLDER}/ca.pem`] : []),
      ...more,
    ],
    env: [{ name: 'GOMEMLIMIT', value: `${Math.floor(bytesOf(resources.limits.memory) * HEAP_SHARE)}` }],
    ports: [{ containerPort: TRAEFIK.plainPort }, { containerPort: TRAEFIK.securePort }],
    readinessProbe: { httpGet: { path: '/ping', port: 8080 }, initialDelaySeconds: 2, timeoutSeconds: 2, ...READINESS },
    securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    volumeMounts: [{ name: 'data', mountPath: '/data' }, { name: 'tmp', mountPath: '/tmp' }, { name: 'authority', mountPath: AUTHORITY_FOLDER, readOnly: true }],
  };
}
