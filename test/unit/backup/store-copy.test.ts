// A run after its dump and restore: what is stored, in which order, and what a failure leaves.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { readBackupConfig } from '../../../backup/environment.js';
import { encrypterFor } from '../../../backup/encryption.js';
import { parseManifest } from '../../../backup/core/manifest.js';
import { BackupFailure } from '../../../backup/core/report.js';
import { storeCopy } from '../../../backup/store-copy.js';
import { EXPECTED, MemoryStore, factsText, fingerprint, leaveRun, manifestOf } from './copy-scenarios.js';

const NAME = '20261129T023000Z';
const YESTERDAY = '20261128T023000Z';
const NOW = new Date('2026-11-29T02:33:00Z');
const DUMP = 'PGDMP of nothing in particular';

describe('a copy', () => {
  let work: string;
  let store: MemoryStore;
  let identity: string;
  let recipient: string;

  const put = (name: string, text: string) => writeFileSync(join(work, name), text);
  const encrypted = () => ({ S3_ENDPOINT: 'http://s3', S3_BUCKET: 'b', RECIPIENTS: recipient, SETTINGS: join(work, 'settings') });
  const run = (variables: Record<string, string> = encrypted()) => {
    const config = readBackupConfig({ COPY: NAME, RELEASE: '5.2', WORK: work, UPLOADS: join(work, 'uploads'), EXPECTED: JSON.stringify(EXPECTED), ...variables });
    return storeCopy({ config, store, encrypt: config.recipients.length > 0 ? encrypterFor(config.recipients) : undefined, now: () => NOW, random: () => 0, version: '0.1.0' });
  };
  const manifest = (name = NAME) => parseManifest(store.objects.get(`copies/${name}/manifest.json`) ?? '');
  const decrypt = (key: string) => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    return decrypter.decrypt(Buffer.from(store.objects.get(key) ?? '', 'latin1'), 'text');
  };

  beforeEach(async () => {
    identity = await generateX25519Identity();
    recipient = await identityToRecipient(identity);
    work = mkdtempSync(join(tmpdir(), 'glitchkeeper-copy-'));
    store = new MemoryStore();
    leaveRun(work, DUMP);
    mkdirSync(join(work, 'settings', '..data'), { recursive: true });
    put('settings/SECRET_KEY', 'a-key');
    mkdirSync(join(work, 'uploads', 'file_blobs'), { recursive: true });
    put('uploads/file_blobs/one', 'first');
    put('uploads/file_blobs/two', 'first');
  });
  afterEach(() => rmSync(work, { recursive: true }));

  it('is stored encrypted, its manifest last, and its dump is gone from the volume', async () => {
    const report = await run();
    expect(store.calls.map((call) => call.replace(/[0-9a-f]{64}/, 'HASH'))).toEqual([
      `put copies/${NAME}/database.dump.age`, `put copies/${NAME}/settings.json.age`, 'put uploads/HASH', `put copies/${NAME}/manifest.json`,
    ]);
    expect(await decrypt(`copies/${NAME}/database.dump.age`)).toBe(DUMP);
    expect(JSON.parse(await decrypt(`copies/${NAME}/settings.json.age`))).toEqual({ SECRET_KEY: 'a-key' });
    expect(manifest()).toMatchObject({ dump: { content: fingerprint(DUMP) }, seconds: { dump: 55, restore: 101, store: 0 }, verified: { how: 'counts' }, uploads: [{ path: 'file_blobs/one' }, { path: 'file_blobs/two' }] });
    expect(report).toMatchObject({ result: 'verified', copy: NAME, where: 's3', seconds: 156, copies: [[NAME, expect.any(Number), 'good']], retention: 'done', deleted: 0 });
    expect(readdirSync(work).filter((name) => name.startsWith('database.dump'))).toEqual(['database.dump.sha256']);
  });

  it('stores an upload once for all copies and paths', async () => {
    await run();
    put('database.dump', DUMP);
    put('uploads/file_blobs/three', 'third');
    const [before] = manifest().uploads;
    store.calls.length = 0;
    await run({ ...encrypted(), COPY: '20261130T023000Z' });
    expect(store.calls.filter((call) => call.includes('uploads/'))).toHaveLength(1);
    expect(manifest('20261130T023000Z').uploads).toContainEqual(before);
  });

  it('stores an upload again that the store has lost', async () => {
    await run();
    put('database.dump', DUMP);
    store.objects.delete(manifest().uploads[0]?.key ?? '');
    await run({ ...encrypted(), COPY: '20261130T023000Z' });
    for (const { key } of manifest('20261130T023000Z').uploads) expect(store.objects.has(key)).toBe(true);
  });

  it('says which glitchkeeper and which pg_dump made it, if that said so', async () => {
    await run();
    expect(manifest().madeBy).toEqual({ glitchkeeper: '0.1.0', pgDump: '17.6' });
    put('database.dump', DUMP);
    rmSync(join(work, 'pg_dump.version'));
    await run({ ...encrypted(), COPY: '20261130T023000Z' });
    expect(manifest('20261130T023000Z').madeBy).toEqual({ glitchkeeper: '0.1.0' });
  });

  it('without a recipient holds no SECRET_KEY', async () => {
    await run({ FOLDER: '/backups', SETTINGS: join(work, 'settings') });
    expect(store.calls[0]).toBe(`put copies/${NAME}/database.dump`);
    expect([...store.objects.values()].join('')).not.toContain('a-key');
    expect(manifest().settings).toBeUndefined();
  });

  it('says who let its tables become smaller, and that every row was hashed', async () => {
    for (const file of ['dumped.facts', 'restored.facts']) put(file, factsText().replaceAll('"rows":', '"hash":"7","rows":'));
    await run({ ...encrypted(), EXPECTED: JSON.stringify({ ...EXPECTED, mayShrink: 'a project was deleted' }) });
    expect(manifest().verified).toEqual({ how: 'content', override: 'a project was deleted' });
  });

  it.each<[string, () => void, Partial<BackupFailure>]>([
    ['the restored database has other rows', () => put('restored.facts', factsText().replace('"rows":500', '"rows":499')),
      { step: 'verify', reason: 'NotVerified', detail: 'RowsDiffer: public.event_20261129: expected 500 rows, found 499 rows' }],
    ['the counts end in the middle', () => put('restored.facts', factsText().slice(0, -20)), { step: 'verify', reason: 'NotVerified', detail: 'what dump and restore left is not whole' }],
    ['nothing was restored', () => rmSync(join(work, 'restored.facts')), { step: 'verify', reason: 'NotVerified', detail: 'what dump and restore left is not whole' }],
    ['the dump is another than was restored', () => put('database.dump', `${DUMP}.`), { step: 'encrypt', reason: 'DumpChanged', detail: 'the dump is not the one that was restored' }],
    ['the dump is empty', () => put('database.dump', ''), { step: 'encrypt', reason: 'DumpChanged' }],
    ['half of the tables are gone', () => store.objects.set(`copies/${YESTERDAY}/manifest.json`, JSON.stringify(manifestOf(YESTERDAY, {
      database: { ...manifestOf(YESTERDAY).database, tables: [{ table: 'public.issue_events_issueevent', rows: 90_000 }] },
    }))), { step: 'verify', reason: 'NotVerified', detail: `TableShrunk: public.issue_events_issueevent: expected at least half of the 90000 rows of copy ${YESTERDAY}, found 4500 rows` }],
  ])('is none when %s', async (_, damage, failure) => {
    damage();
    await expect(run()).rejects.toMatchObject(failure);
    expect([...store.objects.keys()].filter((key) => key.startsWith(`copies/${NAME}`))).toEqual([]);
  });

  describe('of yesterday', () => {
    beforeEach(() => {
      store.objects.set(`copies/${YESTERDAY}/database.dump`, 'dump');
      store.objects.set(`copies/${YESTERDAY}/manifest.json`, JSON.stringify(manifestOf(YESTERDAY)));
    });

    it('is compared with its manifest', async () => expect(await run({ ...encrypted(), RECHECK: 'true' })).toMatchObject({ rechecked: { copy: YESTERDAY, good: true } }));

    it.each<[string, string | undefined]>([['has a flipped byte', 'dumq'], ['is gone', undefined]])('that %s is marked, and told, beside a good copy of today', async (_, text) => {
      if (text === undefined) store.objects.delete(`copies/${YESTERDAY}/database.dump`);
      else store.objects.set(`copies/${YESTERDAY}/database.dump`, text);
      expect(await run({ ...encrypted(), RECHECK: 'true' })).toMatchObject({ rechecked: { copy: YESTERDAY, good: false }, copies: [[NAME, expect.any(Number), 'good'], [YESTERDAY, expect.any(Number), 'damaged']] });
      expect(store.objects.has(`copies/${YESTERDAY}/damaged.json`)).toBe(true);
      expect(manifest().name).toBe(NAME);
    });

    /** With the uploads of the folder. @returns the key of the first of them */
    const makeCopy = async (variables: Record<string, string>): Promise<string> => {
      store.objects.clear();
      await run({ ...variables, COPY: YESTERDAY });
      put('database.dump', DUMP);
      return manifest(YESTERDAY).uploads[0]?.key ?? '';
    };
    const plain = () => ({ FOLDER: '/backups' });

    it.each<[string, () => Record<string, string>, string | undefined]>([
      ['encrypted, has another byte', encrypted, 'other bytes'], ['as it is, has another byte', plain, 'secon'], ['as it is, is gone', plain, undefined],
    ])('one of whose uploads, %s, is marked, and the upload is stored anew for the copy of today', async (_, variables, text) => {
      const key = await makeCopy(variables());
      if (text === undefined) store.objects.delete(key);
      else store.objects.set(key, text);
      expect(await run({ ...variables(), RECHECK: 'true' })).toMatchObject({ rechecked: { copy: YESTERDAY, good: false }, copies: [[NAME, expect.any(Number), 'good'], [YESTERDAY, expect.any(Number), 'damaged']] });
      for (const upload of manifest().uploads) expect(await store.fingerprint(upload.key)).toEqual(upload.stored);
      expect(store.objects.get(key)).not.toBe(text ?? '');
    });

    it('whose uploads are as they were is good', async () => {
      await makeCopy(encrypted());
      expect(await run({ ...encrypted(), RECHECK: 'true' })).toMatchObject({ rechecked: { copy: YESTERDAY, good: true } });
    });

    it('that names an upload wrongly takes the upload from no other copy', async () => {
      const key = await makeCopy(encrypted());
      store.objects.set(`copies/${YESTERDAY}/manifest.json`, JSON.stringify({ ...manifest(YESTERDAY), uploads: [{ path: 'one', key, stored: fingerprint('another') }] }));
      expect(await run({ ...encrypted(), RECHECK: 'true' })).toMatchObject({ rechecked: { good: false } });
      expect(store.objects.has(key)).toBe(true);
    });

    it('that cannot be looked at fails the run, and leaves the copy of today', async () => {
      store.fingerprint = () => Promise.reject(new BackupFailure('read', 'StoreAway', '503'));
      await expect(run({ ...encrypted(), RECHECK: 'true' })).rejects.toMatchObject({ step: 'read', reason: 'StoreAway' });
      expect(manifest().name).toBe(NAME);
    });

    it('that is marked is not what today is compared with', async () => {
      store.objects.set(`copies/${YESTERDAY}/manifest.json`, JSON.stringify(manifestOf(YESTERDAY, { database: { ...manifestOf(YESTERDAY).database, tables: [{ table: 'public.gone', rows: 5 }] } })));
      await expect(run()).rejects.toMatchObject({ reason: 'NotVerified' });
      store.objects.set(`copies/${YESTERDAY}/damaged.json`, '{}');
      await expect(run()).resolves.toMatchObject({ copies: [[NAME, expect.any(Number), 'good'], [YESTERDAY, expect.any(Number), 'damaged']] });
    });
  });

  it('deletes nothing beside a manifest that it cannot read: nobody knows what that needs', async () => {
    store.objects.set('copies/20260101T000000Z/manifest.json', JSON.stringify(manifestOf('20260101T000000Z')));
    store.objects.set('copies/20261101T000000Z/manifest.json', '{"format":2}');
    expect(await run()).toMatchObject({ retention: 'ManifestUnreadable', deleted: 0 });
  });

  it('for which the store has no room leaves nothing, and takes with it what is too old: an hour later there is room', async () => {
    const days = ['20261126T023000Z', '20261127T023000Z', YESTERDAY, '20251001T000000Z'];
    for (const name of days) store.objects.set(`copies/${name}/manifest.json`, JSON.stringify(manifestOf(name)));
    const takes = store.put.bind(store);
    store.put = (key, file) => (key.startsWith('uploads/') ? Promise.reject(new BackupFailure('store', 'NoSpace', '507')) : takes(key, file));
    await expect(run()).rejects.toMatchObject({ step: 'store', reason: 'NoSpace' });
    expect([...store.objects.keys()]).toEqual(days.slice(0, 3).map((name) => `copies/${name}/manifest.json`));
    store.put = takes;
    put('database.dump', DUMP);
    expect(await run({ ...encrypted(), COPY: '20261129T033000Z' })).toMatchObject({ result: 'verified' });
  });

  it('deletes nothing when its own copy is the only one of this year: the clock may have been set forward', async () => {
    const days = ['20251126T023000Z', '20251127T023000Z', '20251128T023000Z', '20251129T023000Z'];
    for (const name of days) store.objects.set(`copies/${name}/manifest.json`, JSON.stringify(manifestOf(name)));
    expect(await run()).toMatchObject({ retention: 'NewestTooOld', deleted: 0 });
  });

  it('takes with it what is too old', async () => {
    const days = ['20261127T023000Z', '20261128T023000Z', '20251001T000000Z'];
    for (const name of days) store.objects.set(`copies/${name}/manifest.json`, JSON.stringify(manifestOf(name)));
    expect(await run()).toMatchObject({ retention: 'done', deleted: 1 });
    expect(store.calls.at(-1)).toBe('remove copies/20251001T000000Z/manifest.json');
  });
});
