// Who holds the recorded lock and has not ended, by what was seen of rotations and Jobs. Pure.
import { journalOf, type ObservedJournal } from '../rotation/journal.js';
import type { Holder } from './exclusion.js';
import { holderOfLock, type ObservedLock } from './operation-lock.js';

export interface SeenOperations {
  readonly journal: ObservedJournal;
  /** At work; undefined: they cannot be seen. */
  readonly jobs: readonly Pick<Holder, 'name'>[] | undefined;
  /** Names of Jobs that have ended, as far as they are known. */
  readonly ended?: readonly string[];
}

export function findLockHolder(lock: ObservedLock, { journal, jobs, ended }: SeenOperations, now: Date): Holder | undefined {
  const readable = journalOf({ journal });
  return holderOfLock(lock, { rotation: readable && (readable.rotation ?? null), jobs: jobs?.map(({ name }) => name), ended }, now);
}
