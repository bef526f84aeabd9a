// The whole command against prepared answers: secrets are planted wherever one could be, and the archive is searched for each.
import { mkdtempSync, existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { extract } from 'tar-stream';
import { fakeKubectl, type FakeKubectl } from '../fake-kubectl.js';
import { runCli } from '../running-command.js';
import { resourceJson } from '../cli-scenarios.js';

// Each command starts some thirty programs.
jest.setTimeout(60_000);

const VALUES = {
  SECRET_KEY: 'django-insecure-0123456789/abcdef+ghijklm',
  DATABASE_PASSWORD: 'pg:pass@word/with#signs',
  VALKEY_URL: 'redis://:valkey-password-42@valkey:6379/0',
} as const;
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const secrets = (values: Record<string, string> = VALUES): string => JSON.stringify({ items: [
  { metadata: { name: 'glitchtip-app' }, type: 'Opaque', data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, base64(value)])) },
] });

const leak = `said ${VALUES.SECRET_KEY} and ${encodeURIComponent(VALUES.DATABASE_PASSWORD)} and ${base64(`x:${VALUES.SECRET_KEY}:y`)} and valkey-password-42 and https://u:pw-nobody-knows@host/`;
const pods = JSON.stringify({ items: [{
  kind: 'Pod', metadata: { name: 'web-1', labels: { 'app.kubernetes.io/component': 'operator' }, creationTimestamp: '2026-01-01T00:00:00Z', managedFields: [{ manager: 'm' }],
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': leak, note: leak } },
  spec: { containers: [{ name: 'web', env: [{ name: 'SMTP_PASSWORD', value: 'only-in-the-env' }], resources: {} }] },
  status: { conditions: [{ type: 'Ready', status: 'True' }], containerStatuses: [{ name: 'web', ready: true, restartCount: 2 }] },
}] });

let kubectl: FakeKubectl;
let folder: string;
let file: string;

beforeEach(() => {
  kubectl = fakeKubectl();
  folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-bundle-'));
  file = join(folder, 'bundle.tar.gz');
  const items = JSON.stringify({ items: [{ metadata: { name: 'one' }, data: { 'valkey.conf': leak, password: 'in-a-config-map' }, binaryData: { 'operator.js.br': 'AAAA' } }] });
  kubectl.prepare('resource', resourceJson());
  kubectl.prepare('pods', pods);
  kubectl.prepare('events', JSON.stringify({ items: [{ reason: 'Failed', message: leak, metadata: { creationTimestamp: '2026-01-01T00:00:00Z' } }] }));
  kubectl.prepare('metrics', { error: 'no metrics' });
  kubectl.prepare('kind:secrets', secrets());
  kubectl.prepare('kind:configmaps', items);
  kubectl.prepare('kind:services,endpointslices', items);
  kubectl.prepare('kind:resourcequotas', { error: 'Error from server (Forbidden): resourcequotas is forbidden' });
  kubectl.prepare('version', JSON.stringify({ clientVersion: { gitVersion: 'v1.34.4' }, serverVersion: { gitVersion: 'v1.34.4' } }));
  kubectl.prepare('describe', `Name: node\n${leak}`);
  kubectl.prepare('logs', `${leak}\n`.repeat(50));
});
afterEach(() => {
  kubectl.remove();
  rmSync(folder, { recursive: true });
});

async function filesOf(archive: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const reader = extract();
  reader.end(gunzipSync(readFileSync(archive)));
  for await (const entry of reader) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(Buffer.from(chunk as Uint8Array));
    files.set(entry.header.name, Buffer.concat(chunks).toString('utf8'));
  }
  return files;
}

it('has everything but secrets in it', async () => {
  const { code, printed } = await runCli(['bundle', '--output', file]);
  expect(code).toBe(0);
  const files = await filesOf(file);
  expect([...files.keys()]).toEqual(expect.arrayContaining([
    'secrets.yaml', 'status.txt', 'doctor.txt', 'versions.yaml', 'resource.yaml', 'pods.yaml', 'events.yaml', 'configmaps.yaml', 'services.yaml', 'nodes.txt', 'logs/web-1/web.log', 'logs/web-1/web.previous.log',
  ]));
  const all = [...files.values()].join('\n');
  for (const planted of [...Object.values(VALUES), 'valkey-password-42', 'pw-nobody-knows', 'only-in-the-env', 'in-a-config-map', encodeURIComponent(VALUES.DATABASE_PASSWORD)]) {
    expect(all).not.toContain(planted);
    for (const offset of [0, 1, 2]) expect(all).not.toContain(base64(`${'x'.repeat(offset)}${planted}`).slice(offset === 0 ? 0 : 2, -6));
  }
  expect(files.get('secrets.yaml')).toBe('- name: glitchtip-app\n  type: Opaque\n  keys:\n    - SECRET_KEY\n    - DATABASE_PASSWORD\n    - VALKEY_URL\n');
  expect(all).not.toMatch(/managedFields|last-applied/);
  expect(files.get('logs/web-1/web.log')).toMatch(/^said \[removed: glitchtip-app\/SECRET_KEY\] and \[removed: glitchtip-app\/DATABASE_PASSWORD\]/);
  expect(printed).toMatch(/glitchtip-app\/SECRET_KEY: \d+/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

it('says what it could not collect, and how often it removed what from where', async () => {
  const { json } = await runCli(['bundle', '--output', file, '--json']);
  expect(json[0]).toMatchObject({
    file, notCollected: expect.arrayContaining([{ path: 'quota.yaml', why: expect.stringContaining('forbidden') }]),
    files: expect.arrayContaining([{ path: 'logs/web-1/web.log', bytes: expect.any(Number), removed: 250 }]),
    removed: { 'glitchtip-app/SECRET_KEY': expect.any(Number), 'fields named like secrets': expect.any(Number) },
  });
});

it.each<[string, () => void, number, string]>([
  ['it may not read the Secrets: nothing could be promised', () => kubectl.prepare('kind:secrets', { error: 'Error from server (Forbidden): secrets is forbidden' }), 2, 'you may not do this'],
  ['a Secret changes meanwhile', () => kubectl.prepare('kind:secrets', secrets(), secrets({ SECRET_KEY: 'a-new-one' })), 1, 'the Secrets changed while the archive was made'],
])('leaves no archive when %s', async (_, prepare, code, wanted) => {
  prepare();
  expect(await runCli(['bundle', '--output', file])).toMatchObject({ code, notes: expect.stringContaining(wanted) });
  expect(readdirSync(folder)).toEqual([]);
});

it('overwrites no file', async () => {
  await runCli(['bundle', '--output', file]);
  expect(await runCli(['bundle', '--output', file])).toMatchObject({ code: 1, notes: expect.stringContaining('exists already') });
  expect(existsSync(file)).toBe(true);
});

it('says why a file cannot be written', async () => {
  expect(await runCli(['bundle', '--output', join(folder, 'no', 'such', 'folder.tar.gz')])).toMatchObject({ code: 1, notes: expect.stringMatching(/cannot be written: ENOENT/) });
});
