// A database that docker compose leaves, on a real Postgres: everything becomes the owner role's, in one transaction, or nothing does.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { CredentialsController } from '../../operator/controllers/credentials/credentials-controller.js';
import { nodeCrypto } from '../../operator/io/crypto.js';
import { systemClock } from '../../operator/runtime/clock.js';
import { ComposeDatabase, PARTITIONS, PASSWORD } from './compose-database.js';
import { buildPorts, type Fault, type TestPorts } from './operator-ports.js';
import { HERE, RESOURCES, Stage, until } from './operator-stage.js';

const READY = 'True AllWell: Everything is as it should be.';
const never = new AbortController().signal;
/** All other cuts make the same worlds (test/replay/cuts.ts). */
const CUTS: readonly Fault['how'][] = ['lost', 'late'];

describe('the operator and a database that somebody else made', () => {
  let stage: Stage;
  let compose: ComposeDatabase;
  const sessions: pg.Client[] = [];
  const ready = () => stage.condition('Ready');
  const database = () => stage.condition('DatabaseHealthy');
  const connect = async (user: string): Promise<pg.Client> => {
    const client = await compose.connect(user);
    sessions.push(client);
    return client;
  };

  beforeAll(async () => {
    stage = await Stage.open();
    compose = new ComposeDatabase(stage);
    await createResource('glitchtip');
    await reconcile();
    await stage.startPostgres();
    await stage.startValkey();
    await reconcileUntilReady();
  }, 600_000);
  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((client) => client.end()));
  });
  afterAll(() => stage.close());

  it.each<[string, Parameters<ComposeDatabase['leave']>, string]>([
    ['a login that owns nothing else', ['compose'], 'none'],
    ['a login that owns another database too', ['compose'], 'compose'],
    ['a superuser that a person made', ['compose', { attributes: 'SUPERUSER' }], 'compose'],
    ["the operator's own superuser, after a restore", ['glitchkeeper'], 'glitchkeeper'],
  ])('takes over what belongs to %s', async (_, scenario, other) => {
    await compose.leave(...scenario);
    const [login] = scenario;
    if (other !== 'none') await compose.leaveOther(other);
    const before = await compose.owners();
    expect(Object.keys(before)).toEqual([login]);
    await reconcileUntilReady();
    expect(await compose.owners()).toEqual({ glitchtip: before[login] });
    expect(before[login]).toBeGreaterThan(2 * PARTITIONS);
    expect(await compose.databaseOwner('glitchtip')).toBe('glitchtip');
    expect(await compose.use()).toBe(2);
    // Everything that it made since is the owner's as well.
    expect(Object.keys(await compose.owners())).toEqual(['glitchtip']);
    if (other !== 'none') {
      expect(await compose.databaseOwner('other')).toBe(other);
      expect(await stage.sql("SELECT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relname = 'invoices'", 'other')).toEqual([{ owner: other }]);
    }
    expect(await turns()).toBe(0);
  }, 120_000);

  it("takes over what the operator's own superuser restored into a database that is the owner's already", async () => {
    await compose.leave('glitchkeeper');
    await stage.sql('CREATE ROLE glitchtip; ALTER DATABASE glitchtip OWNER TO glitchtip');
    const before = await compose.owners();
    await reconcileUntilReady();
    expect(await compose.owners()).toEqual({ glitchtip: before['glitchkeeper'] });
    expect(await compose.use()).toBe(2);
  }, 60_000);

  it('takes the extensions too from a login that owns nothing else, so that it can be dropped', async () => {
    await compose.leave('compose');
    await reconcileUntilReady();
    expect(await compose.kept('compose')).toBe(0);
    await stage.sql('DROP ROLE compose');
    expect(await compose.use()).toBe(2);
  }, 60_000);

  it('shuts the old login out of this database and of no other', async () => {
    await compose.leave('compose');
    await compose.leaveOther('compose');
    await reconcileUntilReady();
    await expect(compose.as('compose', 'SELECT 1')).rejects.toThrow('permission denied for database "glitchtip"');
    expect(await compose.as('compose', 'SELECT id FROM invoices', 'other')).toEqual([{ id: 7 }]);
  }, 60_000);

  it('touches nothing while the old login is connected, and says how often it is', async () => {
    await compose.leave('compose');
    const old = await connect('compose');
    const before = await compose.owners();
    for (let turn = 0; turn < 3; turn += 1) await reconcile();
    expect(await database()).toMatch(/^False AdoptionWaits: 115 objects of compose go to glitchtip when nobody is connected to the database as compose any more \(sessions now: 1\)\.$/);
    expect([await compose.owners(), await compose.databaseOwner('glitchtip')]).toEqual([before, 'compose']);
    // It works on, and may connect anew.
    await old.query("INSERT INTO projects_project (name) VALUES ('more')");
    await (await connect('compose')).query('SELECT 1');
    await Promise.all(sessions.splice(0).map((client) => client.end()));
    await reconcileUntilReady();
    expect(Object.keys(await compose.owners())).toEqual(['glitchtip']);
  }, 60_000);

  it('waits for a lock that somebody holds no longer than a few seconds, and has moved nothing then', async () => {
    await compose.leave('compose');
    await stage.sql(`CREATE ROLE reports LOGIN PASSWORD '${PASSWORD}'`);
    await compose.as('compose', 'GRANT SELECT ON projects_project TO reports');
    const reader = await connect('reports');
    await reader.query('BEGIN; SELECT * FROM projects_project');
    const before = await compose.owners();
    await reconcile();
    await reconcile();
    expect(await database()).toMatch(/^False AdoptionPending: \d+ objects of compose are to be given to glitchtip/);
    expect([await compose.owners(), await compose.databaseOwner('glitchtip')]).toEqual([before, 'compose']);
    await reader.query('COMMIT');
    await reconcileUntilReady();
    expect(Object.keys(await compose.owners())).toEqual(['glitchtip']);
  }, 60_000);

  it('moves nothing when the application could not work afterwards', async () => {
    await compose.leave('compose');
    await compose.as('compose', 'REVOKE ALL ON projects_project FROM compose');
    const before = await compose.owners();
    await reconcile().catch(() => undefined);
    await expect(reconcile()).rejects.toThrow('adoption undone: glitchtip may not read and write projects_project');
    expect([await compose.owners(), await compose.databaseOwner('glitchtip')]).toEqual([before, 'compose']);
    await compose.as('compose', 'GRANT ALL ON projects_project TO compose');
    await reconcileUntilReady();
  }, 60_000);

  it('leaves a role alone that has only a schema of its own', async () => {
    await compose.leave('compose');
    await stage.sql(`CREATE ROLE reports LOGIN PASSWORD '${PASSWORD}'; CREATE SCHEMA reports AUTHORIZATION reports; CREATE TABLE reports.daily (id int); ALTER TABLE reports.daily OWNER TO reports`, 'glitchtip');
    const before = await compose.owners();
    await reconcileUntilReady();
    expect(await compose.owners()).toEqual({ glitchtip: before['compose'], reports: before['reports'] });
  }, 60_000);

  it('is done once by two operators at the same time', async () => {
    await compose.leave('compose');
    await Promise.all([reconcile(), reconcile()]);
    await reconcileUntilReady();
    expect(Object.keys(await compose.owners())).toEqual(['glitchtip']);
    expect(await compose.use()).toBe(2);
  }, 60_000);

  it.each(CUTS)('cut at each of its writes (%s) it heals: all is moved, or nothing', async (how) => {
    let hit = true;
    for (let at = 0; hit; at += 1) {
      await compose.leave('compose');
      const before = (await compose.owners())['compose'];
      // A status that comes late is put right by the next look: one write more, which decides nothing.
      const ports = buildPorts(stage.operatorApi, { at, how, decisiveOnly: how === 'late' });
      for (let turn = 0; turn < 6 && !ports.crashed(); turn += 1) {
        await reconcile(ports).catch(() => undefined);
        expect([{ compose: before }, { glitchtip: before }]).toContainEqual(await compose.owners());
      }
      hit = ports.hit();
      await reconcileUntilReady();
      if (hit && how === 'late') await ports.release();
      expect(await compose.owners()).toEqual({ glitchtip: before });
      expect(await turns()).toBe(0);
    }
    expect(await compose.use()).toBe(2);
  }, 240_000);

  describe('when the owner role itself is the old login', () => {
    const owner = () => stage.sql("SELECT rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolpassword FROM pg_authid WHERE rolname = 'glitchtip'");
    const closed = [{ rolcanlogin: false, rolsuper: false, rolcreatedb: false, rolcreaterole: false, rolreplication: false, rolbypassrls: false, rolpassword: null }];

    it.each(['', 'CREATEDB CREATEROLE', 'SUPERUSER REPLICATION BYPASSRLS'])('closes it (%s) once nobody is connected with it', async (attributes) => {
      await compose.leave('glitchtip', { attributes });
      const old = await connect('glitchtip');
      await reconcileUntilReady();
      expect(await database()).toBe('True OwnerInUse: The application logs in and acts as glitchtip. Role glitchtip keeps its own login until nobody is connected with it any more (sessions now: 1).');
      // The old GlitchTip goes on, beside the new one.
      await old.query('INSERT INTO issue_events_issueevent VALUES (gen_random_uuid(), now())');
      expect(await compose.as('glitchtip', 'SELECT count(*)::int FROM recent')).toEqual([{ count: 2 }]);
      expect(await compose.use()).toBe(3);
      await old.end();
      await until('the session to be gone', async () => String((await stage.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'glitchtip'"))[0]?.['count']), '0');
      await reconcile();
      await reconcile();
      expect(await database()).toBe('True LoginWorks: The application logs in and acts as glitchtip.');
      expect(await owner()).toEqual(closed);
      await expect(compose.as('glitchtip', 'SELECT 1')).rejects.toThrow(/not permitted to log in|authentication failed/);
      expect(await compose.use()).toBe(4);
      expect(await turns()).toBe(0);
    }, 60_000);

    it("leaves it as it is while the application's login is refused", async () => {
      await compose.leave('glitchtip');
      await stage.sql("CREATE ROLE glitchtip_a LOGIN PASSWORD 'another'");
      for (let turn = 0; turn < 3; turn += 1) await reconcile();
      expect(await database()).toMatch(/^False LoginRefused: /);
      expect(await compose.as('glitchtip', 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    }, 60_000);

    it.each(CUTS)('cut at each of its writes (%s) it heals', async (how) => {
      let hit = true;
      for (let at = 0; hit; at += 1) {
        await compose.leave('glitchtip');
        const ports = buildPorts(stage.operatorApi, { at, how });
        for (let turn = 0; turn < 6 && !ports.crashed(); turn += 1) await reconcile(ports).catch(() => undefined);
        hit = ports.hit();
        await reconcileUntilReady();
        await reconcile();
        if (hit && how === 'late') await ports.release();
        expect(await owner()).toEqual(closed);
      }
      expect(await compose.use()).toBe(2);
    }, 240_000);

    it('refuses the superuser that initdb made, and makes no login a member of it', async () => {
      await compose.clear();
      await stage.kubectl(['delete', 'glitchtips,secrets,leases', '--all']);
      await createResource('glitchkeeper');
      await reconcile();
      await stage.followSecrets();
      await stage.sql('CREATE DATABASE glitchkeeper').catch(() => undefined);
      for (let turn = 0; turn < 3; turn += 1) await reconcile();
      expect(await ready()).toMatch(/^False OwnerIsBootstrapSuperuser: Role glitchkeeper is the superuser that initdb made/);
      expect(await stage.sql("SELECT rolname FROM pg_roles WHERE rolname LIKE 'glitch%' ORDER BY 1")).toEqual([{ rolname: 'glitchkeeper' }]);
    }, 60_000);
  });

  /** Writes of one more look at a world that needs none. */
  async function turns(): Promise<number> {
    const ports = buildPorts(stage.operatorApi);
    await reconcile(ports);
    return ports.writes().length;
  }

  async function createResource(name: string): Promise<void> {
    const { spec, ...resource } = await stage.settings();
    const settings = spec as { database: object };
    await stage.server.admin.apply(`${RESOURCES}/glitchtip`, { ...resource, spec: { ...settings, database: { ...settings.database, name } } }, 'test');
  }

  async function reconcile(ports: TestPorts = buildPorts(stage.operatorApi)): Promise<void> {
    const nothing = () => undefined;
    await new CredentialsController({ ...ports, crypto: nodeCrypto, clock: systemClock, trustedHosts: HERE, log: nothing, warn: nothing, onStatus: nothing }).reconcile('glitchtip', never);
  }

  async function reconcileUntilReady(): Promise<void> {
    for (let turn = 0; turn < 12; turn += 1) {
      await reconcile();
      if (turn > 0 && (await ready()) === READY) return;
    }
    throw new Error(`not Ready: ${await ready()}`);
  }
});
