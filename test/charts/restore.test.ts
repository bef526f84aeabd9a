// The pods of a restore's Jobs: what they run, read, write and reach, and that the program understands what the manifests tell it.
import { describe, expect, it } from '@jest/globals';
import { readRestoreConfig } from '../../backup/restore/environment.js';
import { PROGRAMS, commandOf } from '../../charts/programs.js';
import { Operator } from '../../charts/parts/operator.js';
import type { SettingsInput } from '../../charts/settings/schema.js';
import { RESTORE_VARIABLES, type RestoreVariables } from '../../operator/core/restore/restore-names.js';
import { find, render, renderStack, type Container, type Manifest, type PodSpec } from './synthesize.js';

interface Template { metadata: { labels: Record<string, string>; annotations: Record<string, string> }; spec: PodSpec & Record<string, unknown> }
interface Mounted extends Container { volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[] }
interface Variable { name: string; value?: string; valueFrom?: { configMapKeyRef: { name: string; key: string } } }
type Kind = 'restore' | 'restore-check';

const BUCKET: SettingsInput = {
  backup: { store: 's3', recipients: ['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'], s3: { endpoint: 'https://s3.example.com', bucket: 'copies', prefix: 'hosts/a/', secret: 'bucket-keys' } },
};
const NONE: SettingsInput = { backup: { store: 'none' } };
/** What the operator writes before each Job (operator/core/restore/). */
const RUN: RestoreVariables = { COPY: 'latest', NOT_AFTER: '2026-11-29T02:30:00Z', PGDATABASE: 'glitchtip_restored_20261129t100000z', WITH_UPLOADS: 'true' };

const templateOf = (kind: Kind, input: SettingsInput = {}) => (find(renderStack(input), 'PodTemplate', kind) as unknown as { template: Template }).template;
const containersOf = ({ spec }: Template) => [...spec.initContainers ?? [], ...spec.containers] as Mounted[];
const container = (kind: Kind, name: string, input: SettingsInput = {}) => containersOf(templateOf(kind, input)).find((each) => each.name === name) as Mounted;
/** As the kubelet makes it, with the ConfigMap of the run. */
const environmentOf = ({ env = [] }: Container) => Object.fromEntries((env as Variable[]).map(({ name, value, valueFrom }) => {
  if (valueFrom) expect(valueFrom.configMapKeyRef.name).toBe('restore-run');
  return [name, valueFrom ? RUN[valueFrom.configMapKeyRef.key as keyof RestoreVariables] : value];
}));
const mountedBy = (volume: string, kind: Kind, input: SettingsInput = {}) => containersOf(templateOf(kind, input)).filter(({ volumeMounts }) => volumeMounts.some(({ name }) => name === volume)).map(({ name }) => name);

