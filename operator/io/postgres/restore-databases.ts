// The databases of a restore: made, closed, renamed and dropped by the operator's own login, each known by its OID whatever it is called.
import pg from 'pg';

import type { Login, RolePlace } from '../../controllers/ports.js';
import type { LiveContent } from '../../controllers/restore/restore-ports.js';
import type { DatabaseAction, RestoreDatabase } from '../../core/restore/restore-facts.js';
import { RESTORE_ENDING } from '../../core/restore/restore-names.js';
import type { Seen } from '../../core/seen.js';
import { CANARY_ID } from './canary-rows.js';
import { readVolume } from './database-observer.js';
import { DATABASE_DOES_NOT_EXIST, MAINTENANCE_DATABASE, codeOf, isRefusal, unreachable, withClient, type PostgresAddress } from './postgres-client.js';
import { lockRoles } from './roles.js';

interface Place extends RolePlace {
  readonly address: PostgresAddress;
}

/** To make or to drop one forces a checkpoint, which takes as long as the disk is slow; beyond the 300 s of a reconcile the operator would be started again. Milliseconds. */
const CHANGE_TIMEOUT = 240_000;
/** For a session that was told to end. Milliseconds. */
const END_TIMEOUT = 5_000;

/** The first that is let in. Not being able to tell is an observation. @throws the reason of the address' signal once that is aborted */
export async function findLogin(address: PostgresAddress, operator: readonly Login[]): Promise<Seen<Login>> {
  for (const login of operator) {
    try {
      await withClient(address, login, MAINTENANCE_DATABASE, (client) => client.query('SELECT'));
      return { kind: 'seen', value: login };
    } catch (error) {
      address.signal.throwIfAborted();
      if (!isRefusal(error)) return { kind: 'unseen', why: `Postgres cannot be reached (${unreachable(error)})` };
    }
  }
  return { kind: 'unseen', why: operator.length === 0 ? 'there is no password to log in to Postgres with' : 'Postgres refuses the operator' };
}

/** Bytes that are free on its volume. */
export async function observeFree(address: PostgresAddress, operator: Login): Promise<Seen<number>> {
  const volumes = await withClient(address, operator, MAINTENANCE_DATABASE, readVolume);
  if (volumes.kind === 'unseen') return { kind: 'unseen', why: `the room on the volume of Postgres cannot be seen (${volumes.why})` };
  const [volume] = volumes.value;
  return volume ? { kind: 'seen', value: volume.capacityBytes - volume.usedBytes } : { kind: 'unseen', why: 'Postgres says nothing of its volume' };
}

/** The live one, where there is one, and what restores beside it have made. */
export async function observeRestoreDatabases(address: PostgresAddress, operator: Login): Promise<readonly RestoreDatabase[]> {
  return withClient(address, operator, MAINTENANCE_DATABASE, async (client) => {
    const { rows } = await client.query<{ name: string; oid: string; is_open: boolean }>(
      `SELECT datname AS name, oid::text AS oid, datallowconn AS is_open FROM pg_database
       WHERE datname = $1 OR datname ~ $2 ORDER BY datname`,
      [address.database, `^${address.database}${RESTORE_ENDING}`],
    );
    return rows.map(({ name, oid, is_open: isOpen }) => ({ name, oid: Number(oid), isOpen }));
  });
}

export async function observeLiveContent(address: PostgresAddress, operator: Login): Promise<LiveContent> {
  try {
    return await withClient(address, operator, address.database, async (client) => ({
      isEmpty: (await count(client, 'organizations_ext_organization', `id <> ${CANARY_ID}`)) === 0,
      storedSessions: await count(client, 'django_session', 'true'),
    }));
  } catch (error) {
    if (codeOf(error) === DATABASE_DOES_NOT_EXIST) return { isEmpty: true, storedSessions: 0 };
    throw error;
  }
}

/** A table that is not there has none. */
async function count(client: pg.Client, table: string, where: string): Promise<number> {
  const { rows: [there] } = await client.query<{ is_there: boolean }>("SELECT to_regclass('public.' || $1) IS NOT NULL AS is_there", [table]);
  if (there?.is_there !== true) return 0;
  const { rows } = await client.query<{ rows: number }>(`SELECT count(*)::int AS rows FROM public.${pg.escapeIdentifier(table)} WHERE ${where}`);
  return rows[0]?.rows ?? 0;
}

/**
 * Under the lock and the fence of role changes. A database that is not the one of that OID any more, by that name, is left alone: then
 * the step was done already, or is none of ours.
 */
export async function changeRestoreDatabase({ address, operator, fence }: Place, action: DatabaseAction): Promise<void> {
  await withClient(address, operator, MAINTENANCE_DATABASE, async (client) => {
    await lockRoles(client);
    await fence();
    if (action.kind === 'create database') await create(client, action.name, address.database);
    else if (await isStill(client, action)) await change(client, action);
  });
}

/** For the owner role alone, as the live one: nobody else may connect before the database plan has given rights. */
async function create(client: pg.Client, name: string, owner: string): Promise<void> {
  const database = pg.escapeIdentifier(name);
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (rowCount === 0) await run(client, `CREATE DATABASE ${database} OWNER ${pg.escapeIdentifier(owner)} ENCODING 'UTF8' TEMPLATE template0`);
  await run(client, `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
}

async function isStill(client: pg.Client, { name, oid }: { readonly name: string; readonly oid: number }): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1 AND oid = $2', [name, oid]);
  return rowCount === 1;
}

async function change(client: pg.Client, action: Exclude<DatabaseAction, { kind: 'create database' }>): Promise<void> {
  const database = pg.escapeIdentifier(action.name);
  switch (action.kind) {
    case 'drop database': return run(client, `DROP DATABASE ${database} WITH (FORCE)`);
    case 'open database': return run(client, `ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS true`);
    case 'rename database': return rename(client, action);
    case 'close database': return close(client, action.name);
  }
}

/** First nobody may come in any more, not even a superuser; then whoever is in goes. */
async function close(client: pg.Client, name: string): Promise<void> {
  await run(client, `ALTER DATABASE ${pg.escapeIdentifier(name)} WITH ALLOW_CONNECTIONS false`);
  await endSessions(client, name);
}

/** One who came in while it was being closed would make it fail. */
async function rename(client: pg.Client, { name, to }: { readonly name: string; readonly to: string }): Promise<void> {
  await endSessions(client, name);
  await run(client, `ALTER DATABASE ${pg.escapeIdentifier(name)} RENAME TO ${pg.escapeIdentifier(to)}`);
}

async function endSessions(client: pg.Client, database: string): Promise<void> {
  await client.query(`SELECT pg_terminate_backend(pid, ${END_TIMEOUT}) FROM pg_stat_activity WHERE datname = $1`, [database]);
}

async function run(client: pg.Client, statement: string): Promise<void> {
  await client.query(`SET statement_timeout = ${CHANGE_TIMEOUT}`);
  await client.query({ text: statement, query_timeout: CHANGE_TIMEOUT + 1_000 } as pg.QueryConfig);
}
