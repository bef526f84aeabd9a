// Which operation may begin beside which: one table, so that no two of them change the same thing at once. Pure.
import { MIGRATE_COMPONENT } from '../../api/object-names.js';
import type { JobFacts } from '../health/health-facts.js';

/**
 * What changes the database or its credentials as a whole, or copies it. `compromised` is a rotation for leaked credentials. Upgrade and
 * move do not exist yet; they are in the table because it is one table.
 */
export const OPERATIONS = ['rotation', 'compromised', 'migration', 'backup', 'rehearsal', 'restore', 'upgrade', 'move'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** An operation that has begun. */
export interface Holder {
  readonly operation: Operation;
  /** Id of the rotation, or name of the Job. */
  readonly name: string;
  readonly since: Date;
  /** It counts no longer than this, whatever became of it. */
  readonly until: Date;
}

/**
 * - `waits`: until the other one has ended;
 * - `begins`: beside it;
 * - `retires later`: it begins beside it, and revokes what the other one logged in with only when that has ended.
 */
export type Verdict = 'waits' | 'begins' | 'retires later';

/** A leak is closed at once. A backup or a rehearsal that breaks is made again; what is half-way in the database is let come to its end. */
const COMPROMISED: Readonly<Record<Operation, Verdict>> = {
  rotation: 'waits', compromised: 'waits', migration: 'retires later', backup: 'begins', rehearsal: 'begins', restore: 'retires later', upgrade: 'retires later', move: 'retires later',
};

export function verdictOf(wanted: Operation, held: Operation): Verdict {
  return wanted === 'compromised' ? COMPROMISED[held] : 'waits';
}

/** The first that has to be waited for; undefined when the operation may begin. */
export function findHolder(wanted: Operation, holders: readonly Holder[], now: Date): Holder | undefined {
  return holders.find(({ operation, until }) => until > now && verdictOf(wanted, operation) === 'waits');
}

/** For how long a Job counts that has no deadline of its own. Milliseconds. */
export const LONGEST_JOB = 24 * 3_600_000;

/** A Job that is at work, as what it does. One of an unknown part counts as a migration: as what may be in the middle of the database. */
export function holderOf({ name, part, createdAt, endsAt }: JobFacts): Holder {
  const named = OPERATIONS.find((operation) => operation === part && operation !== 'rotation' && operation !== 'compromised');
  return {
    operation: part === MIGRATE_COMPONENT ? 'migration' : (named ?? 'migration'), name,
    since: createdAt, until: endsAt ?? new Date(createdAt.getTime() + LONGEST_JOB),
  };
}

/** `migration migrate-1a2b3c4d`. */
export function describeHolder({ operation, name }: Holder): string {
  return `${operation === 'compromised' ? 'rotation' : operation} ${name}`;
}
