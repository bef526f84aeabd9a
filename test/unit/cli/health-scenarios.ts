// What the health checks say of a GlitchTip: while it is healthy, and during an outage.
import type { HealthStatus } from '../../../operator/api/health-fields.js';

const Mi = 2 ** 20;
const Gi = 2 ** 30;

export const WELL: HealthStatus = {
  checkedAt: '2026-06-01T11:59:30Z',
  figures: {
    eventSeconds: 0.42, queueDepth: 12, oldestTaskSeconds: 3, partitionDays: 6.5, databaseBytes: 812 * Mi, connections: 14, connectionsMax: 40,
    longestTransactionSeconds: 0, valkeyBytes: 8 * Mi, valkeyMaxBytes: 30 * Mi,
    parts: [
      { name: 'web', ready: true, restarts: 0, memoryBytes: 188 * Mi, memoryLimitBytes: 300 * Mi },
      { name: 'worker', ready: true, restarts: 0, memoryBytes: 171 * Mi, memoryLimitBytes: 250 * Mi },
      { name: 'postgres', ready: true, restarts: 0, memoryBytes: 96 * Mi, memoryLimitBytes: 150 * Mi },
      { name: 'valkey', ready: true, restarts: 0, memoryBytes: 14 * Mi, memoryLimitBytes: 50 * Mi },
      { name: 'operator', ready: true, restarts: 0, memoryBytes: 55 * Mi, memoryLimitBytes: 96 * Mi },
    ],
    volumes: [{ name: 'postgres-data', usedBytes: 1434 * Mi, capacityBytes: 8 * Gi }],
  },
  channels: [{ name: 'telegram', lastSentAt: '2026-05-29T03:12:00Z', waiting: 0 }, { name: 'heartbeat', lastSentAt: '2026-06-01T11:59:30Z', waiting: 0 }],
};

/** The worker is stuck; the queue fills; a message cannot be sent. */
export const OUTAGE: HealthStatus = {
  ...WELL,
  incidents: [
    {
      id: 'queue', reason: 'QueueFilling', part: 'valkey', severity: 'warning', since: '2026-06-01T11:57:10Z',
      message: 'The queue takes 27Mi of 30Mi; at this pace events are refused in 9 minutes.', advice: 'Find out why the worker does not keep up: docs/runbooks/queue-full.md.',
    },
    {
      id: 'worker', reason: 'WorkerStuck', part: 'worker', severity: 'critical', since: '2026-06-01T11:55:30Z',
      message: 'The worker\'s pod is alive and has taken nothing from the queue for 270 s; 9120 tasks wait.', advice: 'kubectl --namespace glitchtip rollout restart deployment/worker',
      explains: ['events are not stored'], healing: 'the worker is being restarted (attempt 1 of 3)',
    },
  ],
  figures: { ...WELL.figures, eventSeconds: undefined, queueDepth: 9120, oldestTaskSeconds: 268, valkeyBytes: 27 * Mi },
  repairs: [
    { at: '2026-06-01T11:58:40Z', healing: 'restart-worker', reason: 'WorkerStuck', message: 'Deployment worker was restarted.' },
    { at: '2026-05-29T03:10:00Z', healing: 'migrate', reason: 'MigrationsPending', message: 'The migrate Job was run again.' },
  ],
  channels: [
    { name: 'telegram', lastSentAt: '2026-06-01T11:56:30Z', waiting: 1, error: 'answered 429: try again in 30 s' },
    { name: 'heartbeat', lastSentAt: '2026-06-01T11:55:00Z', waiting: 0 },
  ],
};
