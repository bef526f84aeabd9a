// The health observers against a real Postgres and a real Valkey; web is a small server here that stores what it is told to.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { GlitchTipSpec } from '../../operator/api/glitchtip-resource.js';
import type { ObservedDatabase, PodFacts } from '../../operator/core/health/health-facts.js';
import { healthRelease } from '../../operator/core/health/release-facts.js';
import { buildUsersFile } from '../../operator/core/credentials/generated-secrets.js';
import { systemClock } from '../../operator/runtime/clock.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import { nodeCrypto } from '../../operator/io/crypto.js';
import { Canaries } from '../../operator/io/postgres/canary.js';
import { observeDatabase, type DatabaseInput } from '../../operator/io/postgres/database-observer.js';
import { observeQueue } from '../../operator/io/valkey/queue-observer.js';
import { observeWeb } from '../../operator/io/web/web-observer.js';
import { specOf } from '../unit/operator/operator-scenarios.js';
import { taskOf } from '../unit/operator/io/valkey/vtasks-payloads.js';
import { freePort } from './control-plane.js';
import { makePartitions, TABLES } from './glitchtip-tables.js';
import { until } from './operator-stage.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';
import { startValkey, type ValkeyServer } from './valkey-server.js';
import { WebDouble } from './web-double.js';

const PASSWORD = 'test-superuser';
const SUPERUSER = { user: 'glitchkeeper', password: PASSWORD, database: 'glitchtip' };
const never = new AbortController().signal;
const LAYOUT = healthRelease('5.2').inValkey;

let postgres: PostgresServer;
let valkey: ValkeyServer;
let valkeyPort: number;
let spec: GlitchTipSpec;
const web = new WebDouble((id) => run(`INSERT INTO issue_events_issueevent VALUES ('${id}', 1, now())`));
const answers = web.pages;

const run = (sql: string) => postgres.query(SUPERUSER, sql);

/** A server process lives on for some moments after its client has gone. */
async function untilConnected(wanted: number): Promise<void> {
  const others = "SELECT count(*)::int AS count FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
  await until('connected clients', async () => (await postgres.query<{ count: number }>(SUPERUSER, others))[0]?.count, wanted);
}

beforeAll(async () => {
  postgres = await startPostgres(PASSWORD);
  await postgres.query({ ...SUPERUSER, database: 'postgres' }, 'CREATE ROLE glitchtip');
  await postgres.query({ ...SUPERUSER, database: 'postgres' }, 'CREATE DATABASE glitchtip OWNER glitchtip');
  await postgres.query({ ...SUPERUSER, database: 'postgres' }, "CREATE ROLE glitchtip_a LOGIN PASSWORD 'app' IN ROLE glitchtip");
  await postgres.query({ ...SUPERUSER, database: 'postgres' }, "CREATE ROLE glitchtip_gateway LOGIN PASSWORD 'gateway'");
  valkeyPort = await freePort();
  const hash = nodeCrypto.sha256(new Sensitive('valkey'));
  valkey = await startValkey(valkeyPort, buildUsersFile({ application: [hash], operator: [hash] }).reveal());
  await web.listen();
  spec = specOf({
    worker: {}, health: { storedWithinSeconds: 1 }, web: { host: '127.0.0.1', port: web.port },
    database: { host: '127.0.0.1', port: postgres.port }, valkey: { host: '127.0.0.1', port: valkeyPort },
  });
}, 120_000);

afterAll(async () => {
  web.stop();
  await valkey.stop();
  await postgres.stop();
});

function question(changes: Partial<DatabaseInput> = {}): DatabaseInput {
  return {
    spec, operator: [{ user: 'glitchkeeper', password: new Sensitive('old') }, { user: 'glitchkeeper', password: new Sensitive(PASSWORD) }],
    application: { user: 'glitchtip_a', password: new Sensitive('app') }, canaries: new Canaries(systemClock), takesEvents: true, withVolume: false, signal: never, ...changes,
  };
}

function valueOf(database: ObservedDatabase): Extract<ObservedDatabase, { kind: 'seen' }>['value'] {
  if (database.kind !== 'seen') throw new Error(`Postgres was not seen: ${JSON.stringify(database)}`);
  return database.value;
}

