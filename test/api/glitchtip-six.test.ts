// GlitchTip 6.2's double, whose queue, cache, driver and server are the real libraries: what the gateway and the operator believe of 6.2, as far as these decide it.
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'iovalkey';
import pg from 'pg';
import { itemPolicy } from '../../gateway/core/item-policy.js';
import { encodeHeader } from '../../gateway/core/record.js';
import { storingOf } from '../../gateway/core/resend.js';
import { Delivery } from '../../gateway/delivery/delivery.js';
import { queuedRows, queueLengths, type QueueLengths } from '../../gateway/delivery/queue.js';
import { findRows, openTransactions } from '../../gateway/delivery/rows.js';
import { Sender } from '../../gateway/delivery/sender.js';
import { realFiles } from '../../gateway/spool/files.js';
import { Spool } from '../../gateway/spool/spool.js';
import { gatewayLoginName, VALKEY_APPLICATION_USER, VALKEY_GATEWAY_USER } from '../../operator/api/object-names.js';
import { healthRelease } from '../../operator/core/health/release-facts.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import { observeQueue } from '../../operator/io/valkey/queue-observer.js';
import { GlitchTipApi } from '../sdk/glitchtip-api.js';
import { provision } from '../sdk/provision.js';
import { logRecord, logsRequest } from '../unit/gateway/logs-message.js';
import type { Program } from './control-plane.js';
import { AS_OPERATOR, GlitchTipSix, KEY, PASSWORD, PROJECT, SUPERUSER, THROTTLED } from './glitchtip-six.js';
import { SCHEMAS } from './release-schemas.js';

const MINUTE = 60_000;
const never = new AbortController().signal;
const newId = () => randomUUID().replaceAll('-', '');

let six: GlitchTipSix;
beforeAll(async () => {
  six = await GlitchTipSix.start();
  await six.migrate();
}, 3 * MINUTE);
afterAll(() => six.stop());

interface Sent {
  readonly path?: string;
  readonly key?: string;
  readonly host?: string;
  readonly body?: Buffer | string;
}

/** By node:http, which sends the Host that it is told. */
function send({ path = '/api/1/envelope/', key = KEY, host = 'localhost', body = '{}\n' }: Sent): Promise<{ readonly status: number; readonly text: string; readonly retryAfter: string | undefined }> {
  return new Promise((resolve, reject) => {
    const packed = gzipSync(body);
    const outgoing = request({ host: '127.0.0.1', port: six.port, path, method: 'POST', headers: { host, 'content-encoding': 'gzip', 'content-length': packed.length, 'x-sentry-auth': `Sentry sentry_key=${key}` } }, (answer) => {
      let text = '';
      answer.on('data', (piece) => (text += String(piece))).on('end', () => resolve({ status: answer.statusCode ?? 0, text, retryAfter: answer.headers['retry-after'] }));
    });
    outgoing.on('error', reject).end(packed);
  });
}

const LOGS = logsRequest([logRecord('Connection pool exhausted')]);
const eventOf = (id: string, more: object = {}) => `{}\n{"type":"event"}\n${JSON.stringify({ event_id: id, message: 'hello', ...more })}`;

async function as<T>(login: { readonly user: string; readonly password: string }, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ host: '127.0.0.1', port: six.postgres.port, database: 'glitchtip', ...login });
  await client.connect();
  return use(client).finally(() => client.end());
}

const asGateway = { user: gatewayLoginName('glitchtip'), password: PASSWORD };
const stored = (ids: readonly string[]) => as(asGateway, (client) => findRows(client, '6.2', ids.map((id) => ({ type: 'event' as const, id, since: Date.now() - 10 * MINUTE })), Date.now()));

async function until(what: string, holds: () => Promise<boolean>, seconds = 20): Promise<void> {
  const deadline = Date.now() + seconds * 1_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await sleep(100);
  }
}

async function lengths(): Promise<QueueLengths> {
  const client = new Redis({ host: '127.0.0.1', port: six.valkeyPort, username: VALKEY_GATEWAY_USER, password: PASSWORD });
  return queueLengths(client, '6.2').finally(() => client.disconnect());
}

