// The operator with its own rights against a real API server and a real Postgres: credentials are made once, and never twice.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { API_VERSION, DEFAULT_SECRET_NAMES, KIND, SECRET_KEYS } from '../../operator/api/object-names.js';
import { ownStatus } from '../../operator/core/credentials/resource-conditions.js';
import { KubernetesObjects } from '../../operator/io/kubernetes/objects.js';
import { describeBackupLogin } from './backup-credentials.js';
import { BAD_RESOURCES } from './bad-resources.js';
import { START_MS } from './control-plane.js';
import { describeGateway } from './gateway-credentials.js';
import { buildPorts } from './operator-ports.js';
import { NAMESPACE, RESOURCES, SECRETS, Stage, until, type OperatorProcess, type StoredSecret } from './operator-stage.js';
import { READY, reconcile, reconcileUntilReady } from './reconcile.js';
import { describeReplacedDatabase } from './replaced-database.js';

/** Without the rotation's journal, which is made when one begins. */
const ROLES = ['application', 'postgres', 'valkey', 'administrator', 'gateway', 'backup'] as const;
const READABLE = Object.values(DEFAULT_SECRET_NAMES);
const NAMES = ROLES.map((role) => DEFAULT_SECRET_NAMES[role]);
const never = new AbortController().signal;

