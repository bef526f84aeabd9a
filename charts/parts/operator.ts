// The operator: its bundle, its rights, its Deployment, and the GlitchTip resource that it is to apply.
import * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Construct } from 'constructs';
import { stringify } from 'yaml';
import { GlitchTip, GlitchTipSpecBackupStore, GlitchTipSpecHealthHeal, type GlitchTipSpecBackup, type GlitchTipSpecHttps, type GlitchTipSpecMove } from '../../imports/glitchkeeper.io.js';
import { rehearsedReleases } from '../../operator/api/glitchtip-releases.js';
import type { RepairKind } from '../../operator/api/health-fields.js';
import { CERT_MANAGER, DATA_SERVERS, GROUP, LEASE_NAME, LEGACY_IMPORT_TEMPLATE, MOVE_SECRET, MOVE_TEMPLATE, OPERATION_LEASE, PLURAL, QUOTA, RESTORE_SECRET, RESTORE_TEMPLATES, alertStateName, rehearsalTemplate } from '../../operator/api/object-names.js';
import { BACKUP_TEMPLATE, CONFIG_MAPS, GATEWAY, GATEWAY_CONTROL_PORT, MIGRATE_TEMPLATE, OPERATOR, OPERATOR_PORT, RESOURCE, SECRETS, TUNNEL, WEB, WEB_BACKEND, labelsOf, selectorOf } from '../part-names.js';
import { PROGRAMS, commandOf } from '../programs.js';
import { CONTAINER_SECURITY, DESPITE_PRESSURE, clusterPort, configFiles, containerResources, partMetadata, podDefaults, podField, scratch } from './pod-template.js';
import type { Settings } from '../settings/schema.js';
import { NODE_USER, ProgramBundle } from './program-bundle.js';
import { HTTP_PORT } from '../releases.js';
import { topologyOf } from '../topology.js';
import { certificateSecret, isServedByTraefik } from '../traefik.js';
import { withWayOut } from './way-out.js';

/** The generated type has an enumeration for them. */
const REPAIR_NAMES: Readonly<Record<RepairKind, GlitchTipSpecHealthHeal>> = {
  migrate: GlitchTipSpecHealthHeal.MIGRATE,
  'maintain-partitions': GlitchTipSpecHealthHeal.MAINTAIN_HYPHEN_PARTITIONS,
  'restart-worker': GlitchTipSpecHealthHeal.RESTART_HYPHEN_WORKER,
};
const STORE_NAMES = { s3: GlitchTipSpecBackupStore.S3, volume: GlitchTipSpecBackupStore.VOLUME } as const;
const SETTINGS_PATH = '/etc/glitchkeeper/settings';

export class Operator extends Construct {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const bundle = new ProgramBundle(this, 'bundle', settings, { program: PROGRAMS.operator, name: CONFIG_MAPS.bundle, component: 'operator' });
    new k8s.KubeConfigMap(this, 'settings', {
      metadata: partMetadata(CONFIG_MAPS.settings, 'operator'),
      data: { 'glitchtip.yaml': resourceFile(settings) },
    });
    this.addRights(settings);
    this.addDeployment(settings, bundle);
    new k8s.KubeService(this, 'service', {
      metadata: partMetadata(OPERATOR, 'operator'),
      spec: { type: 'ClusterIP', selector: selectorOf('operator'), ports: [clusterPort(OPERATOR_PORT, 'metrics')] },
    });
  }

  /** One namespace, no list or watch of Secrets, no exec: a stolen token reads eight Secrets, with https.secret nine, changes seven of them, has that of a restore while there is one, and that of a move, and starts pods anew, as the manifests describe them (charts/parts/admission-policies.ts). */
  private addRights(settings: Settings): void {
    new k8s.KubeServiceAccount(this, 'account', { metadata: partMetadata(OPERATOR, 'operator'), automountServiceAccountToken: false });
    new k8s.KubeRole(this, 'role', { metadata: partMetadata(OPERATOR, 'operator'), rules: rights(settings) });
    new k8s.KubeRoleBinding(this, 'binding', {
      metadata: partMetadata(OPERATOR, 'operator'),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: OPERATOR },
      subjects: [{ kind: 'ServiceAccount', name: OPERATOR }],
    });
  }

  private addDeployment(settings: Settings, bundle: ProgramBundle): void {
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
          metadata: { labels: labelsOf('operator'), annotations: bundle.annotations },
          spec: withWayOut(settings, {
            ...podDefaults(settings, { ...NODE_USER, tolerations: DESPITE_PRESSURE, callsInternet: true }),
            serviceAccountName: OPERATOR,
            automountServiceAccountToken: true,
            terminationGracePeriodSeconds: 30,
            containers: [container(settings, bundle.mounts)],
            volumes: [...bundle.volumes, configFiles('settings', CONFIG_MAPS.settings), scratch('tmp')],
          }),
        },
      },
    });
  }
}

