// Connections to Postgres: one a task, closed after it; what goes wrong is told apart by SQLSTATE.
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { Login } from '../../controllers/ports.js';
import type { ObservedLogin } from '../../core/credentials/observed.js';
import { messageOf } from '../../core/error-message.js';
import { onAbort } from '../../runtime/deadline.js';
import { ScramClient } from './scram-client.js';

export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  /** The application's database. */
  readonly database: string;
  /** Ends every session there. */
  readonly signal: AbortSignal;
}

/** The server and database of a resource. */
export function addressOf({ database: { host, port, name } }: Pick<GlitchTipSpec, 'database'>, signal: AbortSignal): PostgresAddress {
  return { host, port, database: name, signal };
}

/** application_name of the operator's own sessions, which tells them apart from others of the same login. */
export const APPLICATION_NAME = 'glitchkeeper';
/** System identifier of the data directory as text, in SQL; null where the login may not read it. */
export const SYSTEM_IDENTIFIER = "CASE WHEN has_function_privilege('pg_control_system()', 'EXECUTE') THEN (SELECT system_identifier::text FROM pg_control_system()) END";
/** Every server has it; the application's database may not exist yet. */
export const MAINTENANCE_DATABASE = 'postgres';
/** Milliseconds. */
const CONNECT_TIMEOUT = 5_000;
/** Role changes are quick; what waits longer waits for a lock. Milliseconds. */
const STATEMENT_TIMEOUT = 10_000;
/** For the server to close a connection that is ended: pg waits for it without an end. Milliseconds. */
const CLOSE_TIMEOUT = 1_000;

/** @throws the reason of the address' signal once that is aborted: the session is cut, and a transaction that was not committed is undone */
export async function withClient<T>(address: PostgresAddress, login: Login, database: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const { signal } = address;
  signal.throwIfAborted();
  const socket = new Socket();
  const client = new ScramClient({
    stream: () => socket,
    host: address.host,
    port: address.port,
    database,
    user: login.user,
    password: login.password.reveal(),
    application_name: APPLICATION_NAME,
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    statement_timeout: STATEMENT_TIMEOUT,
    query_timeout: STATEMENT_TIMEOUT + 1_000,
  });
  // A connection that breaks while idle is reported here as well as to the next query; without a listener it would end the process.
  client.on('error', () => undefined);
  const release = onAbort(signal, () => socket.destroy());
  try {
    await client.connect();
    return await use(client);
  } catch (error) {
    // That the connection was closed is no news of the server.
    signal.throwIfAborted();
    throw error;
  } finally {
    release();
    await Promise.race([client.end().catch(() => undefined), sleep(signal.aborted ? 0 : CLOSE_TIMEOUT, undefined, { ref: false })]);
    socket.destroy();
  }
}

/** Logs in and asks who that is then. Expected failures are results. */
export async function tryLogin(address: PostgresAddress, login: Login): Promise<ObservedLogin> {
  try {
    const actsAs = await withClient(address, login, address.database, async (client) => {
      const { rows } = await client.query<{ current_user: string }>('SELECT current_user');
      return rows[0]?.current_user ?? '';
    });
    return { kind: 'accepted', actsAs };
  } catch (error) {
    address.signal.throwIfAborted();
    return isRefusal(error) ? { kind: 'refused' } : { kind: 'unreachable', why: unreachable(error) };
  }
}

export const DATABASE_DOES_NOT_EXIST = '3D000';
/** invalid_password and invalid_authorization_specification: the server is well and says no. */
const REFUSALS: readonly (string | undefined)[] = ['28P01', '28000'];

export function isRefusal(error: unknown): boolean {
  return REFUSALS.includes(codeOf(error));
}

/** connection_exception, a login refused, disk_full, too_many_connections, the server's shutdown or start, errors of its system and of itself. */
const OF_SERVER = /^(08|28|53100|53300|57P0|58|XX)/;
/** These end the session, not just the statement. */
const FATAL: readonly (string | undefined)[] = ['FATAL', 'PANIC'];

/** The server is well, and this one statement failed: a timeout, a constraint, another schema. */
export function isOfStatement(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !FATAL.includes(error.severity) && !OF_SERVER.test(error.code ?? '');
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** A code (ECONNREFUSED, 57P03) or pg's own message; neither holds a value. */
export function unreachable(error: unknown): string {
  return codeOf(error) ?? messageOf(error);
}
