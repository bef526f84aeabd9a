// A rehearsal's containers beside a real PostgreSQL: a dump restored into a server of its own, GlitchTip's double with a migration more than the
// database knows on it, and what is told of that: time, memory, sizes, locks; or why it failed.
import { chmod, chown, copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parseRehearsalReport, type RehearsalReport } from '../../backup/core/rehearsal-report.js';
import { BackupStage, textsOf } from './backup-run.js';
import { freePort, START_MS, type Program } from './control-plane.js';
import { environment, GLITCHTIP_IMAGE, GLITCHTIP_USER } from './gateway-fuzz/glitchtip-web.js';
import { prepareProcess, unpackImage, type UnpackedImage } from './image-process.js';

const RUN_MS = 240_000;
const DATABASE = 'gt';
const SECRET = 'of-a-row-that-nobody-may-see';

let stage: BackupStage;
let image: UnpackedImage;
/** With a dump in it. */
let dumped: string;
let folder: string;
let [work, handover, migrations] = ['', '', ''];

/** A program of GlitchTip's image; `migrations` of the test are those of its app `users`. */
function inImage(env: Readonly<Record<string, string>>, ...command: readonly string[]): Program {
  const variables = { ...image.env, ...environment(1, 1, 1), ...env, VALKEY_URL: '', PYTHONUNBUFFERED: '1', PATH: `${image.env['PATH'] ?? ''}:/usr/sbin` };
  return prepareProcess({ image: { ...image, env: variables }, user: GLITCHTIP_USER, command: ['sh', '-c', 'cd /code && exec "$@"', 'sh', ...command] }, {
    '/tmp': join(folder, 'tmp'), '/glitchkeeper': join(folder, 'scripts'), '/handover': handover, '/report': join(folder, 'report'), '/code/apps/users/migrations': migrations,
  });
}

/** One migration more, as of a later release. */
const addMigration = (name: string, sql: string) => writeFile(join(migrations, `${name}.py`), `from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [("users", "0001_initial")]\n    operations = [migrations.RunSQL(${JSON.stringify(sql)})]\n`);

/** The two containers that run side by side. @param disturb what is done when migrations run */
async function rehearse(disturb: (migrate: Program) => Promise<void> = () => Promise.resolve()): Promise<{ server: RehearsalReport | undefined; migrate: RehearsalReport | undefined; said: string }> {
  const port = String(await freePort());
  const migrate = inImage({ DATABASE_PORT: port, DATABASE_NAME: 'restored', DATABASE_USER: 'glitchtip', DATABASE_PASSWORD: 'none', REPORT: '/report/message' }, 'python', '/glitchkeeper/rehearse.py');
  const server = stage.rehearse(work, handover, { env: { PORT: port } });
  migrate.start();
  try {
    await disturb(migrate);
    const { message, output } = await server;
    while (!migrate.ended) await sleep(50);
    return { server: parseRehearsalReport(message), migrate: parseRehearsalReport(await readFile(join(folder, 'report', 'message'), 'utf8').catch(() => '')), said: `${output}\n${migrate.fullOutput}` };
  } finally {
    await migrate.kill();
  }
}

beforeAll(async () => {
  [stage, image] = await Promise.all([BackupStage.open(), unpackImage(GLITCHTIP_IMAGE)]);
  folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-rehearsal-'));
  for (const name of ['', 'tmp', 'scripts', 'report']) {
    await mkdir(join(folder, name), { recursive: true });
    await chown(join(folder, name), GLITCHTIP_USER.uid, GLITCHTIP_USER.gid);
  }
  await chmod(folder, 0o755);
  await copyFile(join('charts', 'runtime', 'rehearse.py'), join(folder, 'scripts', 'rehearse.py'));
  await renew();
  // As the live one: GlitchTip's own migrations, by a login that owns the database and is no superuser.
  await stage.sql(`CREATE DATABASE ${DATABASE} OWNER glitchtip`);
  await stage.sql("ALTER ROLE glitchtip LOGIN PASSWORD 'fuzz'");
  const first = inImage({ DATABASE_PORT: String(stage.postgres.port), DATABASE_NAME: DATABASE, DATABASE_USER: 'glitchtip' }, './bin/run-migrate.sh');
  first.start();
  while (!first.ended) await sleep(50);
  await first.kill();
  await stage.sql(`INSERT INTO users_user (email, name, password, is_superuser, is_staff, is_active, created) VALUES ('${SECRET}', '', '', true, true, true, now())`, DATABASE);
  dumped = await stage.newWork();
  expect((await stage.dump(dumped, DATABASE)).message).toBe('');
}, START_MS + RUN_MS);
afterAll(async () => {
  await stage.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await renew();
  await cp(dumped, work, { recursive: true, preserveTimestamps: true });
  for (const name of ['database.dump', 'database.dump.sha256', 'dumped.facts']) await chown(join(work, name), 70, 70);
  await rm(join(work, 'errors'), { recursive: true, force: true });
  expect((await stage.restore(work, { env: { OWNER: 'glitchtip', KEEP: 'true' } })).message).toBe('');
}, RUN_MS);

