// What Postgres and GlitchTip's own Python say of a row that Postgres refuses: that it is refused, and not what is in it.
import { randomUUID } from 'node:crypto';
import { chown, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { serverParameters } from '../../charts/parts/postgres.js';
import { settingsSchema } from '../../charts/settings/schema.js';
import { Sensitive } from '../../operator/core/sensitive.js';
import { buildScramVerifier } from '../../operator/io/crypto.js';
import { letIn } from '../../operator/io/postgres/roles.js';
import { GLITCHTIP_IMAGE } from './gateway-fuzz/glitchtip-web.js';
import { prepareProcess, unpackImage } from './image-process.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';

const PASSWORD = 'of-this-test-only';
const SUPERUSER = 'glitchkeeper';
const CANARY = 'canary-3c1f9e';
const START = 240_000;
/** Of GlitchTip's image. */
const USER = { uid: 5000, gid: 5000 };
const CREATE = 'CREATE TEMP TABLE people (email text NOT NULL UNIQUE, password text NOT NULL)';
/** Each is refused by a message of another kind: the row in its DETAIL, the text in its CONTEXT, the statement under its LINE. */
const REFUSED: readonly [string, string][] = [
  ['a row that is there already', `INSERT INTO people VALUES ('${CANARY}', 'x'), ('${CANARY}', 'y')`],
  ['a row that lacks a column', `INSERT INTO people VALUES ('a', 'b'), ('${CANARY}', NULL)`],
  ['a text that is no JSON', `SELECT (E'{"password":\\n"${CANARY}' || chr(10))::json`],
  ['a statement that cannot be understood', `SELECT '${CANARY}' FROM nowhere`],
];
const TOO_LARGE = '92233720368547758079';
/** Of these the message itself quotes the text: the statement, the message without it, and the text. */
const QUOTED: readonly [string, string, string, string][] = [
  ['a text that is no UUID', `SELECT '${CANARY}'::uuid`, 'invalid input syntax for type uuid: "..."', CANARY],
  ['a text of several lines, with a quote', `SELECT (E'a"\\n' || '${CANARY}')::uuid`, 'invalid input syntax for type uuid: "..."', CANARY],
  ['a number that is too large', `SELECT '${TOO_LARGE}'::int8`, 'value "..." is out of range for type bigint', TOO_LARGE],
  ['a text where none belongs', `SELECT 1 '${CANARY}'`, 'syntax error at or near "..."', CANARY],
];

let server: PostgresServer | undefined;
beforeAll(async () => {
  server = await startPostgres(PASSWORD);
}, START);
afterAll(() => server?.stop());

function postgres(): PostgresServer {
  if (!server) throw new Error('Postgres was not started');
  return server;
}

describe('the log of Postgres', () => {
  /** What it logs of the statement; the test's own server logs all statements, the product's none. */
  async function logOf(statement: string, parameters: Readonly<Record<string, string>>, user = SUPERUSER): Promise<string> {
    const client = new pg.Client({ host: '127.0.0.1', port: postgres().port, user, password: PASSWORD, database: 'postgres' });
    await client.connect();
    try {
      await client.query(CREATE);
      for (const [name, value] of Object.entries(parameters)) await client.query(`SET ${name} = '${value}'`);
      const before = postgres().log().length;
      await expect(client.query(statement)).rejects.toThrow();
      // The log comes through a pipe: it is whole when what was said last is in it.
      const last = randomUUID();
      await client.query(`DO $$ BEGIN RAISE LOG '${last}'; END $$`);
      for (let turn = 0; turn < 300 && !postgres().log().includes(last); turn += 1) await sleep(20);
      expect(postgres().log()).toContain(last);
      return postgres().log().slice(before);
    } finally {
      await client.end();
    }
  }
  const ours = serverParameters(settingsSchema.parse({}));
  const logging = { log_statement: 'none', ...Object.fromEntries(Object.entries(ours).filter(([name]) => name.startsWith('log_'))) };

  beforeAll(async () => {
    const login = letIn('application', await buildScramVerifier(new Sensitive(PASSWORD)));
    await postgres().query({ user: SUPERUSER, password: PASSWORD }, `CREATE ROLE application; ${login}; ALTER ROLE application SET log_statement = 'none'`);
  });

  it.each(REFUSED)('does not repeat %s', async (_, statement) => {
    const log = await logOf(statement, logging);
    expect(log).toContain('ERROR:');
    expect(log).not.toContain(CANARY);
  });
  it.each(REFUSED)('would repeat %s as Postgres comes', async (_, statement) => expect(await logOf(statement, { log_statement: 'none' })).toContain(CANARY));
  it.each(QUOTED)('does not quote %s of a login that the operator lets in', async (_, statement, __, quoted) => expect(await logOf(statement, {}, 'application')).not.toContain(quoted));
  it.each(QUOTED)('would quote %s of others', async (_, statement, __, quoted) => expect(await logOf(statement, logging)).toContain(quoted));
});

describe('a traceback of GlitchTip', () => {
  const PROGRAM = [
    'import os, sys, psycopg',
    'print(psycopg.pq.__impl__, flush=True)',
    'with psycopg.connect(os.environ["CONNECTION"]) as connection:',
    `    connection.execute("${CREATE}")`,
    '    connection.execute(os.environ["STATEMENT"])',
  ].join('\n');

  /** In the image, with the runtime helpers of the manifests or without. */
  async function tracebackOf(statement: string, hasHelpers: boolean): Promise<string> {
    const image = await unpackImage(GLITCHTIP_IMAGE);
    const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-runtime-'));
    try {
      if (hasHelpers) await cp('charts/runtime', folder, { recursive: true });
      await chown(folder, USER.uid, USER.gid);
      const env = {
        ...image.env, PATH: `${image.env['PATH'] ?? ''}:/usr/sbin`, PYTHONPATH: '/glitchkeeper', PYTHONDONTWRITEBYTECODE: '1', STATEMENT: statement,
        CONNECTION: `host=127.0.0.1 port=${postgres().port} user=glitchkeeper password=${PASSWORD} dbname=postgres`,
      };
      const program = prepareProcess({ image: { ...image, env }, user: USER, command: ['python', '-c', PROGRAM] }, { '/glitchkeeper': folder });
      program.start();
      for (let turn = 0; turn < 300 && !program.ended; turn += 1) await sleep(100);
      await program.kill();
      return program.fullOutput;
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  it.each(REFUSED)('does not repeat %s', async (_, statement) => {
    const text = await tracebackOf(statement, true);
    // In C, as in GlitchTip's image.
    expect(text).toMatch(/^c\n/);
    expect(text).toMatch(/psycopg\.errors\.\w+: \S+/);
    expect(text).not.toContain(CANARY);
  }, START);
  it.each(QUOTED)('does not quote %s', async (_, statement, told, quoted) => {
    const text = await tracebackOf(statement, true);
    expect(text).toContain(told);
    expect(text).not.toContain(quoted);
  }, START);
  it.each(QUOTED)('would quote %s without the helpers', async (_, statement, __, quoted) => expect(await tracebackOf(statement, false)).toContain(quoted), START);
  it.each(REFUSED)('would repeat %s without the helpers', async (_, statement) => expect(await tracebackOf(statement, false)).toContain(CANARY), START);
});
