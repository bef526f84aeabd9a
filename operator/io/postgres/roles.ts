// Observes Postgres and changes its roles; passwords are only ever used to log in by SCRAM, or turned into verifiers here.
import pg from 'pg';

import { backupLoginName, gatewayLoginName } from '../../api/object-names.js';
import type { Login, OperatorLogin, TriedLogins, WantedDatabase } from '../../controllers/ports.js';
import type { GatewayTables, ObservedDatabase, ObservedLogin, ObservedPostgres, ObservedRole, PostgresState, Via } from '../../core/credentials/observed.js';
import { GATEWAY_TABLES, planDatabase, QUEUE_TABLES } from '../../core/credentials/postgres-roles.js';
import { placeOf, type DatabaseChange, type RoleChange, type WantedRoles } from '../../core/credentials/database-changes.js';
import { RESTORE_ENDING } from '../../core/restore/restore-names.js';
import { buildScramVerifier } from '../crypto.js';
import { adoptObjects, isHeldUp, readForeign, type AdoptObjects } from './adopt-database.js';
import { PARTITION_KEY, releaseByKey } from './event-rows.js';
import { APPLICATION_NAME, codeOf, DATABASE_DOES_NOT_EXIST, isRefusal, MAINTENANCE_DATABASE, SYSTEM_IDENTIFIER, tryLogin, unreachable, withClient, type PostgresAddress } from './postgres-client.js';

/** "glitchk" as a number: any constant serves, as long as all operators use the same. */
const ADVISORY_LOCK = '29104508263590251';

/** Severity from which the server logs messages of a login of ours: errors are below it. */
const LOGGED_FROM = 'log';

/** The oid of the role that initdb makes, in every cluster. */
const BOOTSTRAP_SUPERUSER = 10;

/** Looks at roles, database and the application's login. Expected failures are results; what is unexpected is thrown. */
export async function observePostgres(address: PostgresAddress, operator: readonly OperatorLogin[], { application, gateway, backup }: TriedLogins): Promise<ObservedPostgres> {
  try {
    const entered = await enter(operator, (login) => observeState(address, login));
    if (!entered) return { kind: 'refused' };
    const tried = async (login: Login | undefined) => (login ? tryApplicationLogin(address, login, entered.result) : { kind: 'not tried' as const });
    const [login, gatewayLogin, backupLogin] = await Promise.all([tried(application), tried(gateway), tried(backup)]);
    return { kind: 'observed', state: entered.result, login, ...(gateway ? { gatewayLogin } : {}), ...(backup ? { backupLogin } : {}), via: entered.via };
  } catch (error) {
    address.signal.throwIfAborted();
    return { kind: 'unreachable', why: unreachable(error) };
  }
}

