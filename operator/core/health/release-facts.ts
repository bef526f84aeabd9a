// What health has to know of GlitchTip's releases: where their queue is, which tables have partitions. 5.2 was run; the others were read in their source.

export type QueueLayout =
  /** Celery: one list, and the index of what was taken and not yet acknowledged, by the time at which it was taken. */
  | { readonly kind: 'celery'; readonly list: string; readonly taken: string }
  | { readonly kind: 'lists'; readonly lists: readonly string[] }
  | { readonly kind: 'table'; readonly table: string };

export interface PartitionedTable {
  readonly table: string;
  /** Partitions that the daily maintenance makes, today's included. */
  readonly ahead: number;
}

export interface HealthRelease {
  readonly queue: QueueLayout;
  /** Tables that every event is written to; one that does not exist in this release is left out. */
  readonly partitioned: readonly PartitionedTable[];
  /** Without these nothing works. */
  readonly tables: readonly string[];
  /** What ingest asks for each event. */
  readonly ingestFunction: string;
}

/** GlitchTip 5.2: glitchtip/partitioning.py. */
const PARTITIONED = [
  { table: 'issue_events_issueevent', ahead: 7 },
  { table: 'issue_events_issuetag', ahead: 7 },
  { table: 'issue_events_issueaggregate', ahead: 4 },
];
const TABLES = ['django_migrations', 'users_user', 'projects_project', 'issue_events_issue', 'issue_events_issueevent'];
const common = { partitioned: PARTITIONED, tables: TABLES, ingestFunction: 'get_project_auth_info(bigint,uuid)' };

const RELEASES: readonly { readonly major: number; readonly withValkey: QueueLayout; readonly without: QueueLayout }[] = [
  { major: 5, withValkey: { kind: 'celery', list: 'celery', taken: 'unacked_index' }, without: { kind: 'table', table: 'db_queuedtask' } },
  // The prefix is the one that charts/releases.ts pins.
  { major: 6, withValkey: { kind: 'lists', lists: ['vtasks:q:ingest', 'vtasks:q:default'] }, without: { kind: 'table', table: 'db_queuedtask' } },
];

/** A release that is not in the table is taken for the newest that is. */
export function healthRelease(version: string, hasValkey: boolean): HealthRelease {
  const major = Number.parseInt(version, 10);
  const row = RELEASES.find((release) => release.major >= major) ?? RELEASES.at(-1);
  if (!row) throw new RangeError('no release is known');
  return { ...common, queue: hasValkey ? row.withValkey : row.without };
}

/**
 * Days that a table has left right before the daily maintenance: of 7 partitions, today's among them, and the run at 05:00,
 * 5.8 are left at 04:59 of the next day. Seven hours less, so that a late run is not reported.
 */
export function leastDays({ ahead }: PartitionedTable): number {
  return ahead - 1.5;
}
