// The facts of a cluster on which doctor finds nothing wrong, made from the manifests themselves, for tests to spoil one by one.
import { z } from 'zod';
import type { Facts } from '../../../../cli/doctor/gathered-facts.js';
import { seen } from '../../../../cli/doctor/check-result.js';
import * as objects from '../../../../cli/doctor/kubernetes-objects.js';
import { buildCustomResourceDefinition } from '../../../../operator/api/crd.js';
import { renderStack, type Manifest } from '../../../charts/synthesize.js';
import { checkSettings } from '../../../../charts/settings/load-settings.js';
import { topologyOf } from '../../../../charts/topology.js';
import type { SettingsInput } from '../../../../charts/settings/schema.js';
import type { BackupStatus } from '../../../../operator/api/backup-fields.js';
import type { Resource } from '../../../../cli/glitchtip-resource-access.js';
import { NOW, copied, resource, type Scenario } from '../cli-scenarios.js';

const READY = { Deployment: { readyReplicas: 1 }, StatefulSet: { readyReplicas: 1 }, Job: { succeeded: 1 } };

/** Its manifests, as a cluster has them once all is ready. */
export function deployed(settings: SettingsInput = {}): readonly objects.Workload[] {
  const operator = {
    kind: 'Deployment', metadata: { name: 'glitchkeeper', labels: { 'app.kubernetes.io/component': 'operator' } },
    spec: { replicas: 1, strategy: { type: 'Recreate' }, template: { metadata: { annotations: { 'glitchkeeper.io/config-hash': 'aaaaaaaa' } }, spec: { containers: [{
      name: 'operator', resources: { requests: { memory: '48Mi' }, limits: { cpu: '250m', memory: '96Mi' } },
    }] } } },
  };
  return z.array(objects.workload).parse([...ofKinds(settings, Object.keys(READY)), operator].map((manifest) => ({ ...manifest, status: READY[manifest.kind as keyof typeof READY] })));
}

function ofKinds(settings: SettingsInput, kinds: readonly string[]): Manifest[] {
  // Doctor looks at no program's text, and the unit tests run before there is one.
  return renderStack({ ...settings, operator: { bundle: 'image', ...settings.operator }, images: { operator: 'registry.example.com/glitchkeeper@sha256:'.concat('0'.repeat(64)), ...settings.images } }).filter(({ kind }) => kinds.includes(kind));
}

/** As a node has an image; `digit`: of its digest. */
export function imageId(part: string, digit: string): string {
  return `registry.example.com/${part}@sha256:${digit.repeat(64)}`;
}

