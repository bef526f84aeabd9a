// The CLI with a real kubectl and a real API server: what they say is what cli/failure.ts and cli/report/ understand.
import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildCustomResourceDefinition } from '../../operator/api/crd.js';
import { API_VERSION, KIND, ROTATE_ANNOTATION } from '../../operator/api/object-names.js';
import { runCli, type Person, type Ran } from '../unit/cli/running-command.js';
import { condition, current, ended } from '../unit/cli/cli-scenarios.js';
import { startControlPlane, type ControlPlane } from './control-plane.js';

const MINUTE = 60_000;
const RESOURCES = '/apis/glitchkeeper.io/v1alpha1/namespaces/glitchtip/glitchtips';
const OURS = '20260601T115000Z-aaaaaa';

let server: ControlPlane;
const path = process.env.PATH;

beforeAll(async () => {
  server = await startControlPlane();
  process.env.PATH = `${dirname(server.kubectl)}${delimiter}${path ?? ''}`;
}, 15 * MINUTE);
afterAll(async () => {
  process.env.PATH = path;
  await server.stop();
});

const cli = (args: readonly string[], person?: Person): Promise<Ran> => runCli([...args, '--kubeconfig', server.kubeconfig], person);
const annotate = (value: string | null) => server.admin.merge(`${RESOURCES}/glitchtip`, { metadata: { annotations: { [ROTATE_ANNOTATION]: value } } }, 'test');
const setRotation = (rotation: object) => server.admin.merge(`${RESOURCES}/glitchtip/status`, { status: { rotation } }, 'test');
const requested = async (): Promise<string | undefined> =>
  (await server.admin.get<{ metadata: { annotations?: Record<string, string> } }>(`${RESOURCES}/glitchtip`)).metadata.annotations?.[ROTATE_ANNOTATION];

describe('from nothing to a GlitchTip the CLI says what is missing', () => {
  it('the kind', async () => expect(await cli(['status'])).toMatchObject({ code: 2, notes: expect.stringContaining('install glitchkeeper first') }), MINUTE);

  it('the namespace', async () => {
    await server.admin.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', buildCustomResourceDefinition());
    // The kind is served some moments after it was made.
    for (let kinds = false; !kinds;) kinds = await server.admin.get(RESOURCES).then(() => true, () => false);
    expect(await cli(['status'])).toMatchObject({ code: 2, notes: expect.stringContaining('there is no namespace "glitchtip"') });
  }, MINUTE);

  it('the resource', async () => {
    await server.admin.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'glitchtip' } });
    expect(await cli(['history'])).toMatchObject({ code: 2, notes: expect.stringContaining('there is no GlitchTip "glitchtip"') });
  }, MINUTE);

  it('the right', async () => {
    const account = '/api/v1/namespaces/glitchtip/serviceaccounts';
    await server.admin.create(account, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'nobody' } });
    const weak = `${server.kubeconfig}.weak`;
    const token = await server.tokenOf('glitchtip', 'nobody');
    await writeFile(weak, (await readFile(server.kubeconfig, 'utf8')).replace('"token":"admin"', `"token":"${token}"`), { mode: 0o600 });
    expect(await runCli(['status', '--kubeconfig', weak])).toMatchObject({ code: 2, notes: expect.stringMatching(/you may not do this.*cannot get resource "glitchtips"/) });
  }, MINUTE);

  it('the context, and the cluster', async () => {
    expect(await cli(['status', '--context', 'nope'])).toMatchObject({ code: 2, notes: expect.stringContaining('kubectl knows no cluster') });
    const away = `${server.kubeconfig}.away`;
    await writeFile(away, (await readFile(server.kubeconfig, 'utf8')).replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1'), { mode: 0o600 });
    expect(await runCli(['status', '--kubeconfig', away])).toMatchObject({ code: 2, notes: expect.stringContaining('the cluster does not answer') });
  }, MINUTE);
});

