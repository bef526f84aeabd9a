// Every statement of the operator and of the gateway that names one of GlitchTip's tables, on the schema of each release, in a real PostgreSQL.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { queuedRows } from '../../gateway/delivery/queue.js';
import { findRows, openTransactions, readKeys } from '../../gateway/delivery/rows.js';
import { RELEASES, type Release } from '../../operator/api/glitchtip-releases.js';
import type { GlitchTipSpec } from '../../operator/api/glitchtip-resource.js';
import type { DatabaseObservation } from '../../operator/controllers/ports.js';
import type { PostgresFacts } from '../../operator/core/health/health-facts.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import { buildDjangoPassword } from '../../operator/io/django-password.js';
import { adoptObjects } from '../../operator/io/postgres/adopt-database.js';
import { CANARY_ID } from '../../operator/io/postgres/canary-rows.js';
import { Canaries } from '../../operator/io/postgres/canary.js';
import { observeFacts } from '../../operator/io/postgres/database-facts.js';
import { observeDatabase } from '../../operator/io/postgres/database-observer.js';
import { findEvents } from '../../operator/io/postgres/event-rows.js';
import { endSessions, ensureCanary, isEventStored, judgeAdministrator, setAdministratorPassword, tryAdministrator } from '../../operator/io/postgres/glitchtip-tables.js';
import { addressOf } from '../../operator/io/postgres/postgres-client.js';
import { observePostgres } from '../../operator/io/postgres/roles.js';
import { systemClock } from '../../operator/runtime/clock.js';
import { specOf } from '../unit/operator/operator-scenarios.js';
import { dayOf, SCHEMAS } from './release-schemas.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';
import { WebDouble } from './web-double.js';

const PASSWORD = 'test-superuser';
const SUPERUSER = { user: 'glitchkeeper', password: PASSWORD, database: 'glitchtip' };
const OPERATOR = { user: 'glitchkeeper', password: new Sensitive(PASSWORD) };
const MINUTE = 60_000;
const never = new AbortController().signal;
const plain = (id: string) => id.replaceAll('-', '');

let postgres: PostgresServer;
beforeAll(async () => {
  postgres = await startPostgres(PASSWORD);
  for (const role of ['glitchtip', 'compose LOGIN', 'glitchtip_a LOGIN IN ROLE glitchtip']) await postgres.query({ ...SUPERUSER, database: 'postgres' }, `CREATE ROLE ${role}`);
}, 120_000);
afterAll(() => postgres.stop());

/** Empty but for the schema of a release, with partitions from two days ago on. */
async function makeDatabase(release: Release): Promise<void> {
  const { tables, partitions } = SCHEMAS[release];
  await postgres.query({ ...SUPERUSER, database: 'postgres' }, 'DROP DATABASE IF EXISTS glitchtip WITH (FORCE)');
  await postgres.query({ ...SUPERUSER, database: 'postgres' }, 'CREATE DATABASE glitchtip OWNER glitchtip');
  for (const statement of ['CREATE EXTENSION hstore', tables, partitions(-2, 7)]) await postgres.query(SUPERUSER, statement);
}

