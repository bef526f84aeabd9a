// A status against a CustomResourceDefinition that is older than the operator.
import { expect, it } from '@jest/globals';
import type { EventNote } from '../../../../../operator/controllers/ports.js';
import type { FieldSchema } from '../../../../../operator/core/declared-fields.js';
import type { KubernetesApi } from '../../../../../operator/io/kubernetes/api-client.js';
import { ApiError, reasonOf } from '../../../../../operator/io/kubernetes/api-error.js';
import { StatusWriter } from '../../../../../operator/io/kubernetes/status-writer.js';

const REFUSED = 'failed to create typed patch object (/one; glitchkeeper.io/v1alpha1, Kind=GlitchTip): .status.restore: field not declared in schema';
const signal = new AbortController().signal;

/** An API server with this definition of the status. */
class Server {
  readonly written: object[] = [];
  readonly events: EventNote[] = [];
  readonly writer: StatusWriter;

  constructor(public status: FieldSchema) {
    const api = {
      get: () => Promise.resolve({ components: { schemas: { other: {}, own: { 'x-kubernetes-group-version-kind': [{ kind: 'GlitchTip' }], properties: { status: this.status } } } } }),
      apply: (_: string, body: { status: object }) => {
        if (Object.keys(body.status).some((field) => this.status.properties?.[field] === undefined)) return Promise.reject(this.refusal());
        this.written.push(body.status);
        return Promise.resolve({ metadata: { name: 'one' } });
      },
    };
    this.writer = new StatusWriter(api as unknown as KubernetesApi, (_, event) => Promise.resolve(void this.events.push(event)));
  }

  refusal = () => {
    const { status, reason } = reasonOf(500, 'Unknown', REFUSED);
    return new ApiError(status, reason, REFUSED);
  };

  apply(status: object): Promise<void> {
    return this.writer.apply('/status', { metadata: { name: 'one' }, status }, 'manager', signal);
  }
}

const OLDER: FieldSchema = { properties: { health: {} } };

it('is written without what it does not declare, which is told once', async () => {
  const server = new Server(OLDER);
  for (const health of [1, 2]) await server.apply({ health, restore: {} });
  expect(server.written).toEqual([{ health: 1 }, { health: 2 }]);
  expect(server.events).toEqual([{ type: 'Warning', reason: 'DefinitionOutdated', action: 'Report', note: expect.stringMatching(/written without status\.restore: kubectl apply/) }]);
});

it('is told again when other fields are left out, and after it was written whole', async () => {
  const server = new Server(OLDER);
  await server.apply({ restore: {} });
  await server.apply({ restore: {}, upgrade: {} });
  server.status = { properties: { health: {}, restore: {}, upgrade: {} } };
  await server.apply({ restore: {}, upgrade: {} });
  server.status = OLDER;
  await server.apply({ restore: {}, upgrade: {} });
  expect(server.events.map(({ note }) => /without (.*): kubectl/.exec(note)?.[1])).toEqual(['status.restore', 'status.restore, status.upgrade', 'status.restore, status.upgrade']);
});

it('an event has room for the names of many fields', async () => {
  const server = new Server(OLDER);
  await server.apply(Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`field${index}`, 1])));
  expect(server.events[0]?.note).toContain('status.field7 and 22 more');
});

it('any other refusal is passed on, as is one that the published schema does not explain yet', async () => {
  const server = new Server({ properties: { health: {}, restore: {} } });
  await expect(new Server(OLDER).writer.apply('/status', { metadata: { name: 'one' }, status: {} }, 'manager', signal)).resolves.toBeUndefined();
  const api = { apply: () => Promise.reject(server.refusal()), get: () => Promise.resolve({ components: { schemas: {} } }) } as unknown as KubernetesApi;
  await expect(new StatusWriter(api, () => Promise.resolve()).apply('/status', { metadata: { name: 'one' }, status: { restore: {} } }, 'manager', signal)).rejects.toThrow(REFUSED);
  const conflict = new ApiError(409, 'Conflict', 'changed');
  const other = { apply: () => Promise.reject(conflict) } as unknown as KubernetesApi;
  await expect(new StatusWriter(other, () => Promise.resolve()).apply('/status', { metadata: { name: 'one' }, status: {} }, 'manager', signal)).rejects.toBe(conflict);
});

it.each<[number, string, number]>([[500, REFUSED, 422], [500, 'etcdserver: request timed out', 500], [400, REFUSED, 400]])('status %i, "%s" counts as %i', (status, message, expected) => {
  expect(reasonOf(status, 'Unknown', message).status).toBe(expected);
});
