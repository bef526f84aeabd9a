// For how long the Secret of a restore is needed: an identity that opens every copy stays in the cluster no longer than a Job reads it. Pure.
import { RESTORE_SECRET_UNUSED } from '../../api/object-names.js';
import type { RestorePhase, RestoreStatus } from '../../api/restore-fields.js';

/** Those in which a Job reads it, or is about to. */
const NEEDED: readonly RestorePhase[] = ['Waiting', 'Checking', 'Stopping', 'Restoring', 'Loading'];

/** `request`: whether one is in the annotation: whoever asks makes the Secret first. `isForOthers`: a rehearsal, or an upgrade that is taken back, reads it, too. */
export function isSecretSpent({ current }: RestoreStatus, { createdAt, request, isForOthers, now }: { readonly createdAt: string | undefined; readonly request: boolean; readonly isForOthers: boolean; readonly now: Date }): boolean {
  if (isForOthers) return false;
  if (current) return !NEEDED.includes(current.phase);
  const made = Date.parse(createdAt ?? '');
  return !request && (Number.isNaN(made) || now.getTime() - made >= RESTORE_SECRET_UNUSED);
}
