// What health has to know of operations: which Jobs are at work, and who holds the recorded lock.
import { holderOf } from '../operations/exclusion.js';
import { jobsAtWork } from '../operations/job-state.js';
import { findLockHolder, type Recorded } from '../operations/lock-holder.js';
import type { ObservedLock } from '../operations/operation-lock.js';
import type { ObservedJournal } from '../rotation/journal.js';
import type { ClusterFacts, OperationFacts } from './health-facts.js';
import { ifSeen } from '../seen.js';

/** What was seen beside the lock, and shows whether its holder has ended. */
interface Beside {
  readonly cluster: Pick<ClusterFacts, 'jobs' | 'pods'>;
  readonly journal: ObservedJournal;
  readonly recorded: Recorded;
}

export function readOperation(lock: ObservedLock, { cluster, journal, recorded }: Beside, now: Date): OperationFacts {
  const seen = ifSeen(cluster.jobs);
  const jobs = seen && jobsAtWork(seen, ifSeen(cluster.pods), now).map(holderOf);
  const ended = seen?.filter(({ outcome }) => outcome !== 'running').map(({ name }) => name) ?? [];
  const holder = findLockHolder(lock, { journal, recorded, jobs, ended }, now);
  return { lock, ...(holder ? { holder } : {}), ...(jobs ? { jobs } : {}) };
}
