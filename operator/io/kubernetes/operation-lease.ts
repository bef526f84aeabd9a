// The recorded lock of operations, as a Lease: `kubectl get lease glitchkeeper-operation` says who holds it.
import { LABELS, OPERATION_LEASE } from '../../api/object-names.js';
import { messageOf } from '../../core/error-message.js';
import { OPERATIONS, type Holder } from '../../core/operations/exclusion.js';
import type { ObservedLock } from '../../core/operations/operation-lock.js';
import type { KubernetesApi, ObjectMeta } from './api-client.js';
import { absentAsUndefined, isStatus } from './api-error.js';

interface Lease {
  readonly metadata: ObjectMeta;
  readonly spec?: { readonly holderIdentity?: string; readonly acquireTime?: string; readonly leaseDurationSeconds?: number };
}

/** Never throws: not being able to read it is an observation. @param path of the Leases of the namespace */
export async function observeLock(api: KubernetesApi, path: string, signal: AbortSignal): Promise<ObservedLock> {
  try {
    const lease = await absentAsUndefined(api.get<Lease>(`${path}/${OPERATION_LEASE}`, signal));
    return lease ? decodeLock(lease) : { kind: 'free' };
  } catch (error) {
    return { kind: 'unreadable', why: messageOf(error) };
  }
}

/** False when somebody else wrote it since it was read. */
export async function writeLock(api: KubernetesApi, path: string, lock: { readonly holder?: Holder; readonly resourceVersion: string | undefined }, signal: AbortSignal): Promise<boolean> {
  const { holder, resourceVersion } = lock;
  const metadata = { name: OPERATION_LEASE, labels: LABELS, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: holder ? encodeHolder(holder) : {} };
  try {
    await (resourceVersion === undefined ? api.create(path, body, signal) : api.replace(`${path}/${OPERATION_LEASE}`, body, signal));
    return true;
  } catch (error) {
    if (isStatus(error, 409)) return false;
    throw error;
  }
}

/** It ends by its duration, counted from when it was acquired. */
function encodeHolder({ operation, name, since, until }: Holder): NonNullable<Lease['spec']> & { readonly renewTime: string } {
  // metav1.MicroTime wants six digits of fraction.
  const acquireTime = since.toISOString().replace(/Z$/, '000Z');
  return { holderIdentity: `${operation}/${name}`, acquireTime, renewTime: acquireTime, leaseDurationSeconds: Math.ceil((until.getTime() - since.getTime()) / 1_000) };
}

function decodeLock({ metadata: { resourceVersion = '' }, spec = {} }: Lease): ObservedLock {
  const { holderIdentity, acquireTime, leaseDurationSeconds } = spec;
  if (holderIdentity === undefined) return { kind: 'free', resourceVersion };
  const [, kind, name] = /^([^/]+)\/(.+)$/.exec(holderIdentity) ?? [];
  const operation = OPERATIONS.find((each) => each === kind);
  const since = new Date(acquireTime ?? NaN);
  // Of a newer version, or a person's.
  if (!operation || name === undefined || leaseDurationSeconds === undefined || Number.isNaN(since.getTime())) {
    return { kind: 'unreadable', why: `Lease ${OPERATION_LEASE} is not understood` };
  }
  return { kind: 'held', holder: { operation, name, since, until: new Date(since.getTime() + leaseDurationSeconds * 1_000) }, resourceVersion };
}
