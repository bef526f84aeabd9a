// Restores as the operator makes them with its own rights on a real API server, with a real Postgres, Valkey and a gateway's control port.
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parseSpec } from '../../operator/api/glitchtip-resource.js';
import { BACKUP_RUN, COMPONENT_LABEL, LABELS, RESTORE_ANNOTATION, RESTORE_RUN, RESTORE_SECRET } from '../../operator/api/object-names.js';
import type { RestoreStatus } from '../../operator/api/restore-fields.js';
import { RestoreController, type RestoreDependencies } from '../../operator/controllers/restore/restore-controller.js';
import type { ClusterPort, PostgresPort, ValkeyPort } from '../../operator/controllers/ports.js';
import type { GatewayModePort, RestoreDatabasesPort, RestorePort } from '../../operator/controllers/restore/restore-ports.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import { gatewayModes, postgresPort, restoreDatabases, valkeyPort } from '../../operator/io/connect-ports.js';
import { nodeCrypto } from '../../operator/io/crypto.js';
import { KubernetesObjects } from '../../operator/io/kubernetes/objects.js';
import { RestoreObjects } from '../../operator/io/kubernetes/restore-objects.js';
import { Workloads } from '../../operator/io/kubernetes/workloads.js';
import { RunningControl } from '../unit/gateway/control/running-control.js';
import { START_MS } from './control-plane.js';
import { makePartitions } from './glitchtip-tables.js';
import { buildPorts } from './operator-ports.js';
import { HERE, NAMESPACE, RESOURCES, SECRETS, Stage } from './operator-stage.js';
import { reconcile } from './reconcile.js';
import { CONTENT, COPY, CORE, DEPLOYMENTS, JOBS, Kubelet, podSpec } from './restore-kubelet.js';
import { WriteCuts, type WriteCut } from './write-cuts.js';

