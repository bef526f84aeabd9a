// Adoption: gives the owner role what another role owns in the application's database, object by object, and checks the result.
import pg from 'pg';

import type { ForeignObjects } from '../../core/credentials/observed.js';
import type { DatabaseChange } from '../../core/credentials/database-changes.js';
import { APPLICATION_NAME, codeOf } from './postgres-client.js';

export type AdoptObjects = Extract<DatabaseChange, { kind: 'adopt objects' }>;

/** FirstNormalObjectId: what initdb made has lower ones. */
const FIRST_OBJECT = 16_384;
/** A change of owner locks the table; it waits for whoever uses it. */
const LOCK_TIMEOUT = '5s';

/**
 * Everything with an owner that may be GlitchTip's. Not here: what only a superuser can own (event triggers, foreign data
 * wrappers), what replication belongs to, and extensions, whose owner no ALTER can change.
 * Sequences that belong to a column follow their table.
 */
const OWNED = `
  SELECT 'pg_class'::regclass AS catalog, oid, relowner AS owner, relnamespace AS schema FROM pg_class c WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND NOT (relkind = 'S' AND EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND refclassid = 'pg_class'::regclass AND deptype = 'a'))
  UNION ALL SELECT 'pg_proc'::regclass, oid, proowner, pronamespace FROM pg_proc
  UNION ALL SELECT 'pg_type'::regclass, oid, typowner, typnamespace FROM pg_type
  UNION ALL SELECT 'pg_namespace'::regclass, oid, nspowner, oid FROM pg_namespace
  UNION ALL SELECT 'pg_largeobject'::regclass, oid, lomowner, 0 FROM pg_largeobject_metadata
  UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxowner, stxnamespace FROM pg_statistic_ext
  UNION ALL SELECT 'pg_collation'::regclass, oid, collowner, collnamespace FROM pg_collation
  UNION ALL SELECT 'pg_conversion'::regclass, oid, conowner, connamespace FROM pg_conversion
  UNION ALL SELECT 'pg_operator'::regclass, oid, oprowner, oprnamespace FROM pg_operator
  UNION ALL SELECT 'pg_opclass'::regclass, oid, opcowner, opcnamespace FROM pg_opclass
  UNION ALL SELECT 'pg_opfamily'::regclass, oid, opfowner, opfnamespace FROM pg_opfamily
  UNION ALL SELECT 'pg_ts_config'::regclass, oid, cfgowner, cfgnamespace FROM pg_ts_config
  UNION ALL SELECT 'pg_ts_dict'::regclass, oid, dictowner, dictnamespace FROM pg_ts_dict`;

/**
 * Of these what is not the owner's ($1). Without what belongs to an extension ('e') or is part of another object ('i': row and
 * array types, identity sequences), which follows it; of the whole object, for a partition key is an internal part of its table.
 * A database's owner is a member of pg_database_owner, so what is that role's is the owner's already.
 */
const FOREIGN = `
  SELECT o.*, n.nspname IS NOT DISTINCT FROM 'public' AS in_public FROM (${OWNED}) o LEFT JOIN pg_namespace n ON n.oid = o.schema
  WHERE o.owner <> ALL (ARRAY(SELECT oid FROM pg_authid WHERE rolname IN ($1, 'pg_database_owner')))
    AND (o.oid >= ${FIRST_OBJECT} OR o.catalog = 'pg_largeobject'::regclass OR (o.catalog = 'pg_namespace'::regclass AND n.nspname = 'public'))
    AND coalesce(n.nspname, '') NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.catalog AND d.objid = o.oid AND d.objsubid = 0 AND d.deptype IN ('e', 'i'))`;

/** What is not the owner's in the database of this connection; empty in one query when all is. */
export async function readForeign(client: pg.Client, owner: string): Promise<readonly ForeignObjects[]> {
  const { rows } = await client.query<{ owner: string; objects: number; in_public: boolean; sessions: number }>(
    `SELECT pg_get_userbyid(f.owner) AS owner, count(*)::int AS objects, bool_or(f.in_public) AS in_public,
       (SELECT count(*)::int FROM pg_stat_activity s WHERE s.usesysid = f.owner AND s.datname = current_database() AND s.application_name <> '${APPLICATION_NAME}') AS sessions
     FROM (${FOREIGN}) f GROUP BY f.owner ORDER BY 1`,
    [owner],
  );
  return rows.map(({ in_public: inPublic, ...row }) => ({ ...row, inPublic }));
}

/**
 * Gives the owner everything that `from` owns in this database; inside a transaction of the caller's, which a failed check ends.
 * Not by REASSIGN OWNED alone: it refuses for the role that initdb made, and takes that role's other databases along.
 *
 * @throws when afterwards something is left, or `login` cannot do the application's work
 */
export async function adoptObjects(client: pg.Client, { from, owner }: AdoptObjects, login: string): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
  const before = await countTables(client, [from, owner]);
  if (await ownsNothingElse(client, from)) await client.query(`REASSIGN OWNED BY ${pg.escapeIdentifier(from)} TO ${pg.escapeIdentifier(owner)}`);
  for (const statement of await listStatements(client, from, owner)) await client.query(statement);
  await checkNothingLeft(client, from, owner);
  const after = await countTables(client, [owner]);
  if (after < before) throw new Error(`adoption undone: ${owner} would own ${after} tables of ${before}`);
  await checkRights(client, owner);
  await proveWork(client, { login, owner });
}

