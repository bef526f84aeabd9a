// The recorded lock: of rotation, migration, backup, restore, upgrade and move one at a time. Who holds it, since when, and until when at most. Pure.
import type { Rotation } from '../rotation/journal.js';
import type { Holder } from './exclusion.js';

/** As the Lease of the namespace says; it is written only over the version that was read. */
export type ObservedLock =
  /** Nobody holds it. Without a version there is no such Lease yet. */
  | { readonly kind: 'free'; readonly resourceVersion?: string }
  | { readonly kind: 'held'; readonly holder: Holder; readonly resourceVersion: string }
  | { readonly kind: 'unreadable'; readonly why: string };

/** A Job is made right after the lock was taken for it; longer than this, nobody makes it any more. Milliseconds. */
const JOB_MADE_WITHIN = 120_000;

/** What shows that a holder is gone, which the lock itself cannot say. */
export interface Traces {
  /** The rotation of the journal; null: there is none; undefined: the journal cannot be read. */
  readonly rotation: Pick<Rotation, 'id'> | null | undefined;
  /** The restore of the status, which has a Job only now and then; null: there is none; undefined: the status was not read. */
  readonly restore?: { readonly id: string } | null | undefined;
  /** Likewise the upgrade. */
  readonly upgrade?: { readonly id: string } | null | undefined;
  /** Names of Jobs that are at work; undefined: they cannot be seen. */
  readonly jobs: readonly string[] | undefined;
  /** Names of Jobs that have ended, as far as they are known: one of them need not be waited for as one that is about to be made. */
  readonly ended?: readonly string[];
}

/** Who holds the lock, unless that one has ended without releasing it or its time is over. */
export function holderOfLock(lock: ObservedLock, traces: Traces, now: Date): Holder | undefined {
  if (lock.kind !== 'held' || lock.holder.until <= now) return undefined;
  return hasEnded(lock.holder, traces, now) ? undefined : lock.holder;
}

function hasEnded(holder: Holder, traces: Traces, now: Date): boolean {
  switch (holder.operation) {
    case 'rotation': case 'compromised': return isGone(holder, traces.rotation);
    case 'restore': return isGone(holder, traces.restore);
    case 'upgrade': return isGone(holder, traces.upgrade);
    default: return hasJobEnded(holder, traces, now);
  }
}

/** `found`: undefined where nobody looked. */
function isGone({ name }: Holder, found: { readonly id: string } | null | undefined): boolean {
  return found !== undefined && found?.id !== name;
}

function hasJobEnded({ name, since }: Holder, { jobs, ended = [] }: Traces, now: Date): boolean {
  if (ended.includes(name)) return true;
  return jobs !== undefined && !jobs.includes(name) && now.getTime() - since.getTime() >= JOB_MADE_WITHIN;
}

export function isSameHolder(one: Holder | undefined, other: Pick<Holder, 'operation' | 'name'>): boolean {
  return one?.operation === other.operation && one.name === other.name;
}
