// The pods of a rehearsal's Job: a template for each release that can be tried, what they run, read and reach.
import { describe, expect, it } from '@jest/globals';
import { readRestoreConfig } from '../../backup/restore/environment.js';
import { PROGRAMS, commandOf } from '../../charts/programs.js';
import { checkSettings } from '../../charts/settings/load-settings.js';
import type { SettingsInput } from '../../charts/settings/schema.js';
import { REHEARSAL_CONTAINERS } from '../../operator/core/rehearsal/rehearsal-end.js';
import { find, renderStack, type Container, type Manifest, type PodSpec } from './synthesize.js';

interface Template { metadata: { labels: Record<string, string>; annotations: Record<string, string> }; spec: PodSpec & Record<string, unknown> }
interface Mounted extends Container { volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[]; securityContext: object }
type Name = 'rehearsal-5-2' | 'rehearsal-6-2';

const BUCKET: SettingsInput = {
  backup: { store: 's3', recipients: ['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'], s3: { endpoint: 'https://s3.example.com', bucket: 'copies' } },
};
const names = (manifests: readonly Manifest[]) => manifests.filter(({ kind, metadata }) => kind === 'PodTemplate' && metadata.name.startsWith('rehearsal')).map(({ metadata }) => metadata.name);
const templateOf = (name: Name, input: SettingsInput = {}) => (find(renderStack(input), 'PodTemplate', name) as unknown as { template: Template }).template;
const containersOf = ({ spec }: Template) => [...spec.initContainers ?? [], ...spec.containers] as Mounted[];
const container = (own: string, name: Name = 'rehearsal-6-2', input: SettingsInput = {}) => containersOf(templateOf(name, input)).find((each) => each.name === own) as Mounted;
const environmentOf = ({ env = [] }: Container) => Object.fromEntries((env as { name: string; value?: string }[]).map(({ name, value }) => [name, value]));

describe("a rehearsal's pods", () => {
  it('are there for the release that runs and for the next one, where copies are made', () => {
    expect([names(renderStack()), names(renderStack({ version: '6.2' })), names(renderStack({ backup: { store: 'none' } }))]).toEqual([['rehearsal-5-2', 'rehearsal-6-2'], ['rehearsal-6-2'], []]);
  });

  it('run the image of their release, before anything is dumped, and at the end', () => {
    const images = (name: Name, input: SettingsInput = {}) => containersOf(templateOf(name, input)).filter((each) => ['image', 'migrate'].includes(each.name)).map(({ image, command }) => [image, command]);
    const of = (image: string) => [[image, ['true']], [image, ['python', '/glitchkeeper/rehearse.py']]];
    expect(images('rehearsal-5-2', { images: { glitchtip: 'registry.example.com/glitchtip:5.2.1' } })).toEqual(of('registry.example.com/glitchtip:5.2.1'));
    expect(images('rehearsal-6-2')).toEqual(of('docker.io/glitchtip/glitchtip:6.2.6'));
    expect(images('rehearsal-6-2', { images: { rehearsal: 'registry.example.com/glitchtip:6.2.7' } })).toEqual(of('registry.example.com/glitchtip:6.2.7'));
  });

  it.each([
    ['of another release than the next', { images: { rehearsal: 'glitchtip/glitchtip:5.2' } }, 'images.rehearsal: expected an image of GlitchTip 6.2, the release after version, found "glitchtip/glitchtip:5.2", which is of 5.2'],
    ['where there is no next', { version: '6.2', images: { rehearsal: 'glitchtip/glitchtip:6.2' } }, 'images.rehearsal: expected nothing, for 6.2 is the newest release'],
  ])('are refused an image %s', (_, input, message) => expect(() => checkSettings(input)).toThrow(message));

  it('are those that the operator reads, in their order', () => {
    const { initContainers = [], containers } = templateOf('rehearsal-6-2').spec;
    expect([...initContainers, ...containers].map(({ name }) => name)).toEqual([...REHEARSAL_CONTAINERS]);
    expect(containers.map(({ name }) => name)).toEqual(['server', 'migrate']);
    expect(container('server').command).toEqual(['bash', '/opt/backup/rehearse.sh']);
    expect(container('fetch').command).toEqual(commandOf(PROGRAMS.backup));
  });

  it('meet PodSecurity restricted; what migrates is the user of its image', () => {
    expect(templateOf('rehearsal-6-2', BUCKET).spec).toMatchObject({ securityContext: { runAsNonRoot: true, runAsUser: 70, runAsGroup: 70, fsGroup: 5000 }, automountServiceAccountToken: false, restartPolicy: 'Never' });
    const own = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } };
    for (const { name, securityContext } of containersOf(templateOf('rehearsal-6-2'))) expect(securityContext).toEqual(['image', 'migrate'].includes(name) ? { ...own, runAsUser: 5000, runAsGroup: 5000 } : own);
  });

  it('fetch a copy of the release or of the one before, and dump where none can be read', () => {
    const config = readRestoreConfig(environmentOf(container('fetch')));
    expect(config).toMatchObject({ work: '/work', releases: ['5.2', '6.2'], identity: '/run/secrets/restore/identity', wanted: { kind: 'newest' }, store: { kind: 'volume', folder: '/backups' } });
    expect(environmentOf(container('fetch'))).toMatchObject({ TASK: 'fetch', OR_DUMP: 'true' });
    expect(readRestoreConfig(environmentOf(container('fetch', 'rehearsal-5-2'))).releases).toEqual(['5.2']);
    expect(environmentOf(container('dump'))).toMatchObject({ UNLESS_FETCHED: 'true', PGHOST: 'postgres', PGUSER: 'glitchtip_backup' });
  });

  it('migrate a server of their own, as the owner, with what the migrate Job of the release has, and no credential', () => {
    const migrate = container('migrate');
    expect(environmentOf(migrate)).toMatchObject({ DATABASE_HOST: '127.0.0.1', DATABASE_NAME: 'restored', DATABASE_USER: 'glitchtip', GLITCHTIP_RETAIN_LEGACY_DATA: 'True', HANDOVER: '/handover' });
    expect(environmentOf(container('restore'))).toMatchObject({ OWNER: 'glitchtip', KEEP: 'true' });
    expect(environmentOf(container('migrate', 'rehearsal-5-2'))).not.toHaveProperty('GLITCHTIP_RETAIN_LEGACY_DATA');
    expect(migrate.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(['/glitchkeeper', '/tmp', '/handover']);
    for (const input of [{}, BUCKET]) expect(JSON.stringify(templateOf('rehearsal-6-2', input).spec)).not.toMatch(/glitchtip-(app|postgres|valkey|admin|gateway)"/);
  });

  it('write to their own folders only, and read the copies', () => {
    const written = containersOf(templateOf('rehearsal-6-2')).map(({ name, volumeMounts }) => [name, volumeMounts.filter(({ readOnly }) => readOnly !== true).map(({ mountPath }) => mountPath)]);
    const own = ['/work', '/tmp'];
    expect(written).toEqual([['image', ['/tmp', '/handover']], ['fetch', own], ['dump', own], ['restore', own], ['server', [...own, '/handover']], ['migrate', ['/tmp', '/handover']]]);
  });

  it('reach Postgres and the bucket', () => {
    const policies = (input: SettingsInput) => renderStack(input).filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name.includes('rehearsal')).map(({ metadata }) => metadata.name);
    expect([policies({}), policies(BUCKET)]).toEqual([['rehearsal-to-postgres', 'postgres-from-rehearsal'], ['rehearsal-to-postgres', 'postgres-from-rehearsal', 'rehearsal-to-bucket']]);
  });
});
