// A copy brought back: from a real bucket, by the real programs, into a new database of a real server; and whatever must stop it.
import { appendFile, chown, copyFile, mkdir, readFile, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { execa } from 'execa';
import { BACKUP_LOGIN, RESTORE_USER as USER, textsOf, type ScriptChange } from './backup-run.js';
import { NEW, OLD, RestoreStage } from './restore-run.js';
import { flipBit } from '../support/damaged-file.js';

const BUILD_MS = 900_000;
const RUN_MS = 240_000;
/** Of a backup's pods. */
const MAKER = { uid: 70, gid: 70 };

describe('a copy of a real database', () => {
  let stage: RestoreStage;
  const run = (task: string, variables: Readonly<Record<string, string>> = {}, user?: typeof USER) => stage.run(task, variables, user);
  const load = (database?: string, change?: ScriptChange) => stage.load(database, change);
  const sql = (statement: string) => stage.postgres.sql(statement, 'restored');
  const uploaded = (path: string) => join(stage.uploads, path);

  beforeAll(async () => {
    stage = await RestoreStage.open();
  }, BUILD_MS);
  afterAll(() => stage.close());
  // Databases are dropped and made: seconds where others use the disk.
  beforeEach(() => stage.renew(), 60_000);
  afterEach(() => stage.mend(), 60_000);

  it('is listed by its manifest', async () => {
    await writeFile(stage.file(`copies/${OLD}/damaged.json`), '{}');
    expect((await run('list', { COPY: '' })).report).toEqual({
      result: 'listed', where: 's3', total: 2, copies: [[NEW, expect.any(Number), 'good', '5.2'], [OLD, expect.any(Number), 'damaged', '5.2']],
    });
  }, RUN_MS);

  it('comes back whole, to the last row, into a database that belongs to the owner alone', async () => {
    const { report, output } = await run('fetch', { COPY: 'latest' });
    expect(report).toMatchObject({ result: 'fetched', copy: NEW, where: 's3', release: '5.2', uploads: { files: 2, bytes: 9 + `another, of ${NEW}`.length }, hasSettings: true });
    expect((await load()).output).toMatch(/^hash: \d+ s\nempty: \d+ s\nload: \d+ s\nrecount: \d+ s\n$/);
    const placed = await run('place');
    expect(placed.report).toMatchObject({ result: 'restored', copy: NEW, how: 'counts', uploads: { written: 2, kept: 0 }, settings: false, seconds: { fetch: expect.any(Number), load: expect.any(Number), place: expect.any(Number) } });
    expect(await stage.contentOf('restored')).toBe(await stage.contentOf('gt'));
    const owners = await sql("SELECT DISTINCT pg_get_userbyid(relowner) AS owner FROM pg_class WHERE relnamespace = 'public'::regnamespace");
    expect(owners).toEqual([{ owner: 'glitchtip' }]);
    expect(await readFile(uploaded('file_blobs/ab/one'), 'utf8')).toBe('an upload');
    expect((await stat(uploaded('file_blobs/ab/one'))).mode & 0o777).toBe(0o664);
    expect(await stat(uploaded('file_blobs'))).toMatchObject({ mode: 0o42775, gid: 5_000 });
    expect(await readdir(stage.uploads)).toEqual(['file_blobs']);
    for (const text of [output, placed.output, await textsOf(stage.job)]) {
      expect(text).not.toContain('canary');
      expect(text).not.toContain(stage.identity.slice(20));
      expect(text).not.toContain(BACKUP_LOGIN.password);
      expect(text).not.toContain('person-7@');
    }
  }, RUN_MS);

  it('of another day comes back as of that day, and each row is compared if each was hashed', async () => {
    expect((await run('fetch', { COPY: 'latest', NOT_AFTER: '2026-11-29T03:29:59+01:00' })).report).toMatchObject({ result: 'fetched', copy: OLD });
    await load();
    expect((await run('place', { COPY: OLD })).report).toMatchObject({ result: 'restored', copy: OLD, how: 'content' });
    expect(await sql('SELECT count(*)::int AS users FROM users_user')).toEqual([{ users: 300 }]);
  }, RUN_MS);

  it('leaves an upload that is there, and puts one right that is another', async () => {
    await mkdir(uploaded('file_blobs/ab'), { recursive: true });
    await writeFile(uploaded('file_blobs/ab/one'), 'an upload');
    await writeFile(uploaded('file_blobs/ab/two'), 'damaged');
    await execa('chown', ['-R', '5000:5000', stage.uploads]);
    // As Django makes them: nobody else writes there, not even the group.
    await execa('chmod', ['-R', 'go-w', join(stage.uploads, 'file_blobs')]);
    const long = new Date('2026-01-01T00:00:00Z');
    await utimes(uploaded('file_blobs/ab/one'), long, long);
    await run('fetch');
    await load();
    expect((await run('place')).report).toMatchObject({ uploads: { written: 1, kept: 1 } });
    expect((await stat(uploaded('file_blobs/ab/one'))).mtime).toEqual(long);
    expect(await readFile(uploaded('file_blobs/ab/two'), 'utf8')).toBe(`another, of ${NEW}`);
  }, RUN_MS);

  it('gives SECRET_KEY only if it was asked for', async () => {
    await run('fetch');
    await load();
    const to = join(stage.work, 'job', 'for-the-operator');
    expect((await run('place', { SETTINGS_TO: to })).report).toMatchObject({ result: 'restored', settings: true });
    expect(JSON.parse(await readFile(to, 'utf8'))).toEqual({ SECRET_KEY: 'the-canary-of-the-key' });
    expect((await stat(to)).mode & 0o777).toBe(0o600);
  }, RUN_MS);

  it('is brought back from a folder, too, where it is not encrypted, by its group and without an identity', async () => {
    const copies = join(stage.work, 'copies');
    const made = await stage.dump('false');
    await mkdir(copies);
    await chown(copies, MAKER.uid, MAKER.gid);
    await execa('chown', ['-R', String(MAKER.uid), made]);
    const stored = await run('store', { FOLDER: copies, WORK: made, EXPECTED: await stage.expected(), UPLOADS: '/nowhere', REPORT: join(made, 'message') }, MAKER);
    expect(stored.output).toMatch(/"result":"verified"/);
    const reader = { ...USER, gid: MAKER.gid };
    expect((await run('fetch', { FOLDER: copies, IDENTITY: '/nowhere' }, reader)).report).toMatchObject({ result: 'fetched', where: 'volume', hasSettings: false });
    await load();
    expect((await run('place', { FOLDER: copies, IDENTITY: '/nowhere' }, reader)).report).toMatchObject({ result: 'restored' });
    expect(await stage.contentOf('restored')).toBe(await stage.contentOf('gt'));
  }, RUN_MS);

  describe('is refused before any program reads it,', () => {
    const middle = async (path: string) => Math.floor((await stat(path)).size / 2);
    const DAMAGED = { step: 'fetch', reason: 'CopyDamaged' };

    it.each<[string, () => Promise<unknown>, object]>([
      ['cut in the middle', async () => truncate(stage.dumpOf(NEW), await middle(stage.dumpOf(NEW))), DAMAGED],
      ['its last byte missing', async () => truncate(stage.dumpOf(NEW), (await stat(stage.dumpOf(NEW))).size - 1), DAMAGED],
      ['empty', () => truncate(stage.dumpOf(NEW), 0), DAMAGED],
      ['one bit of the header of age another', () => flipBit(stage.dumpOf(NEW), 30), DAMAGED],
      ['one bit of the data another', async () => flipBit(stage.dumpOf(NEW), await middle(stage.dumpOf(NEW))), DAMAGED],
      ['something appended', () => appendFile(stage.dumpOf(NEW), Buffer.alloc(4_096)), DAMAGED],
      ['appended to itself', async () => appendFile(stage.dumpOf(NEW), await readFile(stage.dumpOf(NEW))), DAMAGED],
      ['the dump of another copy under its name', () => copyFile(stage.dumpOf(OLD), stage.dumpOf(NEW)), DAMAGED],
      ['not there', () => rm(stage.dumpOf(NEW)), { ...DAMAGED, detail: expect.stringContaining('found no such object') }],
      ['one of its uploads not there', () => rm(stage.file('uploads'), { recursive: true }), { step: 'choose', reason: 'CopyDamaged', detail: expect.stringMatching(/^copy \w+: 2 of 2 uploads are missing or of another size, the first of them uploads\/[0-9a-f]{64}$/) }],
      ['known to be damaged', () => writeFile(stage.file(`copies/${NEW}/damaged.json`), '{}'), { step: 'choose', reason: 'CopyDamaged' }],
      ['without a manifest', () => rm(stage.file(`copies/${NEW}/manifest.json`)), { step: 'choose', reason: 'NoCopy', detail: `expected copy ${NEW}, found ${OLD}` }],
      ['its manifest cut', async () => truncate(stage.file(`copies/${NEW}/manifest.json`), 200), { step: 'choose', reason: 'ManifestUnreadable', detail: `copy ${NEW}: manifest.json: expected JSON, found something else` }],
      ['with the manifest of another copy', () => copyFile(stage.file(`copies/${OLD}/manifest.json`), stage.file(`copies/${NEW}/manifest.json`)), { step: 'choose', reason: 'ManifestUnreadable', detail: `copy ${NEW}: manifest.json: name: expected ${NEW}, found ${OLD}` }],
      ['its manifest leading out of the folder of the uploads', async () => stage.changeManifest({ uploads: (await stage.manifestOf(NEW)).uploads.map((upload) => ({ ...upload, path: '../../keys/access-key-id' })) }), { reason: 'ManifestUnreadable', detail: expect.stringContaining('uploads.path: expected a path below the folder of the uploads') }],
      ['of another release', () => stage.changeManifest({ release: '6.2.6' }), { step: 'choose', reason: 'OtherRelease', detail: `copy ${NEW}: manifest.json: release: expected 5.2, found 6.2.6: it is restored together with version 6.2.6` }],
    ])('%s', async (_, damage, report) => {
      await damage();
      expect((await run('fetch')).report).toMatchObject({ result: 'failed', ...report });
      expect(await readdir(stage.job)).not.toContain('database.dump');
      expect((await load()).report).toMatchObject({ step: 'hash' });
    }, RUN_MS);

    it.each<[string, () => Promise<string>, object]>([
      ['with the identity of somebody else', generateX25519Identity, { step: 'decrypt', reason: 'IdentityWrong', detail: expect.stringMatching(/database\.dump\.age: expected the identity of one of its recipients, found that of age1/) }],
      ['with its recipient in place of the identity', () => identityToRecipient(stage.identity), { step: 'begin', reason: 'KeyMissing', detail: expect.stringContaining('found a recipient (age1...), which is the half that encrypts') }],
      ['with a wrong character in the identity', () => Promise.resolve(stage.identity.replace(/.$/, (last) => (last === 'Q' ? 'P' : 'Q'))), { step: 'begin', reason: 'KeyMissing', detail: expect.stringContaining('its check digits do not match') }],
      ['with an empty file for an identity', () => Promise.resolve(''), { step: 'begin', reason: 'KeyMissing', detail: expect.stringContaining('found nothing') }],
    ])('%s', async (_, given, report) => {
      const text = await given();
      await writeFile(join(stage.work, 'identity'), text);
      const { report: found, output } = await run('fetch');
      expect(found).toMatchObject({ result: 'failed', ...report });
      if (text !== '') expect(output).not.toContain(text.slice(20));
      expect(await readdir(stage.job)).not.toContain('database.dump');
    }, RUN_MS);

    it('without an identity', async () => {
      await rm(join(stage.work, 'identity'));
      expect((await run('fetch')).report).toMatchObject({ step: 'begin', reason: 'KeyMissing', detail: `copies/${NEW}/database.dump.age: expected the identity of one of its recipients, found none` });
    }, RUN_MS);

    it('where there is no room for it', async () => {
      await execa('mount', ['-t', 'tmpfs', '-o', `size=64k,uid=${USER.uid}`, 'tmpfs', stage.job]);
      try {
        expect((await run('fetch')).report).toMatchObject({ step: 'room', reason: 'NoSpace', detail: expect.stringMatching(/expected \d+ MiB for the dump, found 0 MiB/) });
      } finally {
        await execa('umount', [stage.job]);
      }
    }, RUN_MS);
  });

  it.each<[string, string]>([
    ['a table', 'CREATE TABLE left_over (id int)'],
    ['a type', "CREATE TYPE level AS ENUM ('error')"],
    ['a function', "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'"],
    ['a schema', 'CREATE SCHEMA reports'],
    ['an extension', 'CREATE EXTENSION pg_trgm'],
    ['a large object', 'SELECT lo_create(7)'],
  ])('never goes into a database that has %s', async (_, statement) => {
    await sql(statement);
    await run('fetch');
    expect((await load()).report).toEqual({ result: 'failed', step: 'empty', exitCode: 1, reason: 'NotEmpty' });
    expect((await load('gt')).report).toMatchObject({ reason: 'NotEmpty' });
    expect(await sql("SELECT to_regclass('users_user') AS users")).toEqual([{ users: null }]);
  }, RUN_MS);

  it('is brought back after a kill in the middle, by beginning again with a new database', async () => {
    // A pod that was killed while it fetched, and another one in its place.
    for (const name of ['database.dump.part', 'database.dump.part.age', 'restored.facts', 'hashed']) await writeFile(join(stage.job, name), 'half');
    expect((await run('fetch')).report).toMatchObject({ result: 'fetched' });
    expect(await readdir(stage.job)).not.toContain('hashed');
    const { output } = await load('restored', { programs: { pg_restore: '/usr/lib/postgresql/17/bin/pg_restore "${@:1:$#-1}" --section=pre-data "${@: -1}"; kill -9 $PPID' } });
    expect(output).not.toContain('load:');
    expect(await sql("SELECT to_regclass('users_user')::text AS users")).toEqual([{ users: 'users_user' }]);
    expect((await run('place')).report).toMatchObject({ step: 'verify', reason: 'NotVerified' });
    expect((await load()).report).toMatchObject({ reason: 'NotEmpty' });
    await stage.postgres.makeEmptyDatabase('restored');
    await load();
    expect((await run('place')).report).toMatchObject({ result: 'restored' });
    expect(await stage.contentOf('restored')).toBe(await stage.contentOf('gt'));
  }, RUN_MS);

  it.each<[string, ScriptChange, object]>([
    ["the server's disk is full", { programs: { pg_restore: 'echo "pg_restore: error: COPY failed: ERROR:  could not extend file \\"base/16390/16412\\": No space left on device" >&2; exit 1' } }, { step: 'load', reason: 'NoSpace' }],
    ['the server ends its connection', { programs: { pg_restore: `(for turn in {1..60}; do PGPASSWORD=of-the-superuser PGPASSFILE= psql -XqU glitchkeeper -d postgres -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'restored'" >/dev/null; done) & exec /usr/lib/postgresql/17/bin/pg_restore "$@"` } }, { step: 'load', reason: 'DatabaseAway' }],
    ['the login is not a member of the owner', { env: { PGUSER: BACKUP_LOGIN.user } }, { reason: 'LoginRefused' }],
    ['the password is another', { env: { PASSWORD_FILE: '/opt/backup/facts.sql' } }, { step: 'empty', reason: 'LoginRefused' }],
    ['there is no server', { env: { PGPORT: '1', WAIT: '2' } }, { step: 'empty', reason: 'DatabaseAway' }],
    ['a program is killed for its memory', { programs: { pg_restore: 'kill -9 $$' } }, { step: 'load', reason: 'OutOfMemory' }],
  ])('that cannot be loaded says that %s', async (_, change, report) => {
    await run('fetch');
    expect((await load('restored', change)).report).toMatchObject({ result: 'failed', ...report });
  }, RUN_MS);

  it('that holds a row which the server refuses is told by its step, and the row is in no output and no report', async () => {
    await run('fetch');
    // Between the tables and their rows: the server quotes the row in DETAIL and CONTEXT.
    const restore = [
      'real() { /usr/lib/postgresql/17/bin/pg_restore "$@"; }', 'real --section=pre-data "$@" || exit',
      `PGPASSWORD=of-the-superuser PGPASSFILE= psql -XqU glitchkeeper -d restored -c "ALTER TABLE users_user ADD CHECK (email NOT LIKE 'person-7@%')" || exit`,
      'real --section=data "$@"',
    ].join('\n');
    const end = await load('restored', { programs: { pg_restore: restore } });
    expect(end.report).toMatchObject({ result: 'failed', step: 'load' });
    // The Job's own folder, which ends with its pod, has the words of pg_restore: the row was quoted.
    expect(await textsOf(stage.job)).toContain('Failing row contains (7, person-7@example.com');
    expect([end.message, end.output].filter((text) => text.includes('person-7@'))).toEqual([]);
  }, RUN_MS);

  it('that holds other rows than its manifest says is not called restored', async () => {
    const { database } = await stage.manifestOf(NEW);
    await stage.changeManifest({ database: { ...database, tables: database.tables.map((table) => (table.table === 'public.users_user' ? { ...table, rows: 302 } : table)) } });
    await run('fetch');
    await load();
    expect((await run('place')).report).toMatchObject({ step: 'verify', reason: 'NotVerified', detail: `copy ${NEW}: RowsDiffer: public.users_user: expected 302 rows, found 301 rows` });
    expect(await readdir(stage.uploads)).toEqual([]);
  }, RUN_MS);

  it('whose upload was damaged meanwhile says which, and leaves nothing half-made', async () => {
    await run('fetch');
    await load();
    const key = (await stage.manifestOf(NEW)).uploads[1]?.key ?? '';
    const before = await readFile(stage.file(key));
    await writeFile(stage.file(key), before.fill(0));
    expect((await run('place')).report).toMatchObject({ step: 'fetch', reason: 'CopyDamaged', detail: expect.stringContaining(`${key}: expected `) });
    const left = await readdir(stage.uploads, { recursive: true });
    expect(left.filter((name) => name.includes('glitchkeeper'))).toEqual([]);
  }, RUN_MS);

  it('is not written through a link that leads out of the volume', async () => {
    await mkdir(join(stage.work, 'elsewhere'));
    await execa('ln', ['-s', join(stage.work, 'elsewhere'), uploaded('file_blobs')]);
    await run('fetch');
    await load();
    expect((await run('place')).report).toMatchObject({ step: 'uploads', reason: 'StepFailed', detail: 'file_blobs: expected a folder, found something else' });
    expect(await readdir(join(stage.work, 'elsewhere'))).toEqual([]);
  }, RUN_MS);

  it('of a name that is none is not asked for', async () => {
    expect((await run('fetch', { COPY: '../keys' })).report).toMatchObject({ step: 'begin', reason: 'KeyMissing', detail: expect.stringContaining('COPY: expected a time') });
    expect((await run('fetch', { COPY: '20261127T023000Z' })).report).toMatchObject({ reason: 'NoCopy', detail: `expected copy 20261127T023000Z, found 2 from ${OLD} to ${NEW}` });
    expect((await run('fetch', { COPY: 'latest', NOT_AFTER: '2026-11-01T00:00:00Z' })).report).toMatchObject({ reason: 'NoCopy', detail: `expected a good copy not after 2026-11-01T00:00:00.000Z, found 2 from ${OLD} to ${NEW}` });
    expect((await run('mend')).report).toMatchObject({ step: 'begin', detail: 'TASK: expected one of store, list, fetch, place, found mend' });
  }, RUN_MS);
});
