import { describe, expect, it } from '@jest/globals';
import type { BackupStatus } from '../../../../../operator/api/backup-fields.js';
import { backupJobName, buildBackupJob, runVariables, type PodTemplate } from '../../../../../operator/core/backup/backup-job.js';

const RUN = { copy: '20261129T023005Z', trigger: 'schedule', startedAt: '2026-11-29T02:30:05Z' } as const;
const EXPECTED = { systemIdentifier: '7123', database: 'glitchtip', migration: 'users.0042_last' };
const TEMPLATE = {
  metadata: { labels: { 'app.kubernetes.io/component': 'backup', mine: 'yes' }, annotations: { hash: 'x' } },
  spec: { restartPolicy: 'Never', initContainers: [{ name: 'dump', env: [{ name: 'PGHOST', value: 'postgres' }] }], containers: [{ name: 'store' }] },
};
interface BuiltJob {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly template: unknown };
}
const build = (template: PodTemplate = TEMPLATE) => buildBackupJob(template, RUN.copy) as BuiltJob;

describe('the Job of a backup', () => {
  it('is named after its copy, so that two operators make one', () => {
    expect(build().metadata.name).toBe(backupJobName(RUN.copy));
    expect(backupJobName(RUN.copy)).toMatch(/^[a-z0-9-]{1,63}$/);
  });
  it('is tried once, and has an end', () => expect(build().spec).toMatchObject({ backoffLimit: 0, completions: 1, parallelism: 1, activeDeadlineSeconds: 7_200, ttlSecondsAfterFinished: 86_400 }));
  it('has the label that its admission policy is chosen by', () => expect(build().metadata.labels).toMatchObject({ 'app.kubernetes.io/component': 'backup', 'app.kubernetes.io/part-of': 'glitchtip' }));
  it("has the template's pods to the letter", () => expect(build().spec.template).toEqual(TEMPLATE));
  it('gives them no labels and annotations that the template has not', () => expect(build({ spec: TEMPLATE.spec }).spec.template).toEqual({ metadata: {}, spec: TEMPLATE.spec }));
});

describe('the variables of a run', () => {
  const of = (status: BackupStatus = {}) => runVariables(RUN, EXPECTED, status);
  it('say which copy, of which moment, and what is expected of the database', () => {
    expect(of()).toMatchObject({ AT: RUN.startedAt, COPY: RUN.copy });
    expect(JSON.parse(of().EXPECTED)).toEqual(EXPECTED);
  });
  it.each<[string, BackupStatus, string]>([
    ['the first time', {}, 'true'],
    ['in a new month', { lastHashedAt: '2026-10-31T02:34:00Z' }, 'true'],
    ['not twice in a month', { lastHashedAt: '2026-11-01T02:34:00Z' }, 'false'],
  ])('have every row hashed %s', (_, status, expected) => expect(of(status).CONTENT).toBe(expected));
  const lastVerified = { copy: '20261128T023000Z', at: '2026-11-28T02:34:00Z', bytes: 1, seconds: 2, how: 'counts', where: 's3' } as const;
  it.each<[string, BackupStatus, string]>([
    ['not when there is none', {}, 'false'],
    ['the first time', { lastVerified }, 'true'],
    ['after a week', { lastVerified, lastRecheckedAt: '2026-11-22T02:34:00Z' }, 'true'],
    ['not after six days', { lastVerified, lastRecheckedAt: '2026-11-23T02:34:00Z' }, 'false'],
  ])('have an old copy looked at %s', (_, status, expected) => expect(of(status).RECHECK).toBe(expected));
});
