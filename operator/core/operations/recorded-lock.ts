// The recorded lock as an operation uses it that the status records: taken before anything begins, renewed while it goes on, free while a person looks. Pure.
import type { Holder } from './exclusion.js';
import type { Recorded } from './lock-holder.js';
import { isSameHolder, type ObservedLock } from './operation-lock.js';
import { whyOthers, type Others } from './others.js';

/** An operation that nobody goes on with holds up others no longer than this. Milliseconds. */
const HELD_FOR = 30 * 60_000;
const RENEWED_BEFORE = 10 * 60_000;

export type LockFact = { readonly kind: 'ours' } | { readonly kind: 'free' } | { readonly kind: 'taken'; readonly why: string };

type Own = Pick<Holder, 'operation' | 'name'>;

export interface LockUser {
  readonly operation: 'restore' | 'upgrade';
  readonly current: { readonly id: string } | undefined;
  readonly last: { readonly id: string } | undefined;
  /** Web and worker are away for it. */
  readonly isAway: boolean;
  /** Whose lock it takes over: what it does is a part of that operation. */
  readonly partOf?: Own | undefined;
}

/** Also of one that has ended: the lock may be left to release. */
export function ownHolder({ operation, current, last }: Pick<LockUser, 'operation' | 'current' | 'last'>): Own | undefined {
  const id = current?.id ?? last?.id;
  return id === undefined ? undefined : { operation, name: id };
}

export function judgeLock({ lock, jobs, journal }: Others, user: LockUser, recorded: Recorded, now: Date): LockFact {
  if (lock.kind === 'unreadable') return { kind: 'taken', why: `whether another operation is under way cannot be seen (${lock.why})` };
  const holder = lock.kind === 'held' ? lock.holder : undefined;
  const own = ownHolder(user);
  // Without an operation that goes on, what is left of it is released, however long it would count.
  if (own && isSameHolder(holder, own)) return user.current === undefined || isLong(holder, now) ? { kind: 'ours' } : { kind: 'free' };
  if (isBeside(holder, user, now)) return { kind: 'ours' };
  const why = isWhole(holder, user) ? undefined : whyOthers(user.operation, { lock, jobs, journal }, recorded, now);
  return why === undefined ? { kind: 'free' } : { kind: 'taken', why };
}

/** Whether it is held by what this is a part of. */
function isWhole(holder: Holder | undefined, { partOf }: LockUser): boolean {
  return partOf !== undefined && isSameHolder(holder, partOf);
}

function isLong(holder: Holder | undefined, now: Date): boolean {
  return holder !== undefined && holder.until.getTime() - now.getTime() > RENEWED_BEFORE;
}

/**
 * A rotation for leaked credentials begins beside it, and takes the lock over. It waits for web, which has to be started again: if that
 * waited in its turn, neither would ever end.
 */
function isBeside(holder: Holder | undefined, { current, isAway }: LockUser, now: Date): boolean {
  return holder?.operation === 'compromised' && holder.until > now && current !== undefined && isAway;
}

/** Taken, or renewed. */
export function lockFor(own: Own, lock: ObservedLock, now: Date): Holder {
  const since = lock.kind === 'held' && isSameHolder(lock.holder, own) ? lock.holder.since : now;
  return { ...own, since, until: new Date(now.getTime() + HELD_FOR) };
}
