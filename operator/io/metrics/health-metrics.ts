// What the health checks found, as gauges; and what the operator repaired by itself, as a counter.
import { Counter, type Registry } from 'prom-client';

import type { HealthFigures, HealthStatus } from '../../api/health-fields.js';
import { timestamp, value, type ResourceGauge, type Series } from './resource-gauges.js';

const figure = (name: string, help: string, read: (figures: HealthFigures) => number | undefined): ResourceGauge<HealthStatus> =>
  ({ name, help, read: ({ figures }) => value(figures && read(figures)) });

type Part = NonNullable<HealthFigures['parts']>[number];
const ofParts = (name: string, help: string, read: (part: Part) => number | undefined): ResourceGauge<HealthStatus> => ({
  name, help, labelNames: ['part'],
  read: ({ figures }) => (figures?.parts ?? []).flatMap((part): Series => value(read(part), { part: part.name })),
});

type Volume = NonNullable<HealthFigures['volumes']>[number];
const ofVolumes = (name: string, help: string, read: (volume: Volume) => number): ResourceGauge<HealthStatus> => ({
  name, help, labelNames: ['volume'],
  read: ({ figures }) => (figures?.volumes ?? []).map((volume) => [{ volume: volume.name }, read(volume)]),
});

type ChannelStatus = NonNullable<HealthStatus['channels']>[number];
const ofChannels = (name: string, help: string, read: (channel: ChannelStatus) => Series): ResourceGauge<HealthStatus> => ({
  name, help, labelNames: ['channel'],
  read: ({ channels = [] }) => channels.flatMap(read),
});

