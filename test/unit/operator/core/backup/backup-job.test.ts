import { describe, expect, it } from '@jest/globals';
import type { BackupStatus } from '../../../../../operator/api/backup-fields.js';
import { backupJobName, buildBackupJob, type PodTemplate } from '../../../../../operator/core/backup/backup-job.js';

const RUN = { copy: '20261129T023005Z', trigger: 'schedule', startedAt: '2026-11-29T02:30:05Z' } as const;
const EXPECTED = { systemIdentifier: '7123', database: 'glitchtip', migration: 'users.0042_last' };
const TEMPLATE: PodTemplate = {
  metadata: { labels: { 'app.kubernetes.io/component': 'other', mine: 'yes' }, annotations: { hash: 'x' } },
  spec: { initContainers: [{ name: 'dump', env: [{ name: 'PGHOST', value: 'postgres' }, { name: 'AT', value: 'never' }] }, { name: 'restore' }], containers: [{ name: 'store', env: [{ name: 'RECIPIENTS', value: 'age1' }] }] },
};
interface BuiltJob {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly backoffLimit: number; readonly activeDeadlineSeconds: number; readonly ttlSecondsAfterFinished: number; readonly template: PodTemplate & { readonly spec: { readonly restartPolicy: string } } };
}
const build = (status: BackupStatus = {}) => buildBackupJob({ template: TEMPLATE, run: RUN, expected: EXPECTED, status }) as BuiltJob;
const variable = (job: BuiltJob, container: string, name: string) => [...job.spec.template.spec.initContainers ?? [], ...job.spec.template.spec.containers]
  .find((each) => each.name === container)?.env?.filter((each) => each.name === name).map(({ value }) => value);

describe('the Job of a backup', () => {
  it('is named after its copy, so that two operators make one', () => {
    expect(build().metadata.name).toBe(backupJobName(RUN.copy));
    expect(backupJobName(RUN.copy)).toMatch(/^[a-z0-9-]{1,63}$/);
  });
  it('is tried once, and has an end', () => expect(build().spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 7_200, ttlSecondsAfterFinished: 86_400, template: { spec: { restartPolicy: 'Never' } } }));
  it('is what the template says, with what this run knows', () => {
    const job = build();
    expect(variable(job, 'dump', 'PGHOST')).toEqual(['postgres']);
    expect(variable(job, 'store', 'RECIPIENTS')).toEqual(['age1']);
    expect(variable(job, 'store', 'COPY')).toEqual([RUN.copy]);
    expect(JSON.parse(variable(job, 'store', 'EXPECTED')?.[0] ?? '')).toEqual(EXPECTED);
    expect(job.spec.template.metadata).toMatchObject({ labels: { mine: 'yes', 'app.kubernetes.io/component': 'backup' }, annotations: { hash: 'x' } });
  });
  it('tells both databases the same time, whatever the template says', () => expect([variable(build(), 'dump', 'AT'), variable(build(), 'restore', 'AT')]).toEqual([[RUN.startedAt], [RUN.startedAt]]));
  it.each<[string, BackupStatus, string]>([
    ['the first time', {}, 'true'],
    ['in a new month', { lastHashedAt: '2026-10-31T02:34:00Z' }, 'true'],
    ['not twice in a month', { lastHashedAt: '2026-11-01T02:34:00Z' }, 'false'],
  ])('hashes every row %s', (_, status, expected) => expect(variable(build(status), 'restore', 'CONTENT')).toEqual([expected]));
  const lastVerified = { copy: '20261128T023000Z', at: '2026-11-28T02:34:00Z', bytes: 1, seconds: 2, how: 'counts', where: 's3' } as const;
  it.each<[string, BackupStatus, string]>([
    ['not when there is none', {}, 'false'],
    ['the first time', { lastVerified }, 'true'],
    ['after a week', { lastVerified, lastRecheckedAt: '2026-11-22T02:34:00Z' }, 'true'],
    ['not after six days', { lastVerified, lastRecheckedAt: '2026-11-23T02:34:00Z' }, 'false'],
  ])('looks at an old copy %s', (_, status, expected) => expect(variable(build(status), 'store', 'RECHECK')).toEqual([expected]));
});
