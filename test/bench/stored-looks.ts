/**
 * Finds out when each event of a run became visible in the database.
 *
 * GlitchTip has no column for that: 5.2's `received` is when web took the event, and 6.2's id begins with the time at which the worker did. So the table is looked at every 250 ms (less
 * often where a look takes long: looking must not cost what is looked at its time), and each look asks for exactly what
 * the one before could not see: rows whose transaction is not visible in the earlier look's snapshot. Every event gets a
 * lag of its own, too long by one pause at most and never too short; nothing is asked of web, whose CPU is what the load
 * is short of.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Release } from '../../operator/api/glitchtip-releases.js';
import { leastUuidAt } from '../../operator/core/uuid-time.js';
import { z } from 'zod';

const PAUSE_MS = 250;
/** Of the time, at most, is spent in looks. */
const MOST_SHARE = 1 / 20;
const LONGEST_OUTAGE_MS = 120_000;

/** Which id is the SDK's, and which rows are of this run: $1, so that partitions are pruned. */
const EVENTS: Readonly<Record<Release, { readonly id: string; readonly isOfRun: string; readonly begin: (since: Date) => Date | string }>> = {
  '5.2': { id: 'id', isOfRun: 'received >= $1', begin: (since) => since },
  '6.2': { id: 'event_id', isOfRun: 'id >= $1::uuid', begin: (since) => leastUuidAt(since.getTime()) },
};

/** xmin is a 32-bit transaction id: read as a 64-bit one it is right in a database that is younger than 4 billion of them. */
const look = ({ id, isOfRun }: { readonly id: string; readonly isOfRun: string }) => `
  SELECT look.snapshot, event.id
  FROM (SELECT pg_current_snapshot()::text AS snapshot) look
  LEFT JOIN LATERAL (
    SELECT replace(${id}::text, '-', '') AS id FROM issue_events_issueevent
    WHERE ${isOfRun} AND NOT pg_visible_in_snapshot(xmin::text::xid8, $2::pg_snapshot)
  ) event ON true`;

const rows = z.array(z.object({ snapshot: z.string(), id: z.string().nullable() })).min(1);

export interface StoredLooks {
  /** Milliseconds (epoch) at which an event, by its 32 hexadecimal digits, was first seen. */
  readonly seen: ReadonlyMap<string, number>;
  /** Rejects when the database stayed away for two minutes. */
  readonly stop: () => Promise<void>;
}

/** Looks until stopped. @param connect to the database; again when it was lost, for Postgres may be restarted meanwhile */
export async function watchStored(connect: () => Promise<Client>, since: Date, release: Release = '5.2'): Promise<StoredLooks> {
  const [statement, begin] = [look(EVENTS[release]), EVENTS[release].begin(since)];
  const seen = new Map<string, number>();
  let database: Client | undefined = await connect();
  let snapshot = await currentSnapshot(database);
  let away = 0;
  const stopped = new AbortController();
  const lookOnce = async (): Promise<void> => {
    database ??= await connect();
    const found = rows.parse((await database.query(statement, [begin, snapshot])).rows);
    const at = Date.now();
    for (const { id } of found) if (id !== null && !seen.has(id)) seen.set(id, at);
    snapshot = found[0]?.snapshot ?? snapshot;
  };
  /** The snapshot stays: transaction numbers go on where they were, so the next look finds what it missed. */
  const onFailure = (error: unknown): void => {
    // It is broken already; that it cannot be closed in order either is no news.
    database?.end().catch(() => undefined);
    database = undefined;
    away ||= Date.now();
    if (Date.now() - away > LONGEST_OUTAGE_MS) throw new Error('the database stayed away', { cause: error });
  };
  const watch = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const began = performance.now();
      await lookOnce().then(() => (away = 0), onFailure);
      await sleep(Math.max(PAUSE_MS, (performance.now() - began) / MOST_SHARE));
    }
    await database?.end();
  };
  const finished = watch();
  // Whoever stops the watch hears of a failure; until then it must not end the process.
  finished.catch(() => undefined);
  return {
    seen,
    stop: () => {
      stopped.abort();
      return finished;
    },
  };
}

async function currentSnapshot(database: Client): Promise<string> {
  const answer = await database.query('SELECT pg_current_snapshot()::text AS snapshot, NULL AS id');
  return rows.parse(answer.rows)[0]?.snapshot ?? '';
}
