// What the operator serves at /metrics of its resources' moves.
import { describe, expect, it } from '@jest/globals';
import type { MoveStatus } from '../../../../../operator/api/move-fields.js';
import { Metrics } from '../../../../../operator/io/metrics/metrics-registry.js';
import { seriesOf } from './metrics-series.js';

const current: NonNullable<MoveStatus['current']> = { id: '19700101T000200Z', phase: 'Cutover', since: '1970-01-01T00:02:00Z', inForceSince: '1970-01-01T00:02:01Z', imports: true, attempt: 1 };

function metricsOf(status: MoveStatus): Metrics {
  const metrics = new Metrics(() => 0);
  metrics.setMove('glitchtip', status);
  return metrics;
}

describe('the metrics of a move', () => {
  it.each<[string, MoveStatus, string, string[]]>([
    ['in which phase it is', { current }, 'glitchkeeper_move_running', ['glitchkeeper_move_running{resource="glitchtip",phase="Cutover"} 1']],
    ['since when it is in force', { current }, 'glitchkeeper_move_phase_timestamp_seconds', ['glitchkeeper_move_phase_timestamp_seconds{resource="glitchtip",phase="Cutover"} 121']],
    ['nothing while it is not', { current: { ...current, inForceSince: undefined } }, 'glitchkeeper_move_phase_timestamp_seconds', []],
    ['that none runs when it has finished', { current: { ...current, phase: 'Finished' } }, 'glitchkeeper_move_running', []],
    ['nothing while there is none', {}, 'glitchkeeper_move_running', []],
  ])('say %s', async (_, status, name, expected) => expect(await seriesOf(metricsOf(status), name)).toEqual(expected));

  it.each<[string, (metrics: Metrics) => void]>([
    ['the resource is gone', (metrics) => metrics.forget('glitchtip')],
    ['another operator is the leader', (metrics) => metrics.setLeader(false)],
  ])('end when %s', async (_, end) => {
    const metrics = metricsOf({ current });
    end(metrics);
    expect(await seriesOf(metrics, 'glitchkeeper_move_running')).toEqual([]);
  });
});
