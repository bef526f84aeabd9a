// Who holds the recorded lock and has not ended, by what was seen of rotations, restores, upgrades and Jobs. Pure.
import type { GlitchTipStatus } from '../../api/glitchtip-resource.js';
import { journalOf, type ObservedJournal } from '../rotation/journal.js';
import type { Holder } from './exclusion.js';
import { holderOfLock, type ObservedLock } from './operation-lock.js';

/** Operations that the status records, which was read with the resource. */
export type Recorded = Pick<GlitchTipStatus, 'restore' | 'upgrade'>;

export interface SeenOperations {
  readonly journal: ObservedJournal;
  readonly recorded: Recorded;
  /** At work; undefined: they cannot be seen. */
  readonly jobs: readonly Pick<Holder, 'name'>[] | undefined;
  /** Names of Jobs that have ended, as far as they are known. */
  readonly ended?: readonly string[];
}

export function findLockHolder(lock: ObservedLock, { journal, recorded: { restore, upgrade }, jobs, ended }: SeenOperations, now: Date): Holder | undefined {
  const readable = journalOf({ journal });
  return holderOfLock(lock, { rotation: readable && (readable.rotation ?? null), restore: restore?.current ?? null, upgrade: upgrade?.current ?? null, jobs: jobs?.map(({ name }) => name), ended }, now);
}
