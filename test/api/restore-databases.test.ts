// The databases of a restore on a real server: made, exchanged and dropped, with somebody connected to them, and only while the step is wanted.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Sensitive } from '../../operator/core/sensitive.js';
import { databaseNames } from '../../operator/core/restore/restore-names.js';
import type { DatabaseAction } from '../../operator/core/restore/restore-facts.js';
import { changeRestoreDatabase, observeLiveContent, observeRestoreDatabases } from '../../operator/io/postgres/restore-databases.js';
import { observeRestoreLogin, openRestoreLogin } from '../../operator/io/postgres/restore-login.js';
import { observePostgres } from '../../operator/io/postgres/roles.js';
import { closeLogin } from '../../operator/io/postgres/rotate-logins.js';
import { START_MS } from './control-plane.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';

const PASSWORD = 'of-the-superuser';
const ID = '20261129T100000Z';
const { before, restored } = databaseNames('gt', { id: ID });

describe('the databases of a restore', () => {
  let server: PostgresServer;
  const operator = () => ({ user: 'glitchkeeper', password: new Sensitive(PASSWORD) });
  const address = () => ({ host: '127.0.0.1', port: server.port, database: 'gt', signal: new AbortController().signal });
  const fine = () => Promise.resolve();
  const change = (action: DatabaseAction, fence = fine) => changeRestoreDatabase({ address: address(), operator: operator(), fence, signal: new AbortController().signal }, action);
  const observe = () => observeRestoreDatabases(address(), operator());
  const oidOf = async (name: string) => (await observe()).find((each) => each.name === name)?.oid ?? 0;
  const sql = <T extends pg.QueryResultRow>(statement: string, database = 'postgres') => server.query<T>({ user: 'glitchkeeper', password: PASSWORD, database }, statement);
  const holds = async (database: string) => (await sql<{ of: string }>('SELECT of FROM here', database))[0]?.of;

  beforeAll(async () => {
    server = await startPostgres(PASSWORD);
    await sql('CREATE ROLE gt NOLOGIN');
    await sql("CREATE ROLE gt_a LOGIN IN ROLE gt PASSWORD 'a'");
  }, START_MS);
  afterAll(() => server.stop());
  beforeEach(async () => {
    for (const name of ['gt', before, restored, 'gt_reports']) await sql(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await sql('CREATE DATABASE gt OWNER gt');
    await sql("CREATE TABLE here AS SELECT 'today' AS of", 'gt');
    await sql('CREATE DATABASE gt_reports');
  });

  it('are those of the live name, and no others', async () => {
    await change({ kind: 'create database', name: restored });
    expect(await observe()).toEqual([{ name: 'gt', oid: expect.any(Number), isOpen: true }, { name: restored, oid: expect.any(Number), isOpen: true }]);
  });

  it('are made for the owner alone, and once', async () => {
    await change({ kind: 'create database', name: restored });
    const oid = await oidOf(restored);
    await change({ kind: 'create database', name: restored });
    expect(await oidOf(restored)).toBe(oid);
    expect(await sql(`SELECT pg_get_userbyid(datdba) AS owner, has_database_privilege('public', oid, 'CONNECT') AS public, pg_encoding_to_char(encoding) AS encoding FROM pg_database WHERE datname = '${restored}'`))
      .toEqual([{ owner: 'gt', public: false, encoding: 'UTF8' }]);
  });

  it('exchange their names while somebody is connected to both, and go back', async () => {
    await change({ kind: 'create database', name: restored });
    await sql("CREATE TABLE here AS SELECT 'copy' AS of", restored);
    const [live, fresh] = [await oidOf('gt'), await oidOf(restored)];
    const clients = await Promise.all(['gt', restored].map(async (database) => {
      const client = new pg.Client({ host: '127.0.0.1', port: server.port, user: 'glitchkeeper', password: PASSWORD, database });
      const ended = new Promise((resolve) => client.on('error', resolve));
      await client.connect();
      return { ended };
    }));
    await change({ kind: 'close database', name: 'gt', oid: live });
    await change({ kind: 'close database', name: restored, oid: fresh });
    await Promise.all(clients.map(({ ended }) => ended));
    await expect(sql('SELECT 1', 'gt')).rejects.toThrow('not currently accepting connections');
    await change({ kind: 'rename database', name: 'gt', oid: live, to: before });
    await change({ kind: 'rename database', name: restored, oid: fresh, to: 'gt' });
    await change({ kind: 'open database', name: 'gt', oid: fresh });
    expect(await observe()).toEqual([{ name: 'gt', oid: fresh, isOpen: true }, { name: before, oid: live, isOpen: false }]);
    expect(await holds('gt')).toBe('copy');

    await change({ kind: 'close database', name: 'gt', oid: fresh });
    await change({ kind: 'rename database', name: 'gt', oid: fresh, to: restored });
    await change({ kind: 'rename database', name: before, oid: live, to: 'gt' });
    await change({ kind: 'open database', name: 'gt', oid: live });
    expect(await holds('gt')).toBe('today');
    await change({ kind: 'drop database', name: restored, oid: fresh });
    expect(await observe()).toEqual([{ name: 'gt', oid: live, isOpen: true }]);
  });

  it('are not made anew by the operator while their names are exchanged', async () => {
    const look = async () => {
      const observed = await observePostgres(address(), [{ ...operator(), via: 'published' }], { application: undefined, gateway: undefined, backup: undefined });
      return observed.kind === 'observed' ? observed.state.database : observed;
    };
    const live = await oidOf('gt');
    await change({ kind: 'close database', name: 'gt', oid: live });
    await change({ kind: 'rename database', name: 'gt', oid: live, to: before });
    expect(await look()).toEqual({ kind: 'absent', isExchanged: true });
    await change({ kind: 'drop database', name: before, oid: live });
    expect(await look()).toEqual({ kind: 'absent' });
    await change({ kind: 'create database', name: restored });
    expect(await look()).toEqual({ kind: 'absent', isExchanged: true });
  });

  it('are left alone where another one has the name by now', async () => {
    const live = await oidOf('gt');
    for (const action of [
      { kind: 'drop database', name: 'gt', oid: live + 1 }, { kind: 'close database', name: 'gt', oid: live + 1 }, { kind: 'rename database', name: 'gt', oid: live + 1, to: before },
      { kind: 'drop database', name: before, oid: live },
    ] as const) await change(action);
    expect(await observe()).toEqual([{ name: 'gt', oid: live, isOpen: true }]);
  });

  it('are not touched by an operator whose step is not wanted any more', async () => {
    const live = await oidOf('gt');
    const late = () => Promise.reject(new Error('another operator leads'));
    for (const action of [{ kind: 'drop database', name: 'gt', oid: live }, { kind: 'create database', name: restored }] as const) await expect(change(action, late)).rejects.toThrow('another operator leads');
    expect(await observe()).toEqual([{ name: 'gt', oid: live, isOpen: true }]);
  });

  it('are dropped with whoever is connected', async () => {
    await change({ kind: 'create database', name: restored });
    const client = new pg.Client({ host: '127.0.0.1', port: server.port, user: 'glitchkeeper', password: PASSWORD, database: restored });
    const ended = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await change({ kind: 'drop database', name: restored, oid: await oidOf(restored) });
    await ended;
    expect(await oidOf(restored)).toBe(0);
  });

  it('are empty until somebody has an organization there', async () => {
    const look = () => observeLiveContent(address(), operator());
    expect(await look()).toEqual({ isEmpty: true, storedSessions: 0 });
    await sql('CREATE TABLE organizations_ext_organization (id int); CREATE TABLE django_session (session_key text)', 'gt');
    await sql("INSERT INTO organizations_ext_organization VALUES (2147483000); INSERT INTO django_session VALUES ('a'), ('b')", 'gt');
    expect(await look()).toEqual({ isEmpty: true, storedSessions: 2 });
    await sql('INSERT INTO organizations_ext_organization VALUES (1)', 'gt');
    expect(await look()).toEqual({ isEmpty: false, storedSessions: 2 });
    await sql('DROP DATABASE gt');
    expect(await look()).toEqual({ isEmpty: true, storedSessions: 0 });
  });

  it('are loaded by a login that acts as the owner, is more than that nowhere, and is closed with its sessions', async () => {
    const place = (fence = fine) => ({ address: address(), operator: operator(), fence, signal: new AbortController().signal });
    const look = () => observeRestoreLogin(address(), operator());
    const late = () => Promise.reject(new Error('another operator leads'));
    expect(await look()).toBe('closed');
    await expect(openRestoreLogin(place(late), new Sensitive('first'))).rejects.toThrow('another operator leads');
    expect(await look()).toBe('closed');
    for (const password of ['first', 'second']) await openRestoreLogin(place(), new Sensitive(password));
    expect(await look()).toBe('open');
    await change({ kind: 'create database', name: restored });
    const login = { user: 'gt_restore', password: 'second', database: restored };
    await server.query(login, 'SET ROLE gt; CREATE TABLE made (id int)');
    expect(await sql("SELECT tableowner AS owner FROM pg_tables WHERE tablename = 'made'", restored)).toEqual([{ owner: 'gt' }]);
    await expect(server.query({ ...login, password: 'first' }, 'SELECT 1')).rejects.toThrow('password authentication failed');
    await expect(server.query(login, 'CREATE DATABASE another')).rejects.toThrow('permission denied');
    await expect(server.query(login, 'CREATE ROLE another')).rejects.toThrow('permission denied');
    expect(server.log()).not.toContain('SCRAM-SHA-256$');
    const client = new pg.Client({ host: '127.0.0.1', port: server.port, ...login });
    const ended = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    await closeLogin(place(), 'gt_restore');
    await ended;
    expect(await look()).toBe('closed');
    await expect(server.query(login, 'SELECT 1')).rejects.toThrow();
  });
});
