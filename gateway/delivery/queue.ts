// Looks into GlitchTip's queue of events: how many wait in it, and how many were taken and are not stored yet, where that can be seen.
import type { Redis } from 'iovalkey';
import type pg from 'pg';
import { EVENT_QUEUE, healthRelease, type TableLayout } from '../../operator/core/health/release-facts.js';
import { knownRelease, type Release } from '../../operator/api/glitchtip-releases.js';

export interface QueueLengths {
  /** Nobody took them yet. */
  readonly waiting: number;
  /** A worker took them, and did not say that it began with them. */
  readonly taken: number;
}

interface Keys {
  readonly list: string;
  /** Hash of what a worker took. Undefined: batches are popped for good, and what is in a worker's memory is nowhere else (core/resend.ts). */
  readonly taken?: string;
}

/**
 * 5.2: kombu's list and hash (database 0). 6.2: events are in one list of django-vtasks, and never in `processing:`, which has what is tried
 * alone; `q:failed` is final, and holds nothing up.
 */
const KEYS: Readonly<Record<Release, Keys>> = {
  '5.2': { list: 'celery', taken: 'unacked' },
  '6.2': { list: eventList() },
};

/** @throws the client's error when Valkey cannot be asked, and RangeError for a release that the manifests would not offer */
export async function queueLengths(client: Pick<Redis, 'llen' | 'hlen'>, release: string): Promise<QueueLengths> {
  const { list, taken } = KEYS[knownRelease(release)];
  const [waiting, held] = await Promise.all([client.llen(list), taken === undefined ? 0 : client.hlen(taken)]);
  return { waiting, taken: held };
}

/**
 * Where the queue is a table: what a worker has in hand is a row of it, until it is stored. Of one that does not live any more it stays, and is
 * waited for no more than what its memory held in Valkey's case.
 * @throws pg's error
 */
export async function queuedRows(client: Pick<pg.Client, 'query'>, release: string): Promise<QueueLengths> {
  const { rows: [row] } = await client.query<{ waiting: number; taken: number }>(statementOf(healthRelease(knownRelease(release)).inTable), [EVENT_QUEUE]);
  if (!row) throw new Error('Postgres answered without a row');
  return row;
}

function statementOf(layout: TableLayout | undefined): string {
  if (!layout) throw new RangeError('expected a release that can be without Valkey');
  return `SELECT count(*) FILTER (WHERE status = 'QUEUED')::int AS waiting, count(*) FILTER (WHERE status = 'PROCESSING' AND EXISTS (
      SELECT FROM ${layout.metadata} m WHERE m.key = 'worker_alive:' || t.worker_id AND m.expires_at > now()))::int AS taken
    FROM ${layout.table} t WHERE queue = $1`;
}

function eventList(): string {
  const { inValkey } = healthRelease('6.2');
  return inValkey.kind === 'vtasks' ? `${inValkey.prefix}q:${EVENT_QUEUE}` : '';
}
