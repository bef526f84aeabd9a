// From a store to the dump of one copy in the Job's folder: chosen, compared, decrypted; everything that a restore can fail for is known before anything is stopped for it.
import { mkdir, readdir, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST, copyKey } from '../core/layout.js';
import type { Manifest } from '../core/manifest.js';
import { chooseCopy, readManifest } from '../core/restorable.js';
import { RestoreFailure, type FetchedReport } from '../core/restore-report.js';
import { copiesAmong } from '../core/retention.js';
import { DUMP } from '../run-evidence.js';
import type { StoredObject } from '../storage/copy-store.js';
import { sync } from '../storage/files.js';
import { IdentityMissing, bring, type Source } from './bring.js';
import type { RestoreConfig } from './environment.js';

export interface FetchInput {
  readonly config: RestoreConfig;
  readonly source: Source;
  readonly now: () => Date;
}

/** Is there if each row is to be hashed, too, as it was for the copy. load.sh looks for it. */
export const HASHED = 'hashed';
const MEBIBYTE = 1_048_576;

/** Leaves what load.sh and restore.sh begin with. @throws RestoreFailure, or BackupFailure of the store */
export async function fetchCopy({ config, source, now }: FetchInput): Promise<FetchedReport> {
  const { work } = config;
  const began = now();
  await empty(work);
  const objects = await source.store.list();
  const manifest = await choose(config, source, objects);
  refuseWithoutUploads(manifest, objects);
  await refuseWithoutRoom(manifest, work);
  await bring(source, manifest.dump, join(work, `${DUMP}.part`));
  await leave(manifest, work);
  const { name, startedAt, release, dump, database, uploads, settings } = manifest;
  const seconds = { fetch: Math.round((now().getTime() - began.getTime()) / 1_000) };
  await writeFile(join(work, 'seconds'), `${JSON.stringify({ step: 'fetch', seconds: seconds.fetch })}\n`);
  return {
    result: 'fetched', copy: name, where: source.store.where, startedAt, release, bytes: dump.stored.bytes, databaseBytes: database.bytes,
    uploads: { files: uploads.length, bytes: uploads.reduce((sum, { stored, content = stored }) => sum + content.bytes, 0) },
    hasSettings: settings !== undefined, seconds,
  };
}

/** Undefined where there is no copy, or none that may be read: then nothing is left. @throws as {@link fetchCopy} */
export async function fetchReadable(input: FetchInput): Promise<FetchedReport | undefined> {
  try {
    return await fetchCopy(input);
  } catch (error) {
    if (!(error instanceof IdentityMissing) && !(error instanceof RestoreFailure && error.reason === 'NoCopy')) throw error;
    process.stdout.write(`${error.detail}: the database itself is dumped\n`);
    return undefined;
  }
}

/** What a run before left that was killed. */
async function empty(work: string): Promise<void> {
  await mkdir(work, { recursive: true });
  for (const name of await readdir(work)) await rm(join(work, name), { recursive: true });
}

async function choose({ wanted, releases }: RestoreConfig, { store }: Source, objects: readonly StoredObject[]): Promise<Manifest> {
  const name = chooseCopy(wanted, copiesAmong(objects.map(({ key }) => key)));
  return readManifest(await store.read(copyKey(name, MANIFEST)), name, releases);
}

/** Their bytes are compared when they are put where they belong; that one is missing is known by now. */
function refuseWithoutUploads({ uploads, name }: Manifest, objects: readonly StoredObject[]): void {
  const sizes = new Map(objects.map(({ key, bytes }) => [key, bytes]));
  const missing = uploads.filter(({ key, stored }) => sizes.get(key) !== stored.bytes);
  const [first] = missing;
  if (first === undefined) return;
  throw new RestoreFailure('choose', 'CopyDamaged', `copy ${name}: ${missing.length} of ${uploads.length} uploads are missing or of another size, the first of them ${first.key}`);
}

async function refuseWithoutRoom({ dump: { stored, content } }: Manifest, work: string): Promise<void> {
  const { bavail, bsize } = await statfs(work);
  const needed = stored.bytes + (content?.bytes ?? 0) + MEBIBYTE;
  if (bavail * bsize >= needed) return;
  throw new RestoreFailure('room', 'NoSpace', `the Job's volume: expected ${Math.ceil(needed / MEBIBYTE)} MiB for the dump, found ${Math.floor((bavail * bsize) / MEBIBYTE)} MiB`);
}

/** The dump has its name last: what is there by that name is whole. */
async function leave(manifest: Manifest, work: string): Promise<void> {
  const { dump: { stored, content = stored }, database } = manifest;
  await writeFile(join(work, MANIFEST), JSON.stringify(manifest));
  await writeFile(join(work, `${DUMP}.sha256`), `${content.sha256}  ${DUMP}\n`);
  if (database.tables.some(({ hash }) => hash !== undefined)) await writeFile(join(work, HASHED), '');
  await rename(join(work, `${DUMP}.part`), join(work, DUMP));
  await sync(work);
}
