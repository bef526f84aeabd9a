// What the operator serves at /metrics of its resources' statuses.
import { describe, expect, it } from '@jest/globals';
import type { GlitchTipStatus } from '../../../../../operator/api/glitchtip-resource.js';
import type { RotationProgress, RotationRecord, RotationResult } from '../../../../../operator/api/rotation-fields.js';
import { Metrics } from '../../../../../operator/io/metrics/metrics-registry.js';
import { seriesOf } from './metrics-series.js';

const record = (result: RotationResult): RotationRecord => ({
  id: 'r', trigger: 'schedule', credentials: ['postgres'], startedAt: '2026-01-01T03:00:00Z', finishedAt: '2026-01-01T03:01:00Z', result, message: '',
});
const current: RotationProgress = {
  phase: 'Rolling', id: 'r', trigger: 'request', credentials: ['postgres'], requestedAt: '2026-01-02T03:00:00Z', since: '2026-01-02T03:00:10Z', attempt: 1, message: '',
};

function metricsOf(status: GlitchTipStatus): Metrics {
  const metrics = new Metrics(() => 0);
  metrics.setStatus('glitchtip', status);
  return metrics;
}

describe('the metrics of a status', () => {
  it.each<[string, GlitchTipStatus, string, string[]]>([
    ['the status of a condition, and the two that it has not',
      { conditions: [{ type: 'Ready', status: 'False', reason: 'No', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }] }, 'glitchkeeper_condition', [
        'glitchkeeper_condition{resource="glitchtip",type="Ready",status="True"} 0',
        'glitchkeeper_condition{resource="glitchtip",type="Ready",status="False"} 1',
        'glitchkeeper_condition{resource="glitchtip",type="Ready",status="Unknown"} 0',
      ]],
    ['when a credential was created', { credentials: [{ name: 'glitchtip-app', generation: 1, createdAt: '1970-01-01T00:01:00Z' }, { name: 'unknown', generation: 1 }] },
      'glitchkeeper_credential_created_timestamp_seconds', ['glitchkeeper_credential_created_timestamp_seconds{resource="glitchtip",secret="glitchtip-app"} 60']],
    ['the phase of the rotation under way', { rotation: { current } }, 'glitchkeeper_rotation_phase', ['glitchkeeper_rotation_phase{resource="glitchtip",phase="Rolling"} 1']],
    ['no phase while there is no rotation', { rotation: { history: [record('Completed')] } }, 'glitchkeeper_rotation_phase', []],
    ['when a rotation was completed last', { rotation: { lastCompletedAt: '1970-01-01T00:02:00Z' } }, 'glitchkeeper_rotation_last_completed_timestamp_seconds',
      ['glitchkeeper_rotation_last_completed_timestamp_seconds{resource="glitchtip"} 120']],
    ['no time of a completion before the first one', { rotation: {} }, 'glitchkeeper_rotation_last_completed_timestamp_seconds', []],
    ['when the next one is', { rotation: { nextAt: '1970-01-01T00:03:00Z' } }, 'glitchkeeper_rotation_next_timestamp_seconds',
      ['glitchkeeper_rotation_next_timestamp_seconds{resource="glitchtip"} 180']],
    ['how many in the history were undone', { rotation: { history: [record('Undone'), record('Completed'), record('Undone')] } }, 'glitchkeeper_rotation_history_undone',
      ['glitchkeeper_rotation_history_undone{resource="glitchtip"} 2']],
    ['none undone where nothing was rotated yet', {}, 'glitchkeeper_rotation_history_undone', ['glitchkeeper_rotation_history_undone{resource="glitchtip"} 0']],
  ])('say %s', async (_sentence, status, name, expected) => {
    expect(await seriesOf(metricsOf(status), name)).toEqual(expected);
  });

  it('follow the status: a phase that has ended is not exported any more', async () => {
    const metrics = metricsOf({ rotation: { current } });
    await metrics.render();
    metrics.setStatus('glitchtip', { rotation: { current: { ...current, phase: 'Proving' } } });
    expect(await seriesOf(metrics, 'glitchkeeper_rotation_phase')).toEqual(['glitchkeeper_rotation_phase{resource="glitchtip",phase="Proving"} 1']);
  });

  it.each<[string, (metrics: Metrics) => void]>([
    ['the resource is gone', (metrics) => metrics.forget('glitchtip')],
    ['another operator is the leader', (metrics) => metrics.setLeader(false)],
  ])('end when %s', async (_sentence, end) => {
    const metrics = metricsOf({ rotation: { current } });
    await metrics.render();
    end(metrics);
    expect((await metrics.render()).body).not.toContain('resource="glitchtip"');
  });
});
