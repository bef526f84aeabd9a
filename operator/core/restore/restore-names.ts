// Names that belong to one restore: its databases and its Jobs. The same for the same restore, whoever asks.
import type { RestoreProgress } from '../../api/restore-fields.js';
import { REPAIR_JOB_PREFIX } from '../../api/object-names.js';

export interface DatabaseNames {
  readonly live: string;
  /** Of the one that was live, while the restored one is. */
  readonly before: string;
  /** Of the restored one, while it is not live. */
  readonly restored: string;
}

export function databaseNames(live: string, { id }: Pick<RestoreProgress, 'id'>): DatabaseNames {
  const time = id.toLowerCase();
  return { live, before: `${live}_before_${time}`, restored: `${live}_restored_${time}` };
}

/** What both add to the name of the live one: a regular expression, for PostgreSQL and for JavaScript. */
export const RESTORE_ENDING = '_(before|restored)_[0-9]{8}t[0-9]{6}z$';

/** Longest name of a database that still is one with the longer of the two endings: PostgreSQL cuts at 63 bytes, and two would be one. */
export const LONGEST_LIVE_NAME = 63 - '_restored_20261129t023000z'.length;

/**
 * Keys of ConfigMap restore-run: what differs from run to run. Each is there whenever a Job is.
 * - COPY, for fetch and place: the name of a copy, or latest;
 * - NOT_AFTER, for fetch and place: with latest, a time (ISO 8601), else empty;
 * - PGDATABASE, for load: the new database; empty for the check;
 * - WITH_UPLOADS, for place: false where nothing but the database is wanted.
 *
 * Everything else is the same for every restore, and in the templates: RELEASE, the store, IDENTITY (file of the Secret; it need not be there),
 * UPLOADS, PGHOST, PGPORT, PGUSER (restoreLoginName), PASSWORD_FILE, OWNER (the database's name).
 */
export const RESTORE_VARIABLES = ['COPY', 'NOT_AFTER', 'PGDATABASE', 'WITH_UPLOADS'] as const;
export type RestoreVariables = Readonly<Record<(typeof RESTORE_VARIABLES)[number], string>>;

export type RestoreJobKind = 'check' | 'restore' | 'save' | 'migrate';

export interface RestoreJobName {
  readonly kind: RestoreJobKind;
  readonly name: string;
}

/** The login that loads the copy: open for that alone. */
export function restoreLoginName(database: string): string {
  return `${database}_restore`;
}

/** The Job that the phase needs; undefined: none. Each attempt has one of its own. */
export function jobOfPhase({ id, phase, attempt, since }: RestoreProgress): RestoreJobName | undefined {
  const ending = `${id.toLowerCase()}-${attempt}`;
  switch (phase) {
    case 'Checking': return { kind: 'check', name: `restore-check-${ending}` };
    case 'Restoring': case 'Loading': return { kind: 'restore', name: `restore-${ending}` };
    // A copy is named by its own time, and its Job by the copy.
    case 'Saving': return { kind: 'save', name: `backup-${copyOfSaving({ since }).toLowerCase()}` };
    // There may be several on the way there and back.
    case 'Migrating': return { kind: 'migrate', name: `${REPAIR_JOB_PREFIX}restore-${copyOfSaving({ since }).toLowerCase()}-${attempt}` };
    default: return undefined;
  }
}

/** The copy that an attempt of Saving makes. */
export function copyOfSaving({ since }: Pick<RestoreProgress, 'since'>): string {
  return since.replaceAll(/[-:]/g, '');
}
