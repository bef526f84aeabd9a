// Copies on a real S3 server: what it takes and refuses, and the whole way of a copy, from a real database to its restore from the bucket alone.
import dns from 'node:dns';
import { chown, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { execa } from 'execa';
import { parseFacts } from '../../backup/core/database-facts.js';
import { parseManifest } from '../../backup/core/manifest.js';
import { parseReport } from '../../backup/core/report.js';
import { findProblems } from '../../backup/core/verification.js';
import { fingerprintFile } from '../../backup/storage/files.js';
import { exchange } from '../../backup/storage/s3-exchange.js';
import { S3Store } from '../../backup/storage/s3-store.js';
import { PROGRAMS } from '../../charts/programs.js';
import { buildProgress, ensureAge } from '../../embedded/index.js';
import { blocksOf } from '../cluster/support/runbook.js';
import { BackupStage } from './backup-run.js';
import { START_MS } from './control-plane.js';
import { S3_DOMAIN, S3_KEY, startS3, type S3Server } from './s3-server.js';

const BUILD_MS = 900_000;
const NAME = '20261129T023000Z';

describe('an S3 server', () => {
  let server: S3Server;
  let folder: string;
  const store = (skew = 0) => new S3Store(server.place, { now: () => new Date(Date.now() + skew), pauses: [] });
  const file = async (text: string) => {
    const path = join(folder, 'file');
    await writeFile(path, text);
    return { path, fingerprint: await fingerprintFile(path) };
  };

  beforeAll(async () => {
    server = await startS3();
    folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-store-'));
  }, BUILD_MS);
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  it('has what was put, once, and no more when it was removed', async () => {
    const { path, fingerprint } = await file('x'.repeat(3_000_000));
    await store().put('copies/a/dump', path, fingerprint);
    await store().put('copies/a/dump', path, fingerprint);
    expect(await store().list()).toEqual([{ key: 'copies/a/dump', bytes: 3_000_000 }]);
    expect(await store().fingerprint('copies/a/dump')).toEqual(fingerprint);
    await store().remove('copies/a/dump');
    await store().remove('copies/a/dump');
    expect(await store().list()).toEqual([]);
    expect(await store().read('copies/a/dump')).toBeUndefined();
  });

  it("has them as well where the bucket's name is in the host's, with a header of encryption on the server", async () => {
    // No DNS of this machine knows such names.
    const { lookup } = dns;
    const asked: string[] = [];
    const spy = jest.spyOn(dns, 'lookup').mockImplementation((name, ...rest) => {
      asked.push(name);
      lookup(name.endsWith(`.${S3_DOMAIN}`) ? '127.0.0.1' : name, ...rest);
    });
    try {
      const byHost = new S3Store({ ...server.placeByHost, uploadHeaders: { 'x-amz-server-side-encryption': 'AES256' } }, { now: () => new Date(), pauses: [] });
      const { path, fingerprint } = await file('x'.repeat(300_000));
      await byHost.put('copies/b/dump', path, fingerprint);
      expect(await byHost.list()).toEqual([{ key: 'copies/b/dump', bytes: 300_000 }]);
      expect([await byHost.fingerprint('copies/b/dump'), await store().fingerprint('copies/b/dump')]).toEqual([fingerprint, fingerprint]);
      await byHost.remove('copies/b/dump');
      expect(await store().list()).toEqual([]);
      expect([...new Set(asked)]).toEqual([`copies.${S3_DOMAIN}`]);
    } finally {
      spy.mockRestore();
    }
  });

  it('takes no other bytes for a name that is taken', async () => {
    const first = await file('first');
    await store().put('taken', first.path, first.fingerprint);
    const second = await file('secon');
    await expect(store().put('taken', second.path, second.fingerprint)).rejects.toMatchObject({ step: 'read-back', reason: 'StoreRefused' });
    expect(await store().read('taken')).toBe('first');
  });

  it('refuses bytes that changed on their way, and keeps nothing of them', async () => {
    const { path, fingerprint } = await file('right');
    await writeFile(path, 'wrong');
    await expect(store().put('changed', path, fingerprint)).rejects.toMatchObject({ step: 'store', reason: 'StoreRefused', detail: '400 XAmzContentSHA256Mismatch' });
    expect(await store().read('changed')).toBeUndefined();
  });

  it('25 keeps nothing of an upload that was cut', async () => {
    const { path, fingerprint } = await file('short');
    await expect(exchange(server.place, { method: 'PUT', key: 'cut', body: { file: path, fingerprint: { ...fingerprint, bytes: 500 } } }, new Date())).rejects.toThrow();
    expect(await store().read('cut')).toBeUndefined();
  });

  it('24 refuses signatures of a clock that is 16 minutes off, and that is told as that', async () => {
    await expect(store(16 * 60_000).list()).rejects.toMatchObject({ reason: 'ClockSkewed', detail: expect.stringContaining("ahead of the store's") });
    await expect(store(-16 * 60_000).list()).rejects.toMatchObject({ reason: 'ClockSkewed', detail: expect.stringContaining("behind the store's") });
    const { path, fingerprint } = await file('of another time');
    await expect(store(16 * 60_000).put('skewed', path, fingerprint)).rejects.toMatchObject({ step: 'store', reason: 'ClockSkewed', detail: expect.stringContaining("ahead of the store's") });
    expect(await store().read('skewed')).toBeUndefined();
  });

  it('refuses another key', async () => {
    const other = new S3Store({ ...server.place, credentials: () => ({ ...S3_KEY, secretAccessKey: 'another' }) }, { now: () => new Date(), pauses: [] });
    await expect(other.list()).rejects.toMatchObject({ step: 'list', reason: 'StoreRefused', detail: '403 SignatureDoesNotMatch' });
  });

  it('of a bucket that is not there is told', async () => {
    const none = new S3Store({ ...server.place, bucket: 'none' }, { now: () => new Date(), pauses: [] });
    await expect(none.list()).rejects.toMatchObject({ step: 'list', reason: 'StoreRefused', detail: '404 NoSuchBucket' });
  });

  describe('and a real database', () => {
    let stage: BackupStage;
    let identity: string;
    let work: string;
    let program: string;

    /** The container that stores the copy, from its bundle. */
    const run = async (variables: Readonly<Record<string, string>>) => {
      const recipient = await identityToRecipient(identity);
      const env = {
        COPY: NAME, RELEASE: '5.2', WORK: work, REPORT: join(work, 'message'), RECIPIENTS: recipient, SETTINGS: join(work, 'settings'), UPLOADS: join(work, 'uploads'),
        EXPECTED: JSON.stringify({ systemIdentifier: await stage.systemIdentifier(), database: 'gt', migration: 'users.0042_last' }),
        S3_ENDPOINT: server.place.endpoint.href, S3_BUCKET: 'copies', S3_PREFIX: 'host-a/', S3_CREDENTIALS_DIR: join(work, 'keys'), ...variables,
      };
      const { exitCode, stdout, stderr } = await execa('node', [...PROGRAMS.backup.flags, program], { env, reject: false });
      return { exitCode, output: stdout + stderr, report: parseReport(await readFile(join(work, 'message'), 'utf8')) };
    };
    const copies = async () => (await store().list()).filter(({ key }) => key.startsWith('copies/'));
    const fetched = async (key: string): Promise<Uint8Array> => {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      return decrypter.decrypt(await readFile(join(server.folder, 'host-a', key)));
    };

    beforeAll(async () => {
      stage = await BackupStage.open();
      await stage.makeDatabase('gt');
      identity = await generateX25519Identity();
      work = await stage.newWork();
      await stage.dump(work, 'gt');
      await stage.restore(work);
      // A CommonJS program: here a .js would be an ES module.
      program = join(folder, 'backup.cjs');
      await copyFile('build/backup.js', program);
      for (const name of ['settings', 'uploads', 'keys']) await mkdir(join(work, name));
      await writeFile(join(work, 'settings', 'SECRET_KEY'), 'the-canary-of-the-key');
      await writeFile(join(work, 'uploads', 'one'), 'an upload');
      await writeFile(join(work, 'keys', 'access-key-id'), S3_KEY.accessKeyId);
      await writeFile(join(work, 'keys', 'secret-access-key'), S3_KEY.secretAccessKey);
    }, START_MS);
    afterAll(() => stage.close());

    it('of another server than the operator knows are no copy, and nothing is stored', async () => {
      const { exitCode, report } = await run({ EXPECTED: JSON.stringify({ systemIdentifier: '7', database: 'gt', migration: 'users.0042_last' }) });
      expect({ exitCode, report }).toEqual({ exitCode: 1, report: expect.objectContaining({ result: 'failed', step: 'verify', reason: 'NotVerified', detail: `OtherServer: system identifier: expected 7, found ${await stage.systemIdentifier()}` }) });
      expect(await copies()).toEqual([]);
    }, START_MS);

    it('make a copy that is there with all that belongs to it, and of which the cluster can read nothing', async () => {
      const { exitCode, report, output } = await run({});
      expect(report).toMatchObject({ result: 'verified', copy: NAME, where: 's3', copies: [[NAME, expect.any(Number), 'good']] });
      expect(exitCode).toBe(0);
      expect(output).not.toContain(S3_KEY.secretAccessKey);
      expect(JSON.parse(Buffer.from(await fetched(`copies/${NAME}/settings.json.age`)).toString())).toEqual({ SECRET_KEY: 'the-canary-of-the-key' });
      const { stdout } = await execa('grep', ['-rlE', 'canary|PGDMP|an upload', server.folder], { reject: false });
      expect(stdout).toBe('');
    }, START_MS);

    it('give the database back from the bucket and the identity alone', async () => {
      const manifest = parseManifest(await readFile(join(server.folder, 'host-a', 'copies', NAME, 'manifest.json'), 'utf8'));
      expect(manifest.madeBy).toEqual({ glitchkeeper: (JSON.parse(await readFile('package.json', 'utf8')) as { version: string }).version, pgDump: manifest.database.serverVersion.split(' ')[0] });
      const elsewhere = await stage.newWork();
      await writeFile(join(elsewhere, 'database.dump'), await fetched(manifest.dump.key));
      await writeFile(join(elsewhere, 'database.dump.sha256'), `${manifest.dump.content?.sha256 ?? ''}  database.dump\n`);
      await chown(join(elsewhere, 'database.dump'), 70, 70);
      expect((await stage.restore(elsewhere)).report).toBeUndefined();
      const restored = parseFacts(await readFile(join(elsewhere, 'restored.facts'), 'utf8'));
      const dumped = { ...restored, server: { ...restored.server, systemIdentifier: manifest.database.systemIdentifier, database: 'gt' }, tables: manifest.database.tables };
      expect(findProblems({ dumped, restored, expected: { systemIdentifier: manifest.database.systemIdentifier, database: 'gt', migration: manifest.database.migration } })).toEqual([]);
      expect(Buffer.from(await fetched(manifest.uploads[0]?.key ?? '')).toString()).toBe('an upload');
    }, START_MS);

    it('give the dump back by hand, by the commands of docs/runbooks/restore.md', async () => {
      const [byHand = ''] = blocksOf('docs/runbooks/restore.md', 'By hand');
      const { dump: { key, content } } = parseManifest(await readFile(join(server.folder, 'host-a', 'copies', NAME, 'manifest.json'), 'utf8'));
      const here = await mkdtemp(join(folder, 'by-hand-'));
      await copyFile(join(server.folder, 'host-a', key), join(here, basename(key)));
      await writeFile(join(here, 'glitchtip-backup.key'), `${identity}\n`, { mode: 0o600 });
      const age = await ensureAge(buildProgress((line) => process.stderr.write(`${line}\n`), Date.now));
      const { stdout } = await execa('bash', ['-euo', 'pipefail', '-c', byHand], { cwd: here, env: { PATH: [dirname(age), process.env['PATH']].join(delimiter) } });
      expect(stdout).toBe(`${content?.sha256 ?? ''}  database.dump`);
    }, BUILD_MS);

    it('tell a configuration that cannot be, before anything is sent', async () => {
      expect(await run({ RECIPIENTS: identity })).toMatchObject({ exitCode: 1, report: { result: 'failed', step: 'begin', reason: 'KeyMissing', detail: expect.not.stringContaining(identity.slice(20)) } });
    }, START_MS);

    it('tell a run whose dump is gone', async () => {
      expect(await run({})).toMatchObject({ exitCode: 1, report: { result: 'failed', step: 'verify', reason: 'NotVerified' } });
    }, START_MS);
  });
});