function rights(settings: Settings): k8s.PolicyRule[] {
  const { backup, legacyImport, move } = topologyOf(settings);
  const hasBackup = backup !== undefined;
  const secret = certificateSecret(settings);
  return [
    // RBAC sees no name in a create; the admission policies do.
    { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
    { apiGroups: [''], resources: ['secrets'], resourceNames: Object.values(SECRETS), verbs: ['get', 'patch'] },
    { apiGroups: [GROUP], resources: [PLURAL], verbs: ['get', 'list', 'watch', 'create', 'patch'] },
    { apiGroups: [GROUP], resources: [`${PLURAL}/status`], verbs: ['patch'] },
    // Rolls them in a rotation, restarts a stuck worker, and sees whether their rollouts end.
    { apiGroups: ['apps'], resources: ['deployments'], resourceNames: rolledDeployments(settings), verbs: ['get', 'patch'] },
    ...(topologyOf(settings).tunnel ? [{ apiGroups: ['apps'], resources: ['deployments'], resourceNames: [TUNNEL], verbs: ['get'] }] : []),
    // Health: scaled to nothing is another cause than ended.
    { apiGroups: ['apps'], resources: ['statefulsets'], resourceNames: dataServers(settings), verbs: ['get'] },
    // A rotation waits for migrations and backups. A repair runs the migrate Job's pods again in a Job whose name must be new, so RBAC
    // cannot name it; of other pods the API server refuses it (charts/parts/admission-policies.ts). A migrate Job that cannot start is
    // deleted once a newer one needs its room: it, too, has a name that RBAC cannot know, and others are refused there.
    { apiGroups: ['batch'], resources: ['jobs'], verbs: ['list', 'create', 'delete'] },
    { apiGroups: [''], resources: ['podtemplates'], resourceNames: [MIGRATE_TEMPLATE, ...(hasBackup ? [BACKUP_TEMPLATE, ...Object.values(RESTORE_TEMPLATES), ...rehearsedReleases(settings.version).map((release) => rehearsalTemplate(release))] : []), ...(legacyImport ? [LEGACY_IMPORT_TEMPLATE] : []), ...(move ? [MOVE_TEMPLATE] : [])], verbs: ['get'] },
    // Health reads what their pods wait for and how they ended; a rotation knows them by their addresses. One that has ended and is in the
    // way of a rollout is deleted: of others the API server refuses it there, too.
    { apiGroups: [''], resources: ['pods'], verbs: ['list', 'delete'] },
    // Memory in use, where metrics-server is; without it this is not seen.
    { apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['list'] },
    // The alert state: read whole, and written over the version that was read.
    { apiGroups: [''], resources: ['configmaps'], verbs: ['create'] },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [alertStateName(RESOURCE)], verbs: ['get', 'patch'] },
    // The step of an upgrade, which pods of another release wait for.
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [CONFIG_MAPS.upgrade], verbs: ['get', 'patch', 'delete'] },
    // What holds web and worker while a restore or an upgrade has stopped them.
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [CONFIG_MAPS.hold], verbs: ['get', 'patch'] },
    ...(hasBackup ? copyRights() : []),
    // A person makes it, and the operator fills in the table of DSNs.
    ...(move ? [{ apiGroups: [''], resources: ['secrets'], resourceNames: [MOVE_SECRET], verbs: ['get', 'patch'] }] : []),
    // A person makes it: tokens and addresses of alerts are nothing that the operator changes.
    { apiGroups: [''], resources: ['secrets'], resourceNames: [settings.alerts.secret], verbs: ['get'] },
    // The end of the certificate; of the Secret the operator reads tls.crt only, but RBAC knows no keys.
    ...(secret === undefined ? [] : [{ apiGroups: [''], resources: ['secrets'], resourceNames: [secret], verbs: ['get'] }]),
    ...(settings.https.mode === 'cert-manager' ? issuanceRights() : []),
    // A rotation looks whether one more pod has room.
    { apiGroups: [''], resources: ['resourcequotas'], resourceNames: [QUOTA], verbs: ['get'] },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
    // Of the election, and of the operation that is under way.
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], resourceNames: [LEASE_NAME, OPERATION_LEASE], verbs: ['get', 'update'] },
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create'] },
  ];
}

/** Why cert-manager gets no certificate. It makes orders and challenges by names of its own. */
function issuanceRights(): k8s.PolicyRule[] {
  return [
    { apiGroups: ['acme.cert-manager.io'], resources: ['orders', 'challenges'], verbs: ['list'] },
    { apiGroups: ['cert-manager.io'], resources: ['issuers'], resourceNames: [CERT_MANAGER.issuer], verbs: ['get'] },
  ];
}

/** Of backups and restores. The Secret of a restore has a person's identity for as long as it lasts, and ends with it. */
function copyRights(): k8s.PolicyRule[] {
  return [
    // The variables of the next run.
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [CONFIG_MAPS.backupRun, CONFIG_MAPS.restoreRun], verbs: ['get', 'patch'] },
    { apiGroups: [''], resources: ['secrets'], resourceNames: [RESTORE_SECRET], verbs: ['get', 'patch', 'delete'] },
  ];
}