/** The first login that is let in; undefined when every one is refused. */
async function enter<T>(logins: readonly OperatorLogin[], use: (login: OperatorLogin) => Promise<T>): Promise<{ readonly via: Via; readonly result: T } | undefined> {
  for (const login of logins) {
    try {
      return { via: login.via, result: await use(login) };
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
  return undefined;
}

async function observeState(address: PostgresAddress, superuser: Login): Promise<PostgresState> {
  try {
    return await withClient(address, superuser, address.database, (client) => readState(client, address.database));
  } catch (error) {
    if (codeOf(error) !== DATABASE_DOES_NOT_EXIST) throw error;
    return withClient(address, superuser, MAINTENANCE_DATABASE, (client) => readState(client, address.database));
  }
}

/** Logs in as the application does; not tried where the server would only log one more failed login. */
export async function tryApplicationLogin(address: PostgresAddress, login: Login, state: PostgresState): Promise<ObservedLogin> {
  if (state.database.kind === 'absent' || !state.roles.some((role) => role.name === login.user && role.hasVerifier)) return { kind: 'not tried' };
  return tryLogin(address, login);
}

async function readState(client: pg.Client, database: string): Promise<PostgresState> {
  return { system: await readSystem(client), roles: await readRoles(client, database), database: await readDatabase(client, database) };
}

async function readSystem(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ system: string | null }>(`SELECT ${SYSTEM_IDENTIFIER} AS system`);
  return rows[0]?.system ?? undefined;
}

interface RoleRow extends Pick<ObservedRole, 'name' | 'attributes' | 'bootstrap' | 'sessions'> {
  readonly can_login: boolean;
  readonly has_verifier: boolean;
  readonly member_of: string[];
  readonly acts_as: string | null;
  readonly is_logged: boolean;
}

async function readRoles(client: pg.Client, owner: string): Promise<ObservedRole[]> {
  const { rows } = await client.query<RoleRow>(
    `SELECT r.rolname AS name, r.rolcanlogin AS can_login, r.rolpassword IS NOT NULL AS has_verifier, r.oid = ${BOOTSTRAP_SUPERUSER} AS bootstrap,
       array_remove(ARRAY[CASE WHEN r.rolsuper THEN 'SUPERUSER' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
         CASE WHEN r.rolreplication THEN 'REPLICATION' END, CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END], NULL) AS attributes,
       (SELECT count(*)::int FROM pg_stat_activity s WHERE s.usesysid = r.oid AND s.application_name <> '${APPLICATION_NAME}') AS sessions,
       ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid) AS member_of,
       (SELECT substr(c, 6) FROM pg_db_role_setting s, unnest(s.setconfig) c
         WHERE s.setrole = r.oid AND s.setdatabase = 0 AND c LIKE 'role=%') AS acts_as,
       NOT EXISTS (SELECT FROM pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase = 0 AND 'log_min_messages=${LOGGED_FROM}' = ANY (s.setconfig)) AS is_logged
     FROM pg_authid r WHERE r.rolname = ANY ($1)`,
    [[owner, `${owner}_a`, `${owner}_b`, gatewayLoginName(owner), backupLoginName(owner)]],
  );
  return rows.map(({ can_login: canLogin, has_verifier: hasVerifier, member_of: memberOf, acts_as: actsAs, is_logged: isLogged, ...row }) => ({ ...row, canLogin, hasVerifier, memberOf, actsAs: actsAs ?? undefined, isLogged }));
}

async function readDatabase(client: pg.Client, database: string): Promise<ObservedDatabase> {
  const { rows } = await client.query<{ owner: string; inside: boolean; public_connect: boolean; public_create: boolean; backup_connect: boolean }>(
    `SELECT pg_get_userbyid(d.datdba) AS owner, current_database() = d.datname AS inside, has_database_privilege('public', d.oid, 'CONNECT, TEMPORARY') AS public_connect,
       current_database() = d.datname AND has_schema_privilege('public', 'public', 'CREATE') AS public_create,
       EXISTS (SELECT FROM aclexplode(d.datacl) a JOIN pg_roles r ON r.oid = a.grantee WHERE r.rolname = $2 AND a.privilege_type = 'CONNECT') AS backup_connect
     FROM pg_database d WHERE d.datname = $1`,
    [database, backupLoginName(database)],
  );
  const row = rows[0];
  if (!row) return readAbsent(client, database);
  const foreign = row.inside ? await readForeign(client, database) : undefined;
  const gatewayTables = row.inside ? await readGatewayTables(client, database) : undefined;
  return { kind: 'present', owner: row.owner, publicCanConnect: row.public_connect, publicCanCreateInSchema: row.public_create, backupCanConnect: row.backup_connect, foreign, gatewayTables };
}

/** Under the lock of role changes nobody renames meanwhile. */
async function readAbsent(client: pg.Client, database: string): Promise<ObservedDatabase> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname ~ $1', [`^${database}${RESTORE_ENDING}`]);
  return rowCount === 0 ? { kind: 'absent' } : { kind: 'absent', isExchanged: true };
}

