// A bucket with two copies of a real database, and the programs that bring one back.
import { chmod, chown, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { execa } from 'execa';
import { parseManifest, type Manifest } from '../../backup/core/manifest.js';
import { parseReport, type Report } from '../../backup/core/report.js';
import { parseRestoreReport, type RestoreReport } from '../../backup/core/restore-report.js';
import { PROGRAMS } from '../../charts/programs.js';
import { BackupStage, RESTORE_USER as USER, type ScriptChange, type ScriptEnd } from './backup-run.js';
import { S3_KEY, startS3, type S3Server } from './s3-server.js';

/** `OLD` has each row hashed; the row of `NEW` is not in it. */
export const [OLD, NEW] = ['20261128T023000Z', '20261129T023000Z'];

export class RestoreStage {
  /** Of the test: the Job's folder (job), the identity, the keys of the store, the uploads. */
  work = '';

  private constructor(readonly postgres: BackupStage, readonly server: S3Server, private readonly folder: string, readonly identity: string) {}

  static async open(): Promise<RestoreStage> {
    const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-restore-'));
    const stage = new RestoreStage(await BackupStage.open(), await startS3(), folder, await generateX25519Identity());
    await chmod(folder, 0o755);
    // A CommonJS program: here a .js would be an ES module.
    await copyFile('build/backup.js', join(folder, 'backup.cjs'));
    await stage.renew();
    await stage.postgres.makeDatabase('gt');
    await stage.#makeCopy(OLD, 'true');
    await stage.postgres.sql("INSERT INTO users_user (email) VALUES ('of-the-29th@example.com')", 'gt');
    await stage.#makeCopy(NEW, 'false');
    await execa('cp', ['-a', placeOf(stage), join(folder, 'whole')]);
    return stage;
  }

  async close(): Promise<void> {
    await this.postgres.close();
    await this.server.stop();
    await rm(this.folder, { recursive: true });
  }

  get job(): string {
    return join(this.work, 'job');
  }

  get uploads(): string {
    return join(this.work, 'uploads');
  }

  /** New folders, and an empty database `restored`. */
  async renew(): Promise<void> {
    this.work = await this.postgres.newWork();
    for (const name of ['job', 'keys', 'uploads']) await mkdir(join(this.work, name));
    await writeFile(join(this.work, 'keys', 'access-key-id'), S3_KEY.accessKeyId);
    await writeFile(join(this.work, 'keys', 'secret-access-key'), S3_KEY.secretAccessKey);
    await this.giveIdentity(`# created: 2026-11-29\n${this.identity}\n`);
    await execa('chown', ['-R', String(USER.uid), this.work]);
    await chmod(this.work, 0o755);
    // As fsGroup leaves a volume of GlitchTip's.
    await chown(this.uploads, 5_000, 5_000);
    await chmod(this.uploads, 0o2775);
    await this.postgres.makeEmptyDatabase('restored');
  }

  /** What a test damaged. */
  async mend(): Promise<void> {
    await rm(placeOf(this), { recursive: true });
    await execa('cp', ['-a', join(this.folder, 'whole'), placeOf(this)]);
  }

  async giveIdentity(text: string): Promise<void> {
    await writeFile(join(this.work, 'identity'), text);
    await chown(join(this.work, 'identity'), USER.uid, USER.gid);
  }

  /** The node container, from its bundle, as the user of a restore's pods. */
  async run(task: string, variables: Readonly<Record<string, string>> = {}, user: Readonly<typeof USER> = USER): Promise<{ readonly output: string; readonly report: Report | RestoreReport | undefined }> {
    const message = join(this.work, 'message');
    await rm(message, { force: true });
    const env = {
      TASK: task, COPY: NEW, RELEASE: '5.2', WORK: this.job, REPORT: message, IDENTITY: join(this.work, 'identity'), UPLOADS: this.uploads,
      S3_ENDPOINT: this.server.place.endpoint.href, S3_BUCKET: 'copies', S3_PREFIX: 'host-a/', S3_CREDENTIALS_DIR: join(this.work, 'keys'), ...variables,
    };
    const { stdout, stderr } = await execa('node', [...PROGRAMS.backup.flags, join(this.folder, 'backup.cjs')], { env, reject: false, ...user });
    const text = await readFile(message, 'utf8').catch(() => '');
    return { output: stdout + stderr, report: parseRestoreReport(text) ?? parseReport(text) };
  }

  load(database = 'restored', change: ScriptChange = {}): Promise<ScriptEnd> {
    return this.postgres.load(this.job, database, change);
  }

  /** What the store has by this key. */
  file(key: string): string {
    return join(placeOf(this), key);
  }

  dumpOf(copy: string): string {
    return this.file(`copies/${copy}/database.dump.age`);
  }

  async manifestOf(copy: string): Promise<Manifest> {
    return parseManifest(await readFile(this.file(`copies/${copy}/manifest.json`), 'utf8'));
  }

  async changeManifest(change: Partial<Manifest>): Promise<void> {
    await writeFile(this.file(`copies/${NEW}/manifest.json`), JSON.stringify({ ...(await this.manifestOf(NEW)), ...change }));
  }

  /** Everything that a person would miss, in one value. */
  async contentOf(database: string): Promise<string | undefined> {
    const [row] = await this.postgres.sql<{ content: string }>(`SELECT md5((SELECT string_agg(e::text, '' ORDER BY id) FROM issue_events_issueevent e) || (SELECT string_agg(u::text, '' ORDER BY id) FROM users_user u) ||
      (SELECT count(*) FROM recent) || (SELECT string_agg(indexdef, '' ORDER BY indexdef) FROM pg_indexes WHERE schemaname = 'public') || get_project_auth_info(1, NULL)) AS content`, database);
    return row?.content;
  }

  async expected(): Promise<string> {
    return JSON.stringify({ systemIdentifier: await this.postgres.systemIdentifier(), database: 'gt', migration: 'users.0042_last' });
  }

  /** A folder with what dump.sh and restore.sh leave; its owner is the Job's user. */
  async dump(content: string): Promise<string> {
    const made = await this.postgres.newWork();
    for (const run of [() => this.postgres.dump(made, 'gt', { env: { CONTENT: content } }), () => this.postgres.restore(made, { env: { CONTENT: content } })]) {
      const { report, output } = await run();
      if (report) throw new Error(`${JSON.stringify(report)}: ${output}`);
    }
    await execa('chown', ['-R', String(USER.uid), made]);
    return made;
  }

  async #makeCopy(copy: string, content: string): Promise<void> {
    const made = await this.dump(content);
    for (const name of ['settings', 'uploads/file_blobs/ab']) await mkdir(join(made, name), { recursive: true });
    await writeFile(join(made, 'settings', 'SECRET_KEY'), 'the-canary-of-the-key');
    await writeFile(join(made, 'uploads/file_blobs/ab/one'), 'an upload');
    await writeFile(join(made, 'uploads/file_blobs/ab/two'), `another, of ${copy}`);
    const { report } = await this.run('store', {
      COPY: copy, WORK: made, RECIPIENTS: await identityToRecipient(this.identity), SETTINGS: join(made, 'settings'), UPLOADS: join(made, 'uploads'), EXPECTED: await this.expected(),
    });
    if (report?.result !== 'verified') throw new Error(`no copy ${copy}: ${JSON.stringify(report)}`);
  }
}

/** Its prefix in the bucket. */
function placeOf(stage: RestoreStage): string {
  return join(stage.server.folder, 'host-a');
}