describe('with a GlitchTip', () => {
  beforeAll(async () => {
    await server.admin.create(RESOURCES, { apiVersion: API_VERSION, kind: KIND, metadata: { name: 'glitchtip' }, spec: { version: '5.2', valkey: {} } });
    await server.admin.merge(`${RESOURCES}/glitchtip/status`, { status: { observedGeneration: 1, conditions: [condition('Ready', 'True', 'AllWell', 'Well.')] } }, 'test');
  });

  it('status shows its events and no others, and does not take the word of an operator that does not run', async () => {
    for (const name of ['glitchtip', 'another']) {
      await server.admin.create('/apis/events.k8s.io/v1/namespaces/glitchtip/events', {
        apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { generateName: 'test-' }, eventTime: '2026-06-01T12:00:00.000000Z', type: 'Normal',
        reportingController: 'glitchkeeper.io/operator', reportingInstance: 'test', action: 'Rotate', reason: 'Rotation', note: `about ${name}`,
        regarding: { apiVersion: API_VERSION, kind: KIND, name, namespace: 'glitchtip' },
      });
    }
    const { code, json } = await cli(['status', '--json']);
    expect([code, json[0]]).toMatchObject([2, {
      verdict: 'unknown', why: expect.stringContaining('the operator does not run'),
      events: [{ at: '2026-06-01T12:00:00.000000Z', type: 'Normal', reason: 'Rotation', message: 'about glitchtip' }],
    }]);
  }, MINUTE);

  it('rotate asks, and refuses to ask for something else before that is answered', async () => {
    expect(await cli(['rotate', '--only', 'valkey,postgres'])).toMatchObject({ code: 0 });
    expect(await requested()).toBe('valkey,postgres');
    expect(await cli(['rotate'])).toMatchObject({ code: 1, notes: expect.stringContaining('"valkey,postgres") is pending') });
    await annotate(null);
  }, MINUTE);

  it('rotate overwrites nobody who asked at the same moment', async () => {
    const ran = await cli(['rotate', '--compromised'], { agrees: async () => { await annotate('postgres'); return true; } });
    expect([ran.code, ran.notes, await requested()]).toEqual([1, expect.stringContaining('somebody else was first'), 'postgres']);
    await annotate(null);
  }, MINUTE);

  it('rotate --wait follows its own rotation to its end', async () => {
    const following = cli(['rotate', '--wait', '--timeout', '60', '--json']);
    while ((await requested()) === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    await setRotation({ current: current('Rolling') });
    await annotate(null);
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    await setRotation({ current: null, history: [ended(OURS, 'Completed')] });
    const { code, json } = await following;
    expect([code, json.at(-1)]).toMatchObject([0, { state: 'completed', id: OURS }]);
    expect(json.map(({ state }) => state)).toContain('Rolling');
    expect(await cli(['history'])).toMatchObject({ code: 0, printed: expect.stringContaining('Completed') });
  }, 2 * MINUTE);
});

describe('what there is to see', () => {
  const SECRET = 'a-value-of-a-secret-0123456789';
  const make = (path: string, object: object) => server.admin.create(`/${path}`, object);
  const inNamespace = (kinds: string, group = 'api/v1'): string => `${group}/namespaces/glitchtip/${kinds}`;
  const levelOf = (ran: Ran, check: string): unknown => (ran.json[0]?.['findings'] as { check: string; level: string }[]).find((finding) => finding.check === check)?.level;

  beforeAll(async () => {
    await make(inNamespace('secrets'), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'glitchtip-app' }, stringData: { SECRET_KEY: SECRET } });
    await make(inNamespace('secrets'), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'glitchtip-alerts' }, stringData: { 'webhook-url': `https://hooks.example.com/${SECRET}` } });
    await make(inNamespace('configmaps'), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'leak' }, data: { note: `it is ${SECRET}` } });
    await make(inNamespace('services'), { apiVersion: 'v1', kind: 'Service', metadata: { name: 'postgres' }, spec: { type: 'NodePort', ports: [{ port: 5432 }] } });
    const env = [{ name: 'GLITCHTIP_DOMAIN', value: 'https://errors.example.com' }, { name: 'ALLOWED_HOSTS', value: 'errors.example.com,localhost,web' }, { name: 'ENABLE_USER_REGISTRATION', value: 'False' }];
    await make(inNamespace('deployments', 'apis/apps/v1'), {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', labels: { 'app.kubernetes.io/component': 'web' } },
      spec: { selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'web', image: 'web:1', env }] } } },
    });
  });

  it('doctor reads it, says what is wrong, and exits with 1', async () => {
    const ran = await cli(['doctor', '--json']);
    expect(ran.code).toBe(1);
    expect(Object.fromEntries(['kube context', 'Kubernetes', 'GlitchTip kind', 'services', 'Host header', 'CSRF', 'cookies', 'registration', 'alerts', 'web'].map((check) => [check, levelOf(ran, check)]))).toEqual({
      'kube context': 'ok', Kubernetes: 'ok', 'GlitchTip kind': 'ok', services: 'failure', 'Host header': 'ok', CSRF: 'failure', cookies: 'failure', registration: 'ok', alerts: 'ok', web: 'failure',
    });
  }, MINUTE);

  it('doctor of somebody who may see nothing fails nothing, and says why', async () => {
    const ran = await runCli(['doctor', '--json', '--kubeconfig', `${server.kubeconfig}.weak`]);
    expect([ran.code, levelOf(ran, 'kube context'), levelOf(ran, 'services'), levelOf(ran, 'resource'), levelOf(ran, 'namespace')]).toEqual([0, 'ok', 'not seen', 'not seen', 'not seen']);
    expect(await runCli(['doctor', '--kubeconfig', `${server.kubeconfig}.away`])).toMatchObject({ code: 2, printed: expect.stringContaining('the cluster does not answer') });
  }, MINUTE);

  it('spool says what is missing: the Secret, the right, the Service', async () => {
    expect(await cli(['spool', 'list'])).toMatchObject({ code: 2, notes: expect.stringContaining('there is no Secret glitchtip-gateway in namespace "glitchtip"') });
    await make(inNamespace('secrets'), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'glitchtip-gateway' }, stringData: { 'control-token': 'a-token-of-the-gateway-0123456789' } });
    expect(await runCli(['spool', 'list', '--kubeconfig', `${server.kubeconfig}.weak`])).toMatchObject({ code: 2, notes: expect.stringMatching(/you may not do this.*secrets/) });
    expect(await cli(['spool', 'list'])).toMatchObject({ code: 2, notes: expect.stringContaining('"gateway-control" not found') });
  }, MINUTE);

  it('bundle takes it all, less the value of the Secret', async () => {
    const file = `${server.kubeconfig}.tar.gz`;
    const { code, json } = await cli(['bundle', '--output', file, '--json']);
    expect([code, json[0]]).toMatchObject([0, { removed: { 'glitchtip-app/SECRET_KEY': 1 }, tooShort: [] }]);
    const archive = gunzipSync(await readFile(file)).toString('utf8');
    expect(archive).toContain('it is [removed: glitchtip-app/SECRET_KEY]');
    expect(archive).not.toContain(SECRET);
    expect(await runCli(['bundle', '--output', `${file}2`, '--kubeconfig', `${server.kubeconfig}.weak`])).toMatchObject({ code: 2, notes: expect.stringMatching(/you may not do this.*secrets/) });
  }, MINUTE);

  it('status --watch prints a change of the resource', async () => {
    const incident = { id: 'a', reason: 'DatabaseDown', part: 'postgres', severity: 'critical', since: '2026-06-01T12:00:00Z', message: 'Postgres does not answer.', advice: 'Look at it.' };
    const { json } = await cli(['status', '--watch', '--every', '1', '--json'], { until: async (printed) => {
      while (printed.length < 1) await new Promise((resolve) => setTimeout(resolve, 100));
      await server.admin.merge(`${RESOURCES}/glitchtip/status`, { status: { health: { incidents: [incident] } } }, 'test');
      while (printed.length < 2) await new Promise((resolve) => setTimeout(resolve, 100));
    } });
    expect(json.map(({ incidents }) => incidents)).toEqual([[], ['DatabaseDown (postgres)']]);
  }, MINUTE);
});