async function tasks(): Promise<Record<string, unknown>> {
  const seen = await observeQueue({ host: '127.0.0.1', port: six.valkeyPort }, [new Sensitive(PASSWORD)], { layout: healthRelease('6.2').inValkey, now: Date.now() }, never);
  return seen.kind === 'seen' ? { ...seen.value } : { ...seen };
}

const length = async (key: string) => Number(await six.valkey.command(AS_OPERATOR, 'LLEN', `vtasks:${key}`));

describe("the double's database", () => {
  it('has the tables, columns and kinds of the fixture that all statements are tried on', async () => {
    const columns = "SELECT table_name || '.' || column_name || ' ' || udt_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'users%' AND table_name NOT LIKE 'django_%' ORDER BY 1";
    const partitioned = 'SELECT partrelid::regclass::text || \' \' || pg_get_partkeydef(partrelid) AS name FROM pg_partitioned_table ORDER BY 1';
    const find = async (ask: (sql: string) => Promise<{ name: string }[]>) => [...await ask(columns), ...await ask(partitioned)].map(({ name }) => name).filter((name) => !/_\d{8}/.test(name));
    const own = new Set(await find((sql) => six.sql<{ name: string }>(sql)));
    await six.postgres.query({ ...SUPERUSER, database: 'postgres' }, 'CREATE DATABASE fixture');
    await six.postgres.query({ ...SUPERUSER, database: 'postgres' }, 'CREATE ROLE glitchtip; ALTER DATABASE fixture OWNER TO glitchtip');
    const fixture = { ...SUPERUSER, database: 'fixture' };
    await six.postgres.query(fixture, 'CREATE EXTENSION hstore');
    await six.postgres.query(fixture, SCHEMAS['6.2'].tables);
    const wanted = await find((sql) => six.postgres.query<{ name: string }>(fixture, sql));
    // What nobody here reads, and this double has in the way of 5.2's.
    const beside = /^(organizations_ext_organization\.(modified|is_active|scrub|stripe)|projects_project\.|uptime_monitorcheck\.|db_queuedtask\.unique_key)/;
    expect(wanted.filter((name) => !own.has(name) && !beside.test(name))).toEqual([]);
  });
});

describe('web, with its queue and no worker', () => {
  let web: Program | undefined;
  beforeAll(async () => {
    await six.run('./manage.py shell -c "$THROTTLED"', { THROTTLED });
    web = await six.start('web');
  }, MINUTE);
  afterAll(() => web?.kill('SIGTERM'));

  it.each<[string, Sent, number]>([
    ['an event', { body: eventOf(newId()) }, 200],
    ['an event for a host that is none of its own', { body: eventOf(newId()), host: 'elsewhere.example' }, 200],
    ['a key that is not there', { key: 'a'.repeat(32) }, 403],
    ['a key that is none', { key: 'no' }, 403],
    ['a project that is not there', { path: '/api/9/envelope/' }, 403],
    ['a header that is none', { body: 'no\n' }, 400],
    ['more than 5 MB unpacked', { body: eventOf(newId(), { extra: { pad: randomBytes(3_000_000).toString('hex') } }) }, 413],
    ['a minidump', { path: '/api/1/minidump/', body: 'MDMP' }, 200],
    ['logs', { path: '/v1/logs', body: LOGS }, 200],
    ['logs by a path with a slash', { path: '/v1/logs/', body: LOGS }, 200],
    ['logs with a key that is not there', { path: '/v1/logs', key: 'a'.repeat(32), body: LOGS }, 401],
    ['logs that are none', { path: '/v1/logs', body: 'no' }, 400],
  ])('%s is answered as 6.2 does', async (_, sent, status) => expect((await send(sent)).status).toBe(status));

  it('an event of an organization that takes none is answered 429, and when to come again', async () => {
    expect(await send({ path: '/api/2/envelope/', key: `${'0'.repeat(31)}2`, body: eventOf(newId()) })).toMatchObject({ status: 429, retryAfter: expect.stringMatching(/^\d+$/) });
  });

  it('a wrong key blocks itself alone: the right one beside it is let in at once', async () => {
    expect((await send({ key: 'b'.repeat(32) })).status).toBe(403);
    expect((await send({ body: eventOf(newId()) })).status).toBe(200);
  });

  it('what waits is seen by the gateway with the rights that it has, and by the operator with its age', async () => {
    await six.valkey.command(AS_OPERATOR, 'DEL', 'vtasks:q:ingest');
    for (const pad of ['', 'x'.repeat(5_000)]) await send({ body: eventOf(newId(), { extra: { pad } }) });
    expect(await lengths()).toEqual({ waiting: 2, taken: 0 });
    const seen = await tasks();
    expect(seen['depth']).toBeGreaterThanOrEqual(2);
    expect(seen['oldestTaskSeconds']).toBeLessThan(MINUTE);
  });

  it('an event that a full queue refuses is answered 200', async () => {
    const [id, before] = [newId(), await length('q:ingest')];
    await six.valkey.command(AS_OPERATOR, 'CONFIG', 'SET', 'maxmemory', '1');
    const full = (await send({ body: eventOf(id) })).status;
    await six.valkey.command(AS_OPERATOR, 'CONFIG', 'SET', 'maxmemory', '0');
    expect([full, await length('q:ingest')]).toEqual([200, before]);
  });

  it('logs that a full queue refuses are answered 500, and so the gateway gives them again', async () => {
    await six.valkey.command(AS_OPERATOR, 'CONFIG', 'SET', 'maxmemory', '1');
    const full = (await send({ path: '/v1/logs', body: LOGS })).status;
    await six.valkey.command(AS_OPERATOR, 'CONFIG', 'SET', 'maxmemory', '0');
    expect([full, (await send({ path: '/v1/logs', body: LOGS })).status]).toEqual([500, 200]);
  });
});

