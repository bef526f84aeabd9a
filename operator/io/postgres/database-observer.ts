// Observes Postgres in one session, and follows the operator's own event from web into it.
import type pg from 'pg';

import { backupLoginName, gatewayLoginName } from '../../api/object-names.js';
import type { DatabaseObservation, DatabaseQuestion, Login } from '../../controllers/ports.js';
import type { CanaryFacts, ObservedDatabase, PostgresFacts } from '../../core/health/health-facts.js';
import { healthRelease, leastDays, type HealthRelease } from '../../core/health/release-facts.js';
import { addressOf, APPLICATION_NAME, codeOf, DATABASE_DOES_NOT_EXIST, isOfStatement, isRefusal, SYSTEM_IDENTIFIER, tryLogin, unreachable, withClient } from './postgres-client.js';
import type { Canaries } from './canary.js';
import { UnknownColumn } from './canary-rows.js';

const TOO_MANY_CONNECTIONS = '53300';
const DISK_FULL = '53100';
/** Name of the volume in the manifests. */
const VOLUME = 'postgres-data';

/** The question, and the events that are followed. */
export interface DatabaseInput extends DatabaseQuestion {
  readonly canaries: Canaries;
  readonly signal: AbortSignal;
}

const NOT_SENT: CanaryFacts = { kind: 'not sent', why: 'Postgres could not be observed' };

export async function observeDatabase(input: DatabaseInput): Promise<DatabaseObservation> {
  if (input.operator.length === 0) return nothing({ kind: 'not observed', why: 'there is no password to log in with' });
  const address = addressOf(input.spec, input.signal);
  for (const login of input.operator) {
    try {
      return await withClient(address, login, address.database, (client) => read(client, login, input));
    } catch (error) {
      input.signal.throwIfAborted();
      if (!isRefusal(error)) return nothing(explain(error));
    }
  }
  return nothing({ kind: 'refused' });
}

function nothing(database: ObservedDatabase): DatabaseObservation {
  return { database, canary: NOT_SENT, volumes: { kind: 'unseen', why: 'Postgres could not be observed' } };
}

function explain(error: unknown): ObservedDatabase {
  switch (codeOf(error)) {
    case TOO_MANY_CONNECTIONS: return { kind: 'no connection left' };
    case DATABASE_DOES_NOT_EXIST: return { kind: 'no database' };
    case DISK_FULL: return { kind: 'no space left' };
    default: return isOfStatement(error) ? { kind: 'not observed', why: `its figures could not be read (${unreachable(error)})` } : { kind: 'unreachable', why: unreachable(error) };
  }
}

async function read(client: pg.Client, operator: Login, input: DatabaseInput): Promise<DatabaseObservation> {
  const release = healthRelease(input.spec.version, input.spec.valkey !== undefined);
  const figures = await readFigures(client, release, input.spec.database.name);
  const volumes: DatabaseObservation['volumes'] = input.withVolume ? await readVolume(client) : { kind: 'unseen', why: 'it is not asked each time' };
  const isWhole = figures.missing.length === 0;
  const canary: CanaryFacts = isWhole && input.takesEvents
    ? await followCanary(input, client, operator)
    : { kind: 'not sent', why: isWhole ? 'web does not answer' : 'tables are missing' };
  const isStored = canary.kind === 'stored';
  // A stored event is proof that the application logs in.
  const login = isStored || !input.application ? { kind: 'not tried' as const } : await tryLogin(addressOf(input.spec, input.signal), input.application);
  return { database: { kind: 'seen', value: { ...figures, login } }, canary, volumes };
}

/** An error of the event's own statements says nothing of the server, whose figures were just read: a lock, another release's schema, a column that nobody here knows. */
async function followCanary({ canaries, spec, signal }: DatabaseInput, client: pg.Client, operator: Login): Promise<CanaryFacts> {
  try {
    return await canaries.follow(client, { spec, operator, signal });
  } catch (error) {
    if (error instanceof UnknownColumn) return { kind: 'not sent', why: error.message };
    if (!isOfStatement(error)) throw error;
    return { kind: 'not sent', why: `it could not be followed (${unreachable(error)})` };
  }
}

interface FiguresRow {
  readonly system: string | null;
  readonly bytes: string;
  readonly connections: number;
  readonly connections_max: number;
  readonly longest: number;
  readonly others: number;
  readonly missing: string[];
  readonly bounds: readonly { readonly table: string; readonly from: string; readonly to: string }[];
}

/**
 * One statement. Bounds: of partitions that are not over yet, in the order of their beginnings. Longest: without the snapshot of a
 * backup, which has a deadline of its own. Others: whoever is not the operator, by its name, nor the logins of the gateway and of
 * backups, nor the application, which is a member of the role that the database is named after.
 */
