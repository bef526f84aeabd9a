// Damage to a backup, on pods: the kinds of backup/README.md by their numbers, each made where it happens, and the step that refuses it.
import { appendFile, copyFile, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { DAMAGED, copyKey } from '../../../backup/core/layout.js';
import { RESOURCE } from '../../../charts/part-names.js';
import { flipBit } from '../../support/damaged-file.js';
import { backup, backupStatus } from '../support/backup-runs.js';
import { cli } from '../support/cli.js';
import { OTHER_DATABASE, damagedFile, dropDamagedDatabase, dumpWith, makeDamagedDatabase, withScript } from '../support/damaged-runs.js';
import { databasesOfRestores, restore } from '../support/restore-runs.js';
import { sql } from '../support/stored-events.js';
import { waitFor, when } from '../support/wait.js';
import { SCENE_MS, type BackupScene } from './backup-scenes.js';

export const fileDamaged: BackupScene = (scenes) => {
  it.each<[name: string, damage: string]>([
    ['1 cut in the middle', 'truncate -s $((size / 2)) "$file"'],
    ['2 its last byte missing', 'truncate -s $((size - 1)) "$file"'],
    ['3 cut in the table of contents', 'truncate -s 1000 "$file"'],
    ['4 empty', 'truncate -s 0 "$file"'],
    ['5 a bit in the magic', 'flip 1'],
    ['6 a bit in a name of the table of contents', 'flip "$(grep -abo users_user "$file" | head -n 1 | cut -d : -f 1)"'],
    ['7 one bit in the data', 'flip $((size / 2))'],
    ['8 a block of zeros', 'dd if=/dev/zero of="$file" bs=4096 count=1 seek=$((size / 8192)) conv=notrunc 2>/dev/null'],
    ['9 4 KiB appended', 'head -c 4096 /dev/zero >>"$file"'],
    ['10 appended to itself', 'cp "$file" "$file.once" && cat "$file.once" >>"$file"'],
    ['11 two parts exchanged', 'cp "$file" "$file.once" && { tail -c +$((size / 2 + 1)) "$file.once"; head -c $((size / 2)) "$file.once"; } >"$file"'],
    ['12 the first part only', 'truncate -s $((size / 3)) "$file"'],
  ])('a dump with damage %s is refused by its hash, before any program reads it', async (_, damage) => {
    const { stack } = scenes;
    scenes.expectFailed(await withScript(stack, damagedFile(damage), () => backup(stack)), { step: 'hash', reason: 'StepFailed', exitCode: 1 });
  }, SCENE_MS);
};

/** Of the newest event: that of now. */
const TODAY = 'SELECT tableoid::regclass FROM issue_events_issueevent ORDER BY received DESC LIMIT 1';

export const sourceWrong: BackupScene = (scenes) => {
  const { stack } = scenes;
  const problems = (...names: readonly string[]): object => ({ step: 'verify', reason: 'NotVerified', detail: expect.stringMatching(new RegExp(`^OtherDatabase: [^]*${names.map((name) => `${name}: `).join('[^]*')}`)) });
  const dropToday = async (): Promise<string[]> => [`DROP TABLE ${(await sql(stack, TODAY))[0] ?? ''}`];

  afterEach(() => dropDamagedDatabase(stack), SCENE_MS);

  it.each<[name: string, from: 'live' | 'nothing', statements: () => Promise<string[]>, problems: string[]]>([
    ['13 an empty database', 'nothing', () => Promise.resolve([]), ['OtherMigration', 'NoPartitionForNow', 'NoOrganization', 'NoUser']],
    ['14 another database', 'nothing', () => Promise.resolve(['CREATE TABLE invoices AS SELECT 7 AS id']), ['OtherMigration', 'NoPartitionForNow', 'NoOrganization', 'NoUser']],
    ['14 the right one of another name', 'live', () => Promise.resolve([]), []],
    ['15 a schema without rows', 'live', () => Promise.resolve(['TRUNCATE organizations_ext_organization, users_user CASCADE']), ['NoOrganization', 'NoUser']],
    ['15 not migrated', 'live', () => Promise.resolve(['DELETE FROM django_migrations WHERE id = (SELECT max(id) FROM django_migrations)']), ['OtherMigration']],
    ['no partition for today', 'live', dropToday, ['NoPartitionForNow']],
    ['most of its events deleted', 'live', () => Promise.resolve(['DELETE FROM issue_events_issueevent WHERE id NOT IN (SELECT id FROM issue_events_issueevent LIMIT 10)']), ['TableShrunk']],
  ])('what was dumped being %s is found by what the operator knows from elsewhere', async (_, from, statements, names) => {
    await makeDamagedDatabase(stack, from, await statements());
    scenes.expectFailed(await withScript(stack, OTHER_DATABASE, () => backup(stack)), problems(...names));
  }, SCENE_MS);
};

export const dumpIncomplete: BackupScene = (scenes) => {
  const { stack } = scenes;
  it.each<[name: string, option: string, problem: string]>([
    ['16 a partition left out', '--exclude-table', 'TableMissing'],
    ['17 its rows left out', '--exclude-table-data', 'RowsDiffer'],
  ])('a dump with %s is found by the counts of its own snapshot', async (_, option, problem) => {
    const [partition = ''] = await sql(stack, TODAY);
    const change = dumpWith(`${option}=${partition}`);
    scenes.expectFailed(await withScript(stack, change, () => backup(stack)), { step: 'verify', reason: 'NotVerified', detail: expect.stringContaining(`${problem}: public.${partition}: expected `) });
  }, SCENE_MS);
};

/** Of the live database, taken from the login of backups and given back. SQL. */
interface Rights {
  readonly take: readonly string[];
  readonly give: readonly string[];
}

const LOGIN = 'glitchtip_backup';
const TABLES_AND_SEQUENCES = ['TABLES', 'SEQUENCES'];
/** It stays a member of the group, for that the operator would put right, and has nothing of it. */
const UNUSED: Rights = {
  take: [`GRANT pg_read_all_data TO ${LOGIN} WITH INHERIT FALSE`, ...TABLES_AND_SEQUENCES.map((kind) => `GRANT SELECT ON ALL ${kind} IN SCHEMA public TO ${LOGIN}`), `REVOKE SELECT ON users_user FROM ${LOGIN}`],
  give: [...TABLES_AND_SEQUENCES.map((kind) => `REVOKE ALL ON ALL ${kind} IN SCHEMA public FROM ${LOGIN}`), `GRANT pg_read_all_data TO ${LOGIN} WITH INHERIT TRUE`],
};
/** From whoever is not the table's owner: GlitchTip goes on. */
const HIDDEN: Rights = {
  take: ['ALTER TABLE users_user ENABLE ROW LEVEL SECURITY', 'CREATE POLICY few ON users_user USING (id < 2)'],
  give: ['DROP POLICY few ON users_user', 'ALTER TABLE users_user DISABLE ROW LEVEL SECURITY'],
};

export const rowsHidden: BackupScene = (scenes) => {
  const { stack } = scenes;
  it('18 the right of its login revoked: the operator gives it back, and the next run is good', async () => {
    await sql(stack, `REVOKE pg_read_all_data FROM ${LOGIN}`);
    await waitFor<true>({ what: `${LOGIN} to have its right again`, seconds: 120 }, async () => when((await sql(stack, `SELECT pg_has_role('${LOGIN}', 'pg_read_all_data', 'USAGE')`))[0] === 't', 'it does not'));
    await scenes.expectNextGood();
  }, SCENE_MS);

  it.each<readonly [name: string, rights: Rights, options: string, step: string]>([
    ['18 the login may not read a table', UNUSED, '', 'dump'],
    ['19 row level security hides rows from the login', HIDDEN, '', 'dump'],
    ['20 the same, and pg_dump is told not to mind', HIDDEN, '--enable-row-security', 'count'],
  ])('%s: the run fails, and says that its login was refused', async (_, { take, give }, options, step) => {
    await sql(stack, `${take.join(';')};`);
    const ended = await withScript(stack, dumpWith(options), () => backup(stack)).finally(() => sql(stack, `${give.join(';')};`));
    scenes.expectFailed(ended, { step, reason: 'LoginRefused' });
  }, SCENE_MS);
};

export const bucketDamaged: BackupScene = (scenes) => {
  const { stack } = scenes;
  describe('a copy in the bucket', () => {
    const copies: string[] = [];
    const object = async (copy: string): Promise<string> => scenes.store.file((await scenes.manifestOf(copy)).dump.key);
    const middle = async (file: string): Promise<number> => Math.floor((await stat(file)).size / 2);

    beforeAll(async () => {
      for (let made = 0; made < 2; made += 1) {
        const { kind, run } = await backup(stack);
        expect(kind).toBe('verified');
        copies.unshift(run.copy);
      }
    }, SCENE_MS);

    /** The first of two copies, the other one to take from. */
    async function whileDamaged(damage: (file: string, other: string) => Promise<unknown>, act: (copy: string) => Promise<unknown>): Promise<void> {
      const [copy = '', other = ''] = copies;
      const file = await object(copy);
      const good = await readFile(file);
      await damage(file, await object(other));
      await act(copy).finally(() => writeFile(file, good));
    }

    it.each<[name: string, damage: (file: string, other: string) => Promise<unknown>]>([
      ['cut in the middle', async (file) => truncate(file, await middle(file))],
      ['its last byte missing', async (file) => truncate(file, (await stat(file)).size - 1)],
      ['empty', (file) => truncate(file, 0)],
      ['one bit of the data another', async (file) => flipBit(file, await middle(file))],
      ['something appended', (file) => appendFile(file, Buffer.alloc(4_096))],
      ['23 the file of another run under its name', (file, other) => copyFile(other, file)],
    ])('that is damaged is not restored: %s', async (_, damage) => {
      await whileDamaged(damage, async (copy) => {
        await expect(restore(stack, [copy, '--into-new-database', '--identity-file', scenes.key()])).rejects.toThrow(/CopyDamaged/);
      });
      expect(await databasesOfRestores(stack)).toEqual([]);
    }, SCENE_MS);

    it('that was damaged since is found by the weekly look at an old one, told, and counts as no copy any more', async () => {
      const since = Date.now();
      const files = await Promise.all((await scenes.copiesInBucket()).map(object));
      // Which one is looked at is left to chance.
      for (const file of files) await flipBit(file, await middle(file));
      await stack.kubectl('patch', 'gt', RESOURCE, '--subresource', 'status', '--type', 'merge', '--patch', JSON.stringify({ status: { backup: { lastRecheckedAt: '2026-01-01T00:00:00Z' } } }));
      expect(await backup(stack)).toMatchObject({ kind: 'verified' });
      const [damaged, ...more] = ((await backupStatus(stack)).copies ?? []).filter((copy) => copy.damaged);
      expect([damaged?.name, more]).toEqual([expect.any(String), []]);
      await expect(cli(stack, 'backups')).rejects.toThrow(new RegExp(`${damaged?.name ?? ''} [^\\n]*damaged: not what its manifest says`));
      await scenes.installed.alerts().opened({ reason: 'BackupCopyDamaged', part: 'backup' }, since);
      for (const file of files) await flipBit(file, await middle(file));
      await scenes.store.objects.remove(copyKey(damaged?.name ?? '', DAMAGED));
      await scenes.expectNextGood();
    }, SCENE_MS);
  });
};
