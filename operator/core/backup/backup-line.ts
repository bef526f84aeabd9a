// Backups in a sentence or two, for the regular report. Pure.
import type { BackupStatus } from '../../api/backup-fields.js';
import { bytes } from '../health/rule-finding.js';
import { describeAge } from './backup-condition.js';

/** Never what a program said: a step and a reason. */
export function describeBackups({ lastVerified, lastFailure, copies = [] }: BackupStatus, now: Date): string {
  const good = copies.filter(({ damaged }) => !damaged).length;
  const newest = lastVerified === undefined
    ? 'There is no copy that is known to restore.'
    : `${good === 1 ? 'One copy' : `${good} copies`}; the newest is ${describeAge(lastVerified.copy, now)} (${bytes(lastVerified.bytes)}), was restored${lastVerified.where === 'volume' ? ', and is on a volume of this host' : ''}.`;
  return lastFailure === undefined ? newest : `${newest} The last run failed in step ${lastFailure.step} (${lastFailure.reason}).`;
}
