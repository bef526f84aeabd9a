// Upgrades as the operator leads them with its own rights on a real API server, with a real Postgres, Valkey and a gateway's control port; and back, with the restore's controller.
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { parseSpec } from '../../operator/api/glitchtip-resource.js';
import { BACKUP_RUN, COMPONENT_LABEL, LABELS, RESTORE_ANNOTATION, RESTORE_RUN, RESTORE_SECRET, UPGRADE_ANNOTATION, UPGRADE_STEP } from '../../operator/api/object-names.js';
import type { UpgradeStatus } from '../../operator/api/upgrade-fields.js';
import type { ClusterPort } from '../../operator/controllers/ports.js';
import { RestoreController } from '../../operator/controllers/restore/restore-controller.js';
import type { GatewayModePort, RestorePort } from '../../operator/controllers/restore/restore-ports.js';
import { UpgradeController, type UpgradeDependencies } from '../../operator/controllers/upgrade/upgrade-controller.js';
import type { UpgradeStepPort } from '../../operator/controllers/upgrade/upgrade-ports.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import { leastUuidAt } from '../../operator/core/uuid-time.js';
import { CANARY_ID } from '../../operator/io/postgres/canary-rows.js';
import { gatewayModes, openHealthPort, postgresPort, restoreDatabases, schemas, valkeyPort } from '../../operator/io/connect-ports.js';
import { nodeCrypto } from '../../operator/io/crypto.js';
import { KubernetesObjects } from '../../operator/io/kubernetes/objects.js';
import { RestoreObjects } from '../../operator/io/kubernetes/restore-objects.js';
import { legacyImports } from '../../operator/io/kubernetes/template-jobs.js';
import { upgradeSteps } from '../../operator/io/kubernetes/upgrade-step.js';
import { Workloads } from '../../operator/io/kubernetes/workloads.js';
import { systemClock } from '../../operator/runtime/clock.js';
import { RunningControl } from '../unit/gateway/control/running-control.js';
import { START_MS } from './control-plane.js';
import { makePartitions } from './glitchtip-tables.js';
import { buildPorts } from './operator-ports.js';
import { HERE, NAMESPACE, RESOURCES, Stage, until as waitUntil } from './operator-stage.js';
import { reconcile } from './reconcile.js';
import { CONTENT, CORE, DEPLOYMENTS, JOBS, Kubelet, podSpec } from './restore-kubelet.js';
import { WriteCuts, type WriteCut } from './write-cuts.js';

