// Who holds the recorded lock and has not ended, by what was seen of rotations, restores and Jobs. Pure.
import type { RestoreStatus } from '../../api/restore-fields.js';
import { journalOf, type ObservedJournal } from '../rotation/journal.js';
import type { Holder } from './exclusion.js';
import { holderOfLock, type ObservedLock } from './operation-lock.js';

export interface SeenOperations {
  readonly journal: ObservedJournal;
  /** Of the status, which was read with the resource. */
  readonly restore: RestoreStatus | undefined;
  /** At work; undefined: they cannot be seen. */
  readonly jobs: readonly Pick<Holder, 'name'>[] | undefined;
  /** Names of Jobs that have ended, as far as they are known. */
  readonly ended?: readonly string[];
}

export function findLockHolder(lock: ObservedLock, { journal, restore, jobs, ended }: SeenOperations, now: Date): Holder | undefined {
  const readable = journalOf({ journal });
  return holderOfLock(lock, { rotation: readable && (readable.rotation ?? null), restore: restore?.current ?? null, jobs: jobs?.map(({ name }) => name), ended }, now);
}
