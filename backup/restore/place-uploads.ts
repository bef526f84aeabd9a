// Puts the files of the uploads where they belong. What GlitchTip has there and is the same stays; each other is whole before it has its name.
import { chmod, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, ifThere, isFull } from '../error-code.js';
import { ENCRYPTED } from '../core/layout.js';
import type { Fingerprint, Manifest } from '../core/manifest.js';
import { RestoreFailure } from '../core/restore-report.js';
import { fingerprintFile, isSame, sync } from '../storage/files.js';
import { bring, type Source } from './bring.js';

export interface PlaceInput {
  /** Of the volume. */
  readonly folder: string;
  readonly source: Source;
  readonly uploads: Manifest['uploads'];
}

/** On the same volume, so that a rename is enough; one that a kill left is written over. */
const SCRATCH = '.glitchkeeper-restore';
/** Of files and folders, which GlitchTip's own user makes: the volume's group reads and deletes them, too. */
const [FILE_MODE, FOLDER_MODE] = [0o664, 0o2775];

export async function placeUploads({ folder, source, uploads }: PlaceInput): Promise<{ readonly written: number; readonly kept: number }> {
  const scratch = join(folder, SCRATCH);
  let written = 0;
  for (const { path, ...stored } of uploads) {
    if (await isThere(folder, path, stored.content ?? stored.stored)) continue;
    try {
      await bring(source, stored, scratch);
      await chmod(scratch, FILE_MODE);
      await sync(scratch);
      await makeFolders(folder, dirname(path));
      await rename(scratch, join(folder, path));
    } catch (cause) {
      for (const left of [scratch, scratch + ENCRYPTED]) await rm(left, { force: true });
      throw told(cause, path);
    }
    written += 1;
  }
  return { written, kept: uploads.length - written };
}

async function isThere(folder: string, path: string, wanted: Fingerprint): Promise<boolean> {
  const place = join(folder, path);
  const found = await ifThere(() => lstat(place));
  return found?.isFile() === true && found.size === wanted.bytes && isSame(await fingerprintFile(place), wanted);
}

/** One after the other: a link among them would lead out of the volume. */
async function makeFolders(folder: string, path: string): Promise<void> {
  const parts = path === '.' ? [] : path.split('/');
  for (const [index] of parts.entries()) {
    const place = join(folder, ...parts.slice(0, index + 1));
    const found = await ifThere(() => lstat(place));
    if (found?.isDirectory()) continue;
    if (found) throw new RestoreFailure('uploads', 'StepFailed', `${parts.slice(0, index + 1).join('/')}: expected a folder, found something else`);
    await mkdir(place);
    await chmod(place, FOLDER_MODE);
  }
}

function told(cause: unknown, path: string): unknown {
  if (isFull(cause)) return new RestoreFailure('uploads', 'NoSpace', `the volume of the uploads: no room for ${path}`, { cause });
  const code = codeOf(cause);
  return code === undefined ? cause : new RestoreFailure('uploads', 'StepFailed', `${path}: ${code}`, { cause });
}
