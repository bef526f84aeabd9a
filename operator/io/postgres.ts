// Looks at Postgres and changes its roles; passwords are only ever used to log in by SCRAM, or turned into verifiers here.
import pg from 'pg';

import type { ObservedDatabase, ObservedLogin, ObservedPostgres, ObservedRole, PostgresState } from '../core/observed.js';
import { placeOf, planDatabase, type DatabaseChange, type WantedRoles } from '../core/roles.js';
import type { Sensitive } from '../core/sensitive.js';
import { buildScramVerifier } from './crypto.js';

export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  /** The application's database. */
  readonly database: string;
}

export interface PostgresLogin {
  readonly user: string;
  readonly password: Sensitive;
}

/** Every server has it; the application's database may not exist yet. */
const MAINTENANCE_DATABASE = 'postgres';
/** Milliseconds. */
const CONNECT_TIMEOUT = 5_000;
/** Role changes are quick; what waits longer waits for a lock. Milliseconds. */
const STATEMENT_TIMEOUT = 10_000;
/** "glitchk" as a number: any constant serves, as long as all operators use the same. */
const ADVISORY_LOCK = '29104508263590251';

/** Looks at roles, database and the application's login. Expected failures are results; what is unexpected is thrown. */
export async function observePostgres(address: PostgresAddress, superuser: PostgresLogin, application: PostgresLogin | undefined): Promise<ObservedPostgres> {
  try {
    const state = await observeState(address, superuser);
    const login = application ? await observeLogin(address, application, state) : { kind: 'not tried' as const };
    return { kind: 'observed', state, login };
  } catch (error) {
    if (isRefusal(error)) return { kind: 'refused' };
    return { kind: 'unreachable', why: unreachable(error) };
  }
}

async function observeState(address: PostgresAddress, superuser: PostgresLogin): Promise<PostgresState> {
  try {
    return await withClient(address, superuser, address.database, (client) => readState(client, address.database));
  } catch (error) {
    if (codeOf(error) !== DATABASE_DOES_NOT_EXIST) throw error;
    return withClient(address, superuser, MAINTENANCE_DATABASE, (client) => readState(client, address.database));
  }
}

/** Logs in as the application does and asks who it is then. */
async function observeLogin(address: PostgresAddress, login: PostgresLogin, state: PostgresState): Promise<ObservedLogin> {
  if (state.database.kind === 'absent' || !state.roles.some((role) => role.name === login.user && role.hasVerifier)) return { kind: 'not tried' };
  try {
    const actsAs = await withClient(address, login, address.database, async (client) => {
      const { rows } = await client.query<{ current_user: string }>('SELECT current_user');
      return rows[0]?.current_user ?? '';
    });
    return { kind: 'accepted', actsAs };
  } catch (error) {
    if (isRefusal(error)) return { kind: 'refused' };
    return { kind: 'unreachable', why: unreachable(error) };
  }
}

async function readState(client: pg.Client, database: string): Promise<PostgresState> {
  return { roles: await readRoles(client, database), database: await readDatabase(client, database) };
}

async function readRoles(client: pg.Client, owner: string): Promise<ObservedRole[]> {
  const { rows } = await client.query<{ name: string; can_login: boolean; has_verifier: boolean; member_of: string[]; acts_as: string | null }>(
    `SELECT r.rolname AS name, r.rolcanlogin AS can_login, r.rolpassword IS NOT NULL AS has_verifier,
       ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid) AS member_of,
       (SELECT substr(c, 6) FROM pg_db_role_setting s, unnest(s.setconfig) c
         WHERE s.setrole = r.oid AND s.setdatabase = 0 AND c LIKE 'role=%') AS acts_as
     FROM pg_authid r WHERE r.rolname = ANY ($1)`,
    [[owner, `${owner}_a`, `${owner}_b`]],
  );
  return rows.map((row) => ({ name: row.name, canLogin: row.can_login, hasVerifier: row.has_verifier, memberOf: row.member_of, actsAs: row.acts_as ?? undefined }));
}

async function readDatabase(client: pg.Client, database: string): Promise<ObservedDatabase> {
  const { rows } = await client.query<{ owner: string; public_connect: boolean; public_create: boolean }>(
    `SELECT pg_get_userbyid(d.datdba) AS owner, has_database_privilege('public', d.oid, 'CONNECT, TEMPORARY') AS public_connect,
       current_database() = d.datname AND has_schema_privilege('public', 'public', 'CREATE') AS public_create
     FROM pg_database d WHERE d.datname = $1`,
    [database],
  );
  const row = rows[0];
  if (!row) return { kind: 'absent' };
  return { kind: 'present', owner: row.owner, publicCanConnect: row.public_connect, publicCanCreateInSchema: row.public_create };
}

