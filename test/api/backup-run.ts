// The Jobs' containers on this machine: dump.sh, restore.sh and load.sh in the postgres image, entered by chroot, beside a real Postgres.
import { chmod, chown, cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { parseRestoreReport, type RestoreReport } from '../../backup/core/restore-report.js';
import { prepareProcess, unpackImage } from './image-process.js';
import { POSTGRES_IMAGE, startPostgres, type PostgresServer } from './postgres-server.js';

const USER = { uid: 70, gid: 70 };
/** Of a restore's pods: GlitchTip's own, so that the uploads are its own. */
export const RESTORE_USER = { uid: 5_000, gid: 5_000 };
const SUPERUSER = 'of-the-superuser';
/** Its password is that of the login below. */
const RESTORE_LOGIN = 'gt_restore';
export const BACKUP_LOGIN = { user: 'gt_backup', password: String.raw`with:colons\and\backslashes` };
/** In a partition of the database below. */
export const AT = '2026-11-29T02:30:00Z';

export interface ScriptEnd {
  readonly report: RestoreReport | undefined;
  /** As it was left for the operator. */
  readonly message: string;
  readonly output: string;
}

/** Variables, and programs that stand in for those of the image. */
export interface ScriptChange {
  readonly env?: Readonly<Record<string, string>>;
  /** Text of scripts by the name of the program that they take the place of. */
  readonly programs?: Readonly<Record<string, string>>;
  /** What the Job's folder holds at most, as mount's tmpfs takes it. */
  readonly room?: string;
  /** Other folders of the pod by their path. */
  readonly folders?: Readonly<Record<string, string>>;
  /** Takes its processes. */
  readonly group?: { add(pid: number | undefined): Promise<void> };
}

/** In pg_dump's place: the archive as it is made by default. */
export const PLAIN_DUMP = { pg_dump: 'exec /usr/lib/postgresql/17/bin/pg_dump "${@/#zstd:3/gzip}"' };

/** GlitchTip's tables as far as a backup looks at them, in every kind that pg_dump knows. */
const CONTENT = `
  CREATE EXTENSION pg_trgm; CREATE EXTENSION hstore; CREATE EXTENSION btree_gin;
  CREATE TYPE level AS ENUM ('error', 'fatal');
  CREATE TABLE django_migrations (id bigserial PRIMARY KEY, app text NOT NULL, name text NOT NULL);
  INSERT INTO django_migrations (app, name) VALUES ('issue_events', '0001_initial'), ('users', '0042_last');
  CREATE TABLE organizations_ext_organization (id int PRIMARY KEY, name text);
  INSERT INTO organizations_ext_organization VALUES (1, 'first'), (2147483000, 'glitchkeeper-canary');
  CREATE TABLE users_user (id serial PRIMARY KEY, email text UNIQUE, tags hstore);
  INSERT INTO users_user (email, tags) SELECT 'person-' || n || '@example.com', hstore('a', n::text) FROM generate_series(1, 300) n;
  CREATE INDEX users_email ON users_user USING gin (email gin_trgm_ops);
  CREATE TABLE issue_events_issueevent (id uuid, received timestamptz, level level, data jsonb, PRIMARY KEY (id, received)) PARTITION BY RANGE (received);
  CREATE TABLE event_20261128 PARTITION OF issue_events_issueevent FOR VALUES FROM ('2026-11-28Z') TO ('2026-11-29Z');
  CREATE TABLE event_20261129 PARTITION OF issue_events_issueevent FOR VALUES FROM ('2026-11-29Z') TO ('2026-11-30Z');
  INSERT INTO issue_events_issueevent SELECT gen_random_uuid(), '2026-11-28Z'::timestamptz + n * interval '1 minute', 'error', jsonb_build_object('message', repeat(md5(n::text), 20)) FROM generate_series(0, 2000) n;
  CREATE VIEW recent AS SELECT * FROM issue_events_issueevent;
  CREATE FUNCTION get_project_auth_info(bigint, uuid) RETURNS int LANGUAGE sql AS 'SELECT 1';`;

export class BackupStage {
  private constructor(readonly postgres: PostgresServer, private readonly image: Awaited<ReturnType<typeof unpackImage>>, private readonly folder: string) {}

  static async open(): Promise<BackupStage> {
    const stage = new BackupStage(await startPostgres(SUPERUSER), await unpackImage(POSTGRES_IMAGE), await mkdtemp(join(tmpdir(), 'glitchkeeper-backup-')));
    await chmod(stage.folder, 0o755);
    await stage.sql('CREATE ROLE glitchtip NOLOGIN');
    await stage.sql(`CREATE ROLE gt_backup LOGIN NOSUPERUSER IN ROLE pg_read_all_data PASSWORD '${BACKUP_LOGIN.password}'`);
    await stage.sql(`CREATE ROLE ${RESTORE_LOGIN} LOGIN NOSUPERUSER IN ROLE glitchtip PASSWORD '${BACKUP_LOGIN.password}'`);
    return stage;
  }

  async close(): Promise<void> {
    await this.postgres.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  sql<T extends Record<string, unknown>>(statement: string, database = 'postgres'): Promise<T[]> {
    return this.postgres.query<T>({ user: 'glitchkeeper', password: SUPERUSER, database }, statement);
  }

  /** A database as GlitchTip's, owned as the operator leaves it. */
  async makeDatabase(name: string): Promise<void> {
    await this.sql(`CREATE DATABASE ${name} OWNER glitchtip ENCODING 'UTF8' TEMPLATE template0`);
    await this.sql(`${CONTENT}; ALTER TABLE issue_events_issueevent OWNER TO glitchtip`, name);
  }

  /** As the operator makes one to restore into. */
  async makeEmptyDatabase(name: string): Promise<void> {
    await this.dropDatabase(name);
    await this.sql(`CREATE DATABASE ${name} OWNER glitchtip ENCODING 'UTF8' TEMPLATE template0`);
    await this.sql(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  }

  async dropDatabase(name: string): Promise<void> {
    await this.sql(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }

  /** The server's processes, as they are now. */
  async processes(): Promise<number[]> {
    const [row] = await this.sql<{ parent: string }>("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS parent");
    const parent = Number(row?.parent);
    const { stdout } = await execa('pgrep', ['-P', String(parent)]);
    return [parent, ...stdout.split('\n').map(Number)];
  }

  async systemIdentifier(): Promise<string> {
    const [row] = await this.sql<{ id: string }>('SELECT system_identifier::text AS id FROM pg_control_system()');
    return row?.id ?? '';
  }

  /** A folder of a run, as its emptyDir. */
  async newWork(): Promise<string> {
    const work = await mkdtemp(join(this.folder, 'work-'));
    await chown(work, USER.uid, USER.gid);
    return work;
  }

  dump(work: string, database: string, change: ScriptChange = {}): Promise<ScriptEnd> {
    return this.#run('dump.sh', work, { ...change, env: { PGHOST: '127.0.0.1', PGPORT: String(this.postgres.port), PGUSER: BACKUP_LOGIN.user, PGDATABASE: database, ...change.env } });
  }

  restore(work: string, change: ScriptChange = {}): Promise<ScriptEnd> {
    return this.#run('restore.sh', work, change);
  }

  /** @param handover what this container has in common with the one that migrates */
  rehearse(work: string, handover: string, change: ScriptChange = {}): Promise<ScriptEnd> {
    return this.#run('rehearse.sh', work, { ...change, folders: { '/handover': handover } });
  }

  load(work: string, database: string, change: ScriptChange = {}): Promise<ScriptEnd> {
    return this.#run('load.sh', work, { ...change, env: { PGHOST: '127.0.0.1', PGPORT: String(this.postgres.port), PGUSER: RESTORE_LOGIN, PGDATABASE: database, OWNER: 'glitchtip', ...change.env } }, RESTORE_USER);
  }

  async #run(script: string, work: string, { env = {}, programs = {}, room, group, folders = {} }: ScriptChange, user = USER): Promise<ScriptEnd> {
    const files = await this.#files(programs, user);
    const path = `/opt/programs:${this.image.env['PATH'] ?? ''}`;
    const variables = { ...this.image.env, PATH: path, AT, WORK: '/work', REPORT: '/opt/report/message', PASSWORD_FILE: '/opt/backup/password', ...env };
    const mounts = { '/opt/backup': join(files, 'backup'), '/opt/programs': join(files, 'programs'), '/opt/report': join(files, 'report'), '/work': work, ...folders };
    if (room !== undefined) await execa('mount', ['-t', 'tmpfs', '-o', `size=${room},uid=${user.uid},gid=${user.gid}`, 'tmpfs', work]);
    const program = prepareProcess({ image: { ...this.image, env: variables }, user, command: ['bash', `/opt/backup/${script}`] }, mounts);
    try {
      program.start();
      await group?.add(program.pid);
      while (!program.ended) await sleep(50);
      // What it wrote last may come after its end.
      await sleep(50);
      const message = await readFile(join(files, 'report', 'message'), 'utf8').catch(() => '');
      return { message, report: parseRestoreReport(message), output: program.fullOutput };
    } finally {
      await program.kill();
      if (room !== undefined) await execa('umount', [work]);
    }
  }

  async #files(programs: Readonly<Record<string, string>>, { uid, gid }: typeof USER): Promise<string> {
    const files = await mkdtemp(join(this.folder, 'files-'));
    await chmod(files, 0o755);
    await cp('backup/postgres', join(files, 'backup'), { recursive: true });
    await writeFile(join(files, 'backup', 'password'), BACKUP_LOGIN.password);
    await mkdir(join(files, 'programs'));
    await mkdir(join(files, 'report'));
    await chown(join(files, 'report'), uid, gid);
    for (const [name, text] of Object.entries(programs)) await writeFile(join(files, 'programs', name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
    return files;
  }
}

/** Everything that a run left in text, but the dump itself. */
export async function textsOf(work: string): Promise<string> {
  const entries = await readdir(work, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('database.')).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'utf8')))).join('\n');
}
