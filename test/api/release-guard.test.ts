// The guard in the pods: what the migrate Job, web and worker of one release do with a database of another, in a real PostgreSQL. The images are
// GlitchTip's doubles, which bring Django and the driver of each; the guard looks at the tables of events before Django's own migrations are asked for.
import { chown, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RELEASES, type Release } from '../../operator/api/glitchtip-releases.js';
import { START_MS, type Program } from './control-plane.js';
import { environment, GLITCHTIP_IMAGE, GLITCHTIP_USER } from './gateway-fuzz/glitchtip-web.js';
import { SIX } from './glitchtip-six.js';
import { prepareProcess, unpackImage } from './image-process.js';
import { SCHEMAS } from './release-schemas.js';
import { startPostgres, type PostgresServer } from './postgres-server.js';

/** Of environment(). */
const PASSWORD = 'fuzz';
const SUPERUSER = { user: 'glitchkeeper', password: PASSWORD };
const SCRIPTS = ['wait.py', 'release_guard.py'];
const RUN_MS = 60_000;
const IMAGES: Readonly<Record<Release, string>> = { '5.2': GLITCHTIP_IMAGE, '6.2': SIX };

let postgres: PostgresServer;
let folder: string;
let running: Program | undefined;

/** Empty for none. */
async function makeDatabase(schema?: Release): Promise<void> {
  await postgres.query(SUPERUSER, 'DROP DATABASE IF EXISTS glitchtip WITH (FORCE)');
  await postgres.query(SUPERUSER, 'CREATE DATABASE glitchtip OWNER glitchtip');
  if (!schema) return;
  for (const statement of ['CREATE EXTENSION hstore', SCHEMAS[schema].tables]) await postgres.query({ ...SUPERUSER, database: 'glitchtip' }, statement);
}

/** As the operator writes it while a restore or an upgrade has stopped web and worker. */
const holdBy = (name: string) => writeFile(join(folder, 'hold', 'by'), name);

/** The init container's program, as it runs in a pod of this release. */
async function start(mode: 'database' | 'migrations', release: Release, more: Readonly<Record<string, string>> = {}): Promise<Program> {
  const image = await unpackImage(IMAGES[release]);
  const env = { ...image.env, ...environment(1, postgres.port, 1), VALKEY_URL: '', PYTHONUNBUFFERED: '1', ...more, PATH: `${image.env['PATH'] ?? ''}:/usr/sbin` };
  const command = ['sh', '-c', 'cd /code && exec python /glitchkeeper/wait.py "$@"', 'sh', mode, release];
  running = prepareProcess({ image: { ...image, env }, user: GLITCHTIP_USER, command }, { '/tmp': join(folder, 'tmp'), '/glitchkeeper': join(folder, 'scripts'), '/run/upgrade': join(folder, 'upgrade'), '/run/hold': join(folder, 'hold') });
  running.start();
  return running;
}

/** @returns the first thing that it says */
async function firstWords(program: Program): Promise<string> {
  const deadline = Date.now() + RUN_MS;
  while (!/waiting: |: ready/.test(program.fullOutput)) {
    if (program.ended || Date.now() > deadline) throw new Error(`it said nothing of it: ${program.output}`);
    await sleep(50);
  }
  return /(waiting: .*|\w+: ready)/.exec(program.fullOutput)?.[1] ?? '';
}

const nameStep = (step: string) => writeFile(join(folder, 'upgrade', 'step'), step);

beforeAll(async () => {
  postgres = await startPostgres(PASSWORD);
  await postgres.query(SUPERUSER, 'CREATE ROLE glitchtip');
  folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-guard-'));
  for (const name of ['tmp', 'scripts', 'upgrade', 'hold']) await mkdir(join(folder, name));
  for (const name of SCRIPTS) await copyFile(join('charts', 'runtime', name), join(folder, 'scripts', name));
  for (const name of ['', 'tmp', 'scripts', 'upgrade', 'hold']) await chown(join(folder, name), GLITCHTIP_USER.uid, GLITCHTIP_USER.gid);
}, START_MS);
afterEach(async () => {
  await running?.kill();
  for (const file of ['upgrade/step', 'hold/by']) await rm(join(folder, file), { force: true });
});
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('a database of another release', () => {
  const UP = 'set version back to 5.2 and apply; glitchkeeper upgrade 6.2 leads there';
  const BACK = 'set version back to 6.2 and apply, or restore the copy that was made before the upgrade';

  it.each<[string, 'database' | 'migrations', Release, Release, string]>([
    ['the migrate Job of 6.2', 'database', '6.2', '5.2', UP],
    ['web and worker of 6.2', 'migrations', '6.2', '5.2', UP],
    ['the migrate Job of 5.2', 'database', '5.2', '6.2', BACK],
    ['web and worker of 5.2', 'migrations', '5.2', '6.2', BACK],
  ])('%s leaves it alone, waits, and says what to do', async (_, ...row) => {
    const [mode, release, found, remedy] = row;
    await makeDatabase(found);
    const program = await start(mode, release);
    expect(await firstWords(program)).toBe(`waiting: the database is of GlitchTip ${found}, this is ${release}, and nothing is changed: ${remedy} (docs/runbooks/upgrade.md)`);
    await sleep(2_500);
    expect(program.ended).toBe(false);
  }, RUN_MS);

  it('is gone on with when the step is named, by a Job that waited for it', async () => {
    await makeDatabase('5.2');
    const program = await start('database', '6.2');
    expect(await firstWords(program)).toContain('waiting: the database is of GlitchTip 5.2');
    await nameStep('5.2-6.2');
    while (!program.ended) await sleep(50);
    expect(program.output).toContain('database: ready');
  }, RUN_MS);

  it.each(['6.2', '5.2-6.1', '6.2-5.2', ''])('stays as it is when another step is named: %j', async (step) => {
    await makeDatabase('5.2');
    await nameStep(step);
    expect(await firstWords(await start('database', '6.2'))).toContain('waiting: the database is of GlitchTip 5.2');
  }, RUN_MS);
});

describe.each(RELEASES)('a database of the same release, %s', (release) => {
  it.each<[string, Release | undefined]>([['that is there', release], ['that is still empty', undefined]])('%s is migrated without a word from anybody', async (_, schema) => {
    await makeDatabase(schema);
    expect(await firstWords(await start('database', release))).toBe('database: ready');
  }, RUN_MS);

  it('is not begun with by web and worker while a restore has stopped them, and is when it lets go', async () => {
    await makeDatabase(release);
    await holdBy('restore 20261129T100000Z');
    const program = await start('migrations', release);
    expect(await firstWords(program)).toBe('waiting: restore 20261129T100000Z holds web and worker: the operator starts them when it has come so far');
    await rm(join(folder, 'hold', 'by'));
    while (!/waiting: (?!restore)/.test(program.fullOutput)) await sleep(50);
  }, RUN_MS);

  it('is said to refuse the login, in the words of the server', async () => {
    await makeDatabase(release);
    expect(await firstWords(await start('database', release, { DATABASE_PASSWORD: 'another' }))).toMatch(/password authentication failed/);
  }, RUN_MS);

  it('is migrated by its Job all the same', async () => {
    await makeDatabase(release);
    await holdBy('restore 20261129T100000Z');
    expect(await firstWords(await start('database', release))).toBe('database: ready');
  }, RUN_MS);

  it('is not the reason for which web and worker wait', async () => {
    await makeDatabase(release);
    expect(await firstWords(await start('migrations', release))).not.toContain('the database is of GlitchTip');
  }, RUN_MS);
});
