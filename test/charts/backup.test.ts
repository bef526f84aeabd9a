// The pods of a backup's Job: what they run, read and reach, and that the program understands what the manifests tell it.
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { readBackupConfig } from '../../backup/environment.js';
import { CONFIG_HASH, contentHash } from '../../charts/content-hash.js';
import { Operator } from '../../charts/parts/operator.js';
import { PROGRAMS, commandOf } from '../../charts/programs.js';
import type { SettingsInput } from '../../charts/settings/schema.js';
import { parseSpec } from '../../operator/api/glitchtip-resource.js';
import { find, render, renderStack, type Container, type Manifest, type PodSpec } from './synthesize.js';

interface Template { metadata: { labels: Record<string, string>; annotations: Record<string, string> }; spec: PodSpec & Record<string, unknown> }
interface Mounted extends Container { volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[] }
interface Variable { name: string; value?: string; valueFrom?: { configMapKeyRef: { name: string; key: string } } }

const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
const BUCKET: SettingsInput = {
  backup: { store: 's3', recipients: [RECIPIENT], s3: { endpoint: 'https://s3.example.com', bucket: 'copies', prefix: 'hosts/a/', region: 'eu-central-1', headers: { 'x-amz-server-side-encryption': 'AES256' }, secret: 'bucket-keys' }, keep: { days: 7, newest: 5, months: 2 } },
};
const NONE: SettingsInput = { backup: { store: 'none' } };
/** What the operator writes before each run (operator/core/backup/). */
const RUN: Readonly<Record<string, string>> = {
  AT: '2026-11-29T02:30:00Z', CONTENT: 'false', COPY: '20261129T023000Z', EXPECTED: '{"systemIdentifier":"7123","database":"glitchtip","migration":"users.0042_last"}', RECHECK: 'true',
};

const withOperator = (input: SettingsInput) => [...renderStack(input), ...render((scope, settings) => new Operator(scope, 'operator', settings), input)];
const templateOf = (manifests: readonly Manifest[]) => (find(manifests, 'PodTemplate', 'backup') as unknown as { template: Template }).template;
const containersOf = ({ spec }: Template) => [...spec.initContainers ?? [], ...spec.containers] as Mounted[];
function container(input: SettingsInput, name: string): Mounted {
  const found = containersOf(templateOf(renderStack(input))).find((each) => each.name === name);
  if (!found) throw new Error(`no container ${name}`);
  return found;
}
/** As the kubelet makes it, with the ConfigMap of the run. */
const environmentOf = ({ env = [] }: Container) => Object.fromEntries((env as Variable[]).map(({ name, value, valueFrom }) => {
  if (valueFrom) expect(valueFrom.configMapKeyRef).toEqual({ name: 'backup-run', key: name });
  return [name, valueFrom ? RUN[name] : value];
}));