describe('a worker', () => {
  let [web, worker]: (Program | undefined)[] = [];
  beforeAll(async () => {
    web = await six.start('web');
  }, MINUTE);
  afterAll(async () => {
    await worker?.kill();
    await web?.kill('SIGTERM');
  });

  it('stores what waits, and the gateway finds each by the id that its SDK gave', async () => {
    const ids = [newId(), newId()];
    for (const id of ids) await send({ body: eventOf(id, { tags: { a: 'b' } }) });
    worker = await six.start('worker');
    await until('the rows', async () => (await stored(ids)).size === 2);
    expect(await lengths()).toEqual({ waiting: 0, taken: 0 });
  }, MINUTE);

  it('rewrites the file that its probe looks at', async () => {
    const first = await six.heartbeatAt();
    await until('another beat', async () => (await six.heartbeatAt()) > first);
  }, MINUTE);

  it('is behind an API that people sign in to, make a project with, and find its event at by the id of the SDK', async () => {
    const [id, baseUrl] = [newId(), `http://localhost:${six.port}`];
    await six.run('./manage.py createsuperuser --noinput', { DJANGO_SUPERUSER_EMAIL: 'admin@example.com', DJANGO_SUPERUSER_PASSWORD: PASSWORD });
    const { token, org, project, dsn } = await provision({ baseUrl, email: 'admin@example.com', password: PASSWORD });
    const { pathname, username } = new URL(dsn);
    expect((await send({ path: `/api${pathname}/envelope/`, key: username, body: eventOf(id) })).status).toBe(200);
    await until('the row', async () => (await stored([id])).size === 1);
    const found: string[] = [];
    for await (const event of new GlitchTipApi(baseUrl, token).eventsSince({ org, project }, new Date(Date.now() - MINUTE))) found.push(event.eventID);
    expect(found).toEqual([id]);
  }, MINUTE);

  it('loses a batch that it has popped with its life, and a task that it tries alone is run again by the next one', async () => {
    const [id, lock] = [newId(), new pg.Client({ host: '127.0.0.1', port: six.postgres.port, ...SUPERUSER })];
    await lock.connect();
    await lock.query('BEGIN; LOCK TABLE issue_events_issueindex, uptime_monitorcheck IN ACCESS EXCLUSIVE MODE');
    await six.sql("INSERT INTO uptime_monitor (created, organization_id, project_id, monitor_type, name, url, expected_status, expected_body, interval) VALUES (now(), 1, 1, 'Ping', 'm', 'http://127.0.0.1:9/', 200, '', 3600)");
    await send({ body: eventOf(id) });
    await until('both to be in hand', async () => (await length('processing:worker')) > 0 && (await length('q:ingest')) === 0);
    await sleep(2_500);
    await worker?.kill();
    expect(await lengths()).toEqual({ waiting: 0, taken: 0 });
    // The killed one's statements end with the lock's.
    await six.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    await lock.end();
    worker = await six.start('worker');
    await until('the check to be made by another process', async () => (await six.sql<{ n: number }>('SELECT count(*)::int AS n FROM uptime_monitorcheck'))[0]?.n !== 0, 30);
    expect((await stored([id])).size).toBe(0);
  }, 2 * MINUTE);

  it('puts a batch that fails where the operator finds it, though its events are stored', async () => {
    const [id] = [newId()];
    const [week] = await six.sql<{ name: string }>("SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'projects_issueeventprojecthourlystatistic'::regclass ORDER BY 1 LIMIT 1");
    await six.sql(`DROP TABLE ${week?.name ?? ''}`);
    await send({ body: eventOf(id) });
    await until('the batch to fail', async () => (await length('q:failed')) > 0);
    expect((await stored([id])).size).toBe(1);
    // Whether it holds events is in a payload that the Node.js of the tests cannot unpack (test/api/compressed-tasks.test.ts).
    expect(await tasks()).toMatchObject({ lost: { count: 1 } });
    await six.run('./manage.py maintain_partitions');
    await six.valkey.command(AS_OPERATOR, 'DEL', 'vtasks:q:failed');
  }, MINUTE);

  it('ends within seconds of SIGTERM with its batch stored', async () => {
    const id = newId();
    await send({ body: eventOf(id) });
    await sleep(300);
    await worker?.kill('SIGTERM');
    expect((await stored([id])).size).toBe(1);
    worker = await six.start('worker');
  }, MINUTE);

  it('stores what the gateway gives it, once, and nothing is left in the spool', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-spool-'));
    const spool = Spool.open({ files: realFiles, folder, maxBytes: 2 ** 26, destinations: [0], defer: setImmediate, onDamage: () => undefined });
    const sender = new Sender({ host: 'localhost', port: six.port });
    const database = new pg.Pool({ host: '127.0.0.1', port: six.postgres.port, database: 'glitchtip', ...asGateway, max: 2 });
    const delivery = new Delivery({
      spool, shares: { letGo: () => undefined }, keep: { look: () => ({ round: 0 }) }, destination: 0, policy: itemPolicy('6.2', { logs: true }), storing: storingOf('6.2'), limits: { bytes: 2_500_000, events: 1_000 },
      now: Date.now, log: () => undefined, setAside: () => undefined, hasKey: () => true, send: (outgoing) => sender.send(outgoing), probe: () => sender.probe(),
      find: (wanted) => findRows(database, '6.2', wanted, Date.now()), queue: () => lengths(), observePipeline: async () => ({ workerStartedAt: undefined, openTransactionsAt: await openTransactions(database) }),
    });
    const ids = Array.from({ length: 150 }, newId);
    for (const id of ids) {
      const body = Buffer.from(eventOf(id));
      await spool.append(encodeHeader({ id: newId(), receivedAt: Date.now(), project: 1, key: KEY, kind: 'envelope', events: [{ type: 'event', id }], size: body.length }), body);
    }
    const logs = logsRequest([logRecord('one by the gateway'), logRecord('two by the gateway')]);
    await spool.append(encodeHeader({ id: newId(), receivedAt: Date.now(), project: 1, key: KEY, kind: 'logs', events: [], size: logs.length, contentType: 'application/x-protobuf' }), logs);
    await until('all to be let go', async () => {
      await delivery.give();
      await delivery.confirm();
      return delivery.entries.length === 0 && (await stored(ids)).size === ids.length;
    });
    await until('the logs', async () => (await six.sql("SELECT FROM logs_logevent WHERE body LIKE '% by the gateway'")).length === 2);
    spool.close();
    await database.end();
    await rm(folder, { recursive: true });
    expect(await six.sql(`SELECT count(*)::int AS rows FROM issue_events_issueevent WHERE event_id IN (${ids.map((id) => `'${id}'`).join(', ')})`)).toEqual([{ rows: ids.length }]);
  }, MINUTE);
});

