// What health has to know of GlitchTip's releases: where their queue is, which tables have partitions. 5.2 was run; 6.2 was read in its source
// and in that of its libraries (docs/releases.md).
import type { Release } from '../../api/glitchtip-releases.js';

/** The queue in Valkey. */
export type ValkeyLayout =
  /** Celery: one list, and the index of what was taken and not yet acknowledged, by the time at which it was taken. */
  | { readonly kind: 'celery'; readonly list: string; readonly taken: string }
  /** django-vtasks: lists `q:NAME`; what failed in `q:failed`; what a worker holds in `processing:WORKER`, while `alive:WORKER` is there. */
  | { readonly kind: 'vtasks'; readonly prefix: string; readonly queues: readonly string[] };

/** The same in PostgreSQL, where there is no Valkey: rows with a status, and the workers that live among the metadata. */
export interface TableLayout {
  readonly table: string;
  readonly metadata: string;
}

/** The queue of events; what else is in the queue is not counted as lost events. */
export const EVENT_QUEUE = 'ingest';

export interface PartitionedTable {
  readonly table: string;
  /** Days of one partition. */
  readonly period: number;
  /** Partitions that the daily maintenance makes, the one of today included. */
  readonly ahead: number;
}

export interface HealthRelease {
  readonly inValkey: ValkeyLayout;
  /** Undefined: it cannot be without Valkey. */
  readonly inTable?: TableLayout;
  /** Web answers 200 to an event that its queue refuses, and the worker drops a batch that fails: neither is seen but by what is missing. */
  readonly losesUnseen: boolean;
  /** A migrate Job that takes longer than this is not just at work. Seconds. */
  readonly longestMigration: number;
  /** Tables that events are written to, or what else is worth a look; one that does not exist in the database is left out. */
  readonly partitioned: readonly PartitionedTable[];
  /** Without these nothing works. */
  readonly tables: readonly string[];
  /** What ingest asks for each event. */
  readonly ingestFunction: string;
}

const TABLES = ['django_migrations', 'users_user', 'projects_project', 'issue_events_issue', 'issue_events_issueevent'];
const INGEST_FUNCTION = 'get_project_auth_info(bigint,uuid)';

const daily = (table: string, ahead: number): PartitionedTable => ({ table, period: 1, ahead });
const weekly = (table: string, ahead: number): PartitionedTable => ({ table, period: 7, ahead });

const FACTS: Readonly<Record<Release, HealthRelease>> = {
  // glitchtip/partitioning.py.
  '5.2': {
    tables: TABLES, ingestFunction: INGEST_FUNCTION,
    partitioned: [daily('issue_events_issueevent', 7), daily('issue_events_issuetag', 7), daily('issue_events_issueaggregate', 4)],
    inValkey: { kind: 'celery', list: 'celery', taken: 'unacked_index' }, losesUnseen: false, longestMigration: 900,
  },
  // maintain_partitions. None has a DEFAULT partition, and one that is missing fails the whole batch of 100.
  '6.2': {
    tables: [...TABLES, 'issue_events_issueindex'], ingestFunction: INGEST_FUNCTION,
    partitioned: [
      daily('issue_events_issueevent', 7), daily('logs_logevent', 7), daily('performance_spanstaging', 7), daily('performance_transactionevent', 7),
      // By week since 6.2.5: then it is told later than it might be, and still days before a check is lost.
      daily('uptime_monitorcheck', 7),
      weekly('issue_events_issuetag', 4), weekly('issue_events_issueaggregate', 4), weekly('projects_issueeventprojecthourlystatistic', 4),
      weekly('projects_transactioneventprojecthourlystatistic', 4), weekly('projects_logprojecthourlystatistic', 4),
    ],
    // The prefix is the one that charts/releases.ts pins.
    inValkey: { kind: 'vtasks', prefix: 'vtasks:', queues: [EVENT_QUEUE, 'default'] }, inTable: { table: 'db_queuedtask', metadata: 'db_vtaskmetadata' }, losesUnseen: true,
    // One of its migrations gives itself 900 s to copy (issue_events 0020), and is not alone.
    longestMigration: 2_700,
  },
};

export function healthRelease(release: Release): HealthRelease {
  return FACTS[release];
}

/**
 * Days that a table has left right before the daily maintenance: of 7 daily partitions, today's among them, and the run at 05:00,
 * 5.8 are left at 04:59 of the next day; of 4 weekly ones 20.8 on a Monday. Seven hours less, so that a late run is not reported.
 */
export function leastDays({ period, ahead }: PartitionedTable): number {
  return (ahead - 1) * period - 0.5;
}
