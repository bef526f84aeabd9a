// What the operator saw, as types: absent and unreadable are different things, and only absent may lead to a new credential.
import type { Holder } from '../operations/exclusion.js';
import type { ObservedLock } from '../operations/operation-lock.js';
import type { ObservedJournal } from '../rotation/journal.js';
import type { ValueSet } from '../rotation/protocol.js';
import type { Sensitive } from '../sensitive.js';

/** The Secrets that hold what is in use, by the part that they play. */
export type SecretRole = 'application' | 'postgres' | 'valkey' | 'administrator' | 'gateway' | 'backup';

export type ObservedSecret =
  /** The API server answered 404: it does not exist. */
  | { readonly kind: 'absent' }
  /** Anything else than an answer: refused, timed out, an error of the server. Nothing is known. */
  | { readonly kind: 'unreadable'; readonly why: string }
  | {
      readonly kind: 'present';
      /** Values by key; a key whose value is no UTF-8 is in `undecodable` instead. */
      readonly data: ReadonlyMap<string, Sensitive>;
      readonly undecodable: readonly string[];
      /** RFC 3339. */
      readonly createdAt?: string;
      /** For a replacement that fails when somebody else wrote first. */
      readonly resourceVersion?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };

export type ObservedSecrets = Readonly<Record<SecretRole, ObservedSecret>>;

/** What a role may do beyond its own objects, in the words of CREATE ROLE. */
export type RoleAttribute = 'SUPERUSER' | 'CREATEDB' | 'CREATEROLE' | 'REPLICATION' | 'BYPASSRLS';

/** One role of Postgres, as pg_authid has it. */
export interface ObservedRole {
  readonly name: string;
  readonly canLogin: boolean;
  readonly hasVerifier: boolean;
  readonly memberOf: readonly string[];
  /** The role that a session of this login acts as, from ALTER ROLE ... SET role. */
  readonly actsAs?: string;
  readonly attributes: readonly RoleAttribute[];
  /** The role that initdb made: it owns the system's own objects, and can never lose SUPERUSER. */
  readonly bootstrap: boolean;
  /** What its statements fail of is in the server's log, with what the message quotes of a value; absent: it is not. */
  readonly isLogged?: boolean;
  /** Sessions that logged in as this role, in any database, without the operator's own. */
  readonly sessions: number;
}

/** What somebody else than the owner role owns in the application's database. */
export interface ForeignObjects {
  readonly owner: string;
  /** Tables and their partitions, sequences, views, routines, types, schemas, large objects; without what belongs to an extension. */
  readonly objects: number;
  /** Some of it is in schema public, where GlitchTip's own tables are. */
  readonly inPublic: boolean;
  /** Sessions of that role in this database, without the operator's own. */
  readonly sessions: number;
}

/** The application's database; `absent` until it was created. */
export type ObservedDatabase =
  /** `isExchanged`: a restore has renamed it, or has one beside it that is to have its name; nothing is made in its place. */
  | { readonly kind: 'absent'; readonly isExchanged?: boolean }
  | {
      readonly kind: 'present';
      readonly owner: string;
      readonly publicCanConnect: boolean;
      readonly publicCanCreateInSchema: boolean;
      /** The login that dumps was let in by name: what the public may is taken away. */
      readonly backupCanConnect: boolean;
      /** By owner, in the order of their names; undefined when it was looked at from another database, where it cannot be seen. */
      readonly foreign?: readonly ForeignObjects[];
      /** What the gateway asks; undefined when it was looked at from another database, where it cannot be seen. */
      readonly gatewayTables?: GatewayTables;
    };

/** GlitchTip's tables that the gateway asks, by their names. */
export interface GatewayTables {
  /** Migrations have not made them yet. */
  readonly absent: readonly string[];
  /** They are there, and its login may not read them, or may not connect. */
  readonly closed: readonly string[];
}

