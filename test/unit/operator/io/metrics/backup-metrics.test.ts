// What the operator serves at /metrics of its resources' backups.
import { describe, expect, it } from '@jest/globals';
import { backupSpec, type BackupStatus } from '../../../../../operator/api/backup-fields.js';
import { Metrics } from '../../../../../operator/io/metrics/metrics-registry.js';
import { seriesOf } from './metrics-series.js';

const lastVerified = { copy: '19700101T000200Z', at: '1970-01-01T00:06:00Z', bytes: 178, seconds: 236, how: 'counts', where: 's3' } as const;
const AT = '{resource="glitchtip"}';

function metricsOf(status: BackupStatus, spec: object = {}): Metrics {
  const metrics = new Metrics(() => 0);
  metrics.setBackups('glitchtip', { spec: backupSpec.parse({ store: 's3', ...spec }), status });
  return metrics;
}

describe('the metrics of backups', () => {
  it.each<[string, BackupStatus, string, string[]]>([
    ['of which moment the newest good copy is', { lastVerified }, 'glitchkeeper_backup_verified_timestamp_seconds', [`glitchkeeper_backup_verified_timestamp_seconds${AT} 120`]],
    ['nothing of a copy that there is not', {}, 'glitchkeeper_backup_verified_timestamp_seconds', []],
    ['its size', { lastVerified }, 'glitchkeeper_backup_bytes', [`glitchkeeper_backup_bytes${AT} 178`]],
    ['how long it took', { lastVerified }, 'glitchkeeper_backup_duration_seconds', [`glitchkeeper_backup_duration_seconds${AT} 236`]],
    ['how old it may become', {}, 'glitchkeeper_backup_max_age_seconds', [`glitchkeeper_backup_max_age_seconds${AT} 129600`]],
    ['failures in a row', { failures: 2 }, 'glitchkeeper_backup_failures', [`glitchkeeper_backup_failures${AT} 2`]],
    ['no failure as 0', {}, 'glitchkeeper_backup_failures', [`glitchkeeper_backup_failures${AT} 0`]],
    ['copies, good and damaged', { copies: [{ name: 'a', bytes: 1, damaged: false }, { name: 'b', bytes: 1, damaged: true }] }, 'glitchkeeper_backup_copies', [
      'glitchkeeper_backup_copies{resource="glitchtip",state="good"} 1', 'glitchkeeper_backup_copies{resource="glitchtip",state="damaged"} 1',
    ]],
    ['that one is under way', { current: { copy: '19700101T000200Z', trigger: 'schedule', startedAt: '1970-01-01T00:02:00Z' } }, 'glitchkeeper_backup_running', [`glitchkeeper_backup_running${AT} 1`]],
    ['when the next one is', { nextAt: '1970-01-01T00:02:00Z' }, 'glitchkeeper_backup_next_timestamp_seconds', [`glitchkeeper_backup_next_timestamp_seconds${AT} 120`]],
  ])('say %s', async (_, status, name, expected) => expect(await seriesOf(metricsOf(status), name)).toEqual(expected));

  it('say no age where there is no schedule', async () => expect(await seriesOf(metricsOf({}, { enabled: false }), 'glitchkeeper_backup_max_age_seconds')).toEqual([]));

  it.each<[string, (metrics: Metrics) => void]>([
    ['the resource is gone', (metrics) => metrics.forget('glitchtip')],
    ['none are made any more', (metrics) => metrics.setBackups('glitchtip', undefined)],
    ['another operator is the leader', (metrics) => metrics.setLeader(false)],
  ])('end when %s', async (_, end) => {
    const metrics = metricsOf({ lastVerified });
    end(metrics);
    expect((await metrics.render()).body).not.toContain('resource="glitchtip"');
  });
});
