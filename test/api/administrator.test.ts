// The administrator's account, in a real Postgres with the schema of GlitchTip's double: what the migrate Job makes of it, and what the operator finds.
import { chown, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Sensitive } from '../../operator/core/sensitive.js';
import { buildDjangoPassword } from '../../operator/io/django-password.js';
import { judgeAdministrator, setAdministratorPassword, tryAdministrator } from '../../operator/io/postgres/glitchtip-tables.js';
import { START_MS } from './control-plane.js';
import { environment, GLITCHTIP_IMAGE, GLITCHTIP_USER } from './gateway-fuzz/glitchtip-web.js';
import { prepareProcess, unpackImage } from './image-process.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';

const PASSWORD = 'fuzz';
const EMAIL = 'admin@example.com';
const SHOWN = new Sensitive('shown-to-people');
const OPERATOR = { user: 'glitchkeeper', password: new Sensitive(PASSWORD) };
const LOGIN = { user: 'glitchkeeper', password: PASSWORD, database: 'glitchtip' };

let postgres: PostgresServer;
let folder: string;
const sql = (statement: string) => postgres.query<{ email: string; is_superuser: boolean; is_staff: boolean; password: string }>(LOGIN, statement);
const accounts = async () => (await sql('SELECT email, is_superuser, is_staff FROM users_user ORDER BY email')).map((row) => [row.email, row.is_superuser, row.is_staff]);

/** A program of the image, as the migrate Job runs it. @returns its exit code and what it said last */
async function inImage(...command: readonly string[]): Promise<{ readonly said: string }> {
  const image = await unpackImage(GLITCHTIP_IMAGE);
  const env = { ...image.env, ...environment(1, postgres.port, 1), VALKEY_URL: '', PATH: `${image.env['PATH'] ?? ''}:/usr/sbin` };
  const script = 'cd /code && "$@"; echo "ended with $?"';
  const program = prepareProcess({ image: { ...image, env }, user: GLITCHTIP_USER, command: ['sh', '-c', script, 'sh', ...command] }, { '/tmp': folder, '/run/secrets/administrator': join(folder, 'secret') });
  program.start();
  while (!program.ended) await sleep(50);
  await program.kill();
  return { said: program.output };
}
const administrator = (...words: readonly string[]) => inImage('python', '/tmp/administrator.py', ...words);

beforeAll(async () => {
  postgres = await startPostgres(PASSWORD);
  await postgres.query({ user: 'glitchkeeper', password: PASSWORD }, 'CREATE DATABASE glitchtip');
  folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-administrator-'));
  await mkdir(join(folder, 'secret'));
  await writeFile(join(folder, 'secret', 'email'), EMAIL);
  await writeFile(join(folder, 'secret', 'password'), SHOWN.reveal());
  await copyFile(join('charts', 'runtime', 'administrator.py'), join(folder, 'administrator.py'));
  await chown(folder, GLITCHTIP_USER.uid, GLITCHTIP_USER.gid);
  expect((await inImage('./bin/run-migrate.sh')).said).toContain('ended with 0');
}, START_MS);
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('the migrate Job', () => {
  const ordinary = `INSERT INTO users_user (email, name, password, is_superuser, is_staff, is_active, created) VALUES ('${EMAIL}', '', 'own', false, false, true, now())`;

  it('makes the administrator, once', async () => {
    expect((await administrator()).said).toContain('ended with 0');
    expect(await accounts()).toEqual([[EMAIL, true, true]]);
    expect((await administrator()).said).toContain('an administrator exists');
  }, START_MS);

  it('gives an ordinary account of that address no rights that nobody asked for, and says what to do', async () => {
    await sql('DELETE FROM users_user');
    await sql(ordinary);
    const { said } = await administrator();
    expect(said).toContain(`${EMAIL} belongs to an ordinary account already: set administrator.promote to true`);
    expect(said).toContain('ended with 1');
    expect(await accounts()).toEqual([[EMAIL, false, false]]);
  }, START_MS);

  it('makes it the administrator where the settings say so, and leaves its password alone', async () => {
    expect((await administrator('promote')).said).toContain('ended with 0');
    expect(await accounts()).toEqual([[EMAIL, true, true]]);
    expect((await sql('SELECT password FROM users_user'))[0]?.password).toBe('own');
  }, START_MS);
});

describe('what the Secret shows to people', () => {
  const address = () => ({ host: '127.0.0.1', port: postgres.port, database: 'glitchtip', signal: new AbortController().signal });
  const tried = (email = EMAIL) => tryAdministrator(address(), OPERATOR, { email, password: SHOWN });
  const give = async (password: string) => sql(`UPDATE users_user SET password = '${await buildDjangoPassword(new Sensitive(password), 1_000)}'`);

  it('is accepted, or refused since the Secret was made anew', async () => {
    await give(SHOWN.reveal());
    expect(await tried()).toMatchObject({ kind: 'accepted' });
    await give('another');
    expect(await tried()).toMatchObject({ kind: 'refused' });
  });

  it('is of no account, or of an ordinary one', async () => {
    expect(await tried('nobody@example.com')).toEqual({ kind: 'absent' });
    await sql('UPDATE users_user SET is_superuser = false');
    expect(await tried()).toEqual({ kind: 'ordinary', isLed: false });
  });

  it('is never the password of an ordinary account beside an administrator: neither tried, nor told apart, nor set', async () => {
    await sql(`INSERT INTO users_user (email, name, password, is_superuser, is_staff, is_active, created) VALUES ('other@example.com', '', 'own', true, true, true, now())`);
    await sql('CREATE ROLE glitchtip; GRANT SELECT, UPDATE ON users_user TO glitchtip');
    await give(SHOWN.reveal());
    expect(await tried()).toEqual({ kind: 'ordinary', isLed: true });
    const next = new Sensitive('next');
    expect(await judgeAdministrator(address(), OPERATOR, { email: EMAIL, previous: SHOWN, next })).toBe('unknown');
    const before = await sql('SELECT password FROM users_user ORDER BY email');
    await setAdministratorPassword(address(), { operator: OPERATOR, fence: () => Promise.resolve(), signal: address().signal }, { email: EMAIL, password: next });
    expect(await sql('SELECT password FROM users_user ORDER BY email')).toEqual(before);
  });
});
