// What is known of the backups of a resource, as gauges.
import { parseCopyTime } from '../../../backup/core/copy-name.js';
import type { BackupSpec, BackupStatus } from '../../api/backup-fields.js';
import { oldestAllowed } from '../../core/backup/backup-schedule.js';
import { timestamp, value, type ResourceGauge } from './resource-gauges.js';

export interface KnownBackups {
  readonly spec: BackupSpec;
  readonly status: BackupStatus;
}

const STATES = ['good', 'damaged'] as const;

export const BACKUP_GAUGES: readonly ResourceGauge<KnownBackups>[] = [
  {
    name: 'glitchkeeper_backup_verified_timestamp_seconds', help: 'The time of the newest copy that was restored and found good',
    read: ({ status: { lastVerified } }) => timestamp(lastVerified && parseCopyTime(lastVerified.copy)?.toISOString()),
  },
  {
    name: 'glitchkeeper_backup_max_age_seconds', help: 'How old that copy may become by the schedule; nothing where there is none',
    read: ({ spec }) => value(spec.enabled ? oldestAllowed(spec) / 1_000 : undefined),
  },
  {
    name: 'glitchkeeper_backup_bytes', help: 'Size of that copy in the store',
    read: ({ status: { lastVerified } }) => value(lastVerified?.bytes),
  },
  {
    name: 'glitchkeeper_backup_duration_seconds', help: 'How long that copy took: dump, restore, verification and store',
    read: ({ status: { lastVerified } }) => value(lastVerified?.seconds),
  },
  {
    name: 'glitchkeeper_backup_failures', help: 'Runs that failed one after the other since that copy',
    read: ({ status: { failures } }) => value(failures ?? 0),
  },
  {
    name: 'glitchkeeper_backup_copies', help: 'Copies in the store, as the last run saw them', labelNames: ['state'],
    read: ({ status: { copies } }) => (copies ? STATES.map((state) => [{ state }, copies.filter(({ damaged }) => damaged === (state === 'damaged')).length]) : []),
  },
  {
    name: 'glitchkeeper_backup_running', help: '1 while a run is under way',
    read: ({ status: { current } }) => value(current === undefined ? 0 : 1),
  },
  {
    name: 'glitchkeeper_backup_next_timestamp_seconds', help: 'When the schedule makes the next one',
    read: ({ status: { nextAt } }) => timestamp(nextAt),
  },
];