describe("a backup's pods", () => {
  const template = templateOf(renderStack());

  it('dump, restore and store, one after the other', () => {
    expect(containersOf(template).map(({ name, image, command }) => [name, image, command])).toEqual([
      ['dump', 'docker.io/library/postgres:17-alpine', ['bash', '/opt/backup/dump.sh']],
      ['restore', 'docker.io/library/postgres:17-alpine', ['bash', '/opt/backup/restore.sh']],
      ['store', 'docker.io/library/node:24-alpine', commandOf(PROGRAMS.backup)],
    ]);
    expect(template.spec).toMatchObject({ restartPolicy: 'Never' });
  });

  it('meet PodSecurity restricted, as one user who reads the uploads by their group', () => {
    expect(template.spec).toMatchObject({
      securityContext: { runAsNonRoot: true, runAsUser: 70, runAsGroup: 70, fsGroup: 5000, seccompProfile: { type: 'RuntimeDefault' } },
      automountServiceAccountToken: false, serviceAccountName: 'glitchtip', enableServiceLinks: false,
    });
    for (const { securityContext } of containersOf(template)) expect(securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
  });

  it('have the resources of the settings, and disk for what they write', () => {
    const sized = templateOf(renderStack({ backup: { scratch: '6Gi' }, resources: { backup: { limits: { memory: '128Mi' } } } }));
    expect(sized.spec.volumes.find(({ name }) => name === 'work')?.emptyDir).toEqual({ sizeLimit: '6Gi' });
    for (const { resources } of containersOf(sized)) {
      expect(resources).toEqual({ requests: { cpu: '50m', memory: '64Mi', 'ephemeral-storage': '64Mi' }, limits: { cpu: '500m', memory: '128Mi', 'ephemeral-storage': `${6144 + 64 + 128}Mi` } });
    }
  });

  it('write to their own folders and to the copies, and read the rest', () => {
    const written = (mounted: Mounted[]) => mounted.map(({ name, volumeMounts }) => [name, volumeMounts.filter(({ readOnly }) => readOnly !== true).map(({ mountPath }) => mountPath)]);
    expect(written(containersOf(template))).toEqual([['dump', ['/work', '/tmp']], ['restore', ['/work', '/tmp']], ['store', ['/work', '/tmp', '/backups']]]);
    expect(written(containersOf(templateOf(renderStack(BUCKET))))).toEqual([['dump', ['/work', '/tmp']], ['restore', ['/work', '/tmp']], ['store', ['/work', '/tmp']]]);
  });

  it('give the login to the dump alone, and the keys of the bucket to the program that stores', () => {
    const mountedBy = (volume: string) => containersOf(templateOf(renderStack(BUCKET))).filter(({ volumeMounts }) => volumeMounts.some(({ name }) => name === volume)).map(({ name }) => name);
    expect([mountedBy('login'), mountedBy('bucket'), mountedBy('settings')]).toEqual([['dump'], ['store'], ['store']]);
    expect(templateOf(renderStack(BUCKET)).spec.volumes.find(({ name }) => name === 'bucket')?.['secret']).toEqual({
      secretName: 'bucket-keys', defaultMode: 0o440, optional: true, items: ['access-key-id', 'secret-access-key'].map((key) => ({ key, path: key })),
    });
  });

  it('run where the settings say', () => {
    const toleration = { key: 'dedicated', operator: 'Exists' } as const;
    expect(templateOf(renderStack({ pods: { nodeSelector: { disk: 'large' }, tolerations: [toleration], imagePullSecrets: ['registry'] } })).spec).toMatchObject({ nodeSelector: { disk: 'large' }, tolerations: [toleration], imagePullSecrets: [{ name: 'registry' }] });
    expect(template.spec['tolerations']).toBeUndefined();
  });

  it('are others when a script or the program is', () => {
    const manifests = renderStack();
    const bundle = manifests.find(({ metadata }) => metadata.name.startsWith('backup-bundle-'))?.metadata.name.replace('backup-bundle-', '');
    const { data } = find(manifests, 'ConfigMap', 'backup-scripts');
    expect(Object.keys(data ?? {})).toEqual(['dump.sh', 'facts.sql', 'load.sh', 'rehearse.sh', 'restore.sh', 'server.sh', 'steps.sh']);
    expect(template.metadata.annotations).toEqual({ [CONFIG_HASH]: contentHash(JSON.stringify([data, { [CONFIG_HASH]: bundle }])) });
  });

  it('have the program in their image, where the operator is one', () => {
    const image = 'registry.example.com/glitchkeeper-operator:0.1.0';
    const inImage: SettingsInput = { operator: { bundle: 'image' }, images: { operator: image } };
    expect(container(inImage, 'store')).toMatchObject({ image, command: commandOf(PROGRAMS.backup) });
    expect(renderStack(inImage).filter(({ metadata }) => metadata.name.startsWith('backup-bundle'))).toEqual([]);
    expect(templateOf(renderStack(inImage)).metadata.annotations[CONFIG_HASH]).toMatch(/^[0-9a-f]{8}$/);
  });
});

describe('what the programs are told', () => {
  it('the dump logs in as its own login', () => {
    expect(environmentOf(container({}, 'dump'))).toEqual({ PGHOST: 'postgres', PGPORT: '5432', PGDATABASE: 'glitchtip', PGUSER: 'glitchtip_backup', PASSWORD_FILE: '/run/secrets/backup/database-password', AT: RUN['AT'], CONTENT: 'false' });
  });

  it('the restore knows of no server', () => expect(environmentOf(container({}, 'restore'))).toEqual({ AT: RUN['AT'], CONTENT: 'false' }));

  it('a bucket, understood by the program', () => {
    expect(readBackupConfig(environmentOf(container(BUCKET, 'store')))).toMatchObject({
      copy: '20261129T023000Z', release: '5.2', work: '/work', recipients: [RECIPIENT], uploads: '/uploads', settings: '/run/settings', recheck: true,
      retention: { days: 7, newest: 5, months: 2 }, expected: { systemIdentifier: '7123' },
      store: { kind: 's3', place: { endpoint: new URL('https://s3.example.com'), bucket: 'copies', prefix: 'hosts/a/', region: 'eu-central-1', style: 'path', uploadHeaders: { 'x-amz-server-side-encryption': 'AES256' } } },
    });
  });

  it('a volume, understood by the program, and then no key is in any copy', () => {
    expect(readBackupConfig(environmentOf(container({}, 'store')))).toMatchObject({ store: { kind: 'volume', folder: '/backups' }, recipients: [], uploads: '/uploads', settings: undefined });
    expect(templateOf(renderStack()).spec.volumes.map(({ name }) => name)).toEqual(['work', 'tmp', 'scripts', 'bundle', 'login', 'uploads', 'copies']);
  });

  it('SECRET_KEY, its fallbacks where there are any, and the settings, for copies that are encrypted', () => {
    const encrypted = templateOf(renderStack({ backup: { recipients: [RECIPIENT] } }));
    expect(encrypted.spec.volumes.find(({ name }) => name === 'settings')?.['projected']).toEqual({
      defaultMode: 0o440,
      sources: [
        { secret: { name: 'glitchtip-app', items: [{ key: 'SECRET_KEY', path: 'SECRET_KEY' }] } },
        { secret: { name: 'glitchtip-app', items: [{ key: 'SECRET_KEY_FALLBACKS', path: 'SECRET_KEY_FALLBACKS' }], optional: true } },
        { configMap: { name: 'glitchkeeper-settings', items: [{ key: 'glitchtip.yaml', path: 'glitchtip.yaml' }] } },
      ],
    });
  });

  it('what is of one run alone is in a ConfigMap that apply leaves as it is', () => expect(find(renderStack(), 'ConfigMap', 'backup-run').data).toBeUndefined());
});

describe('the volume of copies', () => {
  const claims = (input: SettingsInput) => renderStack(input).filter(({ kind }) => kind === 'PersistentVolumeClaim').map(({ metadata }) => metadata.name);

  it('is as large as the settings say', () => {
    expect(find(renderStack({ backup: { volume: '20Gi' }, storage: { className: 'large' } }), 'PersistentVolumeClaim', 'backups').spec).toMatchObject({ storageClassName: 'large', resources: { requests: { storage: '20Gi' } } });
  });
  it.each<[string, SettingsInput]>([['a bucket', BUCKET], ['no backup', NONE]])('is not there with %s', (_, input) => expect(claims(input)).not.toContain('backups'));
});

describe('the network of a backup', () => {
  const egress = (settings: SettingsInput) => find(renderStack(settings), 'NetworkPolicy', 'backup-to-bucket').spec['egress'];
  const to = (endpoint: string, privateNetworks: string[] = [], more: SettingsInput = {}) => egress({ ...more, backup: { ...BUCKET.backup, s3: { endpoint, bucket: 'copies', privateNetworks } } });
  const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'];
  const port = (number: number) => [{ protocol: 'TCP', port: number }];

  it('leads to Postgres, which lets it in', () => {
    for (const name of ['backup-to-postgres', 'postgres-from-backup']) expect(find(renderStack(), 'NetworkPolicy', name).spec['policyTypes']).toHaveLength(1);
  });
  it('leads to nothing else where copies stay on a volume', () => expect(() => egress({})).toThrow('no NetworkPolicy backup-to-bucket'));
  it.each([['https://s3.example.com', 443], ['http://s3.example.com', 80], ['https://s3.example.com:9000/minio', 9000]])('leads to %s by port %i, on the internet', (endpoint, number) => {
    expect(to(endpoint)).toEqual([{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: PRIVATE } }, { ipBlock: { cidr: '2000::/3' } }], ports: port(number) }]);
  });
  it("has nothing of the cluster's own in it, where that is public", () => {
    expect(to('https://s3.example.com', [], { network: { clusterRanges: ['198.51.100.0/24'] } })).toEqual([{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: [...PRIVATE, '198.51.100.0/24'] } }, { ipBlock: { cidr: '2000::/3' } }], ports: port(443) }]);
  });
  it('leads to the private networks that are named, and then to nothing else', () => {
    expect(to('http://192.168.1.25:9000', ['192.168.1.25', 'fd00:7::/64'])).toEqual([{ to: [{ ipBlock: { cidr: '192.168.1.25/32' } }, { ipBlock: { cidr: 'fd00:7::/64' } }], ports: port(9000) }]);
  });
  it('asks for the names of a bucket as they are', () => expect(templateOf(renderStack(BUCKET)).spec['dnsConfig']).toEqual({ options: [{ name: 'ndots', value: '1' }] }));
});