const RUN_MS = 180_000;
const never = new AbortController().signal;
const CRD = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/glitchtips.glitchkeeper.io';
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/glitchkeeper-operation`;
const TEMPLATES: Readonly<Record<string, readonly [component: string, ...containers: string[]]>> = {
  'restore-check': ['restore', 'fetch'], restore: ['restore', 'fetch', 'load', 'place'], backup: ['backup', 'dump', 'restore', 'store'], migrate: ['migrate', 'migrate'],
};

describe('restores on a real API server', () => {
  let stage: Stage;
  let gateway: RunningControl;
  let kubelet: Kubelet;
  const status = async (): Promise<RestoreStatus> => (await stage.resource()).status?.restore ?? {};
  const ask = (request: string) => stage.kubectl(['annotate', '--overwrite', 'glitchtip', 'glitchtip', `${RESTORE_ANNOTATION}=${request}`]);
  const asked = async () => (await stage.resource()).metadata.annotations?.[RESTORE_ANNOTATION];
  const holder = async () => (await stage.server.admin.get<{ spec?: { holderIdentity?: string } }>(LEASE)).spec?.holderIdentity;
  const organizations = async (database = 'glitchtip') => (await stage.sql<{ name: string }>("SELECT name FROM organizations_ext_organization WHERE id = 1", database)).map(({ name }) => name);
  const databases = () => stage.sql<{ name: string; open: boolean }>("SELECT regexp_replace(datname, '_\\d{8}t\\d{6}z$', '') AS name, datallowconn AS open FROM pg_database WHERE datname LIKE 'glitchtip%' ORDER BY datname");

  beforeAll(async () => {
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
  });

  /** With a database that people use, and as if nothing was ever restored. */
  beforeEach(async () => {
    const { admin } = stage.server;
    await stage.kubectl(['delete', 'jobs,pods,events', '--all', '--force', '--grace-period=0']);
    await stage.kubectl(['delete', 'lease', 'glitchkeeper-operation', '--ignore-not-found']);
    await stage.kubectl(['delete', 'secret', RESTORE_SECRET, '--ignore-not-found']);
    await stage.kubectl(['annotate', 'glitchtip', 'glitchtip', `${RESTORE_ANNOTATION}-`]);
    await admin.apply(`${RESOURCES}/glitchtip/status`, { apiVersion: 'glitchkeeper.io/v1alpha1', kind: 'GlitchTip', metadata: { name: 'glitchtip' }, status: {} }, 'glitchkeeper-restore');
    for (const name of [RESTORE_RUN, BACKUP_RUN]) await admin.apply(`${CORE}/configmaps/${name}`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }, 'test');
    for (const { datname } of await stage.sql<{ datname: string }>("SELECT datname FROM pg_database WHERE datname LIKE 'glitchtip%'")) await stage.sql(`DROP DATABASE ${datname} WITH (FORCE)`);
    for (let turn = 0; turn < 3; turn += 1) await reconcile(buildPorts(stage.operatorApi));
    await stage.sql(`${CONTENT}; INSERT INTO organizations_ext_organization VALUES (1, 'of today', 'today', true, true)`, 'glitchtip');
    await stage.sql(makePartitions(-1, 2), 'glitchtip');
    gateway.hold.end();
    gateway.keep.end();
    kubelet = new Kubelet(stage);
    await kubelet.settle();
  }, RUN_MS);
  afterEach(() => kubelet.stop());

  /** An operator that has just started, on the real servers; an event that web takes is stored at once. */
  function operator(cuts = new WriteCuts(undefined)): RestoreController {
    const { operatorApi } = stage;
    const nothing = () => undefined;
    const web = { sendEvent: async (_: unknown, { id }: { id: string }) => { await stage.sql(`INSERT INTO issue_events_issueevent (id, received) VALUES ('${id}', now()) ON CONFLICT DO NOTHING`, 'glitchtip'); return 200; } };
    return new RestoreController({
      cluster: cuts.wrap<ClusterPort>(new KubernetesObjects(operatorApi, NAMESPACE, 'test'), ['applyRestore', 'writeLock', 'dropRestoreRequest', 'createSecret', 'writeSecret', 'deleteSecret']),
      workloads: new Workloads(operatorApi, NAMESPACE),
      postgres: cuts.wrap<PostgresPort>(postgresPort, ['closeLogin', 'endSessions', 'setAdministratorPassword']),
      valkey: cuts.wrap<ValkeyPort>(valkeyPort, ['endSessions']),
      restores: cuts.wrap<RestorePort>(new RestoreObjects(operatorApi, NAMESPACE), ['writeVariables', 'createJob', 'rerunMigrations', 'deleteJob', 'scale']),
      databases: cuts.wrap<RestoreDatabasesPort>(restoreDatabases, ['openLogin', 'change']),
      gateways: cuts.wrap<GatewayModePort>(gatewayModes, ['setMode']),
      web, crypto: nodeCrypto, trustedHosts: HERE, clock: { now: Date.now, monotonic: () => 0, after: () => nothing }, log: nothing, onRestore: nothing, onPhase: nothing,
    } satisfies RestoreDependencies);
  }

  /** Looks, each of an operator that has just started, until it is so; `cut`: of the first of them. */
  async function until(isSo: () => Promise<boolean>, cut?: WriteCut): Promise<void> {
    const cuts = new WriteCuts(cut);
    for (let looks = 0; !(await isSo()); looks += 1) {
      if (looks > 150) throw new Error(`it does not end: ${JSON.stringify(await status())}`);
      const controller = operator(cut && !cuts.isCut ? cuts : undefined);
      await controller.reconcile('glitchtip', never).catch((error: unknown) => { if (!cuts.isCut) throw error; });
      await kubelet.settle();
    }
  }

  const isAt = (phase: string, direction = 'forth') => async () => {
    const { current } = await status();
    return current?.phase === phase && current.direction === direction && current.request === undefined && (await asked()) === undefined;
  };
  const isReleased = async () => (await isAt('Unconfirmed')()) && (await holder()) === undefined;
  const isOver = async () => (await status()).last !== undefined && (await status()).current === undefined && (await holder()) === undefined;

  it('one comes to the copy, is confirmed, and leaves nothing behind', async () => {
    await stage.server.admin.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata: { name: RESTORE_SECRET }, data: { identity: Buffer.from('AGE-SECRET-KEY-1').toString('base64') } });
    await ask('latest');
    await until(isReleased);
    expect([await organizations(), await databases()]).toEqual([['of the copy'], [{ name: 'glitchtip', open: true }, { name: 'glitchtip_before', open: false }]]);
    expect((await stage.secrets())[RESTORE_SECRET]).toBeUndefined();
    expect(await stage.sql("SELECT rolcanlogin, rolpassword FROM pg_authid WHERE rolname = 'glitchtip_restore'")).toEqual([{ rolcanlogin: false, rolpassword: null }]);
    expect(await stage.sql('SELECT * FROM django_session', 'glitchtip')).toEqual([]);
    expect(await observeGateway()).toMatchObject({ value: { mode: 'keeps' } });
    // What others may do in it comes from the database plan.
    await reconcile(buildPorts(stage.operatorApi));
    expect(await stage.sql("SELECT has_database_privilege('glitchtip_backup', 'glitchtip', 'CONNECT') AS dumps, has_table_privilege('glitchtip_gateway', 'issue_events_issueevent', 'SELECT') AS looks", 'glitchtip')).toEqual([{ dumps: true, looks: true }]);
    await ask('confirm');
    await until(isOver);
    expect([await databases(), (await status()).last]).toMatchObject([[{ name: 'glitchtip', open: true }], { result: 'Confirmed', copy: COPY }]);
    expect(await observeGateway()).toMatchObject({ value: { mode: 'gives' } });
    const events = await stage.kubectl(['get', 'events', '--output=jsonpath={range .items[*]}{.reason} {end}']);
    for (const reason of ['RestoreStarted', 'RestorePhase', 'RestoreUnconfirmed', 'RestoreConfirmed']) expect(events).toContain(reason);
  }, RUN_MS);

  it('one that is undone is as before', async () => {
    await ask('latest');
    await until(isReleased);
    await ask('undo');
    await until(isAt('Unconfirmed', 'back'));
    expect(await organizations()).toEqual(['of today']);
    await ask('confirm');
    await until(isOver);
    expect([await databases(), (await status()).last?.result]).toEqual([[{ name: 'glitchtip', open: true }], 'Undone']);
  }, RUN_MS);

  it('one that cannot be loaded leaves everything as it was', async () => {
    kubelet.failure = (job) => (/^restore-2/.test(job) ? 'NoSpace' : undefined);
    await ask('latest');
    await until(isOver);
    expect([await organizations(), await databases(), (await status()).last]).toMatchObject([['of today'], [{ name: 'glitchtip', open: true }], { result: 'Failed', why: 'Restoring: load: NoSpace (exit code 137)' }]);
    expect((await stage.server.admin.get<{ spec: { replicas: number } }>(`${DEPLOYMENTS}/web`)).spec.replicas).toBe(1);
  }, RUN_MS);

  // Of about 50: among the lock, the Secret, the login, the databases, Jobs, their variables and the gateway.
  it.each([4, 11, 17, 23, 29, 35, 41])('an operator that is ended after its write %d comes to the same end', async (after) => {
    await ask('latest');
    await until(isReleased, { after });
    expect([await organizations(), await databases()]).toEqual([['of the copy'], [{ name: 'glitchtip', open: true }, { name: 'glitchtip_before', open: false }]]);
    const { items } = await stage.server.admin.get<{ items: { metadata: { name: string } }[] }>(JOBS);
    expect(items.map(({ metadata: { name } }) => name.replace(/-\d{8}t.*$/, '')).sort()).toEqual(['backup', 'glitchkeeper-migrate-restore', 'restore', 'restore-check']);
  }, RUN_MS);

  it('one into a database to look at replaces nothing, and is gone when it is undone', async () => {
    const replicas = async () => (await stage.server.admin.get<{ spec: { replicas: number } }>(`${DEPLOYMENTS}/web`)).spec.replicas;
    await ask('{"copy":"latest","intoNewDatabase":true}');
    await until(async () => (await isAt('Aside')()) && (await holder()) === undefined);
    expect([await organizations(), await databases(), await replicas()]).toEqual([['of today'], [{ name: 'glitchtip', open: true }, { name: 'glitchtip_restored', open: true }], 1]);
    const [{ datname } = { datname: '' }] = await stage.sql<{ datname: string }>("SELECT datname FROM pg_database WHERE datname LIKE 'glitchtip_restored%'");
    expect(await organizations(datname)).toEqual(['of the copy']);
    expect((await stage.server.admin.get<{ data: object }>(`${CORE}/configmaps/${RESTORE_RUN}`)).data).toMatchObject({ PGDATABASE: datname, WITH_UPLOADS: 'false' });
    expect([(await stage.sql("SELECT rolcanlogin FROM pg_authid WHERE rolname = 'glitchtip_restore'")), await observeGateway()]).toMatchObject([[{ rolcanlogin: false }], { value: { mode: 'gives' } }]);
    await ask('undo');
    await until(isOver);
    expect([await organizations(), await databases(), (await status()).last]).toMatchObject([['of today'], [{ name: 'glitchtip', open: true }], { result: 'Canceled' }]);
  }, RUN_MS);

  it('two operators at once come to the same end', async () => {
    await ask('latest');
    for (let looks = 0; looks < 120 && !(await isReleased()); looks += 1) {
      await Promise.all([operator(), operator()].map((each) => each.reconcile('glitchtip', never).catch(() => undefined)));
      await kubelet.settle();
    }
    expect([await organizations(), await databases()]).toEqual([['of the copy'], [{ name: 'glitchtip', open: true }, { name: 'glitchtip_before', open: false }]]);
  }, RUN_MS);

  it('somebody who applies the manifests in the middle has web stopped again', async () => {
    await ask('latest');
    await until(isAt('Saving'));
    await stage.server.admin.merge(`${DEPLOYMENTS}/web`, { spec: { replicas: 1 } }, 'test');
    await kubelet.settle();
    await until(isReleased);
    expect(await organizations()).toEqual(['of the copy']);
  }, RUN_MS);

  it('a request that nobody understands is told, and goes', async () => {
    await ask('yesterday');
    await until(async () => (await asked()) === undefined);
    expect((await status()).refused).toMatchObject({ request: 'yesterday', why: expect.stringContaining('expected latest, the name of a copy, confirm, undo, or JSON') });
    expect(await stage.kubectl(['get', 'events', '--output=jsonpath={range .items[*]}{.reason} {end}'])).toContain('RestoreRejected');
  }, RUN_MS);

  it('a CustomResourceDefinition of an older release is told, and nothing is begun', async () => {
    const crd = await stage.server.admin.get<{ spec: { versions: { schema: { openAPIV3Schema: { properties: { status: { properties: Record<string, unknown> } } } } }[] } }>(CRD);
    const { properties } = crd.spec.versions[0]?.schema.openAPIV3Schema.properties.status ?? { properties: {} };
    const { restore: known, ...older } = properties;
    const change = (op: 'remove' | 'add') => stage.kubectl(['patch', 'crd', 'glitchtips.glitchkeeper.io', '--type=json', `--patch=${JSON.stringify([{ op, path: '/spec/versions/0/schema/openAPIV3Schema/properties/status/properties/restore', ...(op === 'add' ? { value: known } : {}) }])}`]);
    expect(Object.keys(older)).toContain('backup');
    await change('remove');
    try {
      await ask('latest');
      const controller = operator();
      let refusal: unknown;
      // The API server takes a new schema up after a moment.
      for (let looks = 0; looks < 40 && refusal === undefined; looks += 1) {
        await controller.reconcile('glitchtip', never).catch((error: unknown) => { refusal = error; });
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
      expect(String(refusal)).toMatch(/\.status\.restore: field not declared in schema/);
      expect(await stage.kubectl(['get', 'events', '--output=jsonpath={range .items[*]}{.reason} {end}'])).toContain('RestoreHeldBack');
      expect(await asked()).toBe('latest');
    } finally {
      await change('add');
    }
  }, RUN_MS);

  async function observeGateway(): ReturnType<GatewayModePort['observe']> {
    const parsed = parseSpec((await stage.resource()).spec);
    if (parsed.kind === 'invalid') throw new Error(parsed.problems.join());
    return gatewayModes.observe(parsed.spec, new Sensitive((await stage.secrets())['glitchtip-gateway']?.values['control-token'] ?? ''), never);
  }
});