describe('Postgres', () => {
  it('before the migrations: what is missing, and no event is sent', async () => {
    const { database, canary } = await observeDatabase(question());
    expect(valueOf(database).missing).toContain('django_migrations');
    expect(valueOf(database).missing).toContain('get_project_auth_info(bigint,uuid)');
    expect([valueOf(database).partitions, canary.kind]).toEqual([[], 'not sent']);
  });

  it('after them: figures, and days without a gap', async () => {
    await run(TABLES);
    await run(makePartitions(-1, 3));
    await run(makePartitions(4, 6));
    await untilConnected(0);
    const { database } = await observeDatabase(question({ takesEvents: false }));
    const { missing, partitions: [events], connections, connectionsMax, bytes, longestTransactionSeconds, foreignSessions } = valueOf(database);
    expect(missing).toEqual([]);
    expect(events?.days).toBeGreaterThan(2);
    expect(events?.days).toBeLessThan(3);
    expect([connections, connectionsMax]).toEqual([1, 97]);
    expect(bytes).toBeGreaterThan(1_000_000);
    expect([longestTransactionSeconds, foreignSessions]).toEqual([0, 0]);
  });

  it('somebody else who is connected: the operator\'s login by another name, and neither the application nor the gateway', async () => {
    const count = async () => valueOf((await observeDatabase(question({ takesEvents: false }))).database).foreignSessions;
    const counts = [
      postgres.query(SUPERUSER, 'SELECT pg_sleep(2)'),
      postgres.query({ user: 'glitchtip_a', password: 'app', database: 'glitchtip' }, 'SELECT pg_sleep(2)'),
      postgres.query({ user: 'glitchtip_gateway', password: 'gateway', database: 'glitchtip' }, 'SELECT pg_sleep(2)'),
    ];
    await untilConnected(counts.length);
    expect(await count()).toBe(1);
    await Promise.all(counts);
  });

  it('the room on its volume', async () => {
    const { volumes } = await observeDatabase(question({ takesEvents: false, withVolume: true }));
    if (volumes.kind === 'unseen') throw new Error(volumes.why);
    const [volume] = volumes.value;
    expect(volume?.name).toBe('postgres-data');
    expect(volume?.capacityBytes).toBeGreaterThan(volume?.usedBytes ?? Infinity);
  });

  it('a wrong password, no database, nobody there', async () => {
    const wrong = { user: 'glitchkeeper', password: new Sensitive('wrong') };
    const kinds = await Promise.all([
      observeDatabase(question({ operator: [wrong] })),
      observeDatabase(question({ operator: [] })),
      observeDatabase(question({ spec: specOf({ database: { host: '127.0.0.1', port: postgres.port, name: 'other' } }) })),
      observeDatabase(question({ spec: specOf({ database: { host: '127.0.0.1', port: 1 } }) })),
    ]);
    expect(kinds.map(({ database }) => database.kind)).toEqual(['refused', 'not observed', 'no database', 'unreachable']);
    expect(JSON.stringify(kinds)).not.toContain('wrong');
  });
});

