// The files of the uploads: each is stored once for all copies, and the manifest of each copy lists all that it needs.
import { readdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Encrypt } from './encryption.js';
import { ifThere } from './error-code.js';
import { uploadKey } from './core/layout.js';
import type { Fingerprint, Manifest } from './core/manifest.js';
import type { CopyStore } from './storage/copy-store.js';
import { fingerprintFile } from './storage/files.js';

export type Upload = Manifest['uploads'][number];

export interface UploadsInput {
  /** Folder of the volume. */
  readonly folder: string;
  /** For what is encrypted and not yet stored. */
  readonly work: string;
  readonly store: CopyStore;
  readonly encrypt: Encrypt | undefined;
  /** Of the copy before. */
  readonly previous: readonly Upload[];
  /** What the store has. */
  readonly keys: ReadonlySet<string>;
}

/**
 * Copied after the database: GlitchTip writes a file before the row that names it, and never changes one, so every file of a row
 * in the dump is whole by now. One that goes meanwhile is of no row of the dump either, or is missing in the original as well.
 */
export async function storeUploads(input: UploadsInput): Promise<Upload[]> {
  const known = new Map(input.previous.filter(({ key }) => input.keys.has(key)).map((upload) => [sourceOf(upload), upload]));
  const uploads: Upload[] = [];
  for (const path of await filesBelow(input.folder)) {
    const fingerprint = await ifThere(() => fingerprintFile(join(input.folder, path)));
    if (fingerprint === undefined) continue;
    const before = known.get(`${fingerprint.sha256}:${input.encrypt ? 'encrypted' : 'plain'}`);
    const stored = before ?? (await ifThere(() => storeOne(input, path, fingerprint)));
    if (stored === undefined) continue;
    known.set(sourceOf(stored), stored);
    uploads.push({ ...stored, path });
  }
  return uploads;
}

/** By content: the same file at two paths is stored once. */
function sourceOf({ stored, content }: Upload): string {
  return content === undefined ? `${stored.sha256}:plain` : `${content.sha256}:encrypted`;
}

async function storeOne({ folder, work, store, encrypt }: UploadsInput, path: string, fingerprint: Fingerprint): Promise<Upload> {
  const source = join(folder, path);
  if (!encrypt) {
    const key = uploadKey(fingerprint.sha256);
    await store.put(key, source, fingerprint);
    return { path, key, stored: fingerprint };
  }
  const scratch = join(work, 'upload.age');
  const { content, stored } = await encrypt(source, scratch);
  const key = uploadKey(stored.sha256);
  await store.put(key, scratch, stored);
  await rm(scratch);
  return { path, key, stored, content };
}

/** Sorted paths. None where there is no folder: uploads may be in a bucket of their own. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = (await ifThere(() => readdir(folder, { recursive: true, withFileTypes: true }))) ?? [];
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
}