/** A try to log in with what a Secret holds. */
export type ObservedLogin =
  | { readonly kind: 'not tried' }
  | { readonly kind: 'accepted'; readonly actsAs: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unreachable'; readonly why: string };

export interface PostgresState {
  /** System identifier of its data directory; undefined where the operator may not read it. */
  readonly system?: string;
  readonly roles: readonly ObservedRole[];
  readonly database: ObservedDatabase;
}

/** Which of the passwords that the operator may have in a server it was let in with. */
export type Via = 'published' | ValueSet;

export type ObservedPostgres =
  /** There is no password to log in with yet. */
  | { readonly kind: 'not observed' }
  | { readonly kind: 'unreachable'; readonly why: string }
  /** It answered, and refused the operator's own password. */
  | { readonly kind: 'refused' }
  | {
      readonly kind: 'observed';
      readonly state: PostgresState;
      readonly login: ObservedLogin;
      /** Of the gateway; undefined: there is none. */
      readonly gatewayLogin?: ObservedLogin;
      /** Of the login that dumps; undefined: there is none. */
      readonly backupLogin?: ObservedLogin;
      readonly via: Via;
    };

export type ObservedValkey =
  /** This GlitchTip has no Valkey. */
  | { readonly kind: 'none' }
  /** There is no password to log in with yet. */
  | { readonly kind: 'not observed' }
  | { readonly kind: 'unreachable'; readonly why: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'observed'; readonly passwords: ValkeyPasswords };

/** SHA-256 of the passwords that a user has, in hex and sorted. */
export interface ValkeyPasswords {
  readonly application: readonly string[];
  readonly operator: readonly string[];
  /** Undefined: this GlitchTip has no gateway, or its user does not exist. */
  readonly gateway?: readonly string[];
}

/** A Deployment of ours. */
export interface ObservedWorkload {
  readonly name: string;
  /** The rotation whose values its pods read; undefined before the first. */
  readonly rotation?: string;
  /** Undefined when every pod is of the newest template and available; else what is waited for. */
  readonly pending?: string;
  /** Nobody wants a pod of it: it is pending for as long as that is so, and no rollout. */
  readonly isScaledToNothing?: boolean;
  /** A pod of an earlier template may still run, as it does beside new ones that do not become available. */
  readonly hasOldPods?: boolean;
  readonly isAbsent?: boolean;
}

/** Sessions of a login: of pods of ours, of those the ones of a Job, and of anybody else. */
export interface SessionCount {
  readonly ours: number;
  readonly jobs: number;
  readonly others: number;
}

/** Observed only while a rotation is under way or requested. */
export interface ObservedRollout {
  /** A try to log in to Postgres with the values of the journal. */
  readonly logins: Readonly<Record<ValueSet, ObservedLogin>>;
  /** Sessions of each login of the application in Postgres. */
  readonly sessions: Readonly<Record<ValueSet, SessionCount>>;
  /** A try to log in to Valkey with the application's password of the journal. */
  readonly valkeyLogins: Readonly<Record<ValueSet, 'accepted' | 'refused' | 'not tried' | 'unreachable'>>;
  readonly web: ObservedWorkload;
  readonly worker?: ObservedWorkload;
  readonly gateway?: ObservedWorkload;
  /** A try to log in to Postgres as the gateway with the values to come. */
  readonly gatewayLogin: ObservedLogin;
  /** The same of the login that dumps. */
  readonly backupLogin: ObservedLogin;
  /** The recorded lock of operations. */
  readonly lock: ObservedLock;
  /** The restore of the status; null: there is none. */
  readonly restore?: { readonly id: string } | null;
  /** Likewise the upgrade. */
  readonly upgrade?: { readonly id: string } | null;
  /** Jobs of ours that are at work. */
  readonly jobs: readonly Holder[];
  /** Why one more pod, as a rollout needs it, is not allowed by the namespace's quota; undefined when it is, or there is no quota. */
  readonly noRoom?: string;
  /** An event that was sent since this phase began is in the database. */
  readonly eventStored: boolean;
  /** Whose password the administrator's account has; `own`: one that a person chose; `unknown`: there is no administrator's account to see. */
  readonly administrator: ValueSet | 'own' | 'unknown';
}

/** A try of what the administrator's Secret shows against GlitchTip's table of accounts. */
export type ObservedAdministrator =
  /** There is no such Secret or table, or they cannot be read. */
  | { readonly kind: 'not tried' }
  /** No account has that address. */
  | { readonly kind: 'absent' }
  /** An account has it that is no administrator's. `isLed`: another account is; without one the migrate Job makes none. */
  | { readonly kind: 'ordinary'; readonly isLed: boolean }
  | { readonly kind: 'accepted' | 'refused' };

export interface Observed {
  readonly secrets: ObservedSecrets;
  readonly postgres: ObservedPostgres;
  readonly valkey: ObservedValkey;
  readonly journal: ObservedJournal;
  /** Undefined: not tried. */
  readonly administrator?: ObservedAdministrator;
}