describe.each(RELEASES)('the schema of GlitchTip %s', (release) => {
  const { partitions, event, watched, newestMigration } = SCHEMAS[release];
  const sql = <T extends pg.QueryResultRow>(statement: string) => postgres.query<T>(SUPERUSER, statement);
  const web = new WebDouble((id) => sql(event(id)));
  let spec: GlitchTipSpec;
  const address = () => addressOf(spec, never);
  const observe = (canaries = new Canaries(systemClock), of = spec): Promise<DatabaseObservation> =>
    observeDatabase({ spec: of, operator: [OPERATOR], application: undefined, canaries, takesEvents: true, withVolume: false, signal: never });
  const figures = async (of = spec): Promise<PostgresFacts> => {
    const { database } = await observe(new Canaries(systemClock), of);
    if (database.kind !== 'seen') throw new Error(`Postgres was not seen: ${JSON.stringify(database)}`);
    return database.value;
  };
  const connected = async <T>(use: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ host: '127.0.0.1', port: postgres.port, ...SUPERUSER });
    await client.connect();
    return use(client).finally(() => client.end());
  };

  beforeAll(async () => {
    await makeDatabase(release);
    await web.listen();
    spec = specOf({ version: release, worker: {}, health: { storedWithinSeconds: 1 }, web: { host: '127.0.0.1', port: web.port }, database: { host: '127.0.0.1', port: postgres.port } });
  }, 60_000);
  afterAll(() => web.stop());

  it('is told by itself, is complete, and has partitions for the days and weeks to come', async () => {
    const { schema, missing, partitions: found } = await figures();
    expect([schema, missing]).toEqual([release, []]);
    expect(found.map(({ table }) => table).sort()).toEqual([...watched].sort());
    for (const { table, days, leastDays } of found) expect([table, days >= leastDays]).toEqual([table, true]);
  });

  it('of another release than the resource says is seen as that, and no event is sent into it', async () => {
    const other = RELEASES.find((each) => each !== release);
    const { database, canary } = await observe(undefined, { ...spec, version: other ?? '' });
    expect(database).toMatchObject({ kind: 'seen', value: { schema: release } });
    expect(canary.kind).toBe('not sent');
  });

  it("takes the operator's own event: project and key are made, it is found by the SDK's id", async () => {
    expect((await observe()).canary).toMatchObject({ kind: 'stored' });
    expect(await sql(`SELECT organization_id FROM projects_project WHERE id = ${CANARY_ID}`)).toEqual([{ organization_id: CANARY_ID }]);
  });

  it('shows that others are stored while one is missing: a healthy worker is not taken for one that is stuck', async () => {
    const canaries = new Canaries(systemClock);
    web.fate = 'lose';
    expect((await observe(canaries)).canary).toMatchObject({ kind: 'not stored', storedMeanwhile: 0 });
    const busy = setInterval(() => void sql(event(randomUUID(), { issue: 7, organization: 3 })).catch(() => undefined), 200);
    const { canary } = await observe(canaries);
    clearInterval(busy);
    web.fate = 'store';
    expect(canary.kind === 'not stored' && canary.storedMeanwhile > 0).toBe(true);
    expect((await observe(canaries)).canary.kind).toBe('stored');
  });

  it('is rid of the rows of the own issue, and of nobody else\'s', async () => {
    const [own, others, young] = [randomUUID(), randomUUID(), randomUUID()];
    await sql(event(own, { at: Date.now() - 5 * MINUTE }));
    await sql(event(others, { at: Date.now() - 5 * MINUTE, issue: 7, organization: 3 }));
    await sql(event(young, { at: Date.now() - 30_000 }));
    await observe();
    const wanted = [own, others, young].map((id) => ({ type: 'event' as const, id: plain(id), since: Date.now() - 10 * MINUTE }));
    expect(await connected((client) => findRows(client, release, wanted, Date.now()))).toEqual(new Set([others, young].map(plain)));
  });

  it("proves to a rotation that an event is stored, by the SDK's id in 32 digits", async () => {
    const [id, at] = [randomUUID(), Date.now()];
    await sql(event(id, { at }));
    const ask = (ids: readonly string[], since = at) => isEventStored(address(), OPERATOR, { ids, since: new Date(since), until: new Date(since + MINUTE) });
    expect(await ask([plain(randomUUID()), plain(id)])).toBe(true);
    expect(await ask([plain(randomUUID())])).toBe(false);
    expect(await ask([plain(id)], at - 90 * MINUTE)).toBe(false);
  });

  it('is looked at in one day, or around midnight in two, and there in one leaf', async () => {
    const locked = await connected(async (client) => {
      await client.query('BEGIN');
      await findEvents(client, release, [randomUUID()], { from: Date.now() - 10 * MINUTE, until: Date.now() + 10 * MINUTE });
      const { rows } = await client.query<{ name: string }>("SELECT relname AS name FROM pg_locks JOIN pg_class c ON c.oid = relation WHERE pid = pg_backend_pid() AND c.relkind = 'r' AND c.relispartition");
      return rows.length;
    });
    expect(locked).toBeGreaterThan(0);
    expect(locked).toBeLessThanOrEqual(2);
  });

  it('has the keys of the operator\'s own project, once', async () => {
    const [first, second] = [await ensureCanary(address(), OPERATOR), await ensureCanary(address(), OPERATOR)];
    expect(second).toEqual(first);
    expect(first.key).toMatch(/^[0-9a-f]{32}$/);
  });

  it("shows the gateway the events, the keys, and since when others' transactions are open", async () => {
    const id = randomUUID();
    await sql(event(id, { organization: 3, issue: 7 }));
    const since = Date.now() - MINUTE;
    const { key } = await ensureCanary(address(), OPERATOR);
    await connected(async (client) => {
      expect(await findRows(client, release, [{ type: 'event', id: plain(id), since }, { type: 'event', id: plain(randomUUID()), since }], Date.now())).toEqual(new Set([plain(id)]));
      expect((await readKeys(client)).keys).toEqual([[CANARY_ID, key]]);
      expect(await openTransactions(client)).toEqual([]);
    });
  });

  it('is looked at by the gateway in the days since an event came, and in none to come', async () => {
    const days = await connected(async (client) => {
      await client.query('BEGIN');
      await findRows(client, release, [{ type: 'event', id: plain(randomUUID()), since: Date.now() - MINUTE }], Date.now());
      const { rows } = await client.query<{ name: string }>("SELECT relname AS name FROM pg_locks JOIN pg_class c ON c.oid = relation WHERE pid = pg_backend_pid() AND c.relkind = 'r' AND c.relispartition");
      return new Set(rows.map(({ name }) => name.replace(/_h\d+$/, ''))).size;
    });
    expect(days).toBeLessThanOrEqual(release === '5.2' ? 9 : 2);
  });

  it('knows the administrator, takes a new password for it, and ends the sessions that it keeps', async () => {
    const [email, previous, next] = ['admin@example.com', new Sensitive('previous'), new Sensitive('next')];
    await sql(`UPDATE users_user SET password = '${await buildDjangoPassword(previous, 1_000)}'`);
    expect(await tryAdministrator(address(), OPERATOR, { email, password: previous })).toMatchObject({ kind: 'accepted' });
    await setAdministratorPassword(address(), { operator: OPERATOR, fence: () => Promise.resolve(), signal: never }, { email, password: next });
    expect(await judgeAdministrator(address(), OPERATOR, { email, previous, next })).toBe('next');
    await endSessions(address(), OPERATOR);
    expect(await sql('SELECT FROM django_session')).toEqual([]);
  });

  it('tells a backup from outside which database it is, and how far it was migrated', async () => {
    expect(await observeFacts(address(), [OPERATOR])).toEqual({ kind: 'seen', systemIdentifier: expect.stringMatching(/^\d+$/), migration: newestMigration });
  });

  it('is adopted from another login with every leaf, and shows what the gateway and backups may read', async () => {
    await sql('REASSIGN OWNED BY glitchtip TO compose');
    await connected(async (client) => {
      await client.query('BEGIN');
      await adoptObjects(client, { kind: 'adopt objects', database: 'glitchtip', from: 'compose', owner: 'glitchtip', objects: 1 }, 'glitchtip_a');
      await client.query('COMMIT');
    });
    expect(await sql("SELECT count(*)::int AS left FROM pg_class WHERE relowner = 'compose'::regrole")).toEqual([{ left: 0 }]);
    const observed = await observePostgres(address(), [{ ...OPERATOR, via: 'published' }], { application: undefined, gateway: undefined, backup: undefined });
    expect(observed).toMatchObject({ kind: 'observed', state: { database: { kind: 'present', foreign: [], gatewayTables: { absent: [] } } } });
  });

  it('without the partition of tomorrow has hours left, whatever else is there', async () => {
    await sql(`DROP TABLE ${release === '5.2' ? dayOf('event', 1) : dayOf('issue_events_issueevent', 1)}`);
    const events = (await figures()).partitions.find(({ table }) => table === 'issue_events_issueevent');
    expect(events?.days).toBeLessThan(1);
    await sql(partitions(1, 2));
  });
});

