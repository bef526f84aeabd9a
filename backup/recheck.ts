// Compares an old copy of the store with its manifest. Nothing in the cluster can decrypt it: that its bytes are those that were restored then is what can be told.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DAMAGED, MANIFEST, copyKey, parseKey } from './core/layout.js';
import { parseManifest, type Manifest, type Stored } from './core/manifest.js';
import { copiesAmong } from './core/retention.js';
import type { CopyStore, StoredObject } from './storage/copy-store.js';
import { fingerprintFile, isSame } from './storage/files.js';
import type { StoreCopyInput } from './store-copy.js';

/** So many uploads are fetched; of all it is looked at whether they are there, and as large as they should be. */
const MOST_UPLOADS = 100;

export interface Rechecked {
  readonly copy: string;
  readonly good: boolean;
  /** Keys of uploads that were other bytes than their names say. They are gone: whoever has the file yet stores it anew. */
  readonly removed: ReadonlySet<string>;
}

/** @returns undefined where there is no old copy but those that are marked already */
export async function recheck({ config, store, random }: StoreCopyInput, objects: readonly StoredObject[]): Promise<Rechecked | undefined> {
  const candidates = copiesAmong(objects.map(({ key }) => key)).filter(({ damaged }) => !damaged);
  const chosen = candidates[Math.floor(random() * candidates.length)];
  if (chosen === undefined) return undefined;
  const copy = chosen.name;
  const changed = await changedObjects(store, copy, { objects, random });
  if (changed.length === 0) return { copy, good: true, removed: new Set() };
  const path = join(config.work, DAMAGED);
  await writeFile(path, JSON.stringify({ found: config.copy }));
  await store.put(copyKey(copy, DAMAGED), path, await fingerprintFile(path));
  return { copy, good: false, removed: await removeUploads(store, changed) };
}

/** Keys of what is not as the manifest says, or that of the manifest. */
async function changedObjects(store: CopyStore, copy: string, { objects, random }: { readonly objects: readonly StoredObject[]; readonly random: () => number }): Promise<string[]> {
  const manifest = await readManifest(store, copy);
  if (manifest === undefined) return [copyKey(copy, MANIFEST)];
  const { dump, settings, uploads } = manifest;
  const sizes = new Map(objects.map(({ key, bytes }) => [key, bytes]));
  const changed = new Set(uploads.filter(({ key, stored }) => sizes.get(key) !== stored.bytes).map(({ key }) => key));
  for (const { key, stored } of [dump, ...(settings ? [settings] : []), ...someOf(uploads, random)]) {
    const found = await store.fingerprint(key);
    if (found === undefined || !isSame(found, stored)) changed.add(key);
  }
  return [...changed];
}

async function readManifest(store: CopyStore, copy: string): Promise<Manifest | undefined> {
  const text = await store.read(copyKey(copy, MANIFEST));
  try {
    return parseManifest(text ?? '');
  } catch {
    return undefined;
  }
}

/** Each once, from one of them on. */
function someOf(uploads: readonly Stored[], random: () => number): readonly Stored[] {
  const all = [...new Map(uploads.map((upload) => [upload.key, upload])).values()];
  const first = Math.floor(random() * all.length);
  return [...all.slice(first), ...all.slice(0, first)].slice(0, MOST_UPLOADS);
}

/** An upload is named by its bytes, whatever a manifest says: one that is not, twice, is of use to no copy, and in the way of the right one. */
async function removeUploads(store: CopyStore, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const removed = new Set<string>();
  for (const key of keys) {
    const own = parseKey(key);
    if (own?.kind !== 'upload') continue;
    const found = await store.fingerprint(key);
    if (found?.sha256 === own.sha256) continue;
    if (found) await store.remove(key);
    removed.add(key);
  }
  return removed;
}