async function renew(): Promise<void> {
  work = await stage.newWork();
  [handover, migrations] = [await mkdtemp(join(folder, 'handover-')), await mkdtemp(join(folder, 'migrations-'))];
  // As an emptyDir.
  await chmod(handover, 0o777);
  await cp(join(image.root, 'code', 'apps', 'users', 'migrations'), migrations, { recursive: true });
  await chmod(migrations, 0o755);
  await rm(join(folder, 'report', 'message'), { force: true });
}

describe('a rehearsal', () => {
  it('of the running release finds nothing to migrate, by its own check', async () => {
    const { server, migrate } = await rehearse();
    expect(migrate).toBeUndefined();
    expect(server).toMatchObject({ result: 'rehearsed', checked: true, migrations: 0 });
  }, RUN_MS);

  it('of a later one tells how long it takes, of which memory, how large it becomes, and who waits meanwhile', async () => {
    await addMigration('0002_later', "ALTER TABLE users_user ADD COLUMN later text NOT NULL DEFAULT md5(random()::text); CREATE TABLE users_big AS SELECT repeat(md5(n::text), 30) FROM generate_series(1, 20000) n; LOCK TABLE issue_events_issueevent IN SHARE MODE; SELECT pg_sleep(2)");
    const { server, said } = await rehearse();
    if (server?.result !== 'rehearsed') throw new Error(`it failed: ${said}`);
    const { locks, ...figures } = server;
    expect(figures).toMatchObject({ checked: false, migrations: 1, slowest: { migration: 'users.0002_later' } });
    expect(figures.seconds).toBeGreaterThan(2);
    expect(figures.peakMemory).toBeGreaterThan(20 * 1_048_576);
    expect(figures.bytesAfter).toBeGreaterThan(figures.bytesBefore + 10 * 1_048_576);
    const of = (table: string) => locks.filter((lock) => lock.table === table).map(({ mode }) => mode);
    // An index of it is built anew.
    expect([of('users_user').sort(), of('issue_events_issueevent'), of('users_big')]).toEqual([['ACCESS EXCLUSIVE', 'SHARE'], ['SHARE'], []]);
    for (const { seconds } of locks.filter(({ table }) => table === 'users_user')) expect(Math.abs(seconds - 2.2)).toBeLessThan(2);
  }, RUN_MS);

  it('of a migration that fails names it and the class of its error, and nothing of a row', async () => {
    await addMigration('0002_unique', 'INSERT INTO users_user SELECT * FROM users_user');
    const { server, migrate, said } = await rehearse();
    expect(server).toBeUndefined();
    expect(migrate).toMatchObject({ result: 'failed', step: 'migrate', reason: 'MigrationFailed', exitCode: 1, detail: 'users.0002_unique: IntegrityError' });
    expect(`${said}${JSON.stringify(migrate)}`).not.toContain(SECRET);
  }, RUN_MS);

  it('ends when whatever migrates is killed, and leaves that to be told by Kubernetes', async () => {
    await addMigration('0002_slow', 'SELECT pg_sleep(100)');
    const { server, migrate } = await rehearse(async (program) => {
      while (!(await readFile(join(handover, 'running'), 'utf8').then(() => true, () => false))) await sleep(50);
      await program.kill('SIGKILL');
    });
    expect([server, migrate]).toEqual([undefined, undefined]);
  }, RUN_MS);

  it('ends when nobody begins to migrate', async () => {
    const { message } = await stage.rehearse(work, handover, { env: { PORT: String(await freePort()), WAIT: '1' } });
    expect(parseRehearsalReport(message)).toMatchObject({ result: 'failed', step: 'migrate', reason: 'MigrateAway' });
  }, RUN_MS);

  it('makes room for the migrations: the dump is gone when it is loaded, and nothing of a row is in a text', async () => {
    await expect(readFile(join(work, 'database.dump'))).rejects.toThrow('ENOENT');
    await rm(join(work, 'server'), { recursive: true });
    expect(await textsOf(work)).not.toContain(SECRET);
  }, RUN_MS);
});
