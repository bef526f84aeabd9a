// What the kubelet, the Job controller and web would do in a restore or an upgrade, by the test's own hands: pods come and go with their Deployments, and Jobs do in SQL what their containers do.
import pg from 'pg';
import { formatReport } from '../../backup/core/report.js';
import { formatRestoreReport } from '../../backup/core/restore-report.js';
import { COMPONENT_LABEL, JOB_NAME_LABEL, LABELS, RESTORE_RUN, RESTORE_SECRET } from '../../operator/api/object-names.js';
import { makePartitions, TABLES } from './glitchtip-tables.js';
import { NAMESPACE, type Stage } from './operator-stage.js';

export const CORE = `/api/v1/namespaces/${NAMESPACE}`;
export const JOBS = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`;
export const DEPLOYMENTS = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;
export const COPY = '20261128T023000Z';

/** As much of GlitchTip's tables as a restore looks at. */
export const CONTENT = `${TABLES}
  ALTER TABLE users_user ADD COLUMN email text, ADD COLUMN password text, ADD COLUMN is_superuser boolean;
  CREATE TABLE django_session (session_key text);
  ALTER TABLE django_migrations ADD COLUMN app text, ADD COLUMN name text;
  INSERT INTO django_migrations VALUES (1, 'users', '0042_last');`;

export function podSpec(...names: readonly string[]): object {
  const containers = names.map((name) => ({
    name, image: 'example.com/image:1', resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { cpu: '500m', memory: '96Mi' } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  }));
  return {
    restartPolicy: 'Never', automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, runAsUser: 70, seccompProfile: { type: 'RuntimeDefault' } },
    ...(containers.length > 1 ? { initContainers: containers.slice(0, -1) } : {}), containers: containers.slice(-1),
  };
}

export class Kubelet {
  /** Why the Job of this name fails; undefined: it does not. Asked once for each. */
  failure: (job: string) => string | undefined = () => undefined;
  /** What a migrate Job does; false: it waits, as for the step of an upgrade. */
  migrate: (job: string) => Promise<boolean> = async () => {
    await this.stage.sql(makePartitions(-1, 2), 'glitchtip');
    return true;
  };
  readonly #ended = new Set<string>();
  #web: pg.Client | undefined;

  constructor(private readonly stage: Stage) {}

  /** Everything comes to where it would have come by itself. */
  async settle(): Promise<void> {
    for (const part of ['web', 'worker']) await this.#settlePart(part);
    const { items } = await this.stage.server.admin.get<{ items: { metadata: { name: string }; status?: { conditions?: unknown[] } }[] }>(JOBS);
    for (const { metadata: { name } } of items) {
      if (this.#ended.has(name)) continue;
      if (!(await this.#run(name))) continue;
      this.#ended.add(name);
    }
  }

  async stop(): Promise<void> {
    await this.#web?.end();
    this.#web = undefined;
  }

  async #settlePart(part: string): Promise<void> {
    const { admin } = this.stage.server;
    const { spec: { replicas } } = await admin.get<{ spec: { replicas: number } }>(`${DEPLOYMENTS}/${part}`);
    const pod = `${CORE}/pods/${part}-1`;
    const isThere = await admin.get(pod).then(() => true, () => false);
    if (replicas === 0 && isThere) await this.stage.kubectl(['delete', 'pod', `${part}-1`, '--force', '--grace-period=0']);
    if (replicas > 0 && !isThere) {
      await admin.create(`${CORE}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: `${part}-1`, labels: { ...LABELS, [COMPONENT_LABEL]: part } }, spec: podSpec(part) });
      await admin.merge(`${pod}/status`, { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: new Date().toISOString() }] } }, 'kubelet');
    }
    if (part === 'web') await (replicas === 0 ? this.stop() : this.#connect());
  }

  /** As web is connected for as long as it runs. */
  async #connect(): Promise<void> {
    if (this.#web) return;
    const { DATABASE_USER: user, DATABASE_PASSWORD: password } = (await this.stage.secrets())['glitchtip-app']?.values ?? {};
    this.#web = new pg.Client({ host: '127.0.0.1', port: this.stage.postgres.port, user, password, database: 'glitchtip' });
    this.#web.on('error', () => undefined);
    await this.#web.connect();
  }

  /** False: it has not ended. */
  async #run(job: string): Promise<boolean> {
    const why = this.failure(job);
    const isMigration = why === undefined && /^(glitchkeeper-)?migrate-/.test(job);
    if (isMigration && !(await this.migrate(job))) return false;
    await (isMigration ? this.#end(job, true, '') : this.#report(job, why));
    return true;
  }

  async #report(job: string, why: string | undefined): Promise<void> {
    if (why !== undefined) return this.#end(job, false, JSON.stringify({ result: 'failed', step: 'load', exitCode: 137, reason: why }));
    if (job.startsWith('restore-check-')) return this.#end(job, true, formatRestoreReport({ result: 'fetched', copy: COPY, where: 's3', startedAt: '2026-11-28T02:30:00Z', release: '5.2', bytes: 1, databaseBytes: 1_000_000, uploads: { files: 0, bytes: 0 }, hasSettings: false, seconds: { fetch: 1 } }));
    if (job.startsWith('restore-')) return this.#load(job);
    if (job.startsWith('backup-')) return this.#end(job, true, formatReport({ result: 'verified', copy: COPY, bytes: 1, where: 's3', how: 'counts', seconds: 1, copies: [[COPY, 1, 'good']], deleted: 0, retention: 'done' }));
    return this.#end(job, true, JSON.stringify({ result: 'imported', imported: 40, left: 2 }));
  }

  /** By the login of the Job, with the password that its pod would read. */
  async #load(job: string): Promise<void> {
    const { data } = await this.stage.server.admin.get<{ data: Readonly<Record<string, string>> }>(`${CORE}/configmaps/${RESTORE_RUN}`);
    const password = (await this.stage.secrets())[RESTORE_SECRET]?.values['database-password'];
    const client = new pg.Client({ host: '127.0.0.1', port: this.stage.postgres.port, user: 'glitchtip_restore', password, database: data['PGDATABASE'] });
    await client.connect();
    await client.query(CONTENT);
    await client.query("INSERT INTO organizations_ext_organization VALUES (1, 'of the copy', 'copy', true, true); INSERT INTO django_session VALUES ('old')");
    await client.end();
    return this.#end(job, true, formatRestoreReport({ result: 'restored', copy: data['COPY'] ?? '', tables: 1, rows: 1, how: 'counts', uploads: { written: 0, kept: 0 }, settings: false, seconds: { place: 1 } }));
  }

  async #end(job: string, isGood: boolean, message: string): Promise<void> {
    const { admin } = this.stage.server;
    const at = new Date().toISOString();
    const part = reporterOf(job, isGood);
    if (part !== undefined) {
      await admin.create(`${CORE}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: `${job}-x`, labels: { ...LABELS, [COMPONENT_LABEL]: componentOf(job), [JOB_NAME_LABEL]: job } }, spec: podSpec(part) });
      const terminated = { exitCode: isGood ? 0 : 1, reason: isGood ? 'Completed' : 'Error', startedAt: at, finishedAt: at, message };
      await admin.merge(`${CORE}/pods/${job}-x/status`, { status: { phase: isGood ? 'Succeeded' : 'Failed', containerStatuses: [{ name: part, image: 'x', imageID: '', ready: false, restartCount: 0, state: { terminated } }] } }, 'kubelet');
    }
    const conditions = (isGood ? ['SuccessCriteriaMet', 'Complete'] : ['FailureTarget', 'Failed']).map((type) => ({ type, status: 'True', reason: isGood ? 'CompletionsReached' : 'BackoffLimitExceeded', lastProbeTime: at, lastTransitionTime: at }));
    await admin.merge(`${JOBS}/${job}/status`, { status: { startTime: at, ...(isGood ? { completionTime: at, succeeded: 1 } : { failed: 1 }), conditions } }, 'kubelet');
  }
}

function componentOf(job: string): string {
  if (job.startsWith('legacy-import-')) return 'legacy-import';
  return job.startsWith('backup-') ? 'backup' : 'restore';
}

/** The container that says how it ended; none of a migration does. */
function reporterOf(job: string, isGood: boolean): string | undefined {
  if (/^(glitchkeeper-)?migrate-/.test(job)) return undefined;
  if (job.startsWith('backup-')) return 'store';
  if (job.startsWith('legacy-import-')) return 'import';
  if (job.startsWith('restore-check-')) return 'fetch';
  return isGood ? 'place' : 'load';
}
