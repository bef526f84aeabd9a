// The recorded lock of operations as a restore uses it. Pure.
import type { RestoreProgress, RestoreStatus } from '../../api/restore-fields.js';
import type { LockUser } from '../operations/recorded-lock.js';

export function lockUser({ current, last }: RestoreStatus): LockUser {
  const isAway = current !== undefined && !['Waiting', 'Unconfirmed', 'Cleaning', 'Loading', 'Aside'].includes(current.phase);
  return { operation: 'restore', current, last, isAway, partOf: partOf(current) };
}

/** An upgrade that is taken back has stopped web and worker already, and waits for its restore. */
function partOf(current: RestoreProgress | undefined): LockUser['partOf'] {
  const upgrade = current?.wanted.upgrade;
  return upgrade === undefined ? undefined : { operation: 'upgrade', name: upgrade };
}
