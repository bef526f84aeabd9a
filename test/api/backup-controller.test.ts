// Backups as the operator makes them with its own rights on a real API server, of a real Postgres. No kubelet: what it would report of a Job and its pod is written by the test.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { formatReport, type Report } from '../../backup/core/report.js';
import { BACKUP_ANNOTATION, BACKUP_RUN, BACKUP_TEMPLATE, COMPONENT_LABEL, JOB_NAME_LABEL, LABELS, REHEARSAL_ANNOTATION, REHEARSAL_COMPONENT } from '../../operator/api/object-names.js';
import type { GlitchTipStatus } from '../../operator/api/glitchtip-resource.js';
import { BackupController } from '../../operator/controllers/backup/backup-controller.js';
import { RehearsalController } from '../../operator/controllers/rehearsal/rehearsal-controller.js';
import type { BackupPort, Ports } from '../../operator/controllers/ports.js';
import { backupJobName } from '../../operator/core/backup/backup-job.js';
import { rehearsalJobName } from '../../operator/core/rehearsal/rehearsal-job.js';
import { postgresPort } from '../../operator/io/connect-ports.js';
import { backupJobs, rehearsalJobs } from '../../operator/io/kubernetes/template-jobs.js';
import { KubernetesObjects } from '../../operator/io/kubernetes/objects.js';
import { Workloads } from '../../operator/io/kubernetes/workloads.js';
import { START_MS } from './control-plane.js';
import { buildPorts } from './operator-ports.js';
import { HERE, NAMESPACE, RESOURCES, Stage } from './operator-stage.js';
import { reconcile } from './reconcile.js';
import { WriteCuts, type WriteCut } from './write-cuts.js';

const never = new AbortController().signal;
const CORE = `/api/v1/namespaces/${NAMESPACE}`;
const JOBS = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`;
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/glitchkeeper-operation`;
const POD_LABELS = { ...LABELS, [COMPONENT_LABEL]: 'backup' };
const VARIABLES = ['AT', 'CONTENT', 'COPY', 'EXPECTED', 'RECHECK'];
const container = (name: string) => ({
  name, image: 'example.com/image:1', env: VARIABLES.map((key) => ({ name: key, valueFrom: { configMapKeyRef: { name: BACKUP_RUN, key } } })),
  resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '500m', memory: '96Mi' } },
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
});
const TEMPLATE = {
  apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: BACKUP_TEMPLATE, labels: POD_LABELS },
  template: {
    metadata: { labels: POD_LABELS, annotations: { 'example.com/hash': 'x' } },
    spec: { restartPolicy: 'Never', automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, runAsUser: 70, seccompProfile: { type: 'RuntimeDefault' } }, initContainers: [container('dump'), container('restore')], containers: [container('store')] },
  },
};
const FIGURES = { migrations: 12, seconds: 90.5, peakMemory: 131_072_000, slowest: { migration: 'issue_events.0007_uuid', seconds: 60 }, bytesBefore: 100, bytesAfter: 140, locks: [{ table: 'issue_events_issue', mode: 'ACCESS EXCLUSIVE', seconds: 60.2 }] };
const DEPLOYMENTS = ['web', 'worker', 'gateway'];
/** An hour and a half ago, for what the API server makes must not be of an earlier time; not near the maintenance of partitions. */
function quietHour(real: Date): Date {
  const past = new Date(Math.floor(real.getTime() / 1_000) * 1_000 - 90 * 60_000);
  const minutes = past.getUTCHours() * 60 + past.getUTCMinutes();
  return minutes >= 210 && minutes < 330 ? new Date(past.setUTCHours(2, 0, 0, 0)) : past;
}

