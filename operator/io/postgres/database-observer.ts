// Observes Postgres in one session, and follows the operator's own event from web into it.
import type pg from 'pg';

import { backupLoginName, gatewayLoginName } from '../../api/object-names.js';
import type { DatabaseObservation, DatabaseQuestion, Login } from '../../controllers/ports.js';
import type { CanaryFacts, ObservedDatabase, PostgresFacts } from '../../core/health/health-facts.js';
import { healthRelease, leastDays, type HealthRelease } from '../../core/health/release-facts.js';
import type { Release } from '../../api/glitchtip-releases.js';
import { specRelease } from '../../api/glitchtip-resource.js';
import { addressOf, APPLICATION_NAME, codeOf, DATABASE_DOES_NOT_EXIST, isOfStatement, isRefusal, SYSTEM_IDENTIFIER, tryLogin, unreachable, withClient } from './postgres-client.js';
import type { Canaries } from './canary.js';
import { UnknownColumn } from './canary-rows.js';
import { PARTITION_KEY, releaseByKey } from './event-rows.js';
import { readQueuedTasks } from './queued-tasks.js';

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
  const release = healthRelease(specRelease(input.spec));
  const figures = await readFigures(client, release, input.spec.database.name);
  const volumes: DatabaseObservation['volumes'] = input.withVolume ? await readVolume(client) : { kind: 'unseen', why: 'it is not asked each time' };
  const { schema } = figures;
  const why = whyNotSent(input, figures);
  const canary: CanaryFacts = schema !== undefined && why === undefined ? await followCanary(input, { client, operator, release: schema }) : { kind: 'not sent', why: why ?? 'nobody knows its tables of events' };
  const isStored = canary.kind === 'stored';
  // A stored event is proof that the application logs in.
  const login = isStored || !input.application ? { kind: 'not tried' as const } : await tryLogin(addressOf(input.spec, input.signal), input.application);
  return { database: { kind: 'seen', value: { ...figures, ...(await readTasks(client, release, input)), login } }, canary, volumes };
}

/** Before the migrations its table is not there, and nothing is said of it. */
async function readTasks(client: pg.Client, { inTable }: HealthRelease, { spec }: DatabaseInput): Promise<Pick<PostgresFacts, 'tasks'>> {
  const tasks = spec.valkey === undefined && inTable ? await readQueuedTasks(client, inTable) : undefined;
  return tasks === undefined ? {} : { tasks };
}

function whyNotSent({ spec, takesEvents }: DatabaseInput, { missing, schema }: Figures): string | undefined {
  if (missing.length > 0) return 'tables are missing';
  if (schema !== undefined && schema !== specRelease(spec)) return `the database is of GlitchTip ${schema}`;
  return takesEvents ? undefined : 'web does not answer';
}

/** An error of the event's own statements says nothing of the server, whose figures were just read: a lock, another release's schema, a column that nobody here knows. */
async function followCanary({ canaries, spec, signal }: DatabaseInput, { client, ...place }: { client: pg.Client; operator: Login; release: Release }): Promise<CanaryFacts> {
  try {
    return await canaries.follow(client, { ...place, spec, signal });
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
  readonly partition_key: string | null;
  readonly partitioned: readonly { readonly table: string; readonly bounds: readonly Bounds[] }[];
}

/** Of a partition: moments, as ISO 8601. */
interface Bounds {
  readonly from: string;
  readonly to: string;
}

type Figures = Omit<PostgresFacts, 'login' | 'tasks'>;

/**
 * A bound of a partition as a moment, in SQL: a time, or a UUID that begins with one in milliseconds (version 7). The text may be no bound at
 * all, as of a DEFAULT partition.
 */
const MOMENT = `CASE WHEN bound ~ '^[0-9a-f]{8}-[0-9a-f]{4}-' THEN to_timestamp(('x0000' || left(replace(bound, '-', ''), 12))::bit(64)::bigint / 1000.0) ELSE bound::timestamptz END`;

/**
 * One statement. Partitioned: of those tables that are, the partitions that are not over yet, in the order of their beginnings; one that is split
 * by a hash counts when all of its leaves are there, for without one of them rows have no place. Longest: without the snapshot of a
 * backup, which has a deadline of its own. Others: whoever is not the operator, by its name, nor the logins of the gateway and of
 * backups, nor the application, which is a member of the role that the database is named after.
 */
async function readFigures(client: pg.Client, release: HealthRelease, database: string): Promise<Figures> {
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
       ${PARTITION_KEY} AS partition_key,
       (SELECT coalesce(json_agg(json_build_object('table', p.relname, 'bounds', (
         SELECT coalesce(json_agg(json_build_object('from', lower, 'to', upper) ORDER BY lower), '[]')
         FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
           LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid), $$FROM \\('([^']+)'\\) TO \\('([^']+)'\\)$$) AS m,
           LATERAL (SELECT ${MOMENT} AS lower FROM unnest(m[1:1]) AS bound) AS l, LATERAL (SELECT ${MOMENT} AS upper FROM unnest(m[2:2]) AS bound) AS u
         WHERE i.inhparent = p.oid AND upper > now() AND (c.relkind = 'r' OR (
           SELECT count(*) = max(substring(pg_get_expr(h.relpartbound, h.oid) FROM 'modulus (\\d+)')::int) FROM pg_inherits k JOIN pg_class h ON h.oid = k.inhrelid WHERE k.inhparent = c.oid))
       )) ORDER BY p.relname), '[]') FROM pg_class p WHERE p.relkind = 'p' AND p.oid = ANY (ARRAY(SELECT to_regclass('public.' || t)::oid FROM unnest($3::text[]) t))) AS partitioned`,
    [release.tables, [release.ingestFunction], release.partitioned.map(({ table }) => table), APPLICATION_NAME, gatewayLoginName(database), backupLoginName(database)],
  );
  const row = rows[0];
  if (!row) throw new Error('Postgres answered without a row');
  const schema = releaseByKey(row.partition_key);
  return {
    ...(row.system === null ? {} : { system: row.system }), ...(schema === undefined ? {} : { schema }),
    bytes: Number(row.bytes), connections: row.connections, connectionsMax: row.connections_max, longestTransactionSeconds: row.longest, foreignSessions: row.others, missing: row.missing,
    partitions: release.partitioned.flatMap((partitioned) =>
      row.partitioned.filter(({ table }) => table === partitioned.table).map(({ table, bounds }) => ({ table, days: runway(bounds, Date.now()), leastDays: leastDays(partitioned) }))),
  };
}

/** Days from now on without a gap. */
export function runway(bounds: readonly Bounds[], now: number): number {
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