describe('the operator', () => {
  const specOf = (input: SettingsInput) => (parse(find(withOperator(input), 'ConfigMap', 'glitchkeeper-settings').data?.['glitchtip.yaml'] ?? '') as { spec: { backup?: unknown } }).spec;
  const rulesOf = (input: SettingsInput) => (find(withOperator(input), 'Role', 'glitchkeeper') as unknown as { rules: { resources: string[]; resourceNames?: string[]; verbs: string[] }[] }).rules;

  it('is told when, and whether copies leave the host', () => {
    expect(specOf({ backup: { ...BUCKET.backup, at: '01:15', timeZone: 'Europe/Berlin', everyDays: 2, mayShrink: 'the old shop is gone' } }).backup).toEqual({ enabled: true, everyDays: 2, at: '01:15', timeZone: 'Europe/Berlin', store: 's3', mayShrink: 'the old shop is gone' });
    expect(specOf({ backup: { enabled: false } }).backup).toEqual({ enabled: false, everyDays: 1, at: '02:30', timeZone: 'UTC', store: 'volume' });
    for (const input of [BUCKET, {}, NONE]) expect(parseSpec(specOf(input))).toMatchObject({ kind: 'valid' });
  });

  it('reads the pods, and writes the variables of a run', () => {
    expect(rulesOf({})).toEqual(expect.arrayContaining([
      expect.objectContaining({ resources: ['podtemplates'], resourceNames: ['migrate', 'backup', 'restore', 'restore-check', 'rehearsal-5-2', 'rehearsal-6-2'], verbs: ['get'] }), expect.objectContaining({ resources: ['configmaps'], resourceNames: ['backup-run', 'restore-run'], verbs: ['get', 'patch'] }),
    ]));
  });

  it('knows of none where none is made, and may make no Job of one', () => {
    expect(specOf(NONE).backup).toBeUndefined();
    const ours = (manifests: readonly Manifest[]) => manifests.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'backup' || metadata.name.includes('backup')).map(({ kind, metadata }) => `${kind}/${metadata.name.replace(/-[0-9a-f]{8}$/, '')}`);
    expect(ours(withOperator(NONE))).toEqual([]);
    expect(ours(withOperator({})).sort()).toEqual([
      'ConfigMap/backup-bundle', 'ConfigMap/backup-run', 'ConfigMap/backup-scripts', 'NetworkPolicy/backup-to-postgres', 'NetworkPolicy/postgres-from-backup', 'PersistentVolumeClaim/backups', 'PodTemplate/backup',
      'ValidatingAdmissionPolicy/glitchkeeper-backup-jobs.glitchtip', 'ValidatingAdmissionPolicyBinding/glitchkeeper-backup-jobs.glitchtip',
    ]);
    expect(JSON.stringify([rulesOf(NONE), find(renderStack(NONE), 'ValidatingAdmissionPolicy', 'glitchkeeper-jobs.glitchtip').spec])).not.toMatch(/"backup|'backup'/);
  });
});

it('the quota has room for a backup or a rehearsal beside all that is always there, and none for a rollout beside it', () => {
  const hard = (input: SettingsInput) => (find(renderStack(input), 'ResourceQuota', 'budget').spec as unknown as { hard: Record<string, string> }).hard;
  expect(hard({})).toEqual(hard(NONE));
  expect(hard({ resources: { backup: { limits: { memory: '300Mi' } } } })).toEqual({ ...hard({}), 'limits.memory': `${parseInt(hard({})['limits.memory'] ?? '', 10) + 500 - 296}Mi` });
});