async function readFigures(client: pg.Client, release: HealthRelease, database: string): Promise<Omit<PostgresFacts, 'login'>> {
  const { rows } = await client.query<FiguresRow>(
    `SELECT pg_database_size(current_database())::text AS bytes, ${SYSTEM_IDENTIFIER} AS system,
       (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS connections_max,
       (SELECT coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)::float8 FROM pg_stat_activity
         WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND usename <> $6) AS longest,
       (SELECT count(*)::int FROM pg_stat_activity s WHERE datname = current_database() AND backend_type = 'client backend'
         AND NOT (usename = session_user AND application_name = $4) AND usename <> ALL (ARRAY[current_database(), $5, $6])
         AND NOT EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid WHERE r.rolname = current_database() AND m.member = s.usesysid)) AS others,
       ARRAY(SELECT t FROM unnest($1::text[]) t WHERE to_regclass('public.' || t) IS NULL)
         || ARRAY(SELECT f FROM unnest($2::text[]) f WHERE to_regprocedure('public.' || f) IS NULL) AS missing,
       (SELECT coalesce(json_agg(json_build_object('table', name, 'from', lower, 'to', upper) ORDER BY name, lower), '[]') FROM (
         SELECT p.relname AS name, substring(b FROM $$FROM \\('([^']+)'\\)$$)::timestamptz AS lower, substring(b FROM $$TO \\('([^']+)'\\)$$)::timestamptz AS upper
         FROM pg_class p JOIN pg_inherits i ON i.inhparent = p.oid JOIN pg_class c ON c.oid = i.inhrelid, pg_get_expr(c.relpartbound, c.oid) b
         WHERE p.oid = ANY (ARRAY(SELECT to_regclass('public.' || t)::oid FROM unnest($3::text[]) t))) bounds
         WHERE upper > now()) AS bounds`,
    [release.tables, [release.ingestFunction], release.partitioned.map(({ table }) => table), APPLICATION_NAME, gatewayLoginName(database), backupLoginName(database)],
  );
  const row = rows[0];
  if (!row) throw new Error('Postgres answered without a row');
  return {
    ...(row.system === null ? {} : { system: row.system }),
    bytes: Number(row.bytes), connections: row.connections, connectionsMax: row.connections_max, longestTransactionSeconds: row.longest, foreignSessions: row.others, missing: row.missing,
    partitions: release.partitioned.filter(({ table }) => !row.missing.includes(table)).flatMap((partitioned) => {
      const own = row.bounds.filter(({ table }) => table === partitioned.table);
      // A table that this release does not have has no partitions either; the one of events is always there.
      return own.length === 0 && !release.tables.includes(partitioned.table) ? [] : [{ table: partitioned.table, days: runway(own, Date.now()), leastDays: leastDays(partitioned) }];
    }),
  };
}

/** Days from now on without a gap. */
export function runway(bounds: readonly { readonly from: string; readonly to: string }[], now: number): number {
  const end = bounds.reduce((covered, { from, to }) => (Date.parse(from) <= covered ? Math.max(covered, Date.parse(to)) : covered), now);
  return (end - now) / 86_400_000;
}

/**
 * Room on the file system of the data directory, as `df` in the server's container sees it: the size of a database says nothing
 * of a disk that others fill, and no right in a namespace shows a volume's use. A fixed command, by the login that may run it.
 */
export async function readVolume(client: pg.Client): Promise<DatabaseObservation['volumes']> {
  try {
    await client.query('CREATE TEMP TABLE IF NOT EXISTS glitchkeeper_df (line text)');
    await client.query("COPY glitchkeeper_df FROM PROGRAM 'df -Pk .'");
    const { rows } = await client.query<{ line: string }>('SELECT line FROM glitchkeeper_df');
    return parseVolume(rows.at(-1)?.line ?? '');
  } catch (error) {
    if (codeOf(error) === DISK_FULL) throw error;
    return { kind: 'unseen', why: unreachable(error) };
  }
}

/** "/dev/sda1 41152736 9123456 29912345 24% /var/lib/..": size, used and available in kB. What root alone may use counts as used. */
export function parseVolume(line: string): DatabaseObservation['volumes'] {
  const [, size, , available] = /\s(\d+)\s+(\d+)\s+(\d+)\s+\d+%/.exec(line) ?? [];
  if (size === undefined || available === undefined || Number(size) === 0) return { kind: 'unseen', why: 'df said nothing of use' };
  const capacityBytes = Number(size) * 1_024;
  return { kind: 'seen', value: [{ name: VOLUME, capacityBytes, usedBytes: capacityBytes - Number(available) * 1_024 }] };
}
