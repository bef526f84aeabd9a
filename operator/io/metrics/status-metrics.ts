// What a resource's status says of conditions, credentials and rotations, as gauges.
import type { GlitchTipStatus } from '../../api/glitchtip-resource.js';
import { timestamp, type ResourceGauge } from './resource-gauges.js';

export const STATUS_GAUGES: readonly ResourceGauge<GlitchTipStatus>[] = [
  {
    name: 'glitchkeeper_condition', help: '1 for the status that a condition has', labelNames: ['type', 'status'],
    read: ({ conditions = [] }) => conditions.flatMap(({ type, status: actual }) =>
      ['True', 'False', 'Unknown'].map((status) => [{ type, status }, actual === status ? 1 : 0] as const)),
  },
  {
    name: 'glitchkeeper_credential_created_timestamp_seconds', help: 'When a credential was created', labelNames: ['secret'],
    read: ({ credentials = [] }) => credentials.flatMap(({ name, createdAt }) => timestamp(createdAt, { secret: name })),
  },
  {
    name: 'glitchkeeper_rotation_phase', help: '1 for the phase of the rotation that is under way; nothing while none is', labelNames: ['phase'],
    read: ({ rotation }) => (rotation?.current ? [[{ phase: rotation.current.phase }, 1]] : []),
  },
  {
    name: 'glitchkeeper_rotation_last_completed_timestamp_seconds', help: 'When a rotation was completed last',
    read: ({ rotation }) => timestamp(rotation?.lastCompletedAt),
  },
  {
    name: 'glitchkeeper_rotation_next_timestamp_seconds', help: 'When the schedule rotates next',
    read: ({ rotation }) => timestamp(rotation?.nextAt),
  },
  {
    name: 'glitchkeeper_rotation_history_undone', help: 'Rotations that were undone, of the last ones that the status remembers',
    read: ({ rotation }) => [[{}, rotation?.history?.filter(({ result }) => result === 'Undone').length ?? 0]],
  },
];
