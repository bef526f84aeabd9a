// The Jobs of a restore: which are its own, which nobody expects any more, and what their containers read beside their templates. Pure.
import { BACKUP_COMPONENT, RESTORE_COMPONENT } from '../../api/object-names.js';
import type { RestoreProgress } from '../../api/restore-fields.js';
import type { JobFacts } from '../health/health-facts.js';
import { databaseNames, jobOfPhase, type RestoreVariables } from './restore-names.js';

/** Whether it is of this restore, in whichever phase it was made. */
export function isOwnJob({ name, part }: Pick<JobFacts, 'name' | 'part'>, current: RestoreProgress | undefined): boolean {
  return part === RESTORE_COMPONENT || (current !== undefined && name === jobOfPhase(current)?.name);
}

/**
 * Jobs that have not ended and that nobody expects: of an attempt that was given up because it did not start, or of a restore that was taken
 * back. One of them that started after all would read what is meant for another.
 */
export function unexpectedJobs(jobs: readonly JobFacts[], current: RestoreProgress | undefined): readonly JobFacts[] {
  const expected = current && jobOfPhase(current)?.name;
  const parts = current?.phase === 'Saving' ? [RESTORE_COMPONENT, BACKUP_COMPONENT] : [RESTORE_COMPONENT];
  return jobs.filter(({ name, part, outcome }) => outcome === 'running' && parts.includes(part) && name !== expected);
}

export function checkVariables({ wanted: { copy, notAfter = '' } }: RestoreProgress): RestoreVariables {
  return { COPY: copy, NOT_AFTER: notAfter, PGDATABASE: '', WITH_UPLOADS: 'true' };
}

/** The copy that was checked, whatever has become the newest since. */
export function loadVariables(current: RestoreProgress, database: string): RestoreVariables {
  return { COPY: current.copy ?? current.wanted.copy, NOT_AFTER: '', PGDATABASE: databaseNames(database, current).restored, WITH_UPLOADS: String(current.wanted.intoNewDatabase !== true) };
}

/** Why what is copied may have less than half of the rows of the copy before: that may be why something is restored. */
export function whySaved({ id, copy, wanted }: RestoreProgress): string {
  return `restore ${id} of copy ${copy ?? wanted.copy}: what it replaces`;
}
