// The gateway's login in Postgres and its user in Valkey as the operator makes them: they can do what the gateway asks, and nothing else.
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'iovalkey';
import pg from 'pg';
import { openDatabase } from '../../gateway/delivery/database.js';
import { queueLengths } from '../../gateway/delivery/queue.js';
import { findRows, openTransactions, readKeys } from '../../gateway/delivery/rows.js';
import { openValkey } from '../../gateway/delivery/valkey.js';
import { DEFAULT_SECRET_NAMES, gatewayLoginName, VALKEY_GATEWAY_USER } from '../../operator/api/object-names.js';
import { GATEWAY_TABLES } from '../../operator/core/credentials/postgres-roles.js';
import { describeDamagedLogin } from './damaged-login.js';
import { makePartitions, TABLES } from './glitchtip-tables.js';
import { until, type Stage } from './operator-stage.js';
import { reconcileUntilReady, reconcileUntilSettled } from './reconcile.js';

const ROLE = gatewayLoginName('glitchtip');
const RELEASE = '5.2';
const KEY = 'a0a0a0a0b1b1c2c2d3d3e4e4e4e4e4e4';
const SECONDS = 1_000;

/** @param stage with both servers started; what is on it is deleted */
export function describeGateway(stage: () => Stage): void {
  describe('the gateway', () => {
    const open: { end(): unknown }[] = [];
    const valuesOf = async (role: keyof typeof DEFAULT_SECRET_NAMES) => (await stage().secrets())[DEFAULT_SECRET_NAMES[role]]?.values ?? {};
    const inDatabase = (sql: string) => stage().sql(sql, 'glitchtip');
    /** One session, one statement. */
    const asGateway = async (sql: string) => stage().postgres.query({ user: ROLE, password: (await valuesOf('gateway'))['database-password'] ?? '', database: 'glitchtip' }, sql);
    const valkey = async (...words: string[]) => stage().valkey.command({ user: VALKEY_GATEWAY_USER, password: (await valuesOf('gateway'))['valkey-password'] ?? '' }, ...words);

    let credentials = '';

    /** As the kubelet does: now, and when they are others. */
    async function mount(): Promise<void> {
      for (const [name, value] of Object.entries(await valuesOf('gateway'))) await writeFile(join(credentials, name), value);
    }

    /** The gateway's own. */
    async function database(): Promise<pg.Pool> {
      await mount();
      const pool = openDatabase({ database: { host: '127.0.0.1', port: stage().postgres.port, name: 'glitchtip' }, credentials });
      open.push(pool);
      return pool;
    }

    /** The gateway's own. */
    async function queue(): Promise<Redis> {
      await mount();
      const { hostname: host, port } = new URL((await valuesOf('application'))['VALKEY_URL'] ?? '');
      const client = openValkey({ host, port: Number(port) }, credentials);
      open.push({ end: () => client.disconnect() });
      return client;
    }

    /** As web has it. */
    async function application(): Promise<{ readonly postgres: pg.Client; readonly valkey: Redis }> {
      const { DATABASE_USER: user, DATABASE_PASSWORD: password, VALKEY_URL: url = '' } = await valuesOf('application');
      const postgres = new pg.Client({ host: '127.0.0.1', port: stage().postgres.port, database: 'glitchtip', user, password });
      const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
      open.push(postgres, { end: () => client.disconnect() });
      await Promise.all([postgres.connect(), client.connect()]);
      return { postgres, valkey: client };
    }

    const applyResource = (hasGateway: boolean) => stage().applyResource(hasGateway ? [] : ['gateway', 'web']);

    async function makeTables(): Promise<void> {
      await inDatabase(TABLES);
      await inDatabase(makePartitions(0, 2));
    }

    beforeAll(async () => {
      credentials = await mkdtemp(join(tmpdir(), 'glitchkeeper-gateway-'));
    });
    afterAll(() => rm(credentials, { recursive: true }));
    afterEach(async () => {
      for (const each of open.splice(0)) await each.end();
    });

    it('comes to a stack that runs: its own credentials are made, and nothing of the others changes', async () => {
      await stage().reset();
      await applyResource(false);
      await reconcileUntilReady(stage());
      await makeTables();
      expect(Object.keys(await stage().secrets())).not.toContain(DEFAULT_SECRET_NAMES.gateway);
      const [before, roles, old] = [await stage().secrets(), await stage().roles(), await application()];

      await applyResource(true);
      // No Deployment is rolled.
      expect(await reconcileUntilSettled(stage())).toEqual([
        'cluster.createSecret glitchtip-gateway', 'postgres.change', 'cluster.writeSecret glitchtip-valkey',
        ...['1 SETUSER glitchkeeper', '2 SETUSER default', '3 SETUSER gateway', '4 SAVE', '5 SETUSER glitchkeeper', '6 SAVE'].map((command) => `valkey ${command}`),
      ]);
      const { [DEFAULT_SECRET_NAMES.gateway]: own, [DEFAULT_SECRET_NAMES.valkey]: users, ...others } = await stage().secrets();
      const { [DEFAULT_SECRET_NAMES.valkey]: usersBefore, ...othersBefore } = before;
      expect(others).toEqual(othersBefore);
      expect(users?.values['password']).toBe(usersBefore?.values['password']);
      expect(linesOf(users?.values['users.acl']).filter((line) => !line.startsWith(`user ${VALKEY_GATEWAY_USER} `))).toEqual(linesOf(usersBefore?.values['users.acl']));
      expect(await stage().roles()).toEqual([...roles, { rolname: ROLE, rolcanlogin: true, rolpassword: expect.stringContaining('SCRAM-SHA-256') }]);
      const made = (await stage().resource()).status?.credentials?.map(({ name, generation }) => [name, generation] as const) ?? [];
      expect(Object.fromEntries(made)).toEqual(Object.fromEntries(Object.keys(await stage().secrets()).map((name) => [name, 1])));

      // The application's connections are those of before.
      await old.postgres.query('SELECT 1');
      expect(await old.valkey.ping()).toBe('PONG');
      await stage().valkey.restart();
      expect(await stage().valkey.accepts(VALKEY_GATEWAY_USER, own?.values['valkey-password'] ?? '')).toBe(true);
    }, 60_000);

    describe('in Postgres', () => {
      const [event, transaction] = [randomUUID(), randomUUID()].map((id) => id.replaceAll('-', '')) as [string, string];
      beforeAll(async () => {
        await inDatabase(`INSERT INTO organizations_ext_organization VALUES (1, 'one', 'one', true, true); INSERT INTO projects_project VALUES (7, 'seven', 'seven', 1, true); INSERT INTO projects_projectkey VALUES (1, '', 7, true, '${KEY}')`);
        await inDatabase(`INSERT INTO issue_events_issueevent VALUES ('${event}', 1, now()); CREATE TABLE transactions PARTITION OF performance_transactionevent DEFAULT; INSERT INTO performance_transactionevent VALUES ('${transaction}', now())`);
      });

      it('finds the rows of events and transactions', async () => {
        const [since, absent] = [Date.now() - 60 * SECONDS, randomUUID().replaceAll('-', '')];
        const wanted = [{ type: 'event', id: event, since }, { type: 'event', id: absent, since }, { type: 'transaction', id: transaction, since }, { type: 'transaction', id: absent, since }] as const;
        expect(await findRows(await database(), RELEASE, wanted, Date.now())).toEqual(new Set([event, transaction]));
      });

      it('reads the keys, and which database says so', async () => {
        expect(await readKeys(await database())).toEqual({ database: expect.stringMatching(/^glitchtip\/\d+\/\d+$/), keys: [[7, KEY]] });
      });

      it('sees since when transactions of others are open', async () => {
        const [pool, { postgres }] = [await database(), await application()];
        expect(await openTransactions(pool)).toEqual([]);
        await postgres.query('BEGIN');
        const { rows: [row] } = await postgres.query<{ at: Date }>('SELECT now() AS at');
        expect(await openTransactions(pool)).toEqual([row?.at.getTime()]);
      });

      it.each([
        'SELECT FROM users_user', 'SELECT FROM issue_events_issue', 'SELECT FROM projects_project', 'SELECT FROM transactions', 'SELECT FROM pg_authid',
        ...GATEWAY_TABLES[RELEASE].flatMap((table) => [`DELETE FROM ${table}`, `TRUNCATE ${table}`, `BEGIN; LOCK TABLE ${table}`]),
        "INSERT INTO projects_projectkey VALUES (2, '', 7, true, gen_random_uuid())", 'UPDATE projects_projectkey SET is_active = false',
        'CREATE TABLE more (id int)', 'CREATE TEMP TABLE more (id int)', 'CREATE SCHEMA more', 'CREATE ROLE more', 'CREATE DATABASE more', 'SET ROLE glitchtip', "COPY projects_projectkey TO PROGRAM 'cat'",
        'ALTER SYSTEM SET fsync = off',
      ])('may not: %s', async (sql) => {
        await expect(asGateway(sql)).rejects.toThrow(/permission denied|must be owner/);
      });

      it('may not end the sessions of others', async () => {
        await application();
        await expect(asGateway("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'glitchtip__'")).rejects.toThrow('permission denied');
      });

      it.each<[string, string]>([
        ['were dropped and made again without privileges, as pg_restore --clean --no-privileges does', 'DROP TABLE projects_projectkey; SET ROLE glitchtip; CREATE TABLE projects_projectkey (project_id int, public_key uuid)'],
        ['were taken from it', `REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${ROLE}`],
        ['are in a database that it may not enter', `REVOKE ALL ON DATABASE glitchtip FROM ${ROLE}`],
      ])('reads its tables again that %s', async (_, damage) => {
        await inDatabase(damage);
        await expect(asGateway('SELECT FROM projects_projectkey')).rejects.toThrow('permission denied');
        expect(await reconcileUntilSettled(stage())).toEqual(['postgres.change']);
        for (const table of GATEWAY_TABLES[RELEASE]) await asGateway(`SELECT FROM ${table}`);
      });

      describeDamagedLogin(stage, ROLE, async () => {
        await asGateway('SELECT 1');
        await readKeys(await database());
      });

      it('gets its rights when the tables appear, in a database that was made anew', async () => {
        await stage().sql('DROP DATABASE glitchtip WITH (FORCE)');
        await reconcileUntilSettled(stage());
        await makeTables();
        expect(await reconcileUntilSettled(stage())).toEqual(['postgres.change']);
        expect((await readKeys(await database())).keys).toEqual([]);
      });
    });

    describe('in Valkey', () => {
      it('asks how long the queues are', async () => {
        const operator = { user: 'glitchkeeper', password: (await valuesOf('valkey'))['password'] ?? '' };
        await stage().valkey.command(operator, 'LPUSH', 'celery', 'one', 'two');
        await stage().valkey.command(operator, 'HSET', 'unacked', 'tag', 'three');
        expect(await queueLengths(await queue(), RELEASE)).toEqual({ waiting: 2, taken: 1 });
        await stage().valkey.command(operator, 'LPUSH', 'vtasks:q:ingest', 'one', 'two', 'three');
        for (const beside of ['q:default', 'q:failed', 'processing:worker']) await stage().valkey.command(operator, 'LPUSH', `vtasks:${beside}`, 'one');
        expect(await queueLengths(await queue(), '6.2')).toEqual({ waiting: 3, taken: 0 });
      });

      it.each([
        'GET celery', 'LRANGE celery 0 -1', 'HGETALL unacked', 'HKEYS unacked', 'KEYS *', 'SCAN 0', 'LPUSH celery more', 'LPOP celery', 'DEL celery', 'SET more 1', 'FLUSHALL', 'SUBSCRIBE more', 'PUBLISH more 1',
        'ACL WHOAMI', 'ACL LIST', 'CONFIG GET maxmemory', 'INFO', 'CLIENT LIST', 'EVAL return 0', 'SHUTDOWN', 'MONITOR',
      ])('may not: %s', async (command) => {
        await expect(valkey(...command.split(' '))).rejects.toThrow('NOPERM');
      });
    });

    it('gets other credentials everywhere when its Secret is gone', async () => {
      const [before, client] = [await valuesOf('gateway'), await queue()];
      await queueLengths(client, RELEASE);
      await stage().kubectl(['delete', 'secret', DEFAULT_SECRET_NAMES.gateway]);
      await reconcileUntilSettled(stage());
      await readKeys(await database());
      expect(await valkey('PING')).toBe('PONG');
      await expect(stage().postgres.query({ user: ROLE, password: before['database-password'] ?? '', database: 'glitchtip' }, 'SELECT 1')).rejects.toThrow('authentication failed');
      expect(await stage().valkey.accepts(VALKEY_GATEWAY_USER, before['valkey-password'] ?? '')).toBe(false);
      // A gateway that runs takes the new one for its next connection, without a restart.
      await stage().valkey.restart();
      await until('a new connection', () => queueLengths(client, RELEASE).then(({ taken }) => taken, () => -1), 0);
    }, 60_000);

    describe('on a stack that is to have none any more', () => {
      it('may log in for as long as its Secret is there: it gives what it holds', async () => {
        await applyResource(false);
        const before = await stage().secrets();
        expect(await reconcileUntilSettled(stage())).toEqual([]);
        expect(await stage().secrets()).toEqual(before);
        expect([await valkey('PING'), await asGateway('SELECT 1 AS one')]).toEqual(['PONG', [{ one: 1 }]]);
      });

      it('is let in no more, by Valkey and by Postgres, once its Secret is deleted; the others stay as they are', async () => {
        const [before, { valkey: connection }, own] = [await stage().secrets(), await application(), await valuesOf('gateway')];
        await stage().kubectl(['delete', 'secret', DEFAULT_SECRET_NAMES.gateway]);
        await reconcileUntilSettled(stage());
        const others = (secrets: typeof before) => Object.entries(secrets).filter(([name]) => name !== DEFAULT_SECRET_NAMES.valkey && name !== DEFAULT_SECRET_NAMES.gateway);
        expect(others(await stage().secrets())).toEqual(others(before));
        expect(await stage().valkey.accepts(VALKEY_GATEWAY_USER, own['valkey-password'] ?? '')).toBe(false);
        expect((await stage().roles()).find(({ rolname }) => rolname === ROLE)).toMatchObject({ rolcanlogin: false, rolpassword: null });
        expect(await connection.ping()).toBe('PONG');
      });
    });
  });
}

function linesOf(file = ''): readonly string[] {
  return file.split('\n');
}
