// The login that dumps as the operator makes it: it reads everything there is and will be in the database, and changes nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { DEFAULT_SECRET_NAMES, backupLoginName } from '../../operator/api/object-names.js';
import { describeDamagedLogin } from './damaged-login.js';
import { prepareProcess, unpackImage } from './image-process.js';
import type { Stage } from './operator-stage.js';
import { POSTGRES_IMAGE, POSTGRES_USER } from './postgres-server.js';
import { reconcileUntilReady, reconcileUntilSettled } from './reconcile.js';

const ROLE = backupLoginName('glitchtip');

/** @param stage with both servers started; what is on it is deleted */
export function describeBackupLogin(stage: () => Stage): void {
  describe('the login that dumps', () => {
    const valuesOf = async (role: keyof typeof DEFAULT_SECRET_NAMES) => (await stage().secrets())[DEFAULT_SECRET_NAMES[role]]?.values ?? {};
    const passwordNow = async () => (await valuesOf('backup'))['database-password'] ?? '';
    const inDatabase = (sql: string) => stage().sql(sql, 'glitchtip');
    const letsIn = (password: string) => stage().postgres.query({ user: ROLE, password, database: 'glitchtip' }, 'SELECT 1').then(() => true, () => false);
    const asBackup = async (sql: string) => stage().postgres.query({ user: ROLE, password: await passwordNow(), database: 'glitchtip' }, sql);
    const ownRole = async () => (await stage().roles()).find(({ rolname }) => rolname === ROLE);

    /** As web does it. */
    async function asApplication(sql: string): Promise<void> {
      const { DATABASE_USER: user = '', DATABASE_PASSWORD: password = '' } = await valuesOf('application');
      await stage().postgres.query({ user, password, database: 'glitchtip' }, sql);
    }

    /** All that pg_dump of the server's own image says, as a Job's first container runs it. */
    async function dump(): Promise<string> {
      const image = await unpackImage(POSTGRES_IMAGE);
      const command = ['pg_dump', '--host=127.0.0.1', `--port=${stage().postgres.port}`, `--username=${ROLE}`, '--no-owner', '--no-privileges', 'glitchtip'];
      const program = prepareProcess({ image: { ...image, env: { ...image.env, PGPASSWORD: await passwordNow() } }, user: POSTGRES_USER, command }, {});
      program.start();
      while (!program.ended) await sleep(50);
      // What it wrote last may come after its end.
      await sleep(50);
      return program.fullOutput;
    }

    const applyResource = (hasBackups: boolean) => stage().applyResource(hasBackups ? [] : ['backup']);

    it('comes to a stack that runs: its Secret and its login are made, and nothing else changes', async () => {
      await stage().reset();
      await applyResource(false);
      await reconcileUntilReady(stage());
      const [before, roles] = [await stage().secrets(), await stage().roles()];
      expect([Object.keys(before), roles.map(({ rolname }) => rolname)]).toEqual([expect.not.arrayContaining([DEFAULT_SECRET_NAMES.backup]), expect.not.arrayContaining([ROLE])]);

      await applyResource(true);
      expect(await reconcileUntilSettled(stage())).toEqual(['cluster.createSecret glitchtip-backup', 'postgres.change']);
      const { [DEFAULT_SECRET_NAMES.backup]: own, ...others } = await stage().secrets();
      expect(others).toEqual(before);
      expect(Object.keys(own?.values ?? {})).toEqual(['database-password']);
      expect((await stage().roles()).filter(({ rolname }) => rolname !== ROLE)).toEqual(roles);
      expect(await ownRole()).toEqual({ rolname: ROLE, rolcanlogin: true, rolpassword: expect.stringContaining('SCRAM-SHA-256') });
      expect((await stage().resource()).status?.credentials).toContainEqual(expect.objectContaining({ name: DEFAULT_SECRET_NAMES.backup, generation: 1 }));
    }, 60_000);

    describe('in Postgres', () => {
      beforeAll(() => asApplication('CREATE TABLE numbered (id serial, body text); INSERT INTO numbered (body) VALUES (\'in-numbered\')'));

      it('dumps what is there, a table that a migration makes later, and what somebody else keeps beside it', async () => {
        await asApplication("CREATE TABLE later (id int, body text); INSERT INTO later VALUES (1, 'in-later')");
        await inDatabase("CREATE SCHEMA reports; CREATE TABLE reports.own (body text); INSERT INTO reports.own VALUES ('in-reports')");
        const text = await dump();
        expect(['in-numbered', 'in-later', 'in-reports', 'PostgreSQL database dump complete'].filter((part) => !text.includes(part))).toEqual([]);
      }, 60_000);

      // Of them pg_read_all_data is not; GlitchTip has none.
      it('fails at a large object of somebody else, rather than leave it out', async () => {
        await inDatabase('SELECT lo_create(4711)');
        expect(await dump()).toContain('permission denied for large object 4711');
        await inDatabase('SELECT lo_unlink(4711)');
      }, 60_000);

      it('may hold a snapshot for its dump', async () => {
        expect(await asBackup('SELECT pg_export_snapshot() AS snapshot')).toEqual([{ snapshot: expect.any(String) }]);
      });

      it.each([
        "INSERT INTO numbered VALUES (2, 'more')", 'UPDATE numbered SET id = 2', 'DELETE FROM numbered', 'TRUNCATE numbered', 'DROP TABLE numbered', 'ALTER TABLE numbered ADD more int', 'BEGIN; LOCK TABLE numbered IN EXCLUSIVE MODE',
        "SELECT nextval('numbered_id_seq')", 'CREATE TABLE more (id int)', 'CREATE TEMP TABLE more (id int)', 'CREATE SCHEMA more', 'CREATE ROLE more', 'CREATE DATABASE more', 'SET ROLE glitchtip',
        "COPY numbered TO PROGRAM 'cat'", "SELECT pg_read_file('PG_VERSION')", 'ALTER SYSTEM SET fsync = off', `ALTER ROLE ${ROLE} SUPERUSER`,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'glitchkeeper'",
      ])('may not: %s', async (sql) => {
        await expect(asBackup(sql)).rejects.toThrow(/permission denied|must be owner/);
      });

      it('is nothing special, as CREATE ROLE has it', async () => {
        expect(await asBackup('SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = current_user'))
          .toEqual([{ rolsuper: false, rolcreatedb: false, rolcreaterole: false, rolreplication: false, rolbypassrls: false }]);
      });

      // pg_read_all_data is of the catalogs, too, pg_authid included: what is in there must be worth nothing to who reads it.
      it('sees of passwords the SCRAM verifiers, and no more', async () => {
        const rows = await asBackup('SELECT rolname, rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL');
        expect(rows.length).toBeGreaterThan(2);
        expect(rows.filter(({ rolpassword }) => !String(rolpassword).startsWith('SCRAM-SHA-256$4096:'))).toEqual([]);
      });

      it.each<[string, string]>([
        ['that its group was taken from', `REVOKE pg_read_all_data FROM ${ROLE}`],
        ['that may not enter the database any more', `REVOKE ALL ON DATABASE glitchtip FROM ${ROLE}`],
      ])('dumps again %s', async (_, damage) => {
        await inDatabase(damage);
        await expect(asBackup('SELECT FROM numbered')).rejects.toThrow('permission denied');
        expect(await reconcileUntilSettled(stage())).toEqual(['postgres.change']);
        await asBackup('SELECT FROM numbered');
      });

      describeDamagedLogin(stage, ROLE, () => asBackup('SELECT FROM numbered'));

      it('gets its rights on a database that was made anew', async () => {
        await stage().sql('DROP DATABASE glitchtip WITH (FORCE)');
        expect(await reconcileUntilSettled(stage())).toEqual(['postgres.change']);
        await asApplication('CREATE TABLE numbered (id serial, body text)');
        await asBackup('SELECT FROM numbered');
      });
    });

    it('gets another password when its Secret is gone, and the old one is refused', async () => {
      const before = await passwordNow();
      await stage().kubectl(['delete', 'secret', DEFAULT_SECRET_NAMES.backup]);
      await reconcileUntilSettled(stage());
      expect([await letsIn(before), await letsIn(await passwordNow())]).toEqual([false, true]);
    });

    it('is let in no more once there are no backups, and again, with the same password, when they are back', async () => {
      await applyResource(false);
      expect(await reconcileUntilSettled(stage())).toEqual(['postgres.change']);
      expect([await ownRole(), await letsIn(await passwordNow())]).toEqual([{ rolname: ROLE, rolcanlogin: false, rolpassword: null }, false]);
      await applyResource(true);
      expect(await reconcileUntilSettled(stage())).toEqual(['postgres.change']);
      expect(await letsIn(await passwordNow())).toBe(true);
    });
  });
}
