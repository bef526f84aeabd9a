// Decides which changes Postgres needs: an owner that cannot log in, two logins that act as it, and nothing for anybody else.
import type { Release } from '../../api/glitchtip-releases.js';
import { findAdoptionObstacle, holdsOwnership, planAdoption, planClosing } from './database-adoption.js';
import type { DatabaseChange, WantedLogin, WantedRoles } from './database-changes.js';
import type { ObservedDatabase, ObservedRole, PostgresState } from './observed.js';

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
  if (wanted.gateway) changes.push(...planGateway(state, wanted.gateway, wanted));
  if (wanted.backup) changes.push(...planBackup(state, wanted.backup, wanted));
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
  if (!found?.hasVerifier) return [{ kind: 'set password', role }];
  const allowed: readonly DatabaseChange[] = found.canLogin ? [] : [{ kind: 'allow login', role }];
  return found.isLogged === true ? [...allowed, { kind: 'keep errors out of log', role }] : allowed;
}

/** What a late step of an old operator may have opened again. */
function planIdle(found: ObservedRole | undefined, role: string): readonly DatabaseChange[] {
  return found && (found.canLogin || found.hasVerifier) ? [{ kind: 'close login', role }] : [];
}

/**
 * GlitchTip's tables that the gateway asks, by the release whose schema it is: which events and transactions are stored, which keys there are.
 * A table is in the rights of its login alone, not in those of a group: it is the only one that reads and does not own.
 */
export const GATEWAY_TABLES: Readonly<Record<Release, readonly string[]>> = {
  '5.2': ['issue_events_issueevent', 'performance_transactionevent', 'projects_projectkey'],
  '6.2': ['issue_events_issueevent', 'projects_projectkey'],
};

/** The queue, for where there is no Valkey: it asks these where they are, and nobody waits for them. */
export const QUEUE_TABLES: readonly string[] = ['db_queuedtask', 'db_vtaskmetadata'];

/** It has to see when the oldest transaction of others began: while one is open, a row may still come. */
const STATISTICS = 'pg_read_all_stats';

function planGateway(state: PostgresState, gateway: WantedLogin, { database, rotating }: WantedRoles): readonly DatabaseChange[] {
  const { role, isGone } = gateway;
  const closed = isGone ? [] : closedTables(state.database);
  const login = planPartLogin(state, gateway, { group: STATISTICS, rotating });
  return closed.length === 0 ? login : [...login, { kind: 'allow reading', database, role, tables: closed }];
}

/** A dump is of everything, also of a table that a migration makes tomorrow, or that somebody else made; and it changes nothing. */
const ALL_DATA = 'pg_read_all_data';

function planBackup(state: PostgresState, backup: WantedLogin, { database, rotating }: WantedRoles): readonly DatabaseChange[] {
  const { role, isGone } = backup;
  const isShut = !isGone && state.database.kind === 'present' && !state.database.backupCanConnect;
  const login = planPartLogin(state, backup, { group: ALL_DATA, rotating });
  return isShut ? [...login, { kind: 'allow connecting', database, role }] : login;
}

/** It is there, has the rights of its group, and is let in with the password of its Secret. */
function planPartLogin({ roles }: PostgresState, { role, isRefused, isGone }: WantedLogin, { group, rotating }: { readonly group: string; readonly rotating: boolean }): readonly DatabaseChange[] {
  const found = roles.find((each) => each.name === role);
  if (isGone) return planIdle(found, role);
  const changes: DatabaseChange[] = [];
  if (!found) changes.push({ kind: 'create role', role });
  if (!found?.memberOf.includes(group)) changes.push({ kind: 'grant membership', role, owner: group });
  // A rotation replaces it in its own time.
  return [...changes, ...(isRefused && !rotating ? [{ kind: 'set password' as const, role }] : planLogin(found, role))];
}

function closedTables(database: ObservedDatabase): readonly string[] {
  return database.kind === 'present' ? database.gatewayTables?.closed ?? [] : [];
}

function planOwnership(state: PostgresState, wanted: WantedRoles): readonly DatabaseChange[] {
  const { database } = wanted;
  const owner = database;
  // What a new database still lacks is planned by the next reconcile.
  if (state.database.kind === 'absent') return state.database.isExchanged ? [] : [{ kind: 'create database', database, owner }];
  // Not even CONNECT is revoked while a GlitchTip still runs with the old login.
  if (holdsOwnership(findAdoptionObstacle(state, wanted))) return [];
  const changes: DatabaseChange[] = [];
  if (state.database.owner !== owner) changes.push({ kind: 'own database', database, owner });
  if (state.database.publicCanConnect) changes.push({ kind: 'close database', database });
  if (state.database.publicCanCreateInSchema) changes.push({ kind: 'close schema', database });
  changes.push(...planAdoption(state, wanted));
  return changes;
}