describe('backups on a real API server', () => {
  let stage: Stage;
  let now = new Date();
  const status = async (): Promise<NonNullable<GlitchTipStatus['backup']>> => (await stage.resource()).status?.backup ?? {};
  const jobs = async () => (await stage.server.admin.get<{ items: { metadata: { name: string } }[] }>(JOBS)).items.map(({ metadata }) => metadata.name);
  const holder = async () => (await stage.server.admin.get<{ spec?: { holderIdentity?: string } }>(LEASE)).spec?.holderIdentity;
  const later = (minutes: number) => { now = new Date(now.getTime() + minutes * 60_000); };

  beforeAll(async () => {
    stage = await Stage.open();
    const { admin } = stage.server;
    await stage.kubectl(['delete', 'resourcequota', '--all']);
    const { spec, ...settings } = await stage.settings();
    await admin.apply(`${RESOURCES}/glitchtip`, { ...settings, spec: { ...spec, backup: { store: 's3', enabled: false } } }, 'test');
    await reconcile(buildPorts(stage.operatorApi));
    await Promise.all([stage.startPostgres(), stage.startValkey()]);
    for (let turn = 0; turn < 5; turn += 1) await reconcile(buildPorts(stage.operatorApi));
    await stage.sql("SET ROLE glitchtip; CREATE TABLE django_migrations (id int PRIMARY KEY, app text, name text); INSERT INTO django_migrations VALUES (1, 'users', '0001_first'), (2, 'issue_events', '0042_last')", 'glitchtip');
    await Promise.all(DEPLOYMENTS.map(rolledOut));
  }, START_MS);
  afterAll(() => stage.close());

  /** With its template, without Jobs, as if no backup was ever made. */
  beforeEach(async () => {
    const { admin } = stage.server;
    await stage.kubectl(['delete', 'jobs,pods', `--selector=${COMPONENT_LABEL}=backup`, '--force', '--grace-period=0']);
    await stage.kubectl(['delete', 'lease', 'glitchkeeper-operation', '--ignore-not-found']);
    await stage.kubectl(['annotate', 'glitchtip', 'glitchtip', `${BACKUP_ANNOTATION}-`]);
    await admin.apply(`${CORE}/podtemplates/${BACKUP_TEMPLATE}`, TEMPLATE, 'test');
    await admin.apply(`${CORE}/configmaps/${BACKUP_RUN}`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: BACKUP_RUN, labels: POD_LABELS } }, 'test');
    await admin.apply(`${RESOURCES}/glitchtip/status`, { apiVersion: 'glitchkeeper.io/v1alpha1', kind: 'GlitchTip', metadata: { name: 'glitchtip' }, status: {} }, 'glitchkeeper-backup');
    now = quietHour(new Date());
  });

  /** As the controller manager says of a Deployment whose one pod is there. */
  async function rolledOut(name: string): Promise<void> {
    const [labels, path] = [{ app: name }, `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${name}`];
    const spec = { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name, image: 'example.com/image:1' }] } } };
    await stage.server.admin.apply(path, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec }, 'test');
    await stage.server.admin.merge(`${path}/status`, { status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 } }, 'test');
  }

  /** As many looks, each of an operator that has just started. @returns whether it was cut off */
  async function look(count: number, cut?: WriteCut): Promise<boolean> {
    const { operatorApi } = stage;
    const nothing = () => undefined;
    const cuts = new WriteCuts(cut);
    const ports = { cluster: cuts.wrap(new KubernetesObjects(operatorApi, NAMESPACE, 'test'), ['applyBackup', 'writeLock', 'dropBackupRequest']), workloads: new Workloads(operatorApi, NAMESPACE), postgres: postgresPort };
    const backups = cuts.wrap<BackupPort>(backupJobs(operatorApi, NAMESPACE), ['writeVariables', 'createJob', 'deleteJob']);
    for (let done = 0; done < count && !cuts.isCut; done += 1) {
      const controller = new BackupController({ ...(ports as unknown as Ports), backups, trustedHosts: HERE, clock: { now: () => now.getTime(), monotonic: () => 0, after: () => nothing }, log: nothing, onBackups: nothing, onEnd: nothing });
      await controller.reconcile('glitchtip', never).catch((error: unknown) => {
        if (!cuts.isCut) throw error;
      });
    }
    return cuts.isCut;
  }

  /** As {@link look}, for rehearsals. */
  async function rehearse(count: number): Promise<void> {
    const { operatorApi } = stage;
    const nothing = () => undefined;
    const ports = { cluster: new KubernetesObjects(operatorApi, NAMESPACE, 'test'), workloads: new Workloads(operatorApi, NAMESPACE), postgres: postgresPort };
    for (let done = 0; done < count; done += 1) {
      const controller = new RehearsalController({ ...(ports as unknown as Ports), rehearsals: rehearsalJobs(operatorApi, NAMESPACE), trustedHosts: HERE, clock: { now: () => now.getTime(), monotonic: () => 0, after: () => nothing }, log: nothing });
      await controller.reconcile('glitchtip', never);
    }
  }

  /** A Job with its pod that ended well, as the kubelet and the Job controller say. */
  async function finish(job: string, { labels, spec, containers }: { readonly labels: object; readonly spec: object; readonly containers: readonly (readonly [name: string, message: string])[] }): Promise<void> {
    const { admin } = stage.server;
    const at = now.toISOString();
    await admin.create(`${CORE}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: `${job}-1`, labels: { ...labels, [JOB_NAME_LABEL]: job } }, spec });
    const containerStatuses = containers.map(([name, message]) => ({ name, image: 'x', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at, message } } }));
    await admin.merge(`${CORE}/pods/${job}-1/status`, { status: { phase: 'Succeeded', containerStatuses } }, 'kubelet');
    const conditions = ['SuccessCriteriaMet', 'Complete'].map((type) => ({ type, status: 'True', reason: 'CompletionsReached', lastProbeTime: at, lastTransitionTime: at }));
    await admin.merge(`${JOBS}/${job}/status`, { status: { startTime: at, completionTime: at, succeeded: 1, conditions } }, 'kubelet');
  }

  const ask = (name: string) => stage.kubectl(['annotate', 'glitchtip', 'glitchtip', `${BACKUP_ANNOTATION}=${name}`]);

  /** A Job that is made and seen. @returns the name of its copy */
  async function begin(request: string): Promise<string> {
    await ask(request);
    await look(4);
    return (await status()).current?.copy ?? '';
  }

  const verified = (copy: string): Report => ({ result: 'verified', copy, bytes: 187_000_000, where: 's3', how: 'content', seconds: 236, copies: [[copy, 187_000_000, 'good']], deleted: 0, retention: 'done' });

  /** As the kubelet and the Job controller do. */
  async function end(copy: string, report: Report, withPod = true): Promise<void> {
    const { admin } = stage.server;
    const [job, isGood] = [backupJobName(copy), report.result === 'verified'];
    if (withPod) {
      await admin.create(`${CORE}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: `${job}-1`, labels: { ...POD_LABELS, [JOB_NAME_LABEL]: job } }, spec: TEMPLATE.template.spec });
      const ended = (name: string, exitCode: number, message?: string) => ({
        name, image: 'x', imageID: '', ready: false, restartCount: 0, state: { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt: now.toISOString(), finishedAt: now.toISOString(), ...(message === undefined ? {} : { message }) } },
      });
      const podStatus = { phase: isGood ? 'Succeeded' : 'Failed', initContainerStatuses: [ended('dump', 0), ended('restore', 0)], containerStatuses: [ended('store', isGood ? 0 : 1, formatReport(report))] };
      await admin.merge(`${CORE}/pods/${job}-1/status`, { status: podStatus }, 'kubelet');
    }
    const at = now.toISOString();
    const conditions = (isGood ? ['SuccessCriteriaMet', 'Complete'] : ['FailureTarget', 'Failed']).map((type) => ({ type, status: 'True', reason: isGood ? 'CompletionsReached' : 'BackoffLimitExceeded', lastProbeTime: at, lastTransitionTime: at }));
    await admin.merge(`${JOBS}/${job}/status`, { status: { startTime: at, ...(isGood ? { completionTime: at, succeeded: 1 } : { failed: 1 }), conditions } }, 'kubelet');
  }

  it('a run is made as its template says, with what it has to know beside it', async () => {
    const copy = await begin('one');
    const { spec, metadata } = await stage.server.admin.get<{ metadata: { labels: object }; spec: { template: { metadata: { annotations: object }; spec: object } } }>(`${JOBS}/${backupJobName(copy)}`);
    const { template } = await stage.server.admin.get<{ template: { spec: object } }>(`${CORE}/podtemplates/${BACKUP_TEMPLATE}`);
    expect(spec.template.spec).toEqual(template.spec);
    expect([metadata.labels, spec.template.metadata.annotations]).toEqual([expect.objectContaining(POD_LABELS), TEMPLATE.template.metadata.annotations]);
    const { data } = await stage.server.admin.get<{ data: Readonly<Record<string, string>> }>(`${CORE}/configmaps/${BACKUP_RUN}`);
    expect(data).toMatchObject({ COPY: copy, AT: now.toISOString().replace('.000Z', 'Z'), CONTENT: 'true', RECHECK: 'false' });
    const [server] = await stage.sql<{ id: string }>('SELECT system_identifier::text AS id FROM pg_control_system()');
    expect(JSON.parse(data['EXPECTED'] ?? '')).toEqual({ systemIdentifier: server?.id, database: 'glitchtip', migration: 'issue_events.0042_last' });
    expect([await holder(), (await status()).request]).toEqual([`backup/${backupJobName(copy)}`, { name: 'one', copy }]);
  });

  it('one that ends well is told, and its request is gone', async () => {
    const copy = await begin('two');
    later(4);
    await end(copy, verified(copy));
    await look(2);
    expect(await stage.condition('BackupVerified')).toBe(`True Restored: Copy ${copy} was restored, and every row is as dumped.`);
    const { metadata: { annotations = {} } } = await stage.resource();
    expect([(await status()).current, await holder(), annotations[BACKUP_ANNOTATION], await jobs()]).toEqual([undefined, undefined, undefined, [backupJobName(copy)]]);
    expect(await stage.kubectl(['get', 'events', '--output=jsonpath={range .items[*]}{.reason} {end}'])).toContain('BackupVerified');
    // Neither takes away what the other writes.
    await reconcile(buildPorts(stage.operatorApi));
    expect([await stage.condition('BackupVerified'), await stage.condition('DatabaseHealthy')]).toEqual([expect.stringMatching(/^True/), expect.stringMatching(/^True/)]);
  });

  it.each<[string, Report, boolean, string]>([
    ['fails says in which step, and why', { result: 'failed', step: 'read-back', reason: 'ClockSkewed', detail: '403: the clock is wrong' }, true, 'failed in step read-back: ClockSkewed (403: the clock is wrong).'],
    ['fails and whose pod is gone says that', { result: 'failed', step: 'dump', reason: 'LockWait' }, false, 'failed in step begin: PodGone.'],
  ])('one that %s', async (_, report, withPod, message) => {
    const copy = await begin('three');
    later(4);
    await end(copy, report, withPod);
    await look(2);
    expect(await stage.condition('BackupVerified')).toBe(`False RunFailed: Backup ${copy} ${message}`);
    expect(await holder()).toBeUndefined();
  });

  // Status, request, lock, variables, Job, and the status that has seen it.
  it.each([1, 2, 3, 4, 5, 6])('an operator that is ended after its write %d makes one run, neither none nor two', async (after) => {
    await ask('mine');
    expect(await look(6, { after })).toBe(true);
    await look(6);
    const copy = (await status()).current?.copy ?? '';
    later(4);
    await end(copy, verified(copy));
    await look(4);
    const { lastVerified, request, current } = await status();
    expect([await jobs(), lastVerified?.copy, request, current, await holder()]).toEqual([[backupJobName(copy)], copy, { name: 'mine', copy }, undefined, undefined]);
  });

  it('two operators at once make one run, and come to the same end', async () => {
    // What one of them wrote meanwhile is refused to the other, which looks again.
    const both = async (times: number): Promise<void> => {
      for (let turn = 0; turn < times; turn += 1) await Promise.all([look(1), look(1)].map((each) => each.catch(() => undefined)));
    };
    await ask('both');
    await both(8);
    const copy = (await status()).current?.copy ?? '';
    expect([await jobs(), await holder()]).toEqual([[backupJobName(copy)], `backup/${backupJobName(copy)}`]);
    later(4);
    await end(copy, verified(copy));
    await both(4);
    const { lastVerified, request, current } = await status();
    expect([await jobs(), lastVerified?.copy, request, current, await holder()]).toEqual([[backupJobName(copy)], copy, { name: 'both', copy }, undefined, undefined]);
  });

  it('a request while one runs is taken up after it', async () => {
    const copy = await begin('four');
    await ask('five');
    await look(2);
    expect(await jobs()).toEqual([backupJobName(copy)]);
    later(4);
    await end(copy, verified(copy));
    await look(6);
    expect((await status()).request).toMatchObject({ name: 'five' });
    expect((await jobs()).length).toBe(2);
  });

  it('waits for a rotation that holds the lock, and says so', async () => {
    const since = now.toISOString().replace('Z', '000Z');
    const spec = { holderIdentity: 'migration/glitchkeeper-migrate-1', acquireTime: since, renewTime: since, leaseDurationSeconds: 600 };
    await stage.server.admin.create(LEASE.replace(/\/[^/]+$/, ''), { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'glitchkeeper-operation' }, spec });
    await ask('six');
    await look(2);
    expect([(await status()).heldBack, await jobs()]).toEqual([`migration glitchkeeper-migrate-1 is under way since ${now.toISOString().replace('.000Z', 'Z')}`, []]);
    later(3);
    await look(4);
    expect([(await status()).heldBack, (await jobs()).length]).toEqual([undefined, 1]);
  });

  it.each([['podtemplate', BACKUP_TEMPLATE, 'PodTemplate backup'], ['configmap', BACKUP_RUN, 'ConfigMap backup-run']])('without its %s it is told, and not thrown', async (kind, name, what) => {
    await stage.kubectl(['delete', kind, name]);
    await ask('seven');
    await look(4);
    expect(await stage.condition('BackupVerified')).toMatch(new RegExp(`^False RunFailed: .* in step begin: ManifestsMissing \\(${what} is not there`));
    expect(await jobs()).toEqual([]);
  });

  it('of a status that somebody else wrote meanwhile nothing is written over', async () => {
    const cluster = new KubernetesObjects(stage.operatorApi, NAMESPACE, 'test');
    const resource = await cluster.readResource('glitchtip', never);
    if (!resource) throw new Error('there is no resource');
    await ask('eight');
    expect(await cluster.applyBackup(resource, { conditions: [], backup: { heldBack: 'old' } }, never)).toBe(false);
    expect((await status()).heldBack).toBeUndefined();
  });

  it('a rehearsal waits for the end of a backup, is made as its template says, and is told; and neither takes away what the other writes', async () => {
    const { admin } = stage.server;
    const [labels, spec] = [{ ...LABELS, [COMPONENT_LABEL]: REHEARSAL_COMPONENT }, { ...TEMPLATE.template.spec, initContainers: [], containers: [container('server'), container('migrate')] }];
    await admin.apply(`${CORE}/podtemplates/rehearsal-6-2`, { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'rehearsal-6-2', labels }, template: { metadata: { labels }, spec } }, 'test');
    const rehearsal = async (): Promise<NonNullable<GlitchTipStatus['rehearsal']>> => (await stage.resource()).status?.rehearsal ?? {};
    const copy = await begin('rehearse');
    await stage.kubectl(['annotate', 'glitchtip', 'glitchtip', `${REHEARSAL_ANNOTATION}=6.2.6`]);
    await rehearse(2);
    expect(await rehearsal()).toEqual({ heldBack: `Job ${backupJobName(copy)} has not ended` });
    later(4);
    await end(copy, verified(copy));
    await look(2);
    await rehearse(5);
    const { current } = await rehearsal();
    const job = current && rehearsalJobName(current);
    expect([current?.version, await holder(), await jobs()]).toEqual(['6.2', `rehearsal/${job ?? ''}`, expect.arrayContaining([job])]);
    await finish(job ?? '', { labels, spec, containers: [['server', JSON.stringify({ result: 'rehearsed', checked: false, ...FIGURES })], ['migrate', '']] });
    await rehearse(3);
    expect(await rehearsal()).toEqual({ last: { version: '6.2', startedAt: current?.startedAt, endedAt: expect.any(String), result: 'Passed', ...FIGURES } });
    expect([await holder(), (await stage.resource()).metadata.annotations?.[REHEARSAL_ANNOTATION], (await status()).lastVerified?.copy]).toEqual([undefined, undefined, copy]);
  });

  it('taken out of the settings, nothing is said of it any more', async () => {
    const copy = await begin('nine');
    later(4);
    await end(copy, verified(copy));
    await look(2);
    await stage.kubectl(['patch', 'glitchtip', 'glitchtip', '--type=json', '--patch=[{"op":"remove","path":"/spec/backup"}]']);
    await look(1);
    expect([await stage.condition('BackupVerified'), await status()]).toEqual(['none', {}]);
  });
});
