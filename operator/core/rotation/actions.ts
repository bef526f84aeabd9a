// The actions of a rotation, as data; controllers/credentials/rotation-executor.ts executes them. Each is idempotent.
import type { SecretRole, ValkeyPasswords } from '../credentials/observed.js';
import type { Holder } from '../operations/exclusion.js';
import type { Sensitive } from '../sensitive.js';
import type { Journal, Rotation } from './journal.js';

/** Replaces the journal, unless somebody else wrote it since it was read. */
export interface WriteJournal {
  readonly kind: 'write journal';
  readonly journal: Journal;
  /** Undefined: there is none yet, and it is created. */
  readonly over?: { readonly resourceVersion: string; readonly keys: readonly string[] };
  /** For the event and the log. */
  readonly note: string;
  readonly warn?: boolean;
}

/** Changes values of a Secret, unless somebody else wrote it since it was read. */
export interface WriteSecret {
  readonly kind: 'write secret';
  readonly role: SecretRole;
  readonly name: string;
  readonly resourceVersion: string;
  readonly data: ReadonlyMap<string, Sensitive>;
  /** Null takes one away. */
  readonly annotations: Readonly<Record<string, string | null>>;
}

export type RotationAction =
  | WriteJournal
  | WriteSecret
  | { readonly kind: 'drop request' }
  /** The recorded lock of operations, over the version that was read (none: it is created). Without a holder it is released. */
  | { readonly kind: 'write lock'; readonly holder?: Holder; readonly resourceVersion: string | undefined }
  /** Lets a login of Postgres in with this password. */
  | { readonly kind: 'open login'; readonly role: string; readonly password: Sensitive }
  /** Takes password and login away from it, and ends its sessions. */
  | { readonly kind: 'close login'; readonly role: string }
  /** The operator's own login in Postgres. */
  | { readonly kind: 'replace operator password'; readonly password: Sensitive }
  /** The passwords, as hashes, that Valkey's users have from now on; saved, so that a restart keeps them. */
  | ({ readonly kind: 'set valkey passwords' } & ValkeyPasswords)
  /** Undefined takes the annotation away, which goes back to the pods of before the first rotation. */
  | { readonly kind: 'roll'; readonly workload: string; readonly rotation: string | undefined }
  | { readonly kind: 'send event'; readonly rotation: Rotation }
  | { readonly kind: 'set administrator password'; readonly password: Sensitive }
  /** Every session of every user, and every connection to Valkey that is of no pod of ours: it outlives its password. */
  | { readonly kind: 'end sessions' };

/** Secrets, journal and pods: what the API server does for us. */
export type ClusterAction = Extract<RotationAction, { kind: 'write journal' | 'write secret' | 'drop request' | 'write lock' | 'roll' }>;
/** What is done in Postgres, in Valkey and through web. */
export type ServerAction = Exclude<RotationAction, ClusterAction>;

export function isClusterAction(action: RotationAction): action is ClusterAction {
  return ['write journal', 'write secret', 'drop request', 'write lock', 'roll'].includes(action.kind);
}

/** One action as words, for the log; it holds no value. */
export function describeAction(action: RotationAction): string {
  return isClusterAction(action) ? describeClusterAction(action) : describeServerAction(action);
}

function describeClusterAction(action: ClusterAction): string {
  switch (action.kind) {
    case 'write journal': return action.note;
    case 'write secret': return `Secret ${action.name} has new values`;
    case 'drop request': return 'request recorded';
    case 'write lock': return action.holder ? 'the lock of operations is taken' : 'the lock of operations is released';
    case 'roll': return `Deployment ${action.workload} is rolled`;
  }
}

function describeServerAction(action: ServerAction): string {
  switch (action.kind) {
    case 'open login': return `login ${action.role} may log in`;
    case 'close login': return `login ${action.role} is closed`;
    case 'replace operator password': return "the operator's password in Postgres is new";
    case 'set valkey passwords': return `Valkey accepts ${action.application.length === 1 ? 'one password' : 'both passwords'}`;
    case 'send event': return 'an event was sent';
    case 'set administrator password': return "the administrator's password is new";
    case 'end sessions': return 'every session was ended';
  }
}
