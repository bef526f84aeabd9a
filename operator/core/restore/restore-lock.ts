// The recorded lock of operations as a restore uses it: taken before anything begins, renewed while it goes on, free while a person looks. Pure.
import type { RestoreProgress, RestoreStatus } from '../../api/restore-fields.js';
import { describeHolder, findHolder, type Holder } from '../operations/exclusion.js';
import { findLockHolder } from '../operations/lock-holder.js';
import { isSameHolder, type ObservedLock } from '../operations/operation-lock.js';
import { journalOf, type ObservedJournal } from '../rotation/journal.js';
import { toSeconds } from '../timestamps.js';
import type { RestoreFacts } from './restore-facts.js';

/** A restore that nobody goes on with holds up others no longer than this. Milliseconds. */
const HELD_FOR = 30 * 60_000;
const RENEWED_BEFORE = 10 * 60_000;

/** What is seen of other operations. */
export interface Others {
  readonly lock: ObservedLock;
  /** Jobs at work, but those of this restore; undefined: they cannot be seen, or were not looked at. */
  readonly jobs: readonly Holder[] | undefined;
  readonly journal: ObservedJournal;
}

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
  const why = othersWhy({ lock, jobs, journal }, status, now);
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

function othersWhy({ lock, jobs, journal }: Others, status: RestoreStatus, now: Date): string | undefined {
  if (journal.kind === 'unreadable') return `whether a rotation is under way cannot be seen (${journal.why})`;
  const recorded = findLockHolder(lock, { journal, restore: status, jobs }, now);
  const other = recorded && findHolder('restore', [recorded], now);
  if (other) return `${describeHolder(other)} is under way since ${toSeconds(other.since)}`;
  const job = findHolder('restore', jobs ?? [], now);
  if (job) return `Job ${job.name} has not ended`;
  // One that waits changes nothing, and asks for the lock before it does.
  const rotation = journalOf({ journal })?.rotation;
  return rotation && rotation.phase !== 'Waiting' ? `rotation ${rotation.id} is ${rotation.phase}` : undefined;
}

/** Taken, or renewed. */
export function lockOf({ id }: RestoreProgress, lock: ObservedLock, now: Date): Holder {
  const own = { operation: 'restore', name: id } as const;
  const since = lock.kind === 'held' && isSameHolder(lock.holder, own) ? lock.holder.since : now;
  return { ...own, since, until: new Date(now.getTime() + HELD_FOR) };
}