/** Those whose pods read credentials at their start. */
function rolledDeployments(settings: Settings): string[] {
  const { worker, gateway } = topologyOf(settings);
  return ['web', ...(worker === undefined ? [] : ['worker']), ...(gateway ? [GATEWAY] : [])];
}

function dataServers(settings: Settings): string[] {
  return [DATA_SERVERS.postgres, ...(topologyOf(settings).valkey ? [DATA_SERVERS.valkey] : [])];
}

function container(settings: Settings, bundleMounts: readonly k8s.VolumeMount[]): k8s.Container {
  const probe = (path: string): k8s.HttpGetAction => ({ path, port: k8s.IntOrString.fromString('metrics') });
  return {
    name: 'operator',
    image: settings.images.operator,
    imagePullPolicy: 'IfNotPresent',
    command: [...commandOf(PROGRAMS.operator)],
    env: [
      { name: 'POD_NAME', valueFrom: podField('metadata.name') },
      { name: 'POD_NAMESPACE', valueFrom: podField('metadata.namespace') },
      { name: 'SETTINGS_FILE', value: `${SETTINGS_PATH}/glitchtip.yaml` },
      ...(settings.operator.trustedHosts.length > 0 ? [{ name: 'TRUSTED_HOSTS', value: settings.operator.trustedHosts.join() }] : []),
    ],
    ports: [{ name: 'metrics', containerPort: OPERATOR_PORT, protocol: 'TCP' }],
    resources: containerResources(settings.resources.operator),
    securityContext: CONTAINER_SECURITY,
    startupProbe: { httpGet: probe('/healthz'), periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 60 },
    readinessProbe: { httpGet: probe('/readyz'), periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3 },
    livenessProbe: { httpGet: probe('/healthz'), periodSeconds: 20, timeoutSeconds: 10, failureThreshold: 3 },
    volumeMounts: [
      ...bundleMounts,
      { name: 'settings', mountPath: SETTINGS_PATH, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

/** A resource of a kind that does not exist yet would fail `kubectl apply -f dist/`; the operator applies it, once the kind is there. */
function resourceFile(settings: Settings): string {
  const { valkey, worker, gateway, tunnel } = topologyOf(settings);
  const tls = certificateSecret(settings);
  // The ports are the NetworkPolicies' business.
  const { secret, repeatHours, reportHours } = settings.alerts;
  return stringify(GlitchTip.manifest({
    metadata: { name: RESOURCE, namespace: settings.namespace },
    spec: {
      version: settings.version,
      administrator: { email: settings.administrator.email },
      valkey: valkey ? {} : undefined,
      worker: worker === undefined ? undefined : {},
      web: { ...(gateway ? { host: WEB_BACKEND } : {}), ...(tls === undefined ? {} : { tls }) },
      https: httpsSpec(settings),
      tunnel: tunnel ? {} : undefined,
      gateway: gateway ? { deployment: GATEWAY, host: WEB, port: HTTP_PORT, controlHost: `${GATEWAY}-control`, controlPort: GATEWAY_CONTROL_PORT } : undefined,
      rotation: settings.rotation,
      backup: backupSpec(settings),
      move: moveSpec(settings),
      health: { ...settings.health, heal: settings.health.heal.map((repair) => REPAIR_NAMES[repair]) },
      alerts: { secret, repeatHours, reportHours },
    },
  }));
}

function moveSpec(settings: Settings): GlitchTipSpecMove | undefined {
  const { domain, https: { eventNames }, move: { from, organization, share } } = settings;
  return topologyOf(settings).move && from !== undefined && organization !== undefined ? { from, organization, ownNames: [new URL(domain).hostname, ...eventNames], share } : undefined;
}

function httpsSpec(settings: Settings): GlitchTipSpecHttps | undefined {
  if (!isServedByTraefik(settings)) return undefined;
  const { domain, https: { mode, certManager: { clusterIssuer } } } = settings;
  const issuer = clusterIssuer === undefined ? { issuer: CERT_MANAGER.issuer } : {};
  return { name: new URL(domain).hostname, ...(mode === 'cert-manager' ? { certManager: issuer } : {}), ...(mode === 'self-signed' ? { selfSigned: true } : {}) };
}

/** Where copies go to, and how they are kept, is in the Job's pods. */
function backupSpec(settings: Settings): GlitchTipSpecBackup | undefined {
  const { backup: store } = topologyOf(settings);
  if (store === undefined) return undefined;
  const { enabled, everyDays, at, timeZone, mayShrink } = settings.backup;
  return { enabled, everyDays, at, timeZone, store: STORE_NAMES[store], ...(mayShrink === undefined ? {} : { mayShrink }) };
}