export function factsOf({ settings = {}, scenario = {}, ...changes }: Partial<Facts> & { settings?: SettingsInput; scenario?: Scenario } = {}): Facts {
  const pod = (part: string): object => ({
    metadata: { name: `${part}-0`, labels: { 'app.kubernetes.io/component': part }, annotations: part === 'operator' ? { 'glitchkeeper.io/config-hash': 'aaaaaaaa' } : {} },
    spec: { containers: [{ name: part, image: `registry.example.com/${part}:1` }] },
    status: { phase: 'Running', podIPs: [{ ip: '10.42.0.7' }], containerStatuses: [{ name: part, imageID: imageId(part, 'a') }] },
  });
  return {
    place: { cluster: 'context prod', namespace: 'glitchtip', name: 'glitchtip' },
    now: NOW,
    ownBundle: 'aaaaaaaa',
    versions: { clientVersion: { gitVersion: 'v1.34.4' }, serverVersion: { gitVersion: 'v1.34.4+k3s1' } },
    metrics: seen(true),
    storageClasses: seen([objects.storageClass.parse({ metadata: { name: 'local-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } })]),
    nodes: seen([objects.node.parse({ metadata: { name: 'host' }, spec: { podCIDRs: ['10.42.0.0/24'] }, status: { allocatable: { memory: '1283Mi' }, conditions: [{ type: 'Ready', status: 'True' }, { type: 'MemoryPressure', status: 'False' }] } })]),
    namespace: seen(objects.namespace.parse({ metadata: { name: 'glitchtip', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } })),
    definition: seen(objects.definition.parse({ ...buildCustomResourceDefinition(), status: { conditions: [{ type: 'Established', status: 'True' }] } })),
    resource: seen(backedUp({ ...scenario, spec: { ...(topologyOf(checkSettings(settings)).gateway ? { gateway: {}, web: { host: 'web-backend' } } : {}), ...scenario.spec } })),
    lease: seen({ spec: { holderIdentity: 'operator-0', renewTime: NOW.toISOString() } }),
    workloads: seen(deployed(settings)),
    pods: seen(z.array(objects.runningPod).parse(['operator', 'gateway', 'web', 'worker', 'postgres', 'valkey'].map(pod))),
    services: seen(z.array(objects.service).parse(ofKinds(settings, ['Service']).map(({ spec, ...rest }) => ({ ...rest, spec: { ...spec, clusterIPs: ['10.43.0.7'] } })))),
    ingresses: seen([]),
    policies: seen(z.array(objects.networkPolicy).parse(ofKinds(settings, ['NetworkPolicy']))),
    claims: seen([objects.claim.parse({ metadata: { name: 'postgres-data' }, status: { phase: 'Bound' } })]),
    alertKeys: seen(['telegram-token', 'telegram-chat', 'heartbeat-url']),
    ...backupTemplate(),
    storeKeys: seen({ secret: 'glitchtip-backup-store', keys: ['access-key-id', 'secret-access-key'] }),
    ...changes,
  };
}

/** Where copies go, as the pods of a backup are told. */
export function backupTemplate({ recipients, store = 's3' }: { recipients?: string; store?: 's3' | 'volume' } = { recipients: 'age1example' }): Pick<Facts, 'backupTemplate'> {
  return { backupTemplate: seen(objects.podTemplate.parse({ metadata: { name: 'backup' }, template: { spec: {
    containers: [{ name: 'store', env: [...(recipients === undefined ? [] : [{ name: 'RECIPIENTS', value: recipients }]), store === 's3' ? { name: 'S3_ENDPOINT', value: 'https://s3.example.com' } : { name: 'FOLDER', value: '/backups' }], volumeMounts: [{ name: 'store', mountPath: '/run/secrets/backup-store' }] }],
    volumes: [{ name: 'store', secret: { secretName: 'glitchtip-backup-store' } }],
  } } })) };
}

/** A resource with a bucket that has copies. */
export function backedUp(scenario: Scenario = {}): Resource {
  return resource({ backup: copied(), ...scenario, spec: { backup: { store: 's3' }, ...scenario.spec } });
}

/** The resource with other backups; spec undefined: with none. */
export function withBackup({ status = copied(), ...more }: { spec?: object | undefined; status?: BackupStatus } = {}): Pick<Facts, 'resource'> {
  const spec = { gateway: {}, web: { host: 'web-backend' }, ...('spec' in more ? { backup: more.spec } : {}) };
  return { resource: seen(backedUp({ backup: status, spec })) };
}

/** The workloads with one of them changed. */
export function withWorkload(part: string, change: (workload: objects.Workload) => void, settings: SettingsInput = {}): Pick<Facts, 'workloads'> {
  const workloads = structuredClone(deployed(settings)) as objects.Workload[];
  for (const workload of workloads) if (objects.componentOf(workload) === part) change(workload);
  return { workloads: seen(workloads) };
}

/** The first container of a part changed. */
export function withContainer(part: string, change: (container: objects.Container) => void, settings: SettingsInput = {}): Pick<Facts, 'workloads'> {
  return withWorkload(part, ({ spec }) => spec.template.spec.containers.forEach(change), settings);
}

/** Web with other variables; undefined: without it. */
export function withEnv(variables: Readonly<Record<string, string | undefined>>, settings: SettingsInput = {}): Pick<Facts, 'workloads'> {
  return withContainer('web', (container) => {
    container.env = container.env.filter(({ name }) => !(name in variables));
    for (const [name, value] of Object.entries(variables)) if (value !== undefined) container.env.push({ name, value });
  }, settings);
}
