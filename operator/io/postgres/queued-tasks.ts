// GlitchTip's queue where it is a table (no Valkey): what waits, since when, and what nobody will try again.
import type pg from 'pg';

import { EVENT_QUEUE, type TableLayout } from '../../core/health/release-facts.js';
import type { TaskFacts } from '../../core/health/health-facts.js';
import { isOfStatement } from './postgres-client.js';

interface TasksRow {
  readonly depth: number;
  readonly oldest: number | null;
  readonly lost: number;
  readonly events: boolean | null;
  readonly newest: number | null;
}

/**
 * django-vtasks 3.2 (backends/db.py): what is done is deleted, what failed stays, and of what a worker took nobody is told when that one dies; a
 * worker that lives renews its row in the metadata. When a task failed is in its payload alone, so its age is that of its row.
 *
 * Undefined: another version's table. @throws pg's error for what is wrong with the server
 */
export async function readQueuedTasks(client: pg.Client, { table, metadata }: TableLayout): Promise<TaskFacts | undefined> {
  try {
    const { rows: [row] } = await client.query<TasksRow>(
      `SELECT count(*) FILTER (WHERE waits)::int AS depth, extract(epoch FROM now() - min(created_at) FILTER (WHERE waits))::float8 AS oldest,
         count(*) FILTER (WHERE lost)::int AS lost, bool_or(queue = $1) FILTER (WHERE lost) AS events,
         extract(epoch FROM now() - max(created_at) FILTER (WHERE lost))::float8 AS newest
       FROM (SELECT queue, created_at, status = 'QUEUED' AND (run_after IS NULL OR run_after <= now()) AS waits,
               status = 'FAILED' OR (status = 'PROCESSING' AND NOT EXISTS (
                 SELECT FROM ${metadata} m WHERE m.key = 'worker_alive:' || t.worker_id AND m.expires_at > now())) AS lost
             FROM ${table} t) tasks`,
      [EVENT_QUEUE],
    );
    return row && factsOf(row);
  } catch (error) {
    if (isOfStatement(error)) return undefined;
    throw error;
  }
}

function factsOf({ depth, oldest, lost, events, newest }: TasksRow): TaskFacts {
  return {
    depth, ...(oldest === null ? {} : { oldestTaskSeconds: Math.max(0, oldest) }),
    ...(lost === 0 ? {} : { lost: { count: lost, events: events === true, ...(newest === null ? {} : { newestSeconds: Math.max(0, newest) }) } }),
  };
}