describe('the operator on a real API server and a real Postgres', () => {
  let stage: Stage;
  const processes: OperatorProcess[] = [];
  const start = async (pod: string): Promise<OperatorProcess> => {
    const operator = await stage.startOperator(pod);
    processes.push(operator);
    return operator;
  };
  const ready = () => stage.condition('Ready');

  beforeAll(async () => {
    stage = await Stage.open();
  }, START_MS);
  afterAll(async () => {
    await Promise.all(processes.map((operator) => operator.kill('SIGKILL')));
    await stage.close();
  });

  it('is applied without a warning, and its kind is Established with a structural schema', async () => {
    expect(stage.applied).toEqual({ exitCode: 0, stderr: '' });
    const crd = JSON.parse(await stage.kubectl(['get', 'crd', 'glitchtips.glitchkeeper.io', '-o', 'json'])) as { status: { conditions: { type: string; status: string }[] } };
    const conditions = crd.status.conditions.map(({ type, status }) => `${type}=${status}`).sort();
    expect(conditions).toEqual(['Established=True', 'NamesAccepted=True']);
  });

  it.each(BAD_RESOURCES)('refuses a resource with %s and names the field', async (_, body, message) => {
    const resource = { apiVersion: 'glitchkeeper.io/v1alpha1', kind: 'GlitchTip', metadata: { name: 'bad' }, ...body };
    await expect(stage.server.admin.create(RESOURCES, resource)).rejects.toThrow(message);
  });

  it.each<[number, Parameters<Stage['answerTo']>[0], string]>([
    [200, 'GET', RESOURCES],
    [404, 'GET', `/apis/apps/v1/namespaces/${NAMESPACE}/statefulsets/postgres`],
    [403, 'GET', `/apis/apps/v1/namespaces/${NAMESPACE}/statefulsets`],
    [403, 'PATCH', `/apis/apps/v1/namespaces/${NAMESPACE}/statefulsets/postgres`],
    [404, 'GET', `${SECRETS}/glitchtip-alerts`],
    [403, 'PATCH', `${SECRETS}/glitchtip-alerts`],
    [403, 'DELETE', `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`],
    [404, 'DELETE', `/apis/batch/v1/namespaces/${NAMESPACE}/jobs/migrate-gone`],
    [403, 'PATCH', `/apis/batch/v1/namespaces/${NAMESPACE}/jobs/migrate-gone`],
    [403, 'GET', `/apis/batch/v1/namespaces/${NAMESPACE}/jobs/migrate-gone`],
    [403, 'POST', `/apis/batch/v1/namespaces/${NAMESPACE}/cronjobs`],
    [403, 'GET', `/api/v1/namespaces/${NAMESPACE}/configmaps/glitchkeeper-settings`],
    [403, 'GET', `/api/v1/namespaces/${NAMESPACE}/events`],
    [404, 'GET', `${SECRETS}/glitchtip-app`],
    [404, 'GET', `${SECRETS}/glitchtip-gateway`],
    [403, 'DELETE', `${SECRETS}/glitchtip-gateway`],
    [404, 'GET', `${SECRETS}/glitchtip-backup`],
    [403, 'DELETE', `${SECRETS}/glitchtip-backup`],
    [403, 'GET', `${SECRETS}/glitchtip-backup-store`],
    [403, 'GET', SECRETS],
    [403, 'GET', `${SECRETS}?watch=true`],
    [403, 'GET', `${SECRETS}/another`],
    [403, 'PUT', `${SECRETS}/glitchtip-app`],
    [403, 'DELETE', `${SECRETS}/glitchtip-app`],
    [403, 'DELETE', SECRETS],
    [403, 'POST', `/api/v1/namespaces/${NAMESPACE}/pods/web-0/exec?command=sh`],
    [403, 'GET', `/api/v1/namespaces/${NAMESPACE}/pods/web-0/exec?command=sh`],
    [403, 'POST', `/api/v1/namespaces/${NAMESPACE}/pods`],
    [200, 'GET', `/api/v1/namespaces/${NAMESPACE}/pods`],
    [403, 'GET', `/api/v1/namespaces/${NAMESPACE}/pods?watch=true`],
    [403, 'GET', `/api/v1/namespaces/${NAMESPACE}/pods/web-0/log`],
    [403, 'DELETE', `/api/v1/namespaces/${NAMESPACE}/pods`],
    // One that is there and has not ended the API server refuses: stolen-token.test.ts.
    [404, 'DELETE', `/api/v1/namespaces/${NAMESPACE}/pods/worker-gone`],
    [403, 'PATCH', `/api/v1/namespaces/${NAMESPACE}/pods/worker-gone`],
    [403, 'GET', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`],
    [403, 'GET', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/glitchkeeper`],
    [403, 'PATCH', `/apis/apps/v1/namespaces/${NAMESPACE}/statefulsets/valkey`],
    [404, 'GET', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/gateway`],
    [403, 'DELETE', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/gateway`],
    [403, 'DELETE', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/web`],
    [403, 'PATCH', `${SECRETS}/another`],
    [403, 'GET', `/api/v1/namespaces/${NAMESPACE}/configmaps`],
    [403, 'POST', `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/glitchkeeper/token`],
    [403, 'POST', `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/rolebindings`],
    [403, 'PATCH', `/apis/rbac.authorization.k8s.io/v1/namespaces/${NAMESPACE}/roles/glitchkeeper`],
    [403, 'PATCH', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/glitchkeeper`],
    [403, 'DELETE', `${RESOURCES}/glitchtip`],
    [403, 'GET', '/api/v1/namespaces/default/secrets/glitchtip-app'],
    [403, 'POST', '/api/v1/namespaces/default/secrets'],
    [403, 'GET', '/apis/glitchkeeper.io/v1alpha1/namespaces/default/glitchtips'],
    [403, 'GET', '/apis/coordination.k8s.io/v1/namespaces/default/leases/glitchkeeper-operator'],
    [404, 'GET', `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/glitchkeeper-operation`],
    [403, 'DELETE', `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/glitchkeeper-operation`],
    [403, 'GET', `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/another`],
    [403, 'POST', '/apis/events.k8s.io/v1/namespaces/default/events'],
    [403, 'GET', '/apis/glitchkeeper.io/v1alpha1/glitchtips'],
    [403, 'GET', '/api/v1/nodes'],
    [403, 'GET', '/api/v1/namespaces'],
  ])('its token gets %i for %s %s', async (status, method, path) => {
    expect(await stage.answerTo(method, path)).toBe(status);
  });

  it('of two who take the lock of operations at once, one gets it, and who releases it says so', async () => {
    const objects = new KubernetesObjects(stage.operatorApi, NAMESPACE, 'test');
    const since = new Date('2026-01-02T03:04:05.678Z');
    const holder = (name: string) => ({ operation: 'rotation', name, since, until: new Date(since.getTime() + 1_800_000) } as const);
    expect(await objects.observeLock(never)).toEqual({ kind: 'free' });
    expect([await objects.writeLock({ holder: holder('r1'), resourceVersion: undefined }, never), await objects.writeLock({ holder: holder('r2'), resourceVersion: undefined }, never)]).toEqual([true, false]);
    const held = await objects.observeLock(never);
    expect(held).toEqual({ kind: 'held', holder: holder('r1'), resourceVersion: expect.stringMatching(/^\d+$/) });
    const resourceVersion = held.kind === 'held' ? held.resourceVersion : undefined;
    expect([await objects.writeLock({ resourceVersion }, never), await objects.writeLock({ holder: holder('r2'), resourceVersion }, never)]).toEqual([true, false]);
    expect(await objects.observeLock(never)).toEqual({ kind: 'free', resourceVersion: expect.any(String) });
  });

  it('lists more resources than one answer has, and follows them, by their metadata alone', async () => {
    const names = Array.from({ length: 205 }, (_, index) => `many-${String(index).padStart(3, '0')}`);
    const items = names.map((name) => ({ apiVersion: API_VERSION, kind: KIND, metadata: { name, annotations: { about: name } }, spec: { version: '5.2', suspend: true } }));
    await stage.kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
    const watched = { name: 'many-000', generation: 1, resourceVersion: expect.stringMatching(/^\d+$/), annotations: { about: 'many-000' } };
    const source = new KubernetesObjects(stage.operatorApi, NAMESPACE, 'test').resources();
    const { items: listed, resourceVersion } = await source.list(never);
    expect(listed.map(({ name }) => name)).toEqual(names);
    expect(listed[0]).toEqual(watched);

    await stage.kubectl(['delete', 'glitchtips', '--all', '--wait=false']);
    const deleted: unknown[] = [];
    for await (const event of source.watch(resourceVersion, AbortSignal.timeout(20_000))) if (event.type === 'DELETED' && deleted.push(event.object) === names.length) break;
    expect(deleted).toContainEqual(watched);
  }, 90_000);

  describe('from nothing', () => {
    let operator: OperatorProcess;

    it('makes the six Secrets with their keys while Postgres is down, and says that it is', async () => {
      operator = await start('first');
      await until('DatabaseHealthy', () => stage.condition('DatabaseHealthy'), 'False Unreachable: Postgres does not answer (ECONNREFUSED).');
      expect(await ready()).toMatch(/^False Unreachable: /);
      const keys = Object.fromEntries(Object.entries(await stage.secrets()).map(([name, { values }]) => [name, Object.keys(values).sort()]));
      const wanted = ROLES.map((role) => [DEFAULT_SECRET_NAMES[role], [...SECRET_KEYS[role]].sort()]);
      expect(keys).toEqual(Object.fromEntries(wanted));
    }, 90_000);

    it('makes an owner that cannot log in, a login that acts as the owner, a second login for later, one for the gateway and one for backups', async () => {
      await stage.startPostgres();
      await stage.startValkey();
      await until('Ready', ready, READY);
      expect((await stage.roles()).map(({ rolname, rolcanlogin, rolpassword }) => [rolname, rolcanlogin, rolpassword !== null])).toEqual([
        ['glitchtip', false, false], ['glitchtip_a', true, true], ['glitchtip_b', false, false], ['glitchtip_backup', true, true], ['glitchtip_gateway', true, true],
      ]);
      const password = (await stage.secrets())['glitchtip-app']?.values['DATABASE_PASSWORD'] ?? '';
      const asApplication = { user: 'glitchtip_a', password, database: 'glitchtip' };
      expect(await stage.postgres.query(asApplication, 'SELECT session_user, current_user')).toEqual([{ session_user: 'glitchtip_a', current_user: 'glitchtip' }]);
      await stage.postgres.query(asApplication, 'CREATE TABLE proof (id int)');
      expect(await stage.postgres.query(asApplication, "SELECT tableowner FROM pg_tables WHERE tablename = 'proof'")).toEqual([{ tableowner: 'glitchtip' }]);
      await expect(stage.postgres.query({ ...asApplication, user: 'glitchtip_b' }, 'SELECT 1')).rejects.toThrow(/not permitted to log in|authentication failed/);
      await expect(stage.postgres.query({ ...asApplication, password: 'guess' }, 'SELECT 1')).rejects.toThrow('authentication failed');
      await expect(stage.postgres.query(asApplication, 'CREATE ROLE more')).rejects.toThrow('permission denied');
    }, 90_000);

    it('changes nothing in a second run', async () => {
      const before = await world();
      await operator.kill('SIGTERM');
      expect(operator.messages.at(-1)).toBe('operator stopped');
      const second = await start('second');
      await until('a reconcile', async () => (await second.reconciles()) > 0, true);
      expect(await world()).toEqual(before);
      await second.kill('SIGTERM');
    }, 90_000);

    it('makes again, with the same password, what is missing of the database', async () => {
      const before = await stage.secrets();
      const verifiers = await stage.roles();
      // Where a crash between the roles' transaction and CREATE DATABASE leaves it, and one before it is closed to the public.
      for (const damage of ['DROP DATABASE glitchtip WITH (FORCE)', 'GRANT ALL ON DATABASE glitchtip TO PUBLIC']) {
        await stage.sql(damage);
        await reconcileUntilReady(stage);
        expect([await stage.secrets(), await stage.roles()]).toEqual([before, verifiers]);
      }
    }, 90_000);

    it('keeps the errors of logins out of the log of Postgres that were let in before it did so', async () => {
      const quiet = () => stage.sql<{ rolname: string }>("SELECT rolname FROM pg_roles WHERE 'log_min_messages=log' = ANY (rolconfig) ORDER BY rolname");
      const before = await quiet();
      expect(before.map(({ rolname }) => rolname)).toEqual(['glitchtip_a', 'glitchtip_backup', 'glitchtip_gateway']);
      for (const { rolname } of before) await stage.sql(`ALTER ROLE ${rolname} RESET log_min_messages`);
      await reconcileUntilReady(stage);
      expect(await quiet()).toEqual(before);
    }, 90_000);

    async function world(): Promise<unknown> {
      const { spec, status = {} } = await stage.resource();
      // What health found is looked at, and written, all the time.
      return { secrets: await stage.secrets(), spec, status: ownStatus(status), roles: await stage.roles() };
    }
  });

  it('of two operators started at once one leads, and every value is made once', async () => {
    await stage.reset();
    const both = await Promise.all([start('left'), start('right')]);
    await until('Secrets', async () => Object.keys(await stage.secrets()).length, NAMES.length);
    const made = await stage.secrets();
    await stage.followSecrets();
    await until('Ready', ready, READY);
    const count = (message: string) => both.flatMap(({ messages }) => messages).filter((text) => text === message).length;
    expect([count('operator starts'), count('leading'), count('Secret created'), count('Secret exists already')]).toEqual([2, 1, NAMES.length, 0]);
    expect(await stage.secrets()).toEqual(made);
    await Promise.all(both.map((operator) => operator.kill('SIGTERM')));
  }, 90_000);

  it('killed at each new Secret it goes on from there, and no value changes once it was made', async () => {
    await stage.reset();
    const seen: Record<string, StoredSecret> = {};
    let kills = 0;
    while (Object.keys(seen).length < NAMES.length) {
      const operator = await start('killed');
      await until('one more Secret', async () => Object.keys(await stage.secrets()).length > Object.keys(seen).length, true);
      await operator.kill('SIGKILL');
      kills += 1;
      const now = await stage.secrets();
      expect(now).toMatchObject(seen);
      Object.assign(seen, now);
    }
    await stage.followSecrets();
    await start('killed');
    await until('Ready', ready, READY);
    expect(kills).toBeGreaterThan(0);
    expect(await stage.secrets()).toEqual(seen);
    await Promise.all(processes.map((operator) => operator.kill('SIGTERM')));
  }, 120_000);

  it('no credential is in a log, an event or the status', async () => {
    const values = Object.values(await stage.secrets()).flatMap(({ values: own }) => Object.entries(own))
      .filter(([key]) => key !== 'DATABASE_USER' && key !== 'email').map(([, value]) => value);
    const url = values.find((value) => value.startsWith('redis://')) ?? '';
    const verifiers = (await stage.roles()).flatMap(({ rolpassword }) => (rolpassword === null ? [] : [rolpassword]));
    const secret = [...values, new URL(url).password, ...verifiers];
    const places = {
      postgres: stage.postgres.log(),
      operator: processes.map(({ output }) => output).join('\n'),
      events: await stage.kubectl(['get', 'events.events.k8s.io', '-o', 'json']),
      resource: await stage.kubectl(['get', 'glitchtips', '-o', 'json', '--show-managed-fields']),
    };
    expect(secret.filter((value) => value.length < 20)).toEqual([]);
    // Each place does say what happened: an empty one would prove nothing.
    expect(places).toEqual({
      postgres: expect.stringContaining('CREATE DATABASE "glitchtip"'), operator: expect.stringContaining('got its password'),
      events: expect.stringContaining('got its password'), resource: expect.stringContaining('LoginWorks'),
    });
    const found = Object.entries(places).filter(([, text]) => secret.some((value) => text.includes(value) || text.includes(Buffer.from(value).toString('base64'))));
    expect(found.map(([place]) => place)).toEqual([]);
  });

  it('a Secret that it may not read is left alone, and it goes on with the same values when it may again', async () => {
    const before = [await stage.secrets(), await stage.roles()];
    await stage.allowReading(READABLE.filter((name) => name !== 'glitchtip-app'), 'glitchtip-app');
    await reconcile(buildPorts(stage.operatorApi));
    expect(await stage.condition('CredentialsCurrent')).toMatch(/^Unknown SecretUnreadable: Secret glitchtip-app cannot be read \(.* 403 Forbidden\); nothing is generated/);
    expect([await stage.secrets(), await stage.roles()]).toEqual(before);
    await stage.allowReading(READABLE, 'glitchtip-app');
    await reconcileUntilReady(stage);
    expect([await stage.secrets(), await stage.roles()]).toEqual(before);
  }, 60_000);

  it('makes neither a Secret that it may not read nor what is derived from it', async () => {
    await stage.reset();
    await createResource();
    await stage.allowReading(READABLE.filter((name) => name !== 'glitchtip-app'), 'glitchtip-app');
    await reconcile(buildPorts(stage.operatorApi));
    await reconcile(buildPorts(stage.operatorApi));
    expect(Object.keys(await stage.secrets()).sort()).toEqual(['glitchtip-admin', 'glitchtip-backup', 'glitchtip-gateway', 'glitchtip-postgres']);
    await stage.allowReading(READABLE, 'glitchtip-app');
    await reconcileUntilReady(stage);
  }, 60_000);

  it.each<[string, string]>([
    ['glitchtip-app', 'SECRET_KEY'], ['glitchtip-postgres', 'password'], ['glitchtip-valkey', 'users.acl'], ['glitchtip-admin', 'email'], ['glitchtip-gateway', 'control-token'],
    ['glitchtip-backup', 'database-password'],
  ])('Secret %s without %s is not overwritten, and the condition names the key', async (name, key) => {
    const value = (await stage.secrets())[name]?.values[key] ?? '';
    const patch = (data: unknown) => stage.kubectl(['patch', 'secret', name, '--type=merge', `--patch=${JSON.stringify({ data })}`]);
    await patch({ [key]: null });
    const before = await stage.secrets();
    await reconcile(buildPorts(stage.operatorApi));
    expect(await stage.condition('CredentialsCurrent')).toContain(`False SecretIncomplete: Secret ${name} lacks ${key}.`);
    expect(await ready()).toContain(`lacks ${key}.`);
    expect(await stage.secrets()).toEqual(before);
    await patch({ [key]: Buffer.from(value).toString('base64') });
    await reconcileUntilReady(stage);
  }, 60_000);

  it('cut off after any of its writes it ends in the same state, and no value changes once it was made', async () => {
    let [cuts, crashed] = [0, true];
    for (; crashed; cuts += 1) {
      await stage.reset();
      await createResource();
      const ports = buildPorts(stage.operatorApi, { at: cuts, how: 'lost' });
      await reconcileUntilReady(stage, ports);
      crashed = ports.crashed();
      const made = await stage.secrets();
      const roles = (await stage.roles()).filter(({ rolpassword }) => rolpassword !== null);
      await reconcileUntilReady(stage);
      expect(await stage.secrets()).toMatchObject(made);
      expect(await stage.roles()).toEqual(expect.arrayContaining(roles));
      expect(Object.keys(await stage.secrets()).sort()).toEqual([...NAMES].sort());
    }
    // Six Secrets and the roles with an event each, and the statuses between.
    expect(cuts).toBeGreaterThan(14);
  }, 240_000);

  describeGateway(() => stage);
  describeBackupLogin(() => stage);
  // Last: Postgres is another one afterwards.
  describeReplacedDatabase(() => stage);

  async function createResource(): Promise<void> {
    await stage.server.admin.apply(`${RESOURCES}/glitchtip`, await stage.settings(), 'test');
  }
});
