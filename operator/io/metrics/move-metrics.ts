// What is known of the move of a resource, as gauges.
import type { MoveStatus } from '../../api/move-fields.js';
import { timestamp, value, type ResourceGauge } from './resource-gauges.js';

export const MOVE_GAUGES: readonly ResourceGauge<MoveStatus>[] = [
  {
    name: 'glitchkeeper_move_running', help: '1 while a move from an old Sentry is under way, by its phase', labelNames: ['phase'],
    read: ({ current }) => value(current && current.phase !== 'Finished' ? 1 : undefined, { phase: current?.phase ?? '' }),
  },
  {
    name: 'glitchkeeper_move_phase_timestamp_seconds', help: 'When the gateway confirmed that phase', labelNames: ['phase'],
    read: ({ current }) => timestamp(current?.inForceSince, { phase: current?.phase ?? '' }),
  },
];
