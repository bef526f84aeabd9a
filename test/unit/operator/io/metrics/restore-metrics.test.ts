// What the operator serves at /metrics of its resources' restores and upgrades.
import { describe, expect, it } from '@jest/globals';
import type { RestoreStatus } from '../../../../../operator/api/restore-fields.js';
import { Metrics } from '../../../../../operator/io/metrics/metrics-registry.js';
import { seriesOf } from './metrics-series.js';

const id = '19700101T000200Z';
const current: RestoreStatus['current'] = { id, wanted: { copy: 'latest', save: true }, phase: 'Restoring', direction: 'forth', since: '1970-01-01T00:02:00Z', attempt: 1 };
const last: RestoreStatus['last'] = { id, at: '1970-01-01T00:03:00Z', result: 'Confirmed' };

function metricsOf(status: RestoreStatus): Metrics {
  const metrics = new Metrics(() => 0);
  metrics.setRestore('glitchtip', status);
  return metrics;
}

describe('the metrics of restores', () => {
  it.each<[string, RestoreStatus, string, string[]]>([
    ['in which phase one is', { current }, 'glitchkeeper_restore_running', ['glitchkeeper_restore_running{resource="glitchtip",phase="Restoring"} 1']],
    ['since when', { current }, 'glitchkeeper_restore_phase_timestamp_seconds', ['glitchkeeper_restore_phase_timestamp_seconds{resource="glitchtip",phase="Restoring"} 120']],
    ['how and when the last one ended', { last }, 'glitchkeeper_restore_ended_timestamp_seconds', ['glitchkeeper_restore_ended_timestamp_seconds{resource="glitchtip",result="Confirmed"} 180']],
    ['nothing while there is none', {}, 'glitchkeeper_restore_running', []],
  ])('say %s', async (_, status, name, expected) => expect(await seriesOf(metricsOf(status), name)).toEqual(expected));

  it.each<[string, (metrics: Metrics) => void]>([
    ['the resource is gone', (metrics) => metrics.forget('glitchtip')],
    ['another operator is the leader', (metrics) => metrics.setLeader(false)],
  ])('end when %s', async (_, end) => {
    const metrics = metricsOf({ current });
    end(metrics);
    expect(await seriesOf(metrics, 'glitchkeeper_restore_running')).toEqual([]);
  });
});

it('upgrades have the same', async () => {
  const metrics = new Metrics(() => 0);
  metrics.setUpgrade('glitchtip', { current: { id, from: '5.2', to: '6.2', phase: 'Migrating', since: '1970-01-01T00:02:00Z', attempt: 1 } });
  expect(await seriesOf(metrics, 'glitchkeeper_upgrade_phase_timestamp_seconds')).toEqual(['glitchkeeper_upgrade_phase_timestamp_seconds{resource="glitchtip",phase="Migrating"} 120']);
  metrics.forget('glitchtip');
  expect(await seriesOf(metrics, 'glitchkeeper_upgrade_running')).toEqual([]);
});