describe('Valkey refuses its login once', () => {
  const password = (word: string) => six.valkey.command(AS_OPERATOR, 'ACL', 'SETUSER', VALKEY_APPLICATION_USER, 'resetpass', `>${word}`);
  const refuse = () => password('another').then(() => six.valkey.command(AS_OPERATOR, 'CLIENT', 'KILL', 'USER', VALKEY_APPLICATION_USER));

  it('to web: it answers 500 for ever, and is ended for it by what the manifests bring', async () => {
    const web = await six.start('web');
    expect((await send({ body: eventOf(newId()) })).status).toBe(200);
    await refuse();
    expect((await send({ body: eventOf(newId()) })).status).toBe(500);
    await password(PASSWORD);
    await sleep(2_000);
    expect((await send({ body: eventOf(newId()) })).status).toBe(500);
    await until('it to end', () => Promise.resolve(web.ended), 30);
    expect(web.fullOutput).toContain('Valkey refused this process once');
  }, MINUTE);

  it('to a worker: it is ended for it, too, and the next one takes what waits', async () => {
    const [web, worker, first, second] = [await six.start('web'), await six.start('worker'), newId(), newId()];
    await send({ body: eventOf(first) });
    await until('the row', async () => (await stored([first])).size === 1);
    await web.kill('SIGTERM');
    await refuse();
    await until('it to be refused', () => Promise.resolve(/WRONGPASS|invalid username-password/.test(worker.fullOutput)), 30);
    await password(PASSWORD);
    await until('it to end', () => Promise.resolve(worker.ended), 30);
    expect(worker.fullOutput).toContain('Valkey refused this process once');
    await worker.kill();
    const [nextWeb, next] = [await six.start('web'), await six.start('worker')];
    await send({ body: eventOf(second) });
    await until('the row', async () => (await stored([second])).size === 1);
    await Promise.all([nextWeb.kill('SIGTERM'), next.kill('SIGTERM')]);
  }, 2 * MINUTE);
});

