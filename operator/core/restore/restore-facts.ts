// What is seen of the world before each step of a restore, and what a step may do to it.
import { describeAwayAction, type AwayAction, type AwayFacts } from '../operations/away-steps.js';
import type { Seen } from '../seen.js';
import type { RestoreJobKind } from './restore-names.js';

export interface RestoreDatabase {
  readonly name: string;
  readonly oid: number;
  /** Whether anybody may connect (ALLOW_CONNECTIONS). */
  readonly isOpen: boolean;
}

/** How a Job of a restore ended. */
export type RestoreJobEnd =
  | { readonly kind: 'checked'; readonly copy: string; readonly databaseBytes: number }
  /** The restore, the backup of what was there, or the migration. */
  | { readonly kind: 'done' }
  /** `again`: another attempt may end otherwise. */
  | { readonly kind: 'failed'; readonly why: string; readonly again: boolean };

export type RestoreJob =
  | { readonly kind: 'absent' }
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly end: RestoreJobEnd };

/** Undefined: it has not ended, or cannot be seen. */
export function endOfJob(job: Seen<RestoreJob>): RestoreJobEnd | undefined {
  return job.kind === 'seen' && job.value.kind === 'ended' ? job.value.end : undefined;
}

export interface RestoreFacts extends AwayFacts {
  readonly databases: Seen<readonly RestoreDatabase[]>;
  /** Whether the live database holds nothing of anybody: no organization but the operator's own. */
  readonly isLiveEmpty: Seen<boolean>;
  /** `unknown password`: it is open, and the Secret that its Job reads has no password of it. */
  readonly restoreLogin: Seen<'open' | 'closed' | 'unknown password'>;
  /** The Job of the phase (jobOfPhase). */
  readonly job: Seen<RestoreJob>;
  /** Of Postgres' volume; undefined where nobody measures it. Bytes. */
  readonly free: Seen<number> | undefined;
  /** Whether the account accepts the password that its Secret shows. */
  readonly isAdministratorRight: Seen<boolean>;
  /** Sessions that Django keeps in the live database: those of a copy are of another day. */
  readonly storedSessions: Seen<number>;
}

export type RestoreAction =
  | AwayAction
  /** `save`: a backup that is told why tables may have shrunk (mayShrink), for that may be why something is restored. */
  | { readonly kind: 'create job'; readonly job: RestoreJobKind; readonly name: string }
  | { readonly kind: 'open restore login' | 'close restore login' }
  /** Owned by the owner role, from template0, closed to the public. */
  | { readonly kind: 'create database'; readonly name: string }
  /** With the sessions that are in it. The OID: never another one that has its name by now. */
  | { readonly kind: 'drop database'; readonly name: string; readonly oid: number }
  /** Nobody may connect any more, and whoever was connected is not. */
  | { readonly kind: 'close database'; readonly name: string; readonly oid: number }
  | { readonly kind: 'open database'; readonly name: string; readonly oid: number }
  | { readonly kind: 'rename database'; readonly name: string; readonly oid: number; readonly to: string }
  | { readonly kind: 'end stored sessions' }
  | { readonly kind: 'set administrator password' };

/** What is done to one database. */
export type DatabaseAction = Extract<RestoreAction, { kind: 'create database' | 'drop database' | 'close database' | 'open database' | 'rename database' }>;

/** For the log; no value is in it. */
export function describeRestoreAction(action: RestoreAction): string {
  switch (action.kind) {
    case 'set gateway': case 'scale': case 'drop request': return describeAwayAction(action);
    case 'rename database': return `rename database ${action.name} to ${action.to}`;
    default: return 'name' in action ? `${action.kind} ${action.name}` : action.kind;
  }
}