/** Asked by the role's oid: by its name a role that is not there would be an error. */
async function readGatewayTables(client: pg.Client, database: string): Promise<GatewayTables> {
  const { rows: [schema] } = await client.query<{ key: string | null }>(`SELECT ${PARTITION_KEY} AS key`);
  // Without any table of events it is not migrated yet, or none that anybody here knows: all of those of the first are waited for.
  const tables = GATEWAY_TABLES[releaseByKey(schema?.key ?? null) ?? '5.2'];
  const { rows } = await client.query<{ name: string; is_there: boolean; may_read: boolean | null }>(
    `SELECT name, to_regclass('public.' || name) IS NOT NULL AS is_there,
       has_database_privilege(r.oid, current_database(), 'CONNECT') AND has_table_privilege(r.oid, to_regclass('public.' || name), 'SELECT') AS may_read
     FROM unnest($1::text[]) AS name LEFT JOIN pg_roles r ON r.rolname = $2`,
    [[...tables, ...QUEUE_TABLES], gatewayLoginName(database)],
  );
  return { absent: rows.filter((row) => !row.is_there && tables.includes(row.name)).map(({ name }) => name), closed: rows.filter((row) => row.is_there && !row.may_read).map(({ name }) => name) };
}

/**
 * Makes the changes that are still needed, and returns those that were made. Role changes are one transaction under an advisory
 * lock, planned anew inside it: of two operators the second finds nothing left to do. So is an adoption, from inside the database,
 * under the same lock and one of its own, because advisory locks are of a database.
 */
export async function changeDatabase(address: PostgresAddress, superuser: Login, { wanted, passwords }: WantedDatabase): Promise<readonly DatabaseChange[]> {
  const verifiers: Verifiers = new Map(await Promise.all([...passwords].map(async ([login, password]) => [login, await buildScramVerifier(password)] as const)));
  return withClient(address, superuser, MAINTENANCE_DATABASE, async (client) => {
    await lockRoles(client);
    const made = await changeFromOutside(client, wanted, verifiers);
    const inside = await withClient(address, superuser, wanted.database, async (insider) => {
      await lockRoles(insider);
      return changeFromInside(insider, wanted);
    });
    return [...made, ...inside];
  });
}

/**
 * One operator at a time changes roles. Of the session, not of a transaction: CREATE DATABASE refuses to run in one. Gone with
 * the connection, however it ends.
 */
export async function lockRoles(client: pg.Client): Promise<void> {
  await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
}

/** The verifier is no password, but it has no business in the server's log either. Until the transaction ends. */
export async function keepOutOfLog(client: pg.Client): Promise<void> {
  await client.query(`SET LOCAL log_statement = 'none'; SET LOCAL log_min_duration_statement = -1; SET LOCAL log_min_error_statement = 'panic'`);
}

/** SCRAM verifiers by login. */
type Verifiers = ReadonlyMap<string, string>;

async function changeFromOutside(client: pg.Client, wanted: WantedRoles, verifiers: Verifiers): Promise<readonly DatabaseChange[]> {
  const changes = planDatabase(await readState(client, wanted.database), wanted).filter((change) => change.kind !== 'adopt objects');
  const together = changes.filter((change) => placeOf(change) === 'transaction');
  const alone = changes.filter((change) => placeOf(change) === 'alone');
  await client.query('BEGIN');
  await keepOutOfLog(client);
  for (const change of together) await client.query(toSql(change, verifiers));
  await client.query('COMMIT');
  for (const change of alone) await client.query(toSql(change, verifiers));
  return [...together, ...alone];
}

/** Adopts the database and revokes everybody else's rights, in one transaction. */
async function changeFromInside(client: pg.Client, wanted: WantedRoles): Promise<readonly DatabaseChange[]> {
  try {
    await client.query('BEGIN');
    const changes = planDatabase(await readState(client, wanted.database), wanted).filter((change) => placeOf(change) === 'inside');
    for (const change of changes) await makeInside(client, change, wanted);
    await client.query('COMMIT');
    return changes;
  } catch (error) {
    // Somebody has locked a table that is to be adopted: nothing was changed, and the next reconcile tries again.
    if (isHeldUp(error)) return [];
    throw error;
  }
}

