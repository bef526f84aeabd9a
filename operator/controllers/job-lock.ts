// The recorded lock of operations, as it is held by a Job for as long as that may take.
import { JOB_DEADLINE } from '../core/backup/backup-job.js';
import type { Holder } from '../core/operations/exclusion.js';
import { isSameHolder, type ObservedLock } from '../core/operations/operation-lock.js';
import type { ClusterPort } from './ports.js';

type LockPort = Pick<ClusterPort, 'observeLock' | 'writeLock'>;
/** The name is that of the Job. */
type Own = Pick<Holder, 'operation' | 'name'>;

/** Beyond the deadline of its Job: what it says at its end is read, and another one begins. Milliseconds. */
const HELD_FOR = JOB_DEADLINE * 1_000 + 600_000;

/** False when another operation began at the same moment, or nobody can tell. */
export async function takeLock(cluster: LockPort, own: Own, { lock, now }: { readonly lock: ObservedLock; readonly now: Date }, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  if (lock.kind === 'unreadable') return false;
  if (lock.kind === 'held' && isSameHolder(lock.holder, own)) return true;
  return cluster.writeLock({ holder: { ...own, since: now, until: new Date(now.getTime() + HELD_FOR) }, resourceVersion: lock.resourceVersion }, signal);
}

/** One that is not released counts as free all the same, once Jobs are looked at. */
export async function releaseLock(cluster: LockPort, own: Own, signal: AbortSignal): Promise<void> {
  const lock = await cluster.observeLock(signal);
  signal.throwIfAborted();
  if (lock.kind === 'held' && isSameHolder(lock.holder, own)) await cluster.writeLock({ resourceVersion: lock.resourceVersion }, signal);
}
