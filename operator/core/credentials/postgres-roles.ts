// Decides which changes Postgres needs: an owner that cannot log in, two logins that act as it, and nothing for anybody else.
import { findAdoptionObstacle, holdsOwnership, planAdoption, planClosing } from './database-adoption.js';
import type { ObservedRole, PostgresState } from './observed.js';

/** What Postgres should hold. */
export interface WantedRoles {
  /** The database and the NOLOGIN role that owns it. */
  readonly database: string;
  /** The login that the application's Secret names. */
  readonly active: string;
  /** The other login, which nobody can use until a rotation gives it a password. */
  readonly idle: string;
  /** A rotation is under way, or may be: then the idle login is its business. */
  readonly rotating: boolean;
  /** The login of the application's Secret was let in and acts as the owner. */
  readonly applicationWorks: boolean;
}

/** One change, in the order in which it has to be made; each is idempotent against the state it was planned from. */
export type DatabaseChange =
  | { readonly kind: 'create role'; readonly role: string }
  /** Gives a login that never had one its SCRAM verifier, and lets it log in. */
  | { readonly kind: 'set first password'; readonly role: string }
  | { readonly kind: 'allow login'; readonly role: string }
  /** Takes login and password away. */
  | { readonly kind: 'close login'; readonly role: string }
  | { readonly kind: 'grant membership'; readonly role: string; readonly owner: string }
  | { readonly kind: 'act as owner'; readonly role: string; readonly owner: string }
  /** Makes a role that could log in the owner that nobody can log in as. */
  | { readonly kind: 'close owner'; readonly role: string }
  | { readonly kind: 'create database'; readonly database: string; readonly owner: string }
  | { readonly kind: 'own database'; readonly database: string; readonly owner: string }
  | { readonly kind: 'close database'; readonly database: string }
  | { readonly kind: 'close schema'; readonly database: string }
  /** Gives the owner what another role owns in this database. */
  | { readonly kind: 'adopt objects'; readonly database: string; readonly from: string; readonly owner: string; readonly objects: number };

/** What depends on an observation from inside the database. */
const INSIDE: readonly DatabaseChange['kind'][] = ['own database', 'close database', 'close schema', 'adopt objects', 'close owner'];

/**
 * Where a change has to run: roles together in one transaction, CREATE DATABASE by itself (it refuses to run in one), and what
 * takes the database over and closes it together in another, from inside it, once it is there.
 */
export function placeOf(change: DatabaseChange): 'transaction' | 'alone' | 'inside' {
  if (change.kind === 'create database') return 'alone';
  return INSIDE.includes(change.kind) ? 'inside' : 'transaction';
}

/** Plans the changes from what is there to what is wanted; empty when nothing is to do. Pure. */
export function planDatabase(state: PostgresState, wanted: WantedRoles): readonly DatabaseChange[] {
  const find = (name: string) => state.roles.find((role) => role.name === name);
  const owner = wanted.database;
  // No login may become a member of a role that can never be closed.
  if (findAdoptionObstacle(state, wanted)?.kind === 'owner is bootstrap superuser') return [];
  const changes: DatabaseChange[] = [];
  if (!find(owner)) changes.push({ kind: 'create role', role: owner });
  for (const role of [wanted.active, wanted.idle]) changes.push(...planMember(find(role), role, owner));
  changes.push(...planLogin(find(wanted.active), wanted.active));
  if (!wanted.rotating) changes.push(...planIdle(find(wanted.idle), wanted.idle));
  changes.push(...planOwnership(state, wanted));
  // Last of all: the owner's own login is the rollback while anything else is not as it should be.
  return changes.length > 0 ? changes : planClosing(state, wanted);
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

/** What a late step of an old operator may have opened again. */
function planIdle(found: ObservedRole | undefined, role: string): readonly DatabaseChange[] {
  return found && (found.canLogin || found.hasVerifier) ? [{ kind: 'close login', role }] : [];
}

function planOwnership(state: PostgresState, wanted: WantedRoles): readonly DatabaseChange[] {
  const { database } = wanted;
  const owner = database;
  // What a new database still lacks is planned by the next reconcile.
  if (state.database.kind === 'absent') return [{ kind: 'create database', database, owner }];
  // Not even CONNECT is revoked while a GlitchTip still runs with the old login.
  if (holdsOwnership(findAdoptionObstacle(state, wanted))) return [];
  const changes: DatabaseChange[] = [];
  if (state.database.owner !== owner) changes.push({ kind: 'own database', database, owner });
  if (state.database.publicCanConnect) changes.push({ kind: 'close database', database });
  if (state.database.publicCanCreateInSchema) changes.push({ kind: 'close schema', database });
  changes.push(...planAdoption(state, wanted));
  return changes;
}

/** One change as a sentence, for the log and the event; it holds no value. */
export function describeChange(change: DatabaseChange): string {
  return 'role' in change ? `role ${change.role} ${describeRoleChange(change)}` : describeOtherChange(change);
}

export type RoleChange = Extract<DatabaseChange, { role: string }>;

function describeRoleChange(change: RoleChange): string {
  switch (change.kind) {
    case 'create role': return 'created';
    case 'set first password': return 'got its first password';
    case 'allow login': return 'may log in';
    case 'close login': return 'may not log in';
    case 'grant membership': return `is a member of ${change.owner}`;
    case 'act as owner': return `acts as ${change.owner}`;
    case 'close owner': return 'is an owner without login, password and privileges of its own';
  }
}

function describeOtherChange(change: Exclude<DatabaseChange, RoleChange>): string {
  switch (change.kind) {
    case 'create database': return `database ${change.database} created`;
    case 'own database': return `database ${change.database} belongs to ${change.owner}`;
    case 'close database': return `database ${change.database} closed to the public`;
    case 'close schema': return `schema public of ${change.database} closed to the public`;
    case 'adopt objects': return `${change.objects} objects of ${change.from} in database ${change.database} belong to ${change.owner}`;
  }
}
