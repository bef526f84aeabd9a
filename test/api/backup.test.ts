// Dump, restore and verification with the real PostgreSQL: what is good, and every kind of damage that does not need a pod.
import { randomUUID } from 'node:crypto';
import { appendFile, copyFile, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseFacts } from '../../backup/core/database-facts.js';
import { findProblems, type Expected, type Problem } from '../../backup/core/verification.js';
import { START_MS } from './control-plane.js';
import { dayOf, SCHEMAS } from './release-schemas.js';
import { AT, BACKUP_LOGIN, BackupStage, textsOf, type ScriptChange } from './backup-run.js';
import { flipBit } from '../support/damaged-file.js';

const RUN_MS = 240_000;
const REAL = 'exec /usr/lib/postgresql/17/bin/pg_dump';

describe('a backup of a real database', () => {
  let stage: BackupStage;
  /** Of a good run: its dump and its facts. */
  let good: string;
  let expected: Expected;

  const facts = async (work: string, name: string) => parseFacts(await readFile(join(work, `${name}.facts`), 'utf8'));
  const problemsOf = async (work: string): Promise<Problem['problem'][]> =>
    findProblems({ dumped: await facts(work, 'dumped'), restored: await facts(work, 'restored'), expected }).map(({ problem }) => problem);
  const copyOfGood = async (): Promise<string> => {
    const work = await stage.newWork();
    for (const name of ['database.dump', 'database.dump.sha256', 'dumped.facts']) await copyFile(join(good, name), join(work, name));
    return work;
  };

  beforeAll(async () => {
    stage = await BackupStage.open();
    await stage.makeDatabase('gt');
    expected = { systemIdentifier: await stage.systemIdentifier(), database: 'gt', migration: 'users.0042_last' };
    good = await stage.newWork();
  }, START_MS);
  afterAll(() => stage.close());

  it('is dumped, restored into a server of its own, and found good', async () => {
    expect(await stage.dump(good, 'gt', { env: { CONTENT: 'true' } })).toMatchObject({ report: undefined });
    expect(await stage.restore(good, { env: { CONTENT: 'true' } })).toMatchObject({ report: undefined });
    expect(await problemsOf(good)).toEqual([]);
    const { server, content, tables } = await facts(good, 'restored');
    expect(content).toEqual({ migration: 'users.0042_last', organizations: 1, users: 300, partitionsNow: 1 });
    expect(tables).toContainEqual({ table: 'public.event_20261128', rows: 1440, partitionOf: 'public.issue_events_issueevent', hash: expect.stringMatching(/^-?\d+$/) });
    expect(server.systemIdentifier).not.toBe(expected.systemIdentifier);
    expect((await stat(join(good, 'database.dump'))).size).toBeGreaterThan(10_000);
    await expect(stat(join(good, 'server'))).rejects.toThrow('ENOENT');
    await expect(stat(join(good, 'pgpass'))).rejects.toThrow('ENOENT');
  }, RUN_MS);

  it('says nothing of a row or of the password', async () => {
    const { output } = await stage.restore(good);
    expect(output).toMatch(/^hash: \d+ s\ninitdb: \d+ s\nstart: \d+ s\nrestore: \d+ s\nrecount: \d+ s\n$/);
    expect(await textsOf(good)).not.toContain('person-7@');
    expect(await textsOf(good)).not.toContain(BACKUP_LOGIN.password);
  }, RUN_MS);

  it("works with busybox's programs, as in the alpine image", async () => {
    const applets = ['awk', 'cat', 'df', 'dirname', 'grep', 'head', 'mkdir', 'mv', 'rm', 'sed', 'sha256sum', 'sync'];
    const programs = Object.fromEntries(applets.map((name) => [name, `exec busybox ${name} "$@"`]));
    const work = await stage.newWork();
    expect(await stage.dump(work, 'gt', { programs })).toMatchObject({ report: undefined });
    expect(await stage.restore(work, { programs })).toMatchObject({ report: undefined });
    expect(await problemsOf(work)).toEqual([]);
    await truncate(join(work, 'database.dump'), 1_000);
    expect(await stage.restore(work, { programs })).toMatchObject({ report: { step: 'hash' } });
  }, RUN_MS);

  it('waits for a server that does not answer at first, as to a new pod before policies let it out', async () => {
    const work = await stage.newWork();
    const late = `[[ $(wc -l </work/asked 2>/dev/null) -ge 2 ]] || { echo >>/work/asked; exit 2; }`;
    expect(await stage.dump(work, 'gt', { programs: { pg_isready: late } })).toMatchObject({ report: undefined });
    expect(await readFile(join(work, 'asked'), 'utf8')).toBe('\n\n');
    await rm(work, { recursive: true });
  }, RUN_MS);

  it('of GlitchTip 6.2 is dumped, restored and counted leaf by leaf; without a partition for today it is found bad', async () => {
    const { tables, partitions, event, newestMigration } = SCHEMAS['6.2'];
    const six = (statement: string) => stage.sql(statement, 'gt_six');
    await stage.sql("CREATE DATABASE gt_six OWNER glitchtip ENCODING 'UTF8' TEMPLATE template0");
    for (const statement of ['CREATE EXTENSION hstore', tables, partitions(-1, 2)]) await six(statement);
    for (let number = 0; number < 20; number += 1) await six(event(randomUUID(), { organization: number }));
    await six(`INSERT INTO organizations_ext_organization (id, created, modified, name, slug, is_active, is_accepting_events, event_throttle_rate, open_membership, scrub_ip_addresses, stripe_customer_id,
      is_deleted, license_billing_email, license_key, metered_billing_enabled, overage_spend_cap_cents) VALUES (1, now(), now(), 'one', 'one', true, true, 0, false, true, '', false, '', '', false, 0)`);
    const env = { AT: new Date().toISOString(), CONTENT: 'true' };
    const verify = async (work: string) => {
      for (const script of [await stage.dump(work, 'gt_six', { env }), await stage.restore(work, { env })]) expect(script).toMatchObject({ report: undefined });
      const [dumped, restored] = [await facts(work, 'dumped'), await facts(work, 'restored')];
      return { restored, problems: findProblems({ dumped, restored, expected: { ...expected, database: 'gt_six', migration: newestMigration } }).map(({ problem }) => problem) };
    };
    const { restored, problems } = await verify(await stage.newWork());
    expect(problems).toEqual([]);
    const leaves = restored.tables.filter(({ table }) => table.startsWith(`public.${dayOf('issue_events_issueevent', 0)}_h`));
    expect(leaves.map(({ partitionOf }) => partitionOf)).toEqual(Array.from({ length: 4 }, () => 'public.issue_events_issueevent'));
    expect(leaves.reduce((sum, { rows }) => sum + rows, 0)).toBe(20);
    await six(`DROP TABLE ${dayOf('issue_events_issueevent', 0)}`);
    expect((await verify(await stage.newWork())).problems).toEqual(['NoPartitionForNow']);
  }, RUN_MS);

  describe('whose file is damaged is refused by its hash, before any program reads it:', () => {
    const write = async (file: string, at: number, bytes: Buffer) => {
      const handle = await open(file, 'r+');
      await handle.write(bytes, 0, bytes.length, at);
      await handle.close();
    };
    const size = async (file: string) => (await stat(file)).size;
    const middle = async (file: string) => Math.floor((await size(file)) / 2);

    it.each<[string, (file: string) => Promise<unknown>]>([
      ['1 cut in the middle', async (file) => truncate(file, await middle(file))],
      ['2 its last byte missing', async (file) => truncate(file, (await size(file)) - 1)],
      ['3 cut in the table of contents', (file) => truncate(file, 1_000)],
      ['4 empty', (file) => truncate(file, 0)],
      ['5 a bit in the magic', (file) => flipBit(file, 1)],
      ['6 a bit in a name of the table of contents', async (file) => flipBit(file, (await readFile(file)).indexOf('recent'))],
      ['7 one bit in the data', async (file) => flipBit(file, await middle(file))],
      ['8 a block of zeros', async (file) => write(file, await middle(file), Buffer.alloc(4_096))],
      ['9 4 KiB appended', (file) => appendFile(file, Buffer.alloc(4_096))],
      ['10 appended to itself', async (file) => appendFile(file, await readFile(file))],
      ['11 two parts exchanged', async (file) => {
        const bytes = await readFile(file);
        const half = Math.floor(bytes.length / 2);
        await writeFile(file, Buffer.concat([bytes.subarray(half), bytes.subarray(0, half)]));
      }],
      ['12 the first part only', async (file) => truncate(file, Math.floor((await size(file)) / 3))],
      ['23 the file of another run', async (file) => {
        const other = await stage.newWork();
        await stage.dump(other, 'gt');
        await copyFile(join(other, 'database.dump'), file);
      }],
    ])('%s', async (_, damage) => {
      const work = await copyOfGood();
      await damage(join(work, 'database.dump'));
      const { report, output } = await stage.restore(work);
      expect(report).toEqual({ result: 'failed', step: 'hash', exitCode: 1, reason: 'StepFailed' });
      expect(output).not.toContain('initdb');
      await rm(work, { recursive: true });
    }, RUN_MS);
  });

  describe('that is wrong at its source is found by counts and by what is known from elsewhere:', () => {
    const empty = async () => { await stage.sql('CREATE DATABASE damaged'); };
    const filled = () => stage.makeDatabase('damaged');
    const dumpWith = (options: string): ScriptChange => ({ programs: { pg_dump: `${REAL} ${options} "$@"` } });

    it.each<[string, () => Promise<void>, ScriptChange, Problem['problem'][]]>([
      ['13 an empty database', empty, {}, ['OtherMigration', 'NoPartitionForNow', 'NoOrganization', 'NoUser']],
      ['14 another database', async () => { await empty(); await stage.sql('CREATE TABLE invoices AS SELECT 7 AS id', 'damaged'); }, {}, ['OtherMigration', 'NoPartitionForNow', 'NoOrganization', 'NoUser']],
      ['14 the right one of another name', async () => { await filled(); await stage.sql('ALTER DATABASE damaged RENAME TO other'); }, { env: { PGDATABASE: 'other' } }, ['OtherDatabase']],
      ['15 a schema without rows', async () => { await filled(); await stage.sql('TRUNCATE organizations_ext_organization, users_user, issue_events_issueevent', 'damaged'); }, {}, ['NoOrganization', 'NoUser']],
      ['15 not migrated', async () => { await filled(); await stage.sql("DELETE FROM django_migrations WHERE name = '0042_last'", 'damaged'); }, {}, ['OtherMigration']],
      ['16 a partition left out', filled, dumpWith('-T event_20261128'), ['TableMissing']],
      ['17 its rows left out', filled, dumpWith('--exclude-table-data event_20261128'), ['RowsDiffer']],
      ['without the partition of today', async () => { await filled(); await stage.sql('DROP TABLE event_20261129', 'damaged'); }, {}, ['NoPartitionForNow']],
    ])('%s', async (_, make, change, problems) => {
      await Promise.all([stage.dropDatabase('damaged'), stage.dropDatabase('other')]);
      await make();
      const work = await stage.newWork();
      expect(await stage.dump(work, 'damaged', change)).toMatchObject({ report: undefined });
      expect(await stage.restore(work)).toMatchObject({ report: undefined });
      const found = findProblems({ dumped: await facts(work, 'dumped'), restored: await facts(work, 'restored'), expected: { ...expected, database: 'damaged' } });
      expect(found.map(({ problem }) => problem)).toEqual(problems);
    }, RUN_MS);
  });

  describe('that cannot be made whole fails, with the step:', () => {
    const failed = (step: string, reason: string) => ({ result: 'failed', step, reason, exitCode: expect.any(Number) });
    const filledAs = (...statements: string[]) => async () => {
      await stage.makeDatabase('damaged');
      for (const statement of statements) await stage.sql(statement, 'damaged');
    };
    const LOCKED = /^22|locked/;
    const RLS = ['ALTER TABLE users_user ENABLE ROW LEVEL SECURITY', 'CREATE POLICY few ON users_user USING (id < 10)'];

    it.each<[string, () => Promise<void>, ScriptChange, object]>([
      ['18 the login may not read a table', filledAs('REVOKE pg_read_all_data FROM gt_backup', 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO gt_backup', 'REVOKE SELECT ON users_user FROM gt_backup'), {}, failed('dump', 'LoginRefused')],
      ['19 row level security hides rows from the login', filledAs(...RLS), {}, failed('dump', 'LoginRefused')],
      ['20 the same, and pg_dump is told not to mind', filledAs(...RLS), { programs: { pg_dump: `${REAL} --enable-row-security "$@"` } }, failed('count', 'LoginRefused')],
      ['21 the disk is full in the middle', filledAs(), { room: '96k', programs: { df: 'echo; echo - - - 9999999' } }, failed('dump', 'NoSpace')],
      ['the disk has too little room from the beginning', filledAs(), { room: '60m' }, failed('room', 'NoSpace')],
      ['22 the server ends the dump\'s connection', filledAs(), { programs: { pg_dump: `(sleep 1; PGPASSWORD=of-the-superuser PGPASSFILE= psql -XqU glitchkeeper -d damaged -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pg_dump' OR query LIKE 'LOCK TABLE%'") & ${REAL} "$@"` } }, failed('dump', 'DatabaseAway')],
      ['somebody has locked a table', filledAs(), { programs: { pg_dump: `${REAL} "\${@/#--lock-wait-timeout=*/--lock-wait-timeout=1s}"` } }, failed('dump', 'LockWait')],
      ['the password is another', filledAs(), { env: { PASSWORD_FILE: '/opt/backup/facts.sql' } }, failed('snapshot', 'LoginRefused')],
      ['there is no server', filledAs(), { env: { PGPORT: '1', WAIT: '2' } }, failed('snapshot', 'DatabaseAway')],
      ['a program is killed for its memory', filledAs(), { programs: { pg_dump: 'kill -9 $$' } }, failed('dump', 'OutOfMemory')],
      ['pg_dump ends with a code of its own', filledAs(), { programs: { pg_dump: 'exit 70' } }, { ...failed('dump', 'StepFailed'), exitCode: 70 }],
    ])('%s', async (name, make, change, report) => {
      await stage.dropDatabase('damaged');
      await make();
      const locker = LOCKED.test(name) ? stage.sql("BEGIN; LOCK TABLE users_user; SELECT pg_sleep(6); COMMIT", 'damaged') : undefined;
      const work = await stage.newWork();
      expect((await stage.dump(work, 'damaged', change)).report).toEqual(report);
      await locker;
      await stage.sql('GRANT pg_read_all_data TO gt_backup');
      await expect(stat(join(work, 'database.dump'))).rejects.toThrow('ENOENT');
    }, RUN_MS);
  });

  it('is not restored into a server that was there before, nor asked of a time that is none', async () => {
    expect(AT).toBe('2026-11-29T02:30:00Z');
    const work = await stage.newWork();
    expect((await stage.dump(work, 'gt', { env: { AT: 'yesterday or so' } })).report).toMatchObject({ step: 'count', reason: 'StepFailed' });
  }, RUN_MS);
});
