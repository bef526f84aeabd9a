// A restore in a sentence, for the regular report and for status. Pure.
import type { RestoreStatus } from '../../api/restore-fields.js';
import { duration, secondsSince } from '../health/rule-finding.js';

/** Undefined while none is under way. */
export function describeRestore({ current }: RestoreStatus, now: Date): string | undefined {
  if (!current) return undefined;
  const { id, copy, wanted, phase, direction, since, why, waitsFor } = current;
  const age = duration(secondsSince(new Date(since), now));
  const what = `Restore ${id} of copy ${copy ?? wanted.copy}`;
  if (phase === 'Unconfirmed') return `${what} has waited for confirm or undo for ${age}; live is ${direction === 'forth' ? 'the copy' : 'the database from before'}.`;
  if (phase === 'Aside') return `${what} has been in a database of its own for ${age}; undo drops it.`;
  const reason = why ?? waitsFor;
  return `${what} has been ${phase}${direction === 'back' ? ', on the way back,' : ''} for ${age}${reason === undefined ? '' : `: ${reason.replace(/\.$/, '')}`}.`;
}
