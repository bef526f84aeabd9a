// What the operator serves at /metrics of its resources' health.
import { describe, expect, it } from '@jest/globals';
import type { HealthStatus, Repair } from '../../../../../operator/api/health-fields.js';
import { Metrics } from '../../../../../operator/io/metrics/metrics-registry.js';
import { exportedNames, seriesOf } from './metrics-series.js';

const incident = { id: 'a', reason: 'DatabaseDown', part: 'postgres', severity: 'critical', since: '1970-01-01T00:01:00Z', message: 'Postgres does not answer.', advice: 'Look.' } as const;

function metricsOf(health: HealthStatus): Metrics {
  const metrics = new Metrics(() => 0);
  metrics.setHealth('glitchtip', health);
  return metrics;
}

describe('the metrics of health', () => {
  it.each<[string, HealthStatus, string, string[]]>([
    ['each open incident', { incidents: [incident] }, 'glitchkeeper_incident', ['glitchkeeper_incident{resource="glitchtip",reason="DatabaseDown",part="postgres",severity="critical"} 1']],
    ['since when it is open', { incidents: [incident] }, 'glitchkeeper_incident_since_timestamp_seconds', ['glitchkeeper_incident_since_timestamp_seconds{resource="glitchtip",reason="DatabaseDown",part="postgres"} 60']],
    ['no incident while all is well', { incidents: [] }, 'glitchkeeper_incident', []],
    ['when the last check was', { checkedAt: '1970-01-01T00:02:00Z' }, 'glitchkeeper_health_checked_timestamp_seconds', ['glitchkeeper_health_checked_timestamp_seconds{resource="glitchtip"} 120']],
    ['how long an event takes', { figures: { eventSeconds: 0.25 } }, 'glitchkeeper_event_stored_seconds', ['glitchkeeper_event_stored_seconds{resource="glitchtip"} 0.25']],
    ['an empty queue as 0', { figures: { queueDepth: 0 } }, 'glitchkeeper_queue_tasks', ['glitchkeeper_queue_tasks{resource="glitchtip"} 0']],
    ['nothing of a figure that was not seen', { figures: {} }, 'glitchkeeper_queue_tasks', []],
    ['a part that is not ready as 0', { figures: { parts: [{ name: 'web', ready: false, restarts: 3 }] } }, 'glitchkeeper_part_ready', ['glitchkeeper_part_ready{resource="glitchtip",part="web"} 0']],
    ['the memory of each part that is measured', { figures: { parts: [{ name: 'web', ready: true, restarts: 0, memoryBytes: 5 }, { name: 'worker', ready: true, restarts: 0 }] } },
      'glitchkeeper_part_memory_bytes', ['glitchkeeper_part_memory_bytes{resource="glitchtip",part="web"} 5']],
    ['the space of each volume', { figures: { volumes: [{ name: 'uploads', usedBytes: 1, capacityBytes: 2 }] } }, 'glitchkeeper_volume_used_bytes', ['glitchkeeper_volume_used_bytes{resource="glitchtip",volume="uploads"} 1']],
    ['what waits to be sent', { channels: [{ name: 'telegram', waiting: 2, error: 'no answer' }] }, 'glitchkeeper_alert_messages_waiting', ['glitchkeeper_alert_messages_waiting{resource="glitchtip",channel="telegram"} 2']],
    ['which channel fails', { channels: [{ name: 'telegram', waiting: 2, error: 'no answer' }, { name: 'webhook', waiting: 0 }] }, 'glitchkeeper_alert_channel_failing', [
      'glitchkeeper_alert_channel_failing{resource="glitchtip",channel="telegram"} 1', 'glitchkeeper_alert_channel_failing{resource="glitchtip",channel="webhook"} 0',
    ]],
  ])('say %s', async (_sentence, health, name, expected) => expect(await seriesOf(metricsOf(health), name)).toEqual(expected));

  it('never have the words of an incident or an error, which may be long', async () => {
    const { body } = await metricsOf({ incidents: [incident], channels: [{ name: 'webhook', waiting: 0, error: 'answered 500' }] }).render();
    expect(body).not.toMatch(/does not answer|answered 500/);
  });

  it.each<[string, (metrics: Metrics) => void]>([
    ['the resource is gone', (metrics) => metrics.forget('glitchtip')],
    ['health is not checked any more', (metrics) => metrics.setHealth('glitchtip', undefined)],
    ['another operator is the leader', (metrics) => metrics.setLeader(false)],
  ])('end when %s', async (_sentence, end) => {
    const metrics = metricsOf({ incidents: [incident], checkedAt: '1970-01-01T00:02:00Z' });
    await metrics.render();
    end(metrics);
    expect((await metrics.render()).body).not.toContain('resource="glitchtip"');
  });
});

describe('repairs are counted', () => {
  const repair = (at: string, healing: Repair['healing'] = 'migrate'): Repair => ({ at: `2026-01-01T00:00:0${at}Z`, healing, reason: 'MigrationsPending', message: '' });
  const count = async (...looks: Repair[][]): Promise<string[]> => {
    const metrics = new Metrics(() => 0);
    for (const repairs of looks) metrics.setHealth('glitchtip', { repairs });
    return seriesOf(metrics, 'glitchkeeper_repairs_total');
  };

  it('when they appear', async () => expect(await count([], [repair('1')], [repair('2', 'restart-worker'), repair('1')], [repair('2', 'restart-worker'), repair('1')])).toEqual([
    'glitchkeeper_repairs_total{resource="glitchtip",healing="migrate"} 1', 'glitchkeeper_repairs_total{resource="glitchtip",healing="restart-worker"} 1',
  ]));
  it('but not those that a process before this one made', async () => expect(await count([repair('1')], [repair('2'), repair('1')])).toEqual(['glitchkeeper_repairs_total{resource="glitchtip",healing="migrate"} 1']));
});

it('every name follows the conventions: a prefix, base units, _total only for what never falls', async () => {
  const names = await exportedNames(new Metrics(() => 0));
  expect(names.filter((name) => !/^(glitchkeeper|process)_[a-z_]+$/.test(name))).toEqual([]);
  expect(names.filter((name) => name.endsWith('_total'))).toEqual(['glitchkeeper_kubernetes_requests_total', 'glitchkeeper_repairs_total']);
  expect(names.filter((name) => /_(ms|milliseconds|minutes|hours|kb|mb|mebibytes|percent)$/.test(name))).toEqual([]);
});