const RUN_MS = 180_000;
const never = new AbortController().signal;
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/glitchkeeper-operation`;
const TEMPLATES: Readonly<Record<string, readonly [component: string, ...containers: string[]]>> = {
  'restore-check': ['restore', 'fetch'], restore: ['restore', 'fetch', 'load', 'place'], backup: ['backup', 'dump', 'restore', 'store'], migrate: ['migrate', 'migrate'], 'legacy-import': ['legacy-import', 'import'],
};
/** What the migrations of 6.2 make of the table of events, as far as anybody here looks at it. */
const MIGRATION = `ALTER TABLE issue_events_issueevent RENAME TO issue_events_issueevent_archive;
  SET ROLE glitchtip;
  CREATE TABLE issue_events_issueevent (id uuid NOT NULL, event_id uuid, organization_id int NOT NULL, PRIMARY KEY (id, organization_id)) PARTITION BY RANGE (id);
  CREATE TABLE issue_events_issueevent_all PARTITION OF issue_events_issueevent FOR VALUES FROM ('00000000-0000-0000-0000-000000000000') TO ('ffffffff-ffff-ffff-ffff-ffffffffffff')`;

describe('upgrades on a real API server', () => {
  let stage: Stage;
  let gateway: RunningControl;
  let kubelet: Kubelet;
  let folder: string;
  const status = async (): Promise<UpgradeStatus> => (await stage.resource()).status?.upgrade ?? {};
  const ask = (request: string, annotation = UPGRADE_ANNOTATION) => stage.kubectl(['annotate', '--overwrite', 'glitchtip', 'glitchtip', `${annotation}=${request}`]);
  const asked = async () => (await stage.resource()).metadata.annotations?.[UPGRADE_ANNOTATION];
  const holder = async () => (await stage.server.admin.get<{ spec?: { holderIdentity?: string } }>(LEASE)).spec?.holderIdentity;
  const schema = async () => (await stage.sql<{ key: string }>("SELECT pg_get_partkeydef(to_regclass('public.issue_events_issueevent')) AS key", 'glitchtip'))[0]?.key;
  const organizations = async () => (await stage.sql<{ name: string }>('SELECT name FROM organizations_ext_organization WHERE id = 1', 'glitchtip')).map(({ name }) => name);
  const step = () => upgradeSteps(stage.server.admin, NAMESPACE).read(never);
  const events = () => stage.kubectl(['get', 'events', '--output=jsonpath={range .items[*]}{.reason} {end}']);
  const jobs = async () => (await stage.server.admin.get<{ items: { metadata: { name: string } }[] }>(JOBS)).items.map(({ metadata: { name } }) => name.replace(/-\d{8}t.*$/, '')).sort();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-upgrade-'));
    for (const release of ['5.2', '6.2']) {
      const settings = join(folder, `${release}.yaml`);
      await writeFile(settings, JSON.stringify({ version: release }));
      await execa('node', ['build/main.js'], { env: { GLITCHKEEPER_SETTINGS: settings, CDK8S_OUTDIR: join(folder, release) } });
    }
    gateway = await RunningControl.open();
    stage = await Stage.open({ gateway: { controlHost: '127.0.0.1', controlPort: (gateway.server.address() as AddressInfo).port }, backup: { store: 's3', enabled: false } });
    const { admin } = stage.server;
    await stage.kubectl(['delete', 'resourcequota', '--all']);
    await admin.apply(`${RESOURCES}/glitchtip`, await stage.settings(), 'test');
    await reconcile(buildPorts(stage.operatorApi));
    await Promise.all([stage.startPostgres(), stage.startValkey()]);
    for (let turn = 0; turn < 5; turn += 1) await reconcile(buildPorts(stage.operatorApi));
    gateway.token = (await stage.secrets())['glitchtip-gateway']?.values['control-token'];
    for (const [name, [component, ...containers]] of Object.entries(TEMPLATES)) {
      const labels = { ...LABELS, [COMPONENT_LABEL]: component };
      await admin.apply(`${CORE}/podtemplates/${name}`, { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name, labels }, template: { metadata: { labels }, spec: podSpec(...containers) } }, 'test');
    }
    for (const name of ['web', 'worker', 'gateway']) {
      const spec = { replicas: 1, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image: 'example.com/image:1' }] } } };
      await admin.apply(`${DEPLOYMENTS}/${name}`, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec }, 'test');
    }
  }, START_MS);
  afterAll(async () => {
    await gateway.close();
    await stage.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Manifests of a release, as far as the operator goes by them: its rights, the policies, the version, replicas, the Job. */
  async function applyManifests(release: '5.2' | '6.2'): Promise<void> {
    const { admin } = stage.server;
    // The policies are in the namespace's file, with a quota that the pods of here have no place in.
    for (const file of ['0000-namespace.k8s.yaml', '0002-operator.k8s.yaml']) await stage.kubectl(['apply', '-f', join(folder, release, file)]);
    await stage.kubectl(['delete', 'resourcequota', '--all']);
    await admin.merge(`${RESOURCES}/glitchtip`, { spec: { version: release } }, 'test');
    for (const part of ['web', 'worker']) await admin.merge(`${DEPLOYMENTS}/${part}`, { spec: { replicas: 1 } }, 'test');
    if (release === '6.2') {
      const { metadata, template } = await admin.get<{ metadata: { labels: object }; template: object }>(`${CORE}/podtemplates/migrate`);
      await admin.create(JOBS, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'migrate-six', labels: metadata.labels }, spec: { template } }).catch(() => undefined);
    }
    // The API server takes up new policies and rights by and by.
    const isNamed = () => upgradeSteps(stage.operatorApi, NAMESPACE).name('5.2-6.2', never).then(() => 'taken', () => 'refused');
    await waitUntil(`the policies of ${release}`, isNamed, release === '6.2' ? 'taken' : 'refused');
    await stage.kubectl(['delete', 'configmap', UPGRADE_STEP.configMap, '--ignore-not-found']);
  }

  /** As the pods' guard has it. */
  const migrate = async (): Promise<boolean> => {
    if ((await schema()) === 'RANGE (id)') return true;
    if ((await version()) === '5.2') {
      await stage.sql(makePartitions(-1, 2), 'glitchtip');
      return true;
    }
    if ((await step()) !== '5.2-6.2') return false;
    await stage.sql(MIGRATION, 'glitchtip');
    return true;
  };
  const version = async () => ((await stage.resource()).spec as { version: string }).version;

  /** With a database of 5.2 that people use, a task in its queue, and as if there never was an upgrade. */
  beforeEach(async () => {
    const { admin } = stage.server;
    await stage.kubectl(['delete', 'jobs,pods,events', '--all', '--force', '--grace-period=0']);
    await stage.kubectl(['delete', 'lease', 'glitchkeeper-operation', '--ignore-not-found']);
    for (const annotation of [UPGRADE_ANNOTATION, RESTORE_ANNOTATION]) await stage.kubectl(['annotate', 'glitchtip', 'glitchtip', `${annotation}-`]);
    for (const manager of ['glitchkeeper-upgrade', 'glitchkeeper-restore']) await admin.apply(`${RESOURCES}/glitchtip/status`, { apiVersion: 'glitchkeeper.io/v1alpha1', kind: 'GlitchTip', metadata: { name: 'glitchtip' }, status: {} }, manager);
    await stage.kubectl(['delete', 'secret', RESTORE_SECRET, '--ignore-not-found']);
    if ((await version()) === '6.2') await applyManifests('5.2');
    await stage.kubectl(['delete', 'configmap', UPGRADE_STEP.configMap, '--ignore-not-found']);
    for (const name of [RESTORE_RUN, BACKUP_RUN]) await admin.apply(`${CORE}/configmaps/${name}`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }, 'test');
    for (const { datname } of await stage.sql<{ datname: string }>("SELECT datname FROM pg_database WHERE datname LIKE 'glitchtip%'")) await stage.sql(`DROP DATABASE ${datname} WITH (FORCE)`);
    for (let turn = 0; turn < 3; turn += 1) await reconcile(buildPorts(stage.operatorApi));
    await stage.sql(`${CONTENT}; INSERT INTO organizations_ext_organization VALUES (1, 'of today', 'today', true, true)`, 'glitchtip');
    await stage.sql(makePartitions(-1, 2), 'glitchtip');
    await valkey('RPUSH', 'celery', 'a task');
    gateway.hold.end();
    gateway.keep.end();
    kubelet = new Kubelet(stage);
    kubelet.migrate = migrate;
    await kubelet.settle();
  }, RUN_MS);
  afterEach(() => kubelet.stop());

  async function valkey(...words: string[]): Promise<unknown> {
    const url = new URL((await stage.secrets())['glitchtip-app']?.values['VALKEY_URL'] ?? '');
    return stage.valkey.command({ user: 'default', password: decodeURIComponent(url.password) }, ...words);
  }

  /** An operator that has just started, on the real servers; an event that web takes is stored at once. */
  function operator(cuts = new WriteCuts(undefined)): { reconcile(): Promise<void> } {
    const { operatorApi } = stage;
    const nothing = () => undefined;
    const restores = new RestoreObjects(operatorApi, NAMESPACE);
    const cluster = new KubernetesObjects(operatorApi, NAMESPACE, 'test');
    const web = { sendEvent: (_: unknown, { id }: { readonly id: string }) => store(id) };
    const own = { trustedHosts: HERE, clock: { now: Date.now, monotonic: () => 0, after: () => nothing }, log: nothing, onPhase: nothing, web, crypto: nodeCrypto, workloads: new Workloads(operatorApi, NAMESPACE), databases: restoreDatabases };
    const upgrade = new UpgradeController({
      ...own,
      cluster: cuts.wrap<ClusterPort>(cluster, ['applyUpgrade', 'writeLock', 'dropUpgradeRequest', 'askForRestore']), postgres: postgresPort,
      restores: cuts.wrap<RestorePort>(restores, ['writeVariables', 'createJob', 'rerunMigrations', 'deleteJob', 'scale']),
      gateways: cuts.wrap<GatewayModePort>(gatewayModes, ['setMode']), upgradeSteps: cuts.wrap<UpgradeStepPort>(upgradeSteps(operatorApi, NAMESPACE), ['name', 'forget']),
      health: openHealthPort(operatorApi, NAMESPACE, systemClock), legacyImports: legacyImports(operatorApi, NAMESPACE), schemas, onUpgrade: nothing,
    } satisfies UpgradeDependencies);
    const restore = new RestoreController({ ...own, cluster, postgres: postgresPort, valkey: valkeyPort, restores, gateways: gatewayModes, onRestore: nothing });
    return {
      reconcile: async () => {
        await upgrade.reconcile('glitchtip', never).catch((error: unknown) => { if (!cuts.isCut) throw error; });
        if (!cuts.isCut) await restore.reconcile('glitchtip', never);
      },
    };
  }

  async function store(id: string): Promise<number> {
    const statement = (await schema()) === 'RANGE (id)'
      ? `INSERT INTO issue_events_issueevent VALUES ('${leastUuidAt(Date.now())}', '${id}', ${CANARY_ID}) ON CONFLICT DO NOTHING`
      : `INSERT INTO issue_events_issueevent (id, received) VALUES ('${id}', now()) ON CONFLICT DO NOTHING`;
    await stage.sql(statement, 'glitchtip');
    return 200;
  }

  /** Looks, each of an operator that has just started, until it is so; `cut`: of the first of them. The worker of 5.2 works meanwhile. */
  async function until(isSo: () => Promise<boolean>, { cut, meanwhile = () => Promise.resolve() }: { readonly cut?: WriteCut; readonly meanwhile?: () => Promise<void> } = {}): Promise<void> {
    const cuts = new WriteCuts(cut);
    for (let looks = 0; !(await isSo()); looks += 1) {
      if (looks > 150) throw new Error(`it does not end: ${JSON.stringify((await stage.resource()).status)}`);
      await operator(cut && !cuts.isCut ? cuts : undefined).reconcile();
      await kubelet.settle();
      await emptyQueue();
      await meanwhile();
    }
  }

  const emptyQueue = async () => { if ((await version()) === '5.2' && (await replicas('worker')) === 1) await valkey('DEL', 'celery'); };
  const replicas = async (name: string) => (await stage.server.admin.get<{ spec: { replicas: number } }>(`${DEPLOYMENTS}/${name}`)).spec.replicas;
  const isAt = (phase: string) => async () => {
    const { current } = await status();
    return current?.phase === phase && current.request === undefined && (await asked()) === undefined;
  };
  const isReleased = async () => (await isAt('Unconfirmed')()) && (await holder()) === undefined;
  const isOver = async () => (await status()).last !== undefined && (await status()).current === undefined;
  /** As the command line does it. */
  const appliesWhenReady = async () => { if ((await isAt('Ready')()) && (await version()) === '5.2') await applyManifests('6.2'); };
  const lead = (cut?: WriteCut) => until(isReleased, { meanwhile: appliesWhenReady, ...(cut ? { cut } : {}) });

  async function mode(): Promise<string> {
    const parsed = parseSpec((await stage.resource()).spec);
    if (parsed.kind === 'invalid') throw new Error(parsed.problems.join());
    const seen = await gatewayModes.observe(parsed.spec, new Sensitive((await stage.secrets())['glitchtip-gateway']?.values['control-token'] ?? ''), never);
    return seen.kind === 'seen' ? seen.value.mode : seen.why;
  }

  it('one comes to the next release, brings its old events, is confirmed, and leaves nothing behind', async () => {
    await ask('6.2');
    await until(isAt('Ready'));
    expect([await valkey('LLEN', 'celery'), await replicas('web'), await step(), await mode(), await jobs()]).toEqual([0, 0, undefined, 'holds', ['backup']]);
    await lead();
    expect([await schema(), await mode(), await step(), await jobs()]).toEqual(['RANGE (id)', 'keeps', '5.2-6.2', ['backup', 'migrate-six']]);
    await ask('import');
    await until(async () => (await status()).legacyImport?.end !== undefined && (await asked()) === undefined);
    expect((await status()).legacyImport?.end).toMatchObject({ result: 'Imported', imported: 40, left: 2 });
    await ask('confirm');
    await until(async () => (await isOver()) && (await holder()) === undefined);
    expect([await mode(), await step(), (await status()).last?.result]).toEqual(['gives', undefined, 'Confirmed']);
    const told = await events();
    for (const reason of ['UpgradeStarted', 'UpgradeReady', 'UpgradeUnconfirmed', 'LegacyEventsImported', 'UpgradeConfirmed']) expect(told).toContain(reason);
  }, RUN_MS);

  it('one that is undone has its backup restored by 5.2, and the gateway goes on keeping for it', async () => {
    await ask('6.2');
    await lead();
    await ask('undo');
    await until(isOver, { meanwhile: async () => { if ((await isAt('Undoing')()) && (await version()) === '6.2') await applyManifests('5.2'); } });
    expect([await schema(), await organizations(), await mode(), await step(), (await status()).last?.result]).toEqual(['RANGE (received)', ['of the copy'], 'keeps', undefined, 'Undone']);
    const { restore } = (await stage.resource()).status ?? {};
    expect(restore?.current).toMatchObject({ phase: 'Unconfirmed', wanted: { save: false } });
  }, RUN_MS);

  it('6.2 applied by itself, again and again, migrates nothing; with the request it goes on only in its turn', async () => {
    await applyManifests('6.2');
    for (let looks = 0; looks < 3; looks += 1) {
      await operator().reconcile();
      await kubelet.settle();
    }
    expect([await schema(), await step()]).toEqual(['RANGE (received)', undefined]);
    await ask('6.2');
    await until(async () => (await asked()) === undefined);
    expect((await status()).refused?.why).toContain('6.2 is what version says already');
    expect(await schema()).toBe('RANGE (received)');
  }, RUN_MS);

  it('one whose backup fails leaves everything as it was', async () => {
    kubelet.failure = (job) => (job.startsWith('backup-') ? 'StoreRefused' : undefined);
    await ask('6.2');
    await until(async () => (await isOver()) && (await holder()) === undefined);
    expect([(await status()).last, await replicas('web'), await mode(), await schema()]).toMatchObject([{ result: 'Failed' }, 1, 'gives', 'RANGE (received)']);
  }, RUN_MS);

  // Of about 25: among the status, the lock, the gateway, Deployments, the Job with its variables, and the step.
  it.each([4, 9, 14, 19])('an operator that is ended after its write %d comes to the same end', async (after) => {
    await ask('6.2');
    await lead({ after });
    expect([await schema(), await mode(), await step(), await jobs()]).toEqual(['RANGE (id)', 'keeps', '5.2-6.2', ['backup', 'migrate-six']]);
  }, RUN_MS);
});
