// Backups on pods that nothing disturbs: to a volume, to a bucket, and what retention leaves.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { Decrypter, identityToRecipient } from 'age-encryption';
import { copyNameOf } from '../../../backup/core/copy-name.js';
import { MANIFEST, copyKey } from '../../../backup/core/layout.js';
import type { Manifest, Stored } from '../../../backup/core/manifest.js';
import { fingerprintFile } from '../../../backup/storage/files.js';
import { recordMeasurement } from '../../support/measurements.js';
import { backup, backupStatus } from '../support/backup-runs.js';
import type { BackupStore } from '../support/backup-store.js';
import { cli } from '../support/cli.js';
import { printFigure } from '../support/fault-report.js';
import { sql } from '../support/stored-events.js';
import { RATE, SCENE_MS, type BackupScene } from './backup-scenes.js';

const DAY = 86_400_000;

export const toVolume: BackupScene = (scenes) => {
  it('to a volume: restored, every row of it compared, for it is the first of the month, and in the table of the CLI', async () => {
    const { stack } = scenes;
    await scenes.apply('backup-volume', { store: 'volume' });
    const printed = await cli(stack, 'backup', 'now');
    for (const line of printed.split('\n')) printFigure(line);
    expect((await backupStatus(stack)).lastVerified).toMatchObject({ where: 'volume', how: 'content' });
    expect(await cli(stack, 'backups')).toMatch(/│ this host +│/);
  }, SCENE_MS);
};

export const toBucket: BackupScene = (scenes) => {
  it('to a bucket without its Secret: the run that failed and doctor say which is missing', async () => {
    const { stack, store } = scenes;
    await scenes.apply('backup-s3', { store: 's3', recipients: [await identityToRecipient(scenes.identity)], s3: store.settings });
    try {
      scenes.expectFailed(await backup(stack), { step: 'begin', reason: 'KeyMissing', detail: expect.stringContaining('access-key-id') });
      await expect(cli(stack, 'doctor', '--json')).rejects.toThrow('there is no Secret glitchtip-backup-store');
    } finally {
      await stack.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(store.secret(stack.namespace)));
    }
  }, SCENE_MS);

  it('to a bucket: restored, found good, encrypted, and with the rows of its moment', async () => {
    const { stack, store } = scenes;
    await scenes.installed.canaries.collect();
    const events = async (): Promise<number> => Number((await sql(stack, 'SELECT count(*) FROM issue_events_issueevent'))[0]);
    const before = await events();
    const ended = await backup(stack);
    const after = await events();
    expect(ended).toMatchObject({ kind: 'verified', run: { where: 's3' } });
    recordMeasurement({ what: `backup to a bucket at ${RATE} events/s`, value: Math.round(ended.seconds), unit: 's' });

    const manifest = await scenes.manifestOf(ended.run.copy);
    const counted = manifest.database.tables.filter(({ table, partitionOf = table }) => partitionOf.endsWith('.issue_events_issueevent')).reduce((sum, { rows }) => sum + rows, 0);
    printFigure(`copy of ${counted} events: ${manifest.dump.stored.bytes} bytes, seconds ${JSON.stringify(manifest.seconds)}`);
    expect(counted).toBeGreaterThanOrEqual(before);
    expect(counted).toBeLessThanOrEqual(after);
    const decrypter = new Decrypter();
    decrypter.addIdentity(scenes.identity);
    const dump = Buffer.from(await decrypter.decrypt(await readFile(store.file(manifest.dump.key))));
    // An archive of pg_dump begins so.
    expect({ magic: dump.subarray(0, 5).toString(), bytes: dump.length }).toEqual({ magic: 'PGDMP', bytes: manifest.dump.content?.bytes });
  }, SCENE_MS);
};

