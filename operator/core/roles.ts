// Decides which changes Postgres needs: an owner that cannot log in, two logins that act as it, and nothing for anybody else.
import type { ObservedRole, PostgresState } from './observed.js';

/** What Postgres should hold. */
export interface WantedRoles {
  /** The database and the NOLOGIN role that owns it. */
  readonly database: string;
  /** The login that the application's Secret names. */
  readonly active: string;
  /** The other login, which nobody can use until a rotation gives it a password. */
  readonly idle: string;
}

/** One change, in the order in which it has to be made; each is idempotent against the state it was planned from. */
export type DatabaseChange =
  | { readonly kind: 'create role'; readonly role: string }
  /** Gives a login that never had one its SCRAM verifier, and lets it log in. */
  | { readonly kind: 'set first password'; readonly role: string }
  | { readonly kind: 'allow login'; readonly role: string }
  | { readonly kind: 'grant membership'; readonly role: string; readonly owner: string }
  | { readonly kind: 'act as owner'; readonly role: string; readonly owner: string }
  | { readonly kind: 'create database'; readonly database: string; readonly owner: string }
  | { readonly kind: 'own database'; readonly database: string; readonly owner: string }
  | { readonly kind: 'close database'; readonly database: string }
  | { readonly kind: 'close schema'; readonly database: string };

/**
 * Where a change has to run: roles together in one transaction, CREATE DATABASE by itself (it refuses to run in one), and what
 * closes the database from inside it, once it is there.
 */
export function placeOf(change: DatabaseChange): 'transaction' | 'alone' | 'inside' {
  if (change.kind === 'create database') return 'alone';
  return change.kind === 'close database' || change.kind === 'close schema' ? 'inside' : 'transaction';
}

/** Plans the changes from what is there to what is wanted; empty when nothing is to do. Pure. */
export function planDatabase(state: PostgresState, wanted: WantedRoles): readonly DatabaseChange[] {
  const find = (name: string) => state.roles.find((role) => role.name === name);
  const owner = wanted.database;
  const changes: DatabaseChange[] = [];
  if (!find(owner)) changes.push({ kind: 'create role', role: owner });
  for (const role of [wanted.active, wanted.idle]) changes.push(...planMember(find(role), role, owner));
  changes.push(...planLogin(find(wanted.active), wanted.active));
  changes.push(...planOwnership(state, wanted));
  return changes;
}

function planMember(found: ObservedRole | undefined, role: string, owner: string): readonly DatabaseChange[] {
  const changes: DatabaseChange[] = [];
  if (!found) changes.push({ kind: 'create role', role });
  if (!found?.memberOf.includes(owner)) changes.push({ kind: 'grant membership', role, owner });
  if (found?.actsAs !== owner) changes.push({ kind: 'act as owner', role, owner });
  return changes;
}

function planLogin(found: ObservedRole | undefined, role: string): readonly DatabaseChange[] {
  // A verifier that exists is never replaced here: it may be the only one that matches a password somebody still uses.
  if (!found?.hasVerifier) return [{ kind: 'set first password', role }];
  return found.canLogin ? [] : [{ kind: 'allow login', role }];
}

function planOwnership(state: PostgresState, wanted: WantedRoles): readonly DatabaseChange[] {
  const { database } = wanted;
  const owner = database;
  // What a new database still lacks is seen, and planned, by the next look at it.
  if (state.database.kind === 'absent') return [{ kind: 'create database', database, owner }];
  const changes: DatabaseChange[] = [];
  if (state.database.owner !== owner) changes.push({ kind: 'own database', database, owner });
  if (state.database.publicCanConnect) changes.push({ kind: 'close database', database });
  if (state.database.publicCanCreateInSchema) changes.push({ kind: 'close schema', database });
  return changes;
}

/** One change as a sentence, for the log and the event; it holds no value. */
export function describeChange(change: DatabaseChange): string {
  switch (change.kind) {
    case 'create role': return `role ${change.role} created`;
    case 'set first password': return `role ${change.role} got its first password`;
    case 'allow login': return `role ${change.role} may log in`;
    case 'grant membership': return `role ${change.role} is a member of ${change.owner}`;
    case 'act as owner': return `role ${change.role} acts as ${change.owner}`;
    case 'create database': return `database ${change.database} created`;
    case 'own database': return `database ${change.database} belongs to ${change.owner}`;
    case 'close database': return `database ${change.database} closed to the public`;
    case 'close schema': return `schema public of ${change.database} closed to the public`;
  }
}
