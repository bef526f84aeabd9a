// What else is under way beside an operation that changes the database as a whole: the first of it that has to be waited for. Pure.
import { journalOf, type ObservedJournal } from '../rotation/journal.js';
import { toSeconds } from '../timestamps.js';
import { describeHolder, findHolder, type Holder, type Operation } from './exclusion.js';
import { findLockHolder, type Recorded } from './lock-holder.js';
import type { ObservedLock } from './operation-lock.js';

/** What is seen of other operations. */
export interface Others {
  readonly lock: ObservedLock;
  /** Jobs at work, but those of the operation itself; undefined: they cannot be seen, or were not looked at. */
  readonly jobs: readonly Holder[] | undefined;
  readonly journal: ObservedJournal;
}

/** Undefined: nothing has to be waited for. */
export function whyOthers(wanted: Operation, { lock, jobs, journal }: Others, recorded: Recorded, now: Date): string | undefined {
  if (journal.kind === 'unreadable') return `whether a rotation is under way cannot be seen (${journal.why})`;
  const locked = findLockHolder(lock, { journal, recorded, jobs }, now);
  const other = locked && findHolder(wanted, [locked], now);
  if (other) return `${describeHolder(other)} is under way since ${toSeconds(other.since)}`;
  const job = findHolder(wanted, jobs ?? [], now);
  if (job) return `Job ${job.name} has not ended`;
  // One that waits changes nothing, and asks for the lock before it does.
  const rotation = journalOf({ journal })?.rotation;
  return rotation && rotation.phase !== 'Waiting' ? `rotation ${rotation.id} is ${rotation.phase}` : undefined;
}
