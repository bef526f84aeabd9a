// What the operator saw, as types: absent and unreadable are different things, and only absent may lead to a new credential.
import type { Sensitive } from './sensitive.js';

/** The four Secrets by the part that they play. */
export type SecretRole = 'application' | 'postgres' | 'valkey' | 'administrator';

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
    };

export type ObservedSecrets = Readonly<Record<SecretRole, ObservedSecret>>;

/** One role of Postgres, as pg_authid has it. */
export interface ObservedRole {
  readonly name: string;
  readonly canLogin: boolean;
  readonly hasVerifier: boolean;
  readonly memberOf: readonly string[];
  /** The role that a session of this login acts as, from ALTER ROLE ... SET role. */
  readonly actsAs?: string;
}

/** The application's database; `absent` until it was created. */
export type ObservedDatabase =
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'present';
      readonly owner: string;
      readonly publicCanConnect: boolean;
      readonly publicCanCreateInSchema: boolean;
    };

/** A try to log in with what the application's Secret holds. */
export type ObservedLogin =
  | { readonly kind: 'not tried' }
  | { readonly kind: 'accepted'; readonly actsAs: string }
  | { readonly kind: 'refused' }
  | { readonly kind: 'unreachable'; readonly why: string };

export interface PostgresState {
  readonly roles: readonly ObservedRole[];
  readonly database: ObservedDatabase;
}

export type ObservedPostgres =
  /** There is no password to log in with yet. */
  | { readonly kind: 'not observed' }
  | { readonly kind: 'unreachable'; readonly why: string }
  /** It answered, and refused the operator's own password. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'observed'; readonly state: PostgresState; readonly login: ObservedLogin };

export interface Observed {
  readonly secrets: ObservedSecrets;
  readonly postgres: ObservedPostgres;
}