/**
 * Makes the changes that are still needed when it is their turn, and returns those that were made. Role changes are one
 * transaction under an advisory lock, planned anew inside it: of two operators the second finds nothing left to do.
 */
export async function changeDatabase(address: PostgresAddress, superuser: PostgresLogin, wanted: WantedRoles, password: Sensitive): Promise<readonly DatabaseChange[]> {
  const verifier = await buildScramVerifier(password);
  const made = await withClient(address, superuser, MAINTENANCE_DATABASE, async (client) => {
    // Of the session, not of a transaction: CREATE DATABASE refuses to run in one. Gone with the connection, however it ends.
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    return changeFromOutside(client, wanted, verifier);
  });
  const inside = await withClient(address, superuser, wanted.database, (client) => changeFromInside(client, wanted));
  return [...made, ...inside];
}

async function changeFromOutside(client: pg.Client, wanted: WantedRoles, verifier: string): Promise<readonly DatabaseChange[]> {
  const changes = planDatabase(await readState(client, wanted.database), wanted);
  const together = changes.filter((change) => placeOf(change) === 'transaction');
  const alone = changes.filter((change) => placeOf(change) === 'alone');
  await client.query('BEGIN');
  // The verifier is no password, but it has no business in the server's log either.
  await client.query(`SET LOCAL log_statement = 'none'; SET LOCAL log_min_duration_statement = -1; SET LOCAL log_min_error_statement = 'panic'`);
  for (const change of together) await client.query(toSql(change, verifier));
  await client.query('COMMIT');
  for (const change of alone) await client.query(toSql(change, verifier));
  return [...together, ...alone];
}

/** Closes the database and its schema to everybody but the owner. */
async function changeFromInside(client: pg.Client, wanted: WantedRoles): Promise<readonly DatabaseChange[]> {
  const changes = planDatabase(await readState(client, wanted.database), wanted).filter((change) => placeOf(change) === 'inside');
  for (const change of changes) await client.query(toSql(change, NO_VERIFIER));
  return changes;
}

/** For changes that give nobody a password. */
const NO_VERIFIER = '';

/** The statement for a change. Names are quoted as identifiers and the verifier as a literal, whatever they contain. */
function toSql(change: DatabaseChange, verifier: string): string {
  const id = pg.escapeIdentifier;
  switch (change.kind) {
    case 'create role': return `CREATE ROLE ${id(change.role)} NOLOGIN`;
    case 'set first password': return `ALTER ROLE ${id(change.role)} LOGIN PASSWORD ${pg.escapeLiteral(verifier)}`;
    case 'allow login': return `ALTER ROLE ${id(change.role)} LOGIN`;
    case 'grant membership': return `GRANT ${id(change.owner)} TO ${id(change.role)}`;
    case 'act as owner': return `ALTER ROLE ${id(change.role)} SET role = ${pg.escapeLiteral(change.owner)}`;
    // template0 takes any encoding; GlitchTip's first migration fails on any but UTF8.
    case 'create database': return `CREATE DATABASE ${id(change.database)} OWNER ${id(change.owner)} ENCODING 'UTF8' TEMPLATE template0`;
    case 'own database': return `ALTER DATABASE ${id(change.database)} OWNER TO ${id(change.owner)}`;
    case 'close database': return `REVOKE ALL ON DATABASE ${id(change.database)} FROM PUBLIC`;
    case 'close schema': return 'REVOKE CREATE ON SCHEMA public FROM PUBLIC';
  }
}

async function withClient<T>(address: PostgresAddress, login: PostgresLogin, database: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    database,
    user: login.user,
    password: login.password.reveal(),
    application_name: 'glitchkeeper',
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    statement_timeout: STATEMENT_TIMEOUT,
    query_timeout: STATEMENT_TIMEOUT + 1_000,
  });
  // A connection that breaks while idle is reported here as well as to the next query; without a listener it would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const DATABASE_DOES_NOT_EXIST = '3D000';
/** invalid_password and invalid_authorization_specification: the server is well and says no. */
const REFUSALS: readonly (string | undefined)[] = ['28P01', '28000'];

function isRefusal(error: unknown): boolean {
  return REFUSALS.includes(codeOf(error));
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** A code (ECONNREFUSED, 57P03) or pg's own message; neither holds a value. */
function unreachable(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.message : String(error));
}
