// The gateway's own connection to Postgres: one, kept, made anew with the password of that moment when it broke.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { gatewayLoginName } from '../../operator/api/object-names.js';
import { ScramClient } from '../../operator/io/postgres/scram-client.js';
import type { GatewayConfig } from '../environment.js';

/** Milliseconds. */
const CONNECT_TIMEOUT = 5_000;
const STATEMENT_TIMEOUT = 10_000;

export function openDatabase({ database, credentials }: Pick<GatewayConfig, 'database' | 'credentials'>): pg.Pool {
  const file = async (name: string) => (await readFile(join(credentials, name), 'utf8')).trim();
  const pool = new pg.Pool({
    Client: ScramClient,
    host: database.host, port: database.port, database: database.name, user: gatewayLoginName(database.name), max: 2, allowExitOnIdle: true,
    // Kept while nothing is asked: between a new password and the pods that have it, one that is open still works.
    idleTimeoutMillis: 0,
    // Read for each connection: the kubelet changes the file when the password is rotated.
    password: () => file('database-password'),
    application_name: 'glitchkeeper-gateway',
    connectionTimeoutMillis: CONNECT_TIMEOUT, statement_timeout: STATEMENT_TIMEOUT, query_timeout: STATEMENT_TIMEOUT + 1_000,
  });
  // A connection that breaks while nobody uses it is reported here; the next query makes another.
  pool.on('error', () => undefined);
  return pool;
}