export const HEALTH_GAUGES: readonly ResourceGauge<HealthStatus>[] = [
  {
    name: 'glitchkeeper_incident', help: '1 for each incident that is open, by its root cause', labelNames: ['reason', 'part', 'severity'],
    read: ({ incidents = [] }) => incidents.map(({ reason, part, severity }) => [{ reason, part, severity }, 1]),
  },
  {
    name: 'glitchkeeper_incident_since_timestamp_seconds', help: 'When the first failed check of an open incident was', labelNames: ['reason', 'part'],
    read: ({ incidents = [] }) => incidents.flatMap(({ since, reason, part }) => timestamp(since, { reason, part })),
  },
  {
    name: 'glitchkeeper_health_checked_timestamp_seconds', help: 'When health was checked last',
    read: ({ checkedAt }) => timestamp(checkedAt),
  },
  figure('glitchkeeper_event_stored_seconds', 'From an event of the operator\'s own accepted to stored', ({ eventSeconds }) => eventSeconds),
  figure('glitchkeeper_queue_tasks', 'Tasks that wait for the worker', ({ queueDepth }) => queueDepth),
  figure('glitchkeeper_queue_oldest_task_seconds', 'Age of the task that waits longest', ({ oldestTaskSeconds }) => oldestTaskSeconds),
  figure('glitchkeeper_partition_days', 'Days for which the tables of events have partitions', ({ partitionDays }) => partitionDays),
  figure('glitchkeeper_partition_missing_days', 'Days of partitions that are missing against what a daily maintenance leaves at the least', ({ partitionMissingDays }) => partitionMissingDays),
  figure('glitchkeeper_valkey_memory_bytes', 'Memory that Valkey\'s data takes', ({ valkeyBytes }) => valkeyBytes),
  figure('glitchkeeper_valkey_memory_max_bytes', 'Valkey\'s maxmemory: events are refused when it is reached', ({ valkeyMaxBytes }) => valkeyMaxBytes),
  figure('glitchkeeper_spool_bytes', 'Bytes on the gateway\'s disk that GlitchTip has not stored yet', ({ spoolBytes }) => spoolBytes),
  figure('glitchkeeper_spool_max_bytes', 'Bytes that the gateway keeps at most: events are refused (429) when it is reached', ({ spoolMaxBytes }) => spoolMaxBytes),
  figure('glitchkeeper_spool_oldest_seconds', 'Since the oldest event that waits in the gateway was received', ({ spoolOldestSeconds }) => spoolOldestSeconds),
  figure('glitchkeeper_set_aside_requests', 'Requests that could not be stored and wait for a person', ({ setAside }) => setAside),
  figure('glitchkeeper_old_server_waiting_requests', 'Requests that wait for the old server of a move', ({ oldWaiting }) => oldWaiting),
  figure('glitchkeeper_old_server_dropped_requests', 'Requests that were dropped for the one of the two that does not lead, for its share of the spool was full', ({ oldDropped }) => oldDropped),
  figure('glitchkeeper_old_server_refused_requests', 'Requests that the old server refused', ({ oldRefused }) => oldRefused),
  figure('glitchkeeper_postgres_connections', 'Connections to Postgres', ({ connections }) => connections),
  figure('glitchkeeper_postgres_connections_max', 'Postgres\' max_connections', ({ connectionsMax }) => connectionsMax),
  figure('glitchkeeper_postgres_longest_transaction_seconds', 'Age of the oldest open transaction', ({ longestTransactionSeconds }) => longestTransactionSeconds),
  figure('glitchkeeper_database_bytes', 'Size of the database', ({ databaseBytes }) => databaseBytes),
  ofParts('glitchkeeper_part_ready', '1 while a part is ready', ({ ready }) => (ready ? 1 : 0)),
  ofParts('glitchkeeper_part_restarts', 'Restarts of a part\'s containers, of the pods that are there', ({ restarts }) => restarts),
  ofParts('glitchkeeper_part_memory_bytes', 'Memory that a part uses', ({ memoryBytes }) => memoryBytes),
  ofParts('glitchkeeper_part_memory_limit_bytes', 'Memory that a part may use; above it the kernel ends it', ({ memoryLimitBytes }) => memoryLimitBytes),
  ofVolumes('glitchkeeper_volume_used_bytes', 'What of a volume is used', ({ usedBytes }) => usedBytes),
  ofVolumes('glitchkeeper_volume_capacity_bytes', 'Size of a volume', ({ capacityBytes }) => capacityBytes),
  figure('glitchkeeper_certificate_days', 'Days until the watched certificate ends', ({ certificateDays }) => certificateDays),
  ofChannels('glitchkeeper_alert_messages_waiting', 'Messages that are not sent yet', ({ name, waiting }) => value(waiting, { channel: name })),
  ofChannels('glitchkeeper_alert_channel_failing', '1 while the last try to send failed', ({ name, error }) => value(error === undefined ? 0 : 1, { channel: name })),
  ofChannels('glitchkeeper_alert_last_sent_timestamp_seconds', 'When a message was sent last', ({ name, lastSentAt }) => timestamp(lastSentAt, { channel: name })),
];

/** Counts repairs as they appear in the status, which remembers only the last ones. */
export class RepairCounter {
  readonly #counter: Counter<'resource' | 'healing'>;
  /** The newest repair that was counted, or that an earlier process made, by resource. */
  readonly #newest = new Map<string, string>();

  constructor(registers: Registry[]) {
    this.#counter = new Counter({
      name: 'glitchkeeper_repairs_total', help: 'Repairs that the operator made since it became the leader',
      labelNames: ['resource', 'healing'], registers,
    });
  }

  /** The first status counts nothing: its repairs were counted by the process before. */
  look(resource: string, { repairs = [] }: HealthStatus): void {
    const before = this.#newest.get(resource);
    const latest = repairs.reduce((newest, { at }) => (at > newest ? at : newest), before ?? '');
    this.#newest.set(resource, latest);
    if (before === undefined) return;
    for (const { healing } of repairs.filter(({ at }) => at > before)) this.#counter.inc({ resource, healing });
  }

  forget(): void {
    this.#newest.clear();
    this.#counter.reset();
  }
}
