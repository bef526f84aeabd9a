// The lock of operations as a Lease: what is written is read again, and what is not understood is not taken for free.
import { describe, expect, it } from '@jest/globals';
import type { KubernetesApi } from '../../../../../operator/io/kubernetes/api-client.js';
import { ApiError } from '../../../../../operator/io/kubernetes/api-error.js';
import { observeLock, writeLock } from '../../../../../operator/io/kubernetes/operation-lease.js';

const never = new AbortController().signal;
const HOLDER = { operation: 'migration', name: 'glitchkeeper-migrate-1', since: new Date('2026-01-02T03:04:05.678Z'), until: new Date('2026-01-02T09:04:05.678Z') } as const;
const answering = (answer: () => Promise<unknown>) => ({ get: answer }) as unknown as KubernetesApi;
const lease = (spec: object) => answering(() => Promise.resolve({ metadata: { name: 'l', resourceVersion: '5' }, spec }));
const written: { path: string; body: { spec: object; metadata: object } }[] = [];
const writing = { create: (path: string, body: never) => Promise.resolve(written.push({ path, body })), replace: (path: string, body: never) => Promise.resolve(written.push({ path, body })) } as unknown as KubernetesApi;

describe('the Lease of operations', () => {
  it('says again what was written', async () => {
    await writeLock(writing, '/leases', { holder: HOLDER, resourceVersion: undefined }, never);
    const { path, body } = written.at(-1) ?? { path: '', body: { spec: {}, metadata: {} } };
    expect([path, body.spec]).toEqual(['/leases', { holderIdentity: 'migration/glitchkeeper-migrate-1', acquireTime: '2026-01-02T03:04:05.678000Z', renewTime: '2026-01-02T03:04:05.678000Z', leaseDurationSeconds: 21_600 }]);
    expect(await observeLock(lease(body.spec), '/leases', never)).toEqual({ kind: 'held', holder: HOLDER, resourceVersion: '5' });
  });

  it('names nobody when it is released, over the version that was read', async () => {
    await writeLock(writing, '/leases', { resourceVersion: '5' }, never);
    expect(written.at(-1)).toMatchObject({ path: '/leases/glitchkeeper-operation', body: { metadata: { resourceVersion: '5' }, spec: {} } });
  });

  it.each<[string, KubernetesApi, object]>([
    ['is free where there is none', answering(() => Promise.reject(new ApiError(404, 'NotFound', '', 'l'))), { kind: 'free' }],
    ['is free with nobody in it', lease({}), { kind: 'free', resourceVersion: '5' }],
    ['is not seen when it may not be read', answering(() => Promise.reject(new ApiError(403, 'Forbidden', 'forbidden'))), { kind: 'unreadable', why: 'forbidden' }],
    ['is not understood when it names an operation of a newer version', lease({ holderIdentity: 'vacuum/1', acquireTime: '2026-01-02T03:04:05.678000Z', leaseDurationSeconds: 1 }), { kind: 'unreadable' }],
    ['is not understood without a duration', lease({ holderIdentity: 'backup/1', acquireTime: '2026-01-02T03:04:05.678000Z' }), { kind: 'unreadable' }],
    ['is not understood when a person wrote a name', lease({ holderIdentity: 'me' }), { kind: 'unreadable' }],
  ])('%s', async (_, api, wanted) => expect(await observeLock(api, '/leases', never)).toMatchObject(wanted));
});
