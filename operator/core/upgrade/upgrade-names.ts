// Names and texts that belong to one upgrade: its backup, its Jobs, the restore that takes it back. The same for the same upgrade, whoever asks. Pure.
import { LEGACY_IMPORT_COMPONENT, MIGRATE_COMPONENT, REPAIR_JOB_PREFIX } from '../../api/object-names.js';
import type { LegacyImport, UpgradeProgress, UpgradeStatus } from '../../api/upgrade-fields.js';
import { backupJobName } from '../backup/backup-job.js';
import type { JobFacts } from '../health/health-facts.js';
import type { LockUser } from '../operations/recorded-lock.js';
import { copyOfSaving } from '../restore/restore-names.js';

/** The Job that the upgrade, or an import of old events, looks for by its name. */
export function jobOfUpgrade({ current, legacyImport }: UpgradeStatus): string | undefined {
  if (current?.phase === 'Saving') return savingJobName(current);
  return legacyImport !== undefined && legacyImport.end === undefined ? importJobName(legacyImport) : undefined;
}

export function savingJobName(current: Pick<UpgradeProgress, 'since'>): string {
  return backupJobName(copyOfSaving(current));
}

/** Where the manifests' own Job failed, or is one of long ago. */
export function migrateJobName({ since, attempt }: Pick<UpgradeProgress, 'since' | 'attempt'>): string {
  return `${REPAIR_JOB_PREFIX}upgrade-${copyOfSaving({ since }).toLowerCase()}-${attempt}`;
}

export function importJobName({ id }: Pick<LegacyImport, 'id'>): string {
  return `${LEGACY_IMPORT_COMPONENT}-${id.toLowerCase()}`;
}

/** Whether it is of this upgrade: nobody waits for what he makes himself. Every migrate Job is, once the old release has ended. */
export function isOwnJob({ name, part }: Pick<JobFacts, 'name' | 'part'>, { current }: UpgradeStatus): boolean {
  if (current === undefined) return false;
  return part === MIGRATE_COMPONENT ? current.phase !== 'Waiting' : name === savingJobName(current);
}

export function lockUser({ current, last }: UpgradeStatus): LockUser {
  const isAway = current !== undefined && !['Waiting', 'Unconfirmed', 'Cleaning'].includes(current.phase);
  return { operation: 'upgrade', current, last, isAway };
}

/** Value of the annotation glitchkeeper.io/restore. What is live has tables of the next release, which the programs of this one do not copy. */
export function restoreRequest({ id, copy = '' }: Pick<UpgradeProgress, 'id' | 'copy'>): string {
  return JSON.stringify({ copy, save: false, upgrade: id });
}
