// Rows of events, as each release of GlitchTip keeps them: which of some ids are stored, how many rows were ever inserted, and the deletion of the operator's own.
//
// 5.2: the id is the SDK's, partitions are days of `received`. 6.2: the id is a UUID of version 7 that the worker mints, partitions are days
// of it, each split by the hash of its organization; the SDK's id is `event_id`.
import type pg from 'pg';

import type { Release } from '../../api/glitchtip-releases.js';
import { leastUuidAt } from '../../core/uuid-time.js';
import { CANARY_ID } from './canary-rows.js';

/** Moments between which web took the events. Milliseconds since the epoch. */
export interface Span {
  readonly from: number;
  readonly until: number;
}

/**
 * Bounds come as parameters, so that a day's partition or two are looked at: with now() in the statement PostgreSQL plans, and locks,
 * every one of them. The organization leaves one leaf of each.
 */
interface Statements {
  /** Of $1, ids as the SDK gave them. */
  readonly find: string;
  /** Of the issues $1. */
  readonly remove: string;
  /** What follows $1. */
  readonly within: (span: Span) => readonly unknown[];
}

const STATEMENTS: Readonly<Record<Release, Statements>> = {
  '5.2': {
    find: 'SELECT id::text AS id FROM issue_events_issueevent WHERE id = ANY ($1::uuid[]) AND received >= $2 AND received < $3',
    remove: 'DELETE FROM issue_events_issueevent WHERE issue_id = ANY ($1::bigint[]) AND received >= $2 AND received < $3',
    within: ({ from, until }) => [new Date(from), new Date(until)],
  },
  '6.2': {
    find: 'SELECT event_id::text AS id FROM issue_events_issueevent WHERE event_id = ANY ($1::uuid[]) AND id >= $2::uuid AND id < $3::uuid AND organization_id = $4',
    remove: 'DELETE FROM issue_events_issueevent WHERE issue_id = ANY ($1::bigint[]) AND id >= $2::uuid AND id < $3::uuid AND organization_id = $4',
    within: ({ from, until }) => [leastUuidAt(from), leastUuidAt(until), CANARY_ID],
  },
};

/** By what the table of events is partitioned, in SQL: it tells whose schema this is, whatever the resource's version says. */
export const PARTITION_KEY = "pg_get_partkeydef(to_regclass('public.issue_events_issueevent'))";
const RELEASE_BY_KEY: Readonly<Record<string, Release>> = { 'RANGE (received)': '5.2', 'RANGE (id)': '6.2' };

/** Undefined: no release that is served has such a table. */
export function releaseByKey(partitionKey: string | null): Release | undefined {
  return RELEASE_BY_KEY[partitionKey ?? ''];
}

/** @throws Error when the database has no table of events that anybody here knows */
export async function readSchemaRelease(client: pg.Client): Promise<Release> {
  const key = await readPartitionKey(client);
  const release = releaseByKey(key);
  if (release === undefined) throw new Error(`expected a table of events as GlitchTip 5.2 or 6.2 has it, found ${key ?? 'none that is partitioned'}`);
  return release;
}

/** Undefined: of no release that is served, as in the middle of a migration. */
export async function readSchema(client: pg.Client): Promise<Release | undefined> {
  return releaseByKey(await readPartitionKey(client));
}

async function readPartitionKey(client: pg.Client): Promise<string | null> {
  const { rows: [row] } = await client.query<{ key: string | null }>(`SELECT ${PARTITION_KEY} AS key`);
  return row?.key ?? null;
}

/** @returns those that are stored, of events of the operator's own project, as Postgres writes a UUID */
export async function findEvents(client: pg.Client, release: Release, ids: readonly string[], span: Span): Promise<ReadonlySet<string>> {
  const { find, within } = STATEMENTS[release];
  const { rows } = await client.query<{ id: string }>(find, [ids, ...within(span)]);
  return new Set(rows.map(({ id }) => id));
}

/** Of issues of the operator's own project. */
export async function removeEvents(client: pg.Client, release: Release, issues: readonly string[], span: Span): Promise<void> {
  const { remove, within } = STATEMENTS[release];
  await client.query(remove, [issues, ...within(span)]);
}

/**
 * Rows that were ever inserted into partitions of events: counters of the server, no scan. A partition that is itself partitioned counts
 * nothing, its leaves do; they are looked up in the catalog, which locks none of them.
 */
export async function countInserts(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    `WITH RECURSIVE partition AS (
       SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass('public.issue_events_issueevent')
       UNION ALL SELECT i.inhrelid FROM pg_inherits i JOIN partition p ON i.inhparent = p.inhrelid)
     SELECT coalesce(sum(pg_stat_get_tuples_inserted(inhrelid)), 0)::text AS count FROM partition`,
  );
  return Number(rows[0]?.count ?? 0);
}