describe("a restore's pods", () => {
  it('fetch, load and place, one after the other; a check fetches alone', () => {
    const run = (kind: Kind) => containersOf(templateOf(kind)).map(({ name, image, command }) => [name, image, command]);
    const fetch = ['fetch', 'docker.io/library/node:24-alpine', commandOf(PROGRAMS.backup)];
    expect(run('restore')).toEqual([
      fetch, ['load', 'docker.io/library/postgres:17-alpine', ['bash', '/opt/backup/load.sh']], ['place', 'docker.io/library/node:24-alpine', commandOf(PROGRAMS.backup)],
    ]);
    expect(run('restore-check')).toEqual([fetch]);
    for (const kind of ['restore', 'restore-check'] as const) expect(templateOf(kind).spec).toMatchObject({ restartPolicy: 'Never' });
  });

  it.each<Kind>(['restore', 'restore-check'])("of %s meet PodSecurity restricted, as GlitchTip's own user", (kind) => {
    expect(templateOf(kind, BUCKET).spec).toMatchObject({ securityContext: { runAsNonRoot: true, runAsUser: 5000, runAsGroup: 5000, fsGroup: 5000, seccompProfile: { type: 'RuntimeDefault' } }, automountServiceAccountToken: false, serviceAccountName: 'glitchtip' });
    for (const { securityContext } of containersOf(templateOf(kind))) expect(securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
  });

  it('read copies of a volume by the group that made them, and have no other group', () => {
    const groups = (input: SettingsInput) => (templateOf('restore', input).spec.securityContext as { supplementalGroups?: number[] }).supplementalGroups;
    expect([groups({}), groups(BUCKET)]).toEqual([[70], undefined]);
  });

  it("are as large as a backup's, and never beside one: so the budget has no moment of theirs", () => {
    const resources = (input: SettingsInput) => containersOf(templateOf('restore', input)).map((each) => each.resources.limits);
    const { limits } = ((find(renderStack(), 'PodTemplate', 'backup') as unknown as { template: Template }).template.spec.containers[0] as Container).resources;
    expect(resources({})).toEqual([limits, limits, limits]);
  });

  it('write to their own folders and to the uploads, and read the copies', () => {
    const written = (input: SettingsInput) => containersOf(templateOf('restore', input)).map(({ name, volumeMounts }) => [name, volumeMounts.filter(({ readOnly }) => readOnly !== true).map(({ mountPath }) => mountPath)]);
    for (const input of [{}, BUCKET]) expect(written(input)).toEqual([['fetch', ['/work', '/tmp']], ['load', ['/work', '/tmp']], ['place', ['/work', '/tmp', '/uploads']]]);
  });

  it('have the identity where something is decrypted, and the password where something is loaded', () => {
    expect([mountedBy('identity', 'restore'), mountedBy('login', 'restore'), mountedBy('bucket', 'restore', BUCKET)]).toEqual([['fetch', 'place'], ['load'], ['fetch', 'place']]);
    expect(mountedBy('identity', 'restore-check')).toEqual(['fetch']);
    const volume = (name: string, kind: Kind = 'restore') => templateOf(kind).spec.volumes.find((each) => each.name === name)?.['secret'];
    expect(volume('identity')).toEqual({ secretName: 'glitchtip-restore', defaultMode: 0o440, optional: true, items: [{ key: 'identity', path: 'identity' }] });
    expect(volume('login')).toEqual({ secretName: 'glitchtip-restore', defaultMode: 0o440, items: [{ key: 'database-password', path: 'database-password' }] });
    expect(volume('login', 'restore-check')).toBeUndefined();
  });

  it("have nothing of the application's, nor of any login but their own", () => {
    for (const kind of ['restore', 'restore-check'] as const) for (const input of [{}, BUCKET]) expect(JSON.stringify(templateOf(kind, input).spec)).not.toMatch(/glitchtip-(app|postgres|valkey|admin|gateway|backup")/);
  });
});

describe('what the programs are told', () => {
  it('the login that loads, the owner, and the new database', () => {
    expect(environmentOf(container('restore', 'load'))).toEqual({
      PGHOST: 'postgres', PGPORT: '5432', PGUSER: 'glitchtip_restore', PASSWORD_FILE: '/run/secrets/backup/database-password', OWNER: 'glitchtip', PGDATABASE: RUN.PGDATABASE,
    });
  });

  it.each<[string, Kind, string | undefined]>([['fetch', 'restore-check', undefined], ['fetch', 'restore', undefined], ['place', 'restore', '/uploads']])('%s of %s, understood by the program', (name, kind, uploads) => {
    const env = environmentOf(container(kind, name, BUCKET));
    expect(env['TASK']).toBe(name);
    expect(readRestoreConfig(env)).toMatchObject({
      work: '/work', releases: ['5.2'], identity: '/run/secrets/restore/identity', uploads, settingsTo: undefined, wanted: { kind: 'newest', notAfter: new Date(RUN.NOT_AFTER) },
      store: { kind: 's3', place: { endpoint: new URL('https://s3.example.com'), bucket: 'copies', prefix: 'hosts/a/' } },
    });
  });

  it('a volume, understood by the program', () => expect(readRestoreConfig(environmentOf(container('restore', 'fetch')))).toMatchObject({ store: { kind: 'volume', folder: '/backups' } }));

  it('what is of one restore alone is in a ConfigMap that apply leaves as it is, by the keys that the operator writes', () => {
    expect(find(renderStack(), 'ConfigMap', 'restore-run').data).toBeUndefined();
    const keys = containersOf(templateOf('restore')).flatMap(({ env = [] }) => (env as Variable[]).flatMap(({ valueFrom }) => valueFrom?.configMapKeyRef.key ?? []));
    expect([...new Set(keys)]).toEqual([...RESTORE_VARIABLES]);
  });
});

describe('the network of a restore', () => {
  it('leads to Postgres, which lets it in', () => {
    for (const name of ['restore-to-postgres', 'postgres-from-restore']) expect(find(renderStack(), 'NetworkPolicy', name).spec['policyTypes']).toHaveLength(1);
  });
  it("leads to the bucket as a backup's does, and to nothing else where copies stay on a volume", () => {
    const egress = (from: string) => find(renderStack(BUCKET), 'NetworkPolicy', `${from}-to-bucket`).spec['egress'];
    expect(egress('restore')).toEqual(egress('backup'));
    expect(() => find(renderStack(), 'NetworkPolicy', 'restore-to-bucket')).toThrow('no NetworkPolicy');
  });
});

describe('the operator', () => {
  const manifestsOf = (input: SettingsInput) => [...renderStack(input), ...render((scope, settings) => new Operator(scope, 'operator', settings), input)];
  const rulesOf = (input: SettingsInput) => (find(manifestsOf(input), 'Role', 'glitchkeeper') as unknown as { rules: { resources: string[]; resourceNames?: string[]; verbs: string[] }[] }).rules;

  it('reads the pods, writes the variables, and ends the Secret of a restore', () => {
    const verbsOn = (resource: string, name: string) => rulesOf({}).filter(({ resources, resourceNames }) => resources.includes(resource) && resourceNames?.includes(name)).flatMap(({ verbs }) => verbs);
    expect([verbsOn('podtemplates', 'restore'), verbsOn('podtemplates', 'restore-check'), verbsOn('configmaps', 'restore-run'), verbsOn('secrets', 'glitchtip-restore')]).toEqual([['get'], ['get'], ['get', 'patch'], ['get', 'patch', 'delete']]);
  });

  it('knows of none where no copies are made, and may make no Job of one', () => {
    const ours = (manifests: readonly Manifest[]) => manifests.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === 'restore' || metadata.name.includes('restore')).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(ours(manifestsOf(NONE))).toEqual([]);
    expect(ours(manifestsOf({})).sort()).toEqual([
      'ConfigMap/restore-run', 'NetworkPolicy/postgres-from-restore', 'NetworkPolicy/restore-to-postgres', 'PodTemplate/restore', 'PodTemplate/restore-check',
      ...['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'].flatMap((kind) => ['restore-check', 'restore'].map((name) => `${kind}/glitchkeeper-${name}-jobs.glitchtip`)),
    ]);
    expect(JSON.stringify([rulesOf(NONE), find(renderStack(NONE), 'ValidatingAdmissionPolicy', 'glitchkeeper-jobs.glitchtip').spec])).not.toMatch(/"restore-|'restore'/);
  });
});