async function makeInside(client: pg.Client, change: DatabaseChange, { active }: WantedRoles): Promise<void> {
  if (change.kind === 'adopt objects') await adoptObjects(client, change, active);
  else await client.query(toSql(change, NO_VERIFIERS));
}

/** For changes that give nobody a password. */
const NO_VERIFIERS: Verifiers = new Map();

/** The statement for a change. Names are quoted as identifiers and the verifier as a literal, whatever they contain. */
function toSql(change: Exclude<DatabaseChange, AdoptObjects>, verifiers: Verifiers): string {
  return 'role' in change ? roleToSql(change, verifiers) : databaseToSql(change);
}

/**
 * The statements that give a login its verifier. An error of one of its statements may quote a value ('invalid input syntax for type
 * uuid: "..."'), which no setting of the server's log leaves out, so it is not logged: its program is told, and says it without the value.
 * What autovacuum or a superuser meets is logged as ever.
 */
export function letIn(role: string, verifier: string, attributes = 'LOGIN'): string {
  return `ALTER ROLE ${pg.escapeIdentifier(role)} ${attributes} PASSWORD ${pg.escapeLiteral(verifier)}; ${keepErrorsOutOfLog(role)}`;
}

/** From its next session on. */
function keepErrorsOutOfLog(role: string): string {
  return `ALTER ROLE ${pg.escapeIdentifier(role)} SET log_min_messages = '${LOGGED_FROM}'`;
}

function roleToSql(change: RoleChange, verifiers: Verifiers): string {
  const role = pg.escapeIdentifier(change.role);
  switch (change.kind) {
    case 'create role': return `CREATE ROLE ${role} NOLOGIN`;
    case 'set password': return letIn(change.role, verifierOf(change.role, verifiers));
    case 'allow login': return `ALTER ROLE ${role} LOGIN`;
    case 'keep errors out of log': return keepErrorsOutOfLog(change.role);
    case 'close login': return `ALTER ROLE ${role} NOLOGIN PASSWORD NULL`;
    case 'close owner': return `ALTER ROLE ${role} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD NULL`;
    case 'grant membership': return `GRANT ${pg.escapeIdentifier(change.owner)} TO ${role}`;
    case 'act as owner': return `ALTER ROLE ${role} SET role = ${pg.escapeLiteral(change.owner)}`;
    default: return rightsToSql(change);
  }
}

function rightsToSql(change: Extract<RoleChange, { database: string }>): string {
  const role = pg.escapeIdentifier(change.role);
  switch (change.kind) {
    case 'allow reading': return `GRANT CONNECT ON DATABASE ${pg.escapeIdentifier(change.database)} TO ${role}; GRANT SELECT ON ${change.tables.map((table) => pg.escapeIdentifier(table)).join(', ')} TO ${role}`;
    case 'allow connecting': return `GRANT CONNECT ON DATABASE ${pg.escapeIdentifier(change.database)} TO ${role}`;
  }
}

/** @throws RangeError for a login whose password nobody gave: an empty one would let anybody in */
function verifierOf(login: string, verifiers: Verifiers): string {
  const verifier = verifiers.get(login);
  if (verifier === undefined) throw new RangeError(`no password is known for the login ${login}`);
  return verifier;
}

function databaseToSql(change: Exclude<DatabaseChange, RoleChange | AdoptObjects>): string {
  const database = pg.escapeIdentifier(change.database);
  switch (change.kind) {
    // template0 takes any encoding; GlitchTip's first migration fails on any but UTF8.
    case 'create database': return `CREATE DATABASE ${database} OWNER ${pg.escapeIdentifier(change.owner)} ENCODING 'UTF8' TEMPLATE template0`;
    case 'own database': return `ALTER DATABASE ${database} OWNER TO ${pg.escapeIdentifier(change.owner)}`;
    case 'close database': return `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`;
    case 'close schema': return 'REVOKE CREATE ON SCHEMA public FROM PUBLIC';
  }
}
