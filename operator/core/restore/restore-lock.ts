// The recorded lock of operations as a restore uses it: taken before anything begins, renewed while it goes on, free while a person looks. Pure.
import type { RestoreProgress, RestoreStatus } from '../../api/restore-fields.js';
import type { Holder } from '../operations/exclusion.js';
import { isSameHolder, type ObservedLock } from '../operations/operation-lock.js';
import { whyOthers, type Others } from '../operations/others.js';
import type { RestoreFacts } from './restore-facts.js';

/** A restore that nobody goes on with holds up others no longer than this. Milliseconds. */
const HELD_FOR = 30 * 60_000;
const RENEWED_BEFORE = 10 * 60_000;

/** Also of a restore that has ended: the lock may be left to release. */
export function ownHolder({ current, last }: RestoreStatus): Pick<Holder, 'operation' | 'name'> | undefined {
  const id = current?.id ?? last?.id;
  return id === undefined ? undefined : { operation: 'restore', name: id };
}

export function judgeLock({ lock, jobs, journal }: Others, status: RestoreStatus, now: Date): RestoreFacts['lock'] {
  if (lock.kind === 'unreadable') return { kind: 'taken', why: `whether another operation is under way cannot be seen (${lock.why})` };
  const holder = lock.kind === 'held' ? lock.holder : undefined;
  const own = ownHolder(status);
  // Without a restore that goes on, what is left of it is released, however long it would count.
  if (own && isSameHolder(holder, own)) return status.current === undefined || isLong(holder, now) ? { kind: 'ours' } : { kind: 'free' };
  if (isBeside(holder, status.current, now)) return { kind: 'ours' };
  const why = whyOthers('restore', { lock, jobs, journal }, status, now);
  return why === undefined ? { kind: 'free' } : { kind: 'taken', why };
}

function isLong(holder: Holder | undefined, now: Date): boolean {
  return holder !== undefined && holder.until.getTime() - now.getTime() > RENEWED_BEFORE;
}

/**
 * A rotation for leaked credentials begins beside a restore, and takes the lock over. It waits for web, which the restore has to start
 * again: if that waited in its turn, neither would ever end.
 */
function isBeside(holder: Holder | undefined, current: RestoreProgress | undefined, now: Date): boolean {
  if (holder?.operation !== 'compromised' || holder.until <= now || current === undefined) return false;
  return current.phase !== 'Waiting' && current.phase !== 'Unconfirmed' && current.phase !== 'Cleaning';
}

/** Taken, or renewed. */
export function lockOf({ id }: RestoreProgress, lock: ObservedLock, now: Date): Holder {
  const own = { operation: 'restore', name: id } as const;
  const since = lock.kind === 'held' && isSameHolder(lock.holder, own) ? lock.holder.since : now;
  return { ...own, since, until: new Date(now.getTime() + HELD_FOR) };
}