/** lock_not_available, deadlock_detected, query_canceled (statement_timeout): the transaction is undone, and may be tried again. */
const HELD_UP: readonly (string | undefined)[] = ['55P03', '40P01', '57014'];

export function isHeldUp(error: unknown): boolean {
  return HELD_UP.includes(codeOf(error));
}

/**
 * REASSIGN OWNED changes what no ALTER can, the owner of an extension, and so is used where it does no harm: for a role that owns
 * no other database and no tablespace, and has no superuser's objects, which the new owner could not have.
 */
async function ownsNothingElse(client: pg.Client, role: string): Promise<boolean> {
  const { rows } = await client.query<{ alone: boolean }>(
    `SELECT NOT r.rolsuper AND NOT EXISTS (SELECT FROM pg_database WHERE datdba = r.oid AND datname <> current_database())
       AND NOT EXISTS (SELECT FROM pg_tablespace WHERE spcowner = r.oid) AS alone FROM pg_authid r WHERE rolname = $1`,
    [role],
  );
  return rows[0]?.alone ?? false;
}

/** One ALTER ... OWNER TO an object, each named by Postgres itself, quoted where it has to be. */
async function listStatements(client: pg.Client, from: string, owner: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ statement: string }>(
    `SELECT format('ALTER %s %s OWNER TO %I', CASE i.type WHEN 'statistics object' THEN 'STATISTICS' ELSE upper(i.type) END, i.identity, $1) AS statement
     FROM (${FOREIGN}) f, pg_identify_object(f.catalog, f.oid, 0) i WHERE pg_get_userbyid(f.owner) = $2 ORDER BY f.catalog, f.oid`,
    [owner, from],
  );
  return rows.map(({ statement }) => statement);
}

/** By the list that was worked through, and by what Postgres itself keeps of who owns what (of all roles but the one of initdb). */
async function checkNothingLeft(client: pg.Client, from: string, owner: string): Promise<void> {
  const listed = (await readForeign(client, owner)).find((each) => each.owner === from)?.objects ?? 0;
  const { rows } = await client.query<{ kept: number }>(
    `SELECT count(*)::int AS kept FROM pg_shdepend s WHERE s.deptype = 'o' AND s.refclassid = 'pg_authid'::regclass AND s.refobjid = (SELECT oid FROM pg_authid WHERE rolname = $1)
       AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND s.classid = ANY (ARRAY['pg_class', 'pg_proc', 'pg_type', 'pg_namespace', 'pg_largeobject']::regclass[])
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = s.classid AND d.objid = s.objid AND d.objsubid = 0 AND d.deptype = 'e')`,
    [from],
  );
  const kept = rows[0]?.kept ?? 0;
  if (listed + kept > 0) throw new Error(`adoption undone: ${listed + kept} objects of ${from} would be left`);
}

const TABLES = `FROM pg_class c WHERE c.relkind IN ('r', 'p', 'f') AND c.oid >= ${FIRST_OBJECT} AND c.relpersistence <> 't'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')`;

async function countTables(client: pg.Client, owners: readonly string[]): Promise<number> {
  const { rows } = await client.query<{ tables: number }>(`SELECT count(*)::int AS tables ${TABLES} AND pg_get_userbyid(c.relowner) = ANY ($1)`, [owners]);
  return rows[0]?.tables ?? 0;
}

/** An owner may have taken rights from itself, and a new owner has those of the old one. */
async function checkRights(client: pg.Client, owner: string): Promise<void> {
  const may = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'].map((right) => `has_table_privilege($1::name, c.oid, '${right}')`).join(' AND ');
  const { rows } = await client.query<{ name: string }>(`SELECT c.oid::regclass::text AS name ${TABLES} AND pg_get_userbyid(c.relowner) = $1 AND NOT (${may}) ORDER BY 1 LIMIT 3`, [owner]);
  if (rows.length > 0) throw new Error(`adoption undone: ${owner} may not read and write ${rows.map(({ name }) => name).join(', ')}`);
}

/** The name of a table that is gone again before anybody can see it. */
const PROOF = 'public.glitchkeeper_adoption_proof';

/** As the application's login, acting as the owner as it does: a table is made, written and read. Then all of that is undone. */
async function proveWork(client: pg.Client, { login, owner }: { readonly login: string; readonly owner: string }): Promise<void> {
  const steps = [
    'SAVEPOINT proof', `SET LOCAL SESSION AUTHORIZATION ${pg.escapeIdentifier(login)}`, `SET LOCAL ROLE ${pg.escapeIdentifier(owner)}`,
    `CREATE TABLE ${PROOF} (written int)`, `INSERT INTO ${PROOF} VALUES (1)`,
  ];
  for (const step of steps) await client.query(step);
  const { rows } = await client.query<{ written: number }>(`SELECT written FROM ${PROOF}`);
  if (rows[0]?.written !== 1) throw new Error(`adoption undone: ${login} does not read what it wrote`);
  await client.query('ROLLBACK TO SAVEPOINT proof');
}