describe('the schema of GlitchTip 6.2 alone', () => {
  const sql = <T extends pg.QueryResultRow>(statement: string) => postgres.query<T>(SUPERUSER, statement);
  const { partitions } = SCHEMAS['6.2'];
  beforeAll(() => makeDatabase('6.2'), 60_000);
  const observe = async (changes: object = {}): Promise<PostgresFacts> => {
    const spec = specOf({ version: '6.2', database: { host: '127.0.0.1', port: postgres.port }, ...changes });
    const { database } = await observeDatabase({ spec, operator: [OPERATOR], application: undefined, canaries: new Canaries(systemClock), takesEvents: false, withVolume: false, signal: never });
    if (database.kind !== 'seen') throw new Error(`Postgres was not seen: ${JSON.stringify(database)}`);
    return database.value;
  };
  const daysOf = async (wanted: string) => (await observe()).partitions.find(({ table }) => table === wanted)?.days ?? NaN;

  it('a day that lacks a leaf has no place for some organizations, and does not count', async () => {
    await sql(`DROP TABLE ${dayOf('issue_events_issueevent', 1)}_h3`);
    expect(await daysOf('issue_events_issueevent')).toBeLessThan(1);
    await sql(partitions(1, 2));
    expect(await daysOf('issue_events_issueevent')).toBeGreaterThan(5);
  });

  it('a table of statistics without any partition, which fails every batch, has no day left', async () => {
    const [children] = await sql<{ names: string }>("SELECT string_agg(inhrelid::regclass::text, ', ') AS names FROM pg_inherits WHERE inhparent = 'projects_issueeventprojecthourlystatistic'::regclass");
    await sql(`DROP TABLE ${children?.names ?? ''}`);
    expect(await daysOf('projects_issueeventprojecthourlystatistic')).toBe(0);
    await sql(partitions(0, 7));
    expect(await daysOf('projects_issueeventprojecthourlystatistic')).toBeGreaterThan(20.5);
  });

  describe('with its queue in PostgreSQL', () => {
    const task = (queue: string, status: string, { age = 0, worker = 'NULL', after = 'NULL' } = {}) =>
      sql(`INSERT INTO db_queuedtask VALUES (gen_random_uuid(), '${queue}', NULL, '', '${status}', ${worker}, now() - interval '${age} seconds', 0, ${after})`);
    const tasks = async () => (await observe({ valkey: undefined })).tasks;

    const seenByGateway = async () => {
      const client = new pg.Client({ host: '127.0.0.1', port: postgres.port, ...SUPERUSER });
      await client.connect();
      return queuedRows(client, '6.2').finally(() => client.end());
    };

    it('nothing waits', async () => {
      expect(await tasks()).toEqual({ depth: 0 });
      expect(await seenByGateway()).toEqual({ waiting: 0, taken: 0 });
    });

    it('what waits counts, and not what is for later or in hand of a worker that lives', async () => {
      await sql("INSERT INTO db_vtaskmetadata VALUES ('worker_alive:web-1-7', 'web-1-7', now() + interval '15 seconds')");
      for (const age of [40, 5]) await task('ingest', 'QUEUED', { age });
      await task('default', 'QUEUED', { age: 900, after: "now() + interval '1 hour'" });
      await task('ingest', 'PROCESSING', { age: 60, worker: "'web-1-7'" });
      const found = await tasks();
      expect([found?.depth, found?.lost]).toEqual([2, undefined]);
      expect(Math.abs((found?.oldestTaskSeconds ?? 0) - 40)).toBeLessThan(20);
      expect(await seenByGateway()).toEqual({ waiting: 2, taken: 1 });
    });

    it('what failed, and what a dead worker had in hand, is lost; events or not', async () => {
      await task('default', 'FAILED', { age: 700 });
      expect((await tasks())?.lost).toMatchObject({ count: 1, events: false });
      await task('ingest', 'PROCESSING', { age: 600, worker: "'web-0-7'" });
      await sql("UPDATE db_vtaskmetadata SET expires_at = now() - interval '1 second'");
      const lost = (await tasks())?.lost;
      expect(lost).toMatchObject({ count: 3, events: true });
      expect(Math.abs((lost?.newestSeconds ?? 0) - 60)).toBeLessThan(20);
      expect(await seenByGateway()).toEqual({ waiting: 2, taken: 0 });
    });

    it('in a table of another version nothing is said of it, and all else is seen', async () => {
      await sql('ALTER TABLE db_queuedtask DROP run_after');
      const { tasks: none, schema } = await observe({ valkey: undefined });
      expect([none, schema]).toEqual([undefined, '6.2']);
    });
  });
});
