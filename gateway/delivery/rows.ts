// Looks for rows in GlitchTip's tables: the proof that an event is stored. One statement a table, by ids, within the partitions that can hold them.
import type pg from 'pg';
import { knownRelease, type Release } from '../../operator/api/glitchtip-releases.js';
import { leastUuidAt } from '../../operator/core/uuid-time.js';
import { STORED_TYPES, type StoredType } from '../core/item-policy.js';
import type { WantedRow } from './delivery.js';

type Client = Pick<pg.Client, 'query'>;

interface Proof {
  /** Finds the ids of $1 (32 hexadecimal digits each) within the bounds. */
  readonly statement: string;
  /** $2 and those that follow, as parameters, so that partitions are pruned. @param since @param until milliseconds of Unix time */
  readonly bounds: (since: number, until: number) => readonly (Date | string)[];
}

const begin = (since: number): readonly Date[] => [new Date(since)];
/** A row may be younger than now by the difference of two clocks. Milliseconds. */
const CLOCKS = 3_600_000;

/**
 * Per minor release. 5.2: `received` is set by web when it takes the event, and partitions are days of it; a transaction's are days of its
 * own begin, which its SDK says, so its index on event_id is asked in each. 6.2: the row's id is minted by the worker and begins with its time,
 * and partitions are days of it; the SDK's id has an index in each of their leaves. It keeps no row of a transaction (ItemPolicy.proven).
 */
const PROOFS: Readonly<Record<Release, Readonly<Partial<Record<StoredType, Proof>>>>> = {
  '5.2': {
    event: { statement: 'SELECT id AS id FROM issue_events_issueevent WHERE id = ANY ($1::uuid[]) AND received >= $2', bounds: begin },
    transaction: { statement: 'SELECT event_id AS id FROM performance_transactionevent WHERE event_id = ANY ($1::uuid[]) AND $2::timestamptz IS NOT NULL', bounds: begin },
  },
  '6.2': {
    event: { statement: 'SELECT event_id AS id FROM issue_events_issueevent WHERE event_id = ANY ($1::uuid[]) AND id >= $2::uuid AND id < $3::uuid', bounds: (since, until) => [leastUuidAt(since), leastUuidAt(until)] },
  },
};

/** @param now milliseconds of Unix time. @returns the ids that are there, as 32 hexadecimal digits. @throws RangeError where nobody knows how a type is proven stored, and pg's error */
export async function findRows(client: Client, release: string, wanted: readonly WantedRow[], now: number): Promise<ReadonlySet<string>> {
  const proofs = PROOFS[knownRelease(release)];
  const found = new Set<string>();
  for (const type of STORED_TYPES) {
    const own = wanted.filter((row) => row.type === type);
    if (own.length === 0) continue;
    const proof = proofs[type];
    if (!proof) throw new RangeError(`expected a type whose rows are known in GlitchTip ${release} (${Object.keys(proofs).join(', ')}), found ${type}`);
    const begins = own.map((row) => row.since);
    const { rows } = await client.query<{ id: string }>(proof.statement, [own.map(({ id }) => id), ...proof.bounds(Math.min(...begins), Math.max(now, ...begins) + CLOCKS)]);
    for (const { id } of rows) found.add(id.replaceAll('-', ''));
  }
  return found;
}

/** Begin of each transaction of anybody but us that is open. Milliseconds of Unix time. */
export async function openTransactions(client: Client): Promise<readonly number[]> {
  const { rows } = await client.query<{ at: Date }>(
    "SELECT xact_start AS at FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND xact_start IS NOT NULL",
  );
  return rows.map(({ at }) => at.getTime());
}

/** Every project with its keys, and which database says so: a restore renames databases of one server, and the OID stays with each. */
export async function readKeys(client: Client): Promise<{ readonly database: string; readonly keys: readonly (readonly [project: number, key: string])[] }> {
  const { rows } = await client.query<{ database: string; keys: readonly (readonly [number, string])[] }>(
    `SELECT current_database() || '/' || (SELECT system_identifier FROM pg_control_system())::text
         || '/' || (SELECT oid FROM pg_database WHERE datname = current_database())::text AS database,
       (SELECT coalesce(json_agg(json_build_array(project_id, replace(public_key::text, '-', ''))), '[]') FROM projects_projectkey) AS keys`,
  );
  const row = rows[0];
  if (!row) throw new Error('Postgres answered without a row');
  return row;
}
