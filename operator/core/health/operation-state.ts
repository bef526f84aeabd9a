// What health has to know of operations: which Jobs are at work, and who holds the recorded lock.
import type { RestoreStatus } from '../../api/restore-fields.js';
import { holderOf } from '../operations/exclusion.js';
import { jobsAtWork } from '../operations/job-state.js';
import { holderOfLock, type ObservedLock, type Traces } from '../operations/operation-lock.js';
import { journalOf, type ObservedJournal } from '../rotation/journal.js';
import { ifSeen, type ClusterFacts, type OperationFacts } from './health-facts.js';

/** What was seen beside the lock, and shows whether its holder has ended. */
interface Beside {
  readonly cluster: Pick<ClusterFacts, 'jobs' | 'pods'>;
  readonly journal: ObservedJournal;
  /** Of the status, which was read with the resource. */
  readonly restore: RestoreStatus | undefined;
}

export function readOperation(lock: ObservedLock, beside: Beside, now: Date): OperationFacts {
  const { cluster } = beside;
  const seen = ifSeen(cluster.jobs);
  const jobs = seen && jobsAtWork(seen, ifSeen(cluster.pods), now).map(holderOf);
  const ended = seen?.filter(({ outcome }) => outcome !== 'running').map(({ name }) => name) ?? [];
  const holder = holderOfLock(lock, { ...tracesOf(beside), jobs: jobs?.map(({ name }) => name), ended }, now);
  return { lock, ...(holder ? { holder } : {}), ...(jobs ? { jobs } : {}) };
}

function tracesOf({ journal, restore }: Pick<Beside, 'journal' | 'restore'>): Pick<Traces, 'rotation' | 'restore'> {
  const readable = journalOf({ journal });
  return { rotation: readable && (readable.rotation ?? null), restore: restore?.current ?? null };
}
