// The operator: its bundle, its rights, its Deployment, and the GlitchTip resource that it is to apply.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { stringify } from 'yaml';
import { GlitchTip } from '../imports/glitchkeeper.io.js';
import { BUNDLE_FILE, LOADER_FILE, NODE_FLAGS } from '../operator/bundle.js';
import { GROUP, LEASE_NAME, PLURAL } from '../operator/api/names.js';
import { readAsset } from './assets.js';
import { CONFIG_MAPS, OPERATOR, OPERATOR_PORT, RESOURCE, SECRETS, labelsOf, selectorOf } from './names.js';
import { CONFIG_HASH, CONTAINER_SECURITY, clusterPort, configFiles, containerResources, contentHash, partMetadata, podDefaults, scratch } from './pods.js';
import type { Settings } from './settings.js';
import { topologyOf } from './topology.js';

/** User `node` of the official image. */
const NODE_USER = { user: 1000, group: 1000 };
const BUNDLE_PATH = '/opt/glitchkeeper';
const SETTINGS_PATH = '/etc/glitchkeeper/settings';

export class Operator extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const bundle = readAsset(BUNDLE_FILE);
    const loader = readAsset(LOADER_FILE).toString('utf8');

    new k8s.KubeConfigMap(this, 'bundle', {
      metadata: partMetadata(CONFIG_MAPS.bundle, 'operator'),
      data: { [LOADER_FILE]: loader },
      binaryData: { [BUNDLE_FILE]: bundle.toString('base64') },
    });
    new k8s.KubeConfigMap(this, 'settings', {
      metadata: partMetadata(CONFIG_MAPS.settings, 'operator'),
      data: { 'glitchtip.yaml': resourceFile(settings) },
    });
    this.addRights();
    this.addDeployment(settings, contentHash(loader + bundle.toString('base64')));
    new k8s.KubeService(this, 'service', {
      metadata: partMetadata(OPERATOR, 'operator'),
      spec: { type: 'ClusterIP', selector: selectorOf('operator'), ports: [clusterPort(OPERATOR_PORT, 'metrics')] },
    });
  }

  /** One namespace, no list or watch of Secrets, no exec: a stolen token reads four Secrets and nothing else. */
  private addRights(): void {
    new k8s.KubeServiceAccount(this, 'account', { metadata: partMetadata(OPERATOR, 'operator'), automountServiceAccountToken: false });
    new k8s.KubeRole(this, 'role', {
      metadata: partMetadata(OPERATOR, 'operator'),
      rules: [
        // Creation cannot be limited to names: RBAC sees no name in a create.
        { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
        { apiGroups: [''], resources: ['secrets'], resourceNames: Object.values(SECRETS), verbs: ['get'] },
        { apiGroups: [GROUP], resources: [PLURAL], verbs: ['get', 'list', 'watch', 'create', 'patch'] },
        { apiGroups: [GROUP], resources: [`${PLURAL}/status`], verbs: ['patch'] },
        { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
        { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: [LEASE_NAME], verbs: ['get', 'update'] },
        { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
      ],
    });
    new k8s.KubeRoleBinding(this, 'binding', {
      metadata: partMetadata(OPERATOR, 'operator'),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: OPERATOR },
      subjects: [{ kind: 'ServiceAccount', name: OPERATOR }],
    });
  }

  private addDeployment(settings: Settings, bundleHash: string): void {
    new k8s.KubeDeployment(this, 'deployment', {
      metadata: partMetadata(OPERATOR, 'operator', [
        { check: 'container-security-context-user-group-id', reason: "1000 is the user of Node's image" },
        { check: 'container-image-pull-policy', reason: 'tags are fixed, and a host without a way out must start again' },
      ]),
      spec: {
        replicas: 1,
        revisionHistoryLimit: 3,
        selector: { matchLabels: selectorOf('operator') },
        // The old one ends first: its memory is the new one's, and a Lease guards what the clock does not.
        strategy: { type: 'Recreate' },
        template: {
          metadata: { labels: labelsOf('operator'), annotations: { [CONFIG_HASH]: bundleHash } },
          spec: {
            ...podDefaults(NODE_USER),
            serviceAccountName: OPERATOR,
            automountServiceAccountToken: true,
            terminationGracePeriodSeconds: 30,
            containers: [container(settings)],
            volumes: [configFiles('bundle', CONFIG_MAPS.bundle), configFiles('settings', CONFIG_MAPS.settings), scratch('tmp')],
          },
        },
      },
    });
  }
}

function container(settings: Settings): k8s.Container {
  const probe = (path: string): k8s.HttpGetAction => ({ path, port: k8s.IntOrString.fromString('metrics') });
  return {
    name: 'operator',
    image: settings.images.operator,
    imagePullPolicy: 'IfNotPresent',
    command: ['node', ...NODE_FLAGS, `${BUNDLE_PATH}/${LOADER_FILE}`],
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'SETTINGS_FILE', value: `${SETTINGS_PATH}/glitchtip.yaml` },
    ],
    ports: [{ name: 'metrics', containerPort: OPERATOR_PORT, protocol: 'TCP' }],
    resources: containerResources(settings.resources.operator),
    securityContext: CONTAINER_SECURITY,
    startupProbe: { httpGet: probe('/healthz'), periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 60 },
    readinessProbe: { httpGet: probe('/readyz'), periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 },
    livenessProbe: { httpGet: probe('/healthz'), periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 3 },
    volumeMounts: [
      { name: 'bundle', mountPath: BUNDLE_PATH, readOnly: true },
      { name: 'settings', mountPath: SETTINGS_PATH, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

/** A resource of a kind that does not exist yet would fail `kubectl apply -f dist/`; the operator applies it, once the kind is there. */
function resourceFile(settings: Settings): string {
  return stringify(GlitchTip.manifest({
    metadata: { name: RESOURCE, namespace: settings.namespace },
    spec: {
      version: settings.version,
      administrator: { email: settings.administrator.email },
      valkey: topologyOf(settings).valkey ? {} : undefined,
    },
  }));
}
