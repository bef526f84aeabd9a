// The recorded lock of operations as a move uses it: for its import alone. Once both servers get every event nothing of the database changes any more. Pure.
import type { MoveProgress } from '../../api/move-fields.js';
import { JOB_DEADLINE } from '../backup/backup-job.js';
import type { Holder } from '../operations/exclusion.js';
import type { Recorded } from '../operations/lock-holder.js';
import { isSameHolder, type ObservedLock } from '../operations/operation-lock.js';
import { whyOthers, type Others } from '../operations/others.js';
import { importJobName } from './import-job.js';
import type { MoveFacts } from './move-facts.js';

/** Beyond the deadline of its Job. Milliseconds. */
const HELD_FOR = JOB_DEADLINE * 1_000 + 600_000;

/** Named after its Job, whose end shows that it is gone. */
function ownName(current: MoveProgress): Pick<Holder, 'operation' | 'name'> {
  return { operation: 'move', name: importJobName(current) };
}

/** Also of a move that was taken back, or an attempt before: whatever it held is released. */
export function isOwnLock(lock: ObservedLock): boolean {
  return lock.kind === 'held' && lock.holder.operation === 'move';
}

export function judgeMoveLock(others: Others, { current, recorded }: { readonly current: MoveProgress | undefined; readonly recorded: Recorded }, now: Date): MoveFacts['lock'] {
  const { lock } = others;
  if (lock.kind === 'unreadable') return { kind: 'taken', why: `whether another operation is under way cannot be seen (${lock.why})` };
  // One of an attempt before is written over: it is nobody's any more.
  if (isOwnLock(lock)) return current?.phase !== 'Importing' || isSameHolder(lock.kind === 'held' ? lock.holder : undefined, ownName(current)) ? { kind: 'ours' } : { kind: 'free' };
  const why = whyOthers('move', others, recorded, now);
  return why === undefined ? { kind: 'free' } : { kind: 'taken', why };
}

export function moveHolder(current: MoveProgress, now: Date): Holder {
  return { ...ownName(current), since: now, until: new Date(now.getTime() + HELD_FOR) };
}