export const retention: BackupScene = (scenes) => {
  it('retention deletes what is old and no first of its month, and nothing while a copy is dated in the future', async () => {
    const { stack, store } = scenes;
    const newest = await scenes.manifestOf((await backupStatus(stack)).lastVerified?.copy ?? '');
    const names = namesAround(Date.now());
    for (const name of Object.values(names)) await putUnder(store, newest, name);
    expect(await backup(stack)).toMatchObject({ kind: 'verified' });
    expect((await backupStatus(stack)).retention).toBe('NewestInFuture');
    expect(await scenes.copiesInBucket()).toEqual(expect.arrayContaining(Object.values(names)));

    await store.objects.remove(copyKey(names.future, MANIFEST));
    expect(await backup(stack)).toMatchObject({ kind: 'verified' });
    const left = await scenes.copiesInBucket();
    expect({ first: left.includes(names.firstOfMonth), second: left.includes(names.secondOfMonth), ancient: left.includes(names.ancient) }).toEqual({ first: true, second: false, ancient: false });
    expect((await backupStatus(stack)).retention).toBeUndefined();
  }, SCENE_MS);
};

/** As for a clock that was set forward by more than a year: but for its own copy, everything is from before. */
export const retentionAhead: BackupScene = (scenes) => {
  it('retention deletes nothing when all copies but its own are of long ago: the clock may have been set forward', async () => {
    const { stack, store } = scenes;
    const others = await scenes.copiesInBucket();
    const newest = await scenes.manifestOf((await backupStatus(stack)).lastVerified?.copy ?? '');
    const old = [500, 501, 502, 503].map((days) => copyNameOf(new Date(Date.now() - days * DAY)));
    for (const name of old) await putUnder(store, newest, name);
    const aside = await mkdtemp(join(tmpdir(), 'glitchkeeper-aside-'));
    for (const name of others) await cp(store.file(`copies/${name}`), join(aside, name), { recursive: true });
    for (const name of others) await rm(store.file(`copies/${name}`), { recursive: true });
    expect(await backup(stack)).toMatchObject({ kind: 'verified' });
    expect((await backupStatus(stack)).retention).toBe('NewestTooOld');
    expect(await scenes.copiesInBucket()).toEqual(expect.arrayContaining(old));

    for (const name of others) await cp(join(aside, name), store.file(`copies/${name}`), { recursive: true });
    await rm(aside, { recursive: true });
    expect(await backup(stack)).toMatchObject({ kind: 'verified' });
    expect((await scenes.copiesInBucket()).filter((name) => old.includes(name))).toEqual([]);
  }, SCENE_MS);
};

/** Copies that the defaults keep, or not: 30 days, the first of each of 12 months. */
function namesAround(now: number): { readonly firstOfMonth: string; readonly secondOfMonth: string; readonly ancient: string; readonly future: string } {
  const month = new Date(now - 70 * DAY);
  const first = Date.UTC(month.getUTCFullYear(), month.getUTCMonth(), 1, 2, 30);
  const name = (at: number): string => copyNameOf(new Date(at));
  return { firstOfMonth: name(first), secondOfMonth: name(first + DAY), ancient: name(now - 500 * DAY), future: name(now + DAY) };
}

/** The same copy under another name, with the same bytes: a look at it finds them whole. */
async function putUnder(store: BackupStore, { dump, settings, ...manifest }: Manifest, name: string): Promise<void> {
  const moved = async (stored: Stored): Promise<Stored> => {
    const key = stored.key.replace(manifest.name, name);
    await store.objects.put(key, store.file(stored.key), stored.stored);
    return { ...stored, key };
  };
  const text = JSON.stringify({ ...manifest, name, dump: await moved(dump), ...(settings ? { settings: await moved(settings) } : {}) });
  const folder = await mkdtemp(join(tmpdir(), 'glitchkeeper-manifest-'));
  const file = join(folder, MANIFEST);
  await writeFile(file, text);
  await store.objects.put(copyKey(name, MANIFEST), file, await fingerprintFile(file));
  await rm(folder, { recursive: true });
}
