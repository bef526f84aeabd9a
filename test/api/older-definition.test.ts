// A CustomResourceDefinition that is older than the operator, on a real API server: its status is written all the same, and what is missing is told.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { buildCustomResourceDefinition } from '../../operator/api/crd.js';
import { API_VERSION, GROUP, KIND, PLURAL, VERSION } from '../../operator/api/object-names.js';
import type { GlitchTipResource, GlitchTipStatus } from '../../operator/api/glitchtip-resource.js';
import { KubernetesObjects } from '../../operator/io/kubernetes/objects.js';
import { systemClock } from '../../operator/runtime/clock.js';
import { keepWatching } from '../../operator/runtime/resource-watch.js';
import { START_MS, startControlPlane, type ControlPlane } from './control-plane.js';
import { until } from './operator-stage.js';

const DEFINITION = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${PLURAL}.${GROUP}`;
const RESOURCE = `/apis/${GROUP}/${VERSION}/namespaces/default/${PLURAL}/one`;
const SINCE = '2026-06-01T00:00:00Z';
const signal = new AbortController().signal;

interface StatusSchema {
  readonly properties: Record<string, { readonly properties?: Record<string, unknown> }>;
}

let server: ControlPlane;
let objects: KubernetesObjects;
const warnings: string[] = [];

/** @param gone fields of the status that there were not yet: the first of a path, or one inside of it */
async function applyDefinition(gone: readonly (readonly [string, string?])[] = []): Promise<void> {
  const definition = JSON.parse(JSON.stringify(buildCustomResourceDefinition())) as { spec: { versions: { schema: { openAPIV3Schema: { properties: { status: StatusSchema } } } }[] } };
  const { properties } = definition.spec.versions[0]?.schema.openAPIV3Schema.properties.status ?? { properties: {} };
  for (const [field, inner] of gone) {
    if (inner === undefined) Reflect.deleteProperty(properties, field);
    else Reflect.deleteProperty(properties[field]?.properties ?? {}, inner);
  }
  await server.admin.apply(DEFINITION, definition, 'test');
  await until('the schema is published', async () => Object.keys((await publishedStatus()).properties).sort().join(), Object.keys(properties).sort().join());
}

async function publishedStatus(): Promise<StatusSchema> {
  const published = await server.admin.get<{ components: { schemas: Record<string, { properties: { status: StatusSchema } }> } }>(`/openapi/v3/apis/${GROUP}/${VERSION}`).catch(() => undefined);
  return published?.components.schemas[`io.glitchkeeper.${VERSION}.${KIND}`]?.properties.status ?? { properties: {} };
}

async function statusNow(): Promise<GlitchTipStatus | undefined> {
  return (await server.admin.get<GlitchTipResource>(RESOURCE)).status;
}

beforeAll(async () => {
  server = await startControlPlane();
  await applyDefinition([['postgres'], ['backup', 'retention']]);
  await server.admin.apply(RESOURCE, { apiVersion: API_VERSION, kind: KIND, metadata: { name: 'one' }, spec: { version: '5.2' } }, 'test');
  objects = new KubernetesObjects(server.admin, 'default', 'test', { warn: (message) => warnings.push(message), clock: Date });
}, START_MS);
afterAll(() => server.stop());

it('has no room for a new field, and gets all the others', async () => {
  await objects.applyStatus('one', { observedGeneration: 1, postgres: { systemIdentifier: '7' } }, signal);
  expect(await objects.applyBackup(await server.admin.get(RESOURCE), { conditions: [], backup: { since: SINCE, retention: 'NewestTooOld' } }, signal)).toBe(true);
  expect(await statusNow()).toEqual({ observedGeneration: 1, conditions: [], backup: { since: SINCE } });
});

it('is told in the log and by an event, once for each part of the status', async () => {
  await objects.applyStatus('one', { observedGeneration: 2, postgres: { systemIdentifier: '7' } }, signal);
  const without = expect.stringMatching(/^The CustomResourceDefinition is older than this operator, and the status is written without status\.(postgres|backup\.retention): kubectl apply/);
  expect(warnings).toEqual([without, without]);
  const { items } = await server.admin.get<{ items: { reason: string; note: string; regarding: { name: string } }[] }>('/apis/events.k8s.io/v1/namespaces/default/events');
  expect(items.filter(({ reason }) => reason === 'DefinitionOutdated').map(({ note, regarding }) => [note, regarding.name])).toEqual([[without, 'one'], [without, 'one']]);
});

it('has all of it once the definition of this version is applied', async () => {
  await applyDefinition();
  await objects.applyStatus('one', { observedGeneration: 3, postgres: { systemIdentifier: '7' } }, signal);
  expect(await statusNow()).toMatchObject({ observedGeneration: 3, postgres: { systemIdentifier: '7' } });
});

it('a service account without any right may read what is published', async () => {
  await server.admin.create('/api/v1/namespaces/default/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'plain' } });
  const plain = server.apiFor(await server.tokenOf('default', 'plain'));
  expect(await plain.get(`/openapi/v3/apis/${GROUP}/${VERSION}`)).toHaveProperty('components');
  plain.close();
});

it('that is deleted, with all of its kind, and applied again is watched on: what is made then is seen', async () => {
  const [present, errors, end] = [new Set<string>(), [] as unknown[], new AbortController()];
  const watching = keepWatching({
    source: objects.resources(), clock: systemClock, backoff: { base: 50, max: 500, random: () => 0.5 }, resyncEvery: 600_000,
    onPresent: ({ name }) => void present.add(name), onDeleted: (name) => void present.delete(name), onError: (error) => void errors.push(error),
  }, end.signal);
  await until('it is seen', () => present.has('one'), true);
  await server.admin.delete(DEFINITION, {});
  await until('it is gone', () => present.has('one'), false);
  await until('its kind is gone', () => server.admin.get(DEFINITION).then(() => false, () => true), true);
  await applyDefinition();
  await until('it can be made again', () => server.admin.apply(RESOURCE, { apiVersion: API_VERSION, kind: KIND, metadata: { name: 'one' }, spec: { version: '5.2' } }, 'test').then(() => true, () => false), true);
  await until('it is seen again', () => present.has('one'), true);
  end.abort();
  await watching;
  expect(errors.filter((error) => error instanceof TypeError)).toEqual([]);
}, 120_000);