describe('the operator\'s own event', () => {
  it('is stored: project and key were made for it', async () => {
    const { canary } = await observeDatabase(question());
    expect(canary.kind).toBe('stored');
  });

  it('is accepted and lost, while others are stored or not; one that comes late is found later', async () => {
    const canaries = new Canaries(systemClock);
    web.fate = 'lose';
    const first = await observeDatabase(question({ canaries }));
    expect(first.canary).toMatchObject({ kind: 'not stored', storedMeanwhile: 0 });
    expect(valueOf(first.database).login).toEqual({ kind: 'accepted', actsAs: 'glitchtip_a' });
    const busy = setInterval(() => void run('INSERT INTO issue_events_issueevent VALUES (gen_random_uuid(), 2, now())').catch(() => undefined), 200);
    const second = await observeDatabase(question({ canaries }));
    clearInterval(busy);
    expect(second.canary).toMatchObject({ kind: 'not stored' });
    expect(second.canary.kind === 'not stored' && second.canary.storedMeanwhile > 0 && second.canary.oldestSeconds > 1).toBe(true);
    web.fate = 'store';
    expect((await observeDatabase(question({ canaries }))).canary.kind).toBe('stored');
  });

  it('is refused', async () => {
    web.fate = 'refuse';
    expect((await observeDatabase(question())).canary).toEqual({ kind: 'refused', status: 503 });
    web.fate = 'store';
  });

  it('has a value for each column of 6.x, and makes nothing where a release wants one that nobody knows', async () => {
    await run('DELETE FROM projects_projectkey; DELETE FROM projects_project; DELETE FROM organizations_ext_organization');
    await run(`ALTER TABLE organizations_ext_organization ADD created timestamptz NOT NULL, ADD modified timestamptz NOT NULL, ADD event_throttle_rate smallint NOT NULL, ADD open_membership boolean NOT NULL,
      ADD stripe_customer_id varchar(28) NOT NULL, ADD is_deleted boolean NOT NULL, ADD license_billing_email varchar(254) NOT NULL, ADD license_key varchar(255) NOT NULL`);
    await run('ALTER TABLE projects_project ADD is_deleted boolean NOT NULL, ADD tier smallint NOT NULL');
    const { database, canary } = await observeDatabase(question());
    expect([database.kind, canary]).toEqual(['seen', { kind: 'not sent', why: 'projects_project.tier wants a value that this operator does not know: this GlitchTip is newer than the releases that it knows' }]);
    expect(await run('SELECT 1 FROM organizations_ext_organization')).toEqual([]);
    await run('ALTER TABLE projects_project DROP tier');
    expect((await observeDatabase(question())).canary.kind).toBe('stored');
  });

  it('leaves no row: those of its own issue are deleted when they are a minute old, and nobody else\'s', async () => {
    await run("INSERT INTO issue_events_issueevent VALUES (gen_random_uuid(), 1, now() - interval '5 minutes'), (gen_random_uuid(), 7, now() - interval '5 minutes')");
    await observeDatabase(question());
    const rows = await postgres.query<{ issue_id: string }>(SUPERUSER, "SELECT issue_id FROM issue_events_issueevent WHERE received < now() - interval '4 minutes'");
    expect(rows.map(({ issue_id: issue }) => Number(issue))).toEqual([7]);
  });

  it('costs few statements a check', async () => {
    const canaries = new Canaries(systemClock);
    await observeDatabase(question({ canaries }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const before = postgres.log().length;
    await observeDatabase(question({ canaries, operator: [{ user: 'glitchkeeper', password: new Sensitive(PASSWORD) }] }));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const log = postgres.log().slice(before);
    // Figures, key, counter, and the look that finds it; the insert is web's.
    expect(log.match(/LOG: {2}(execute|statement).*(SELECT|DELETE|UPDATE)/g)?.length).toBeLessThanOrEqual(5);
    expect(log.match(/connection authorized: user=glitchkeeper .*application_name=glitchkeeper/g)).toHaveLength(1);
  });
});

describe('Valkey', () => {
  const address = () => ({ host: '127.0.0.1', port: valkeyPort });
  const own = [new Sensitive('wrong'), new Sensitive('valkey')];
  const login = { user: 'glitchkeeper', password: 'valkey' };

  it('how much waits or was taken, and since when the oldest that was taken', async () => {
    await valkey.command(login, 'LPUSH', 'celery', 'a', 'b', 'c');
    await valkey.command(login, 'ZADD', 'unacked_index', String(Date.now() / 1_000 - 40), 'tag');
    const queue = await observeQueue(address(), own, { layout: LAYOUT, now: Date.now() }, never);
    expect(queue).toMatchObject({ kind: 'seen', value: { depth: 4, maxBytes: 0 } });
    const { oldestTaskSeconds = 0, usedBytes, writeFailed } = queue.kind === 'seen' ? queue.value : { usedBytes: 0 };
    expect(Math.round(oldestTaskSeconds)).toBe(40);
    expect(usedBytes).toBeGreaterThan(500_000);
    expect(writeFailed).toBeUndefined();
  });

  describe('of GlitchTip 6.2', () => {
    const vtasks = healthRelease('6.2').inValkey;
    const run = (...words: string[]) => valkey.command(login, ...words);
    const tasks = async () => {
      const queue = await observeQueue(address(), own, { layout: vtasks, now: Date.now() }, never);
      if (queue.kind !== 'seen') throw new Error(`Valkey was not seen: ${JSON.stringify(queue)}`);
      const { depth, oldestTaskSeconds, lost } = queue.value;
      return { depth, oldest: oldestTaskSeconds === undefined ? undefined : Math.round(oldestTaskSeconds), lost: lost && { ...lost, newestSeconds: Math.round(lost.newestSeconds ?? -1) } };
    };
    const task = (queue: string, age: number, failed?: number) => taskOf({ queue, ts: Date.now() / 1_000 - age, ...(failed === undefined ? {} : { failed_at: Date.now() / 1_000 - failed }) });

    it('nothing waits', async () => expect(await tasks()).toEqual({ depth: 0, oldest: undefined, lost: undefined }));

    it('how much waits, and since when the oldest does: it is at the end that tasks are taken from', async () => {
      for (const age of [70, 5]) await run('LPUSH', 'vtasks:q:ingest', task('ingest', age));
      await run('LPUSH', 'vtasks:q:default', task('default', 30));
      expect(await tasks()).toEqual({ depth: 3, oldest: 70, lost: undefined });
    });

    it('what a worker that lives has in hand is not lost; what one that died had is, and is no event', async () => {
      await run('LPUSH', 'vtasks:processing:worker-1-7', task('default', 9));
      await run('SET', 'vtasks:alive:worker-1-7', 'worker-1-7', 'EX', '15');
      expect((await tasks()).lost).toBeUndefined();
      await run('DEL', 'vtasks:alive:worker-1-7');
      expect((await tasks()).lost).toEqual({ count: 1, events: false, newestSeconds: -1 });
    });

    it('what failed is lost, since the newest of it failed; events among them', async () => {
      await run('LPUSH', 'vtasks:q:failed', task('ingest', 900, 600));
      await run('LPUSH', 'vtasks:q:failed', task('default', 300, 200));
      expect((await tasks()).lost).toEqual({ count: 3, events: true, newestSeconds: 200 });
    });

    it('what cannot be read of a task hides nothing else', async () => {
      await run('DEL', 'vtasks:q:ingest', 'vtasks:q:default');
      await run('RPUSH', 'vtasks:q:ingest', 'zstd:no frame at all');
      await run('LPUSH', 'vtasks:q:failed', '{"ts":');
      expect(await tasks()).toEqual({ depth: 1, oldest: undefined, lost: { count: 4, events: true, newestSeconds: -1 } });
    });
  });

  it('none, no password, a wrong one, nobody there', async () => {
    const kinds = await Promise.all([
      observeQueue(undefined, own, { layout: LAYOUT, now: 0 }, never), observeQueue(address(), [], { layout: LAYOUT, now: 0 }, never), observeQueue(address(), own.slice(0, 1), { layout: LAYOUT, now: 0 }, never), observeQueue({ host: '127.0.0.1', port: 1 }, own, { layout: LAYOUT, now: 0 }, never),
    ]);
    expect(kinds.map(({ kind }) => kind)).toEqual(['none', 'not observed', 'refused', 'unreachable']);
  });
});

describe('web', () => {
  const page = '<html><link href="https://elsewhere.example/x.css"><script src="static/main.js?v=1"></script></html>';
  const pod = (changes: Partial<PodFacts>): PodFacts => ({
    name: 'web-1', part: 'web', createdAt: new Date(), ending: false, alive: true, ready: true, address: '127.0.0.1', startSeconds: 60, domain: 'errors.example.com',
    containers: [{ name: 'web', init: false, image: 'i', restarts: 0, state: { kind: 'running', startedAt: new Date(0) } }],
    probe: { path: '/_health/', port: spec.web.port, host: 'localhost', timeoutSeconds: 10 }, ...changes,
  });
  const statusOf = (answer: { kind: string; status?: number; code?: string } | undefined) => answer?.status ?? answer?.code;
  const look = async (pods: readonly PodFacts[] = [pod({})], port = spec.web.port) => {
    const { health, domain, page: front, asset, pods: own } = await observeWeb({ host: '127.0.0.1', port }, pods, never);
    return { health: statusOf(health), domain: statusOf(domain?.answer), page: statusOf(front), asset: asset && [asset.path, statusOf(asset.answer)], pods: own.map(({ answer }) => statusOf(answer)) };
  };

  it('all is well', async () => {
    for (const path of ['/_health/', '/', '/static/main.js']) answers.set(path, { status: 200, body: path === '/' ? page : 'ok' });
    expect(await look()).toEqual({ health: 200, domain: 200, page: 200, asset: ['/static/main.js', 200], pods: [] });
  });

  it('the host of people is refused', async () => {
    answers.set('errors.example.com/_health/', { status: 400 });
    expect((await look()).domain).toBe(400);
    answers.delete('errors.example.com/_health/');
  });

  it('the files of the front end are missing', async () => {
    answers.delete('/static/main.js');
    expect((await look()).asset).toEqual(['/static/main.js', 404]);
    answers.set('/', { status: 500 });
    expect(await look()).toMatchObject({ health: 200, page: 500, asset: undefined });
  });

  it('a pod that is not Ready is asked as its probe asks', async () => {
    const closed = await freePort();
    const unready = [pod({ ready: false }), pod({ name: 'web-2', ready: false, probe: { path: '/_health/', port: closed, timeoutSeconds: 1 } }), pod({ name: 'web-3', ready: false, ending: true })];
    expect((await look(unready)).pods).toEqual([200, 'ECONNREFUSED']);
  });

  it('a Service that leads nowhere, and a pod that answers', async () => {
    expect(await look([pod({})], await freePort())).toEqual({ health: 'ECONNREFUSED', domain: undefined, page: undefined, asset: undefined, pods: [200] });
  });

  it('is timed', async () => {
    answers.set('/_health/', { status: 200, delay: 300 });
    const { health } = await observeWeb({ host: '127.0.0.1', port: spec.web.port }, [], never);
    expect(health.seconds).toBeGreaterThan(0.29);
  });
});