describe('one process, with its queue in PostgreSQL', () => {
  it('stores events, and the gateway sees what waits in the table', async () => {
    await six.run('./manage.py migrate --skip-checks; ./manage.py createcachetable', { VALKEY_URL: '' });
    const single = await six.start('single', { VALKEY_URL: '' });
    const id = newId();
    expect((await send({ body: eventOf(id) })).status).toBe(200);
    await until('the row', async () => (await stored([id])).size === 1);
    expect(await as(asGateway, (client) => queuedRows(client, '6.2'))).toEqual({ waiting: 0, taken: 0 });
    await single.kill('SIGTERM');
  }, MINUTE);
});

describe('a database of 5.2', () => {
  const FIVE = 'docker.io/glitchtip/glitchtip:5.2';
  const EVENTS = `INSERT INTO issue_events_issue (project_id, title, metadata, level, type, status, is_deleted, count, first_seen, last_seen) SELECT id, 'old', '{}', 4, 0, 0, false, 30, now(), now() FROM projects_project;
    INSERT INTO issue_events_issueevent (id, issue_id, type, timestamp, received, title, transaction, level, data, tags)
      SELECT gen_random_uuid(), (SELECT id FROM issue_events_issue), 0, now(), now() - n * interval '1 second', 'old', '', 4, '{}', '{"a":"b"}' FROM generate_series(1, 30) n`;
  const count = async (table: string) => (await six.sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]?.n;

  it('is migrated with its newest events; all others are in the archive, from where they are brought once', async () => {
    await six.emptyDatabase();
    await six.run(`./bin/run-migrate.sh; ./manage.py shell -c "$PROJECT"`, { PROJECT }, FIVE);
    await six.sql(EVENTS);
    await six.run('./bin/run-migrate.sh', { GLITCHTIP_RETAIN_LEGACY_DATA: 'True', GLITCHTIP_MIGRATION_EVENT_LIMIT: '10' });
    expect([await count('issue_events_issueevent'), await count('issue_events_issueevent_archive')]).toEqual([10, 30]);
    // As the Job of glitchkeeper upgrade --import-legacy does it; another one finds nothing that is missing.
    for (const report of ['{"result": "imported", "imported": 20, "left": 10}', '{"result": "imported", "imported": 0, "left": 10}']) {
      expect(await six.run('python /glitchkeeper/import_legacy.py', { REPORT: '/tmp/report' })).toContain(report);
    }
    expect([await count('issue_events_issueevent'), await count('(SELECT DISTINCT event_id FROM issue_events_issueevent) e')]).toEqual([30, 30]);
  }, 2 * MINUTE);
});
