// What is known of the restores of a resource, as gauges.
import type { RestoreStatus } from '../../api/restore-fields.js';
import { timestamp, value, type ResourceGauge } from './resource-gauges.js';

export const RESTORE_GAUGES: readonly ResourceGauge<RestoreStatus>[] = [
  {
    name: 'glitchkeeper_restore_running', help: '1 while a restore is under way or waits to be confirmed, by its phase', labelNames: ['phase'],
    read: ({ current }) => value(current && 1, { phase: current?.phase ?? '' }),
  },
  {
    name: 'glitchkeeper_restore_phase_timestamp_seconds', help: 'When that phase, or its last attempt, began', labelNames: ['phase'],
    read: ({ current }) => timestamp(current?.since, { phase: current?.phase ?? '' }),
  },
  {
    name: 'glitchkeeper_restore_ended_timestamp_seconds', help: 'When the last restore ended, by how', labelNames: ['result'],
    read: ({ last }) => timestamp(last?.at, { result: last?.result ?? '' }),
  },
];
