// The alert state in its ConfigMap: absent, unreadable and malformed are different, and nobody's write is written over.
import { describe, expect, it } from '@jest/globals';

import { emptyAlertState, encodeAlertState, recordRepair } from '../../../../../operator/core/alerts/alert-state.js';
import type { KubernetesApi } from '../../../../../operator/io/kubernetes/api-client.js';
import { ApiError } from '../../../../../operator/io/kubernetes/api-error.js';
import { readAlertState, writeAlertState } from '../../../../../operator/io/kubernetes/alert-state-store.js';

const STORE = { path: '/api/v1/namespaces/errors/configmaps', resource: 'glitchtip' };
const ALERTS = recordRepair(emptyAlertState(), { at: '2026-06-01T02:14:00Z', healing: 'migrate', reason: 'MigrationsPending', message: 'done' });
const never = new AbortController().signal;

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly data: Readonly<Record<string, string>>;
}

/** One ConfigMap of an API server, with its rule for versions. */
class AlertStatePlace {
  failure: Error | undefined;

  constructor(public stored?: ConfigMap) {}

  get api(): Pick<KubernetesApi, 'get' | 'create' | 'merge'> {
    const done = <T>(value: unknown): Promise<T> => (this.failure ? Promise.reject(this.failure) : Promise.resolve(value as T));
    return {
      get: (path) => {
        const name = path.split('/').at(-1) ?? '';
        return this.stored || this.failure ? done(this.stored) : Promise.reject(new ApiError(404, 'NotFound', 'no', name));
      },
      create: (_, body) => {
        if (this.stored) return Promise.reject(new ApiError(409, 'AlreadyExists', 'exists'));
        this.stored = { ...(body as ConfigMap), metadata: { ...(body as ConfigMap).metadata, resourceVersion: '1' } };
        return done(this.stored);
      },
      merge: (_, body) => {
        const { metadata, data } = body as ConfigMap;
        if (!this.stored) return Promise.reject(new ApiError(404, 'NotFound', 'no', 'glitchtip-health'));
        if (metadata.resourceVersion !== this.stored.metadata.resourceVersion) return Promise.reject(new ApiError(409, 'Conflict', 'newer'));
        this.stored = { metadata: { ...this.stored.metadata, resourceVersion: String(Number(metadata.resourceVersion) + 1) }, data: { ...this.stored.data, ...data } };
        return done(this.stored);
      },
    };
  }
}

const holding = (text: string) => new AlertStatePlace({ metadata: { name: 'glitchtip-health', resourceVersion: '5' }, data: { 'state.json': text } });

describe('the alert state', () => {
  it('that was never written is absent, is created, and then is there', async () => {
    const { api } = new AlertStatePlace();
    expect(await readAlertState(api, STORE, never)).toEqual({ kind: 'absent' });
    expect(await writeAlertState(api, STORE, { alerts: ALERTS, over: { kind: 'absent' } }, never)).toBe('1');
    expect(await readAlertState(api, STORE, never)).toEqual({ kind: 'present', alerts: ALERTS, version: '1' });
  });

  it.each<[string, AlertStatePlace, object]>([
    ['has no key of ours', new AlertStatePlace({ metadata: { name: 'glitchtip-health', resourceVersion: '5' }, data: {} }), { kind: 'malformed', why: 'it is not JSON', version: '5', text: '' }],
    ['was edited by hand', holding('{"version":1}'), { kind: 'malformed', version: '5', text: '{"version":1}' }],
  ])('that %s is malformed', async (_, { api }, observed) => expect(await readAlertState(api, STORE, never)).toMatchObject(observed));

  it.each([['a proxy says 404', new ApiError(404, 'Unknown', 'no')], ['the right is missing', new ApiError(403, 'Forbidden', 'no')], ['nobody answers', new Error('ECONNREFUSED')]])('is unreadable and not absent when %s', async (_, failure) => {
    const cluster = holding(encodeAlertState(ALERTS));
    cluster.failure = failure;
    expect(await readAlertState(cluster.api, STORE, never)).toEqual({ kind: 'unreadable', why: failure.message });
  });

  it.each<[string, AlertStatePlace, Parameters<typeof writeAlertState>[2]['over']]>([
    ['created by somebody else in the meantime', holding(encodeAlertState(ALERTS)), { kind: 'absent' }],
    ['changed by somebody else in the meantime', holding(encodeAlertState(ALERTS)), { kind: 'present', version: '4' }],
    ['deleted in the meantime', new AlertStatePlace(), { kind: 'present', version: '4' }],
  ])('%s is not written over', async (_, cluster, over) => {
    const before = cluster.stored;
    expect(await writeAlertState(cluster.api, STORE, { alerts: emptyAlertState(), over }, never)).toBeUndefined();
    expect(cluster.stored).toBe(before);
  });

  it('that could not be understood is kept beside the new one', async () => {
    const cluster = holding('scribble');
    const observed = await readAlertState(cluster.api, STORE, never);
    if (observed.kind !== 'malformed') throw new Error(observed.kind);
    expect(await writeAlertState(cluster.api, STORE, { alerts: ALERTS, over: observed }, never)).toBe('6');
    expect(cluster.stored?.data).toEqual({ 'state.json': encodeAlertState(ALERTS), 'state.rejected.json': 'scribble' });
  });

  it('that cannot be written says so', async () => {
    const cluster = holding(encodeAlertState(ALERTS));
    cluster.failure = new ApiError(500, 'InternalError', 'etcd');
    await expect(writeAlertState(cluster.api, STORE, { alerts: ALERTS, over: { kind: 'present', version: '5' } }, never)).rejects.toThrow('etcd');
  });
});
