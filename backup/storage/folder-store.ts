// Copies in a folder of a volume: not off the host, and not encrypted. For whoever has no bucket; a standing warning says what it is worth.
import { createReadStream } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Fingerprint } from '../core/manifest.js';
import { BackupFailure, type Failure } from '../core/report.js';
import { codeOf, ifThere, isFull } from '../error-code.js';
import type { CopyStore, StoredObject } from './copy-store.js';
import { LARGEST_TEXT } from './copy-store.js';
import { CHUNK, fingerprintFile, fingerprintOf, isSame, sync, writeFingerprinted } from './files.js';

/** What is being written; a name that no key has. */
const UNFINISHED = '.part';
/** A restore is another user's, of the group alone. */
const MODE = 0o640;

export class FolderStore implements CopyStore {
  readonly where = 'volume';

  constructor(private readonly folder: string) {}

  async list(): Promise<readonly StoredObject[]> {
    return told('list', async () => {
      await mkdir(this.folder, { recursive: true });
      const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      return Promise.all(files.map(async (file) => ({ key: relative(this.folder, file), bytes: (await stat(file)).size })));
    });
  }

  /** Under another name until every byte is on the disk. */
  async put(key: string, file: string, fingerprint: Fingerprint): Promise<void> {
    const there = await this.fingerprint(key);
    if (there !== undefined) {
      if (isSame(there, fingerprint)) return;
      throw new BackupFailure('store', 'StoreRefused', `${key} is there already, and is another`);
    }
    await told('store', async () => {
      const place = join(this.folder, key);
      await mkdir(dirname(place), { recursive: true });
      const scratch = `${place}${UNFINISHED}`;
      try {
        await copyFile(file, scratch);
        await chmod(scratch, MODE);
        await sync(scratch);
        const written = await fingerprintFile(scratch);
        if (!isSame(written, fingerprint)) throw new BackupFailure('store', 'DumpChanged', `${key} is not what was written to it`);
      } catch (cause) {
        // Half a file on a full volume is in the way of the next one.
        await rm(scratch, { force: true }).catch(() => undefined);
        throw cause;
      }
      await rename(scratch, place);
      await sync(dirname(place));
    });
  }

  async read(key: string): Promise<string | undefined> {
    return told('read', () => ifThere(async () => {
      const path = join(this.folder, key);
      if ((await stat(path)).size > LARGEST_TEXT) throw new BackupFailure('read', 'StoreRefused', `${key} is larger than 16 MiB`);
      return readFile(path, 'utf8');
    }));
  }

  async fingerprint(key: string): Promise<Fingerprint | undefined> {
    return told('read', () => ifThere(() => fingerprintOf(createReadStream(join(this.folder, key), { highWaterMark: CHUNK }))));
  }

  async fetch(key: string, file: string): Promise<Fingerprint | undefined> {
    const place = join(this.folder, key);
    return told('fetch', async () => {
      const there = await ifThere(() => stat(place));
      return there && writeFingerprinted(createReadStream(place, { highWaterMark: CHUNK }), file);
    });
  }

  async remove(key: string): Promise<void> {
    await told('retention', async () => {
      await rm(join(this.folder, key), { force: true });
      // The last file of a copy takes its folder with it.
      const left = await ifThere(() => readdir(join(this.folder, dirname(key))));
      if (left?.length === 0) await rm(join(this.folder, dirname(key)), { recursive: true });
    });
  }
}

async function told<T>(step: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof BackupFailure) throw error;
    throw new BackupFailure(step, reasonOf(error), `the volume: ${codeOf(error) ?? 'unknown error'}`, { cause: error });
  }
}

function reasonOf(error: unknown): Failure {
  return isFull(error) ? 'NoSpace' : 'StoreAway';
}
