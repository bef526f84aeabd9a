// The file system as the spool uses it: few calls, all synchronous, so that a test can cut each of them in two.
import { closeSync, constants, fdatasyncSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readdirSync, readSync, renameSync, rmdirSync, rmSync, statfsSync, writevSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';

/** An open file that is read anywhere and written at its end. */
export interface SpoolFile {
  size(): number;
  /** Fewer bytes than asked for only where the file ends. */
  read(offset: number, length: number): Buffer;
  /** Writes them behind one another from `offset` on. @throws the system's error, such as ENOSPC; a part may have been written */
  write(offset: number, buffers: readonly Buffer[]): void;
  /** Returns when what was written survives a power cut. */
  sync(): void;
  truncate(size: number): void;
  close(): void;
}

/** Every call throws the system's error. */
export interface SpoolFiles {
  /** Names in a folder; none when it does not exist, or is no folder. */
  list(folder: string): readonly string[];
  /** With the folders above it; durable when it returns. */
  createFolder(folder: string): void;
  /** Bytes that its file system has room for, for whoever is not root. */
  freeBytes(folder: string): number;
  /** An empty one. */
  removeFolder(folder: string): void;
  /** Made when it is not there. */
  open(path: string): SpoolFile;
  /** To be read; undefined when it is not there. */
  openExisting(path: string): Pick<SpoolFile, 'size' | 'read' | 'close'> | undefined;
  /** Nothing happens when it is not there. */
  remove(path: string): void;
  rename(from: string, to: string): void;
  /** Returns when names that were made, changed or removed in it survive a power cut. */
  syncFolder(folder: string): void;
}

/** Events hold what people typed: only the gateway's own user may read them. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

class OpenFile implements SpoolFile {
  constructor(private readonly descriptor: number) {}

  size(): number {
    return fstatSync(this.descriptor).size;
  }

  read(offset: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const count = readSync(this.descriptor, buffer, done, length - done, offset + done);
      if (count === 0) break;
      done += count;
    }
    return buffer.subarray(0, done);
  }

  write(offset: number, buffers: readonly Buffer[]): void {
    let rest = buffers;
    let at = offset;
    while (rest.length > 0) {
      const written = writevSync(this.descriptor, rest, at);
      at += written;
      rest = without(rest, written);
    }
  }

  sync(): void {
    fdatasyncSync(this.descriptor);
  }

  truncate(size: number): void {
    ftruncateSync(this.descriptor, size);
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** What is left of buffers of which the first bytes were written: a full disk and a signal end a write early. */
function without(buffers: readonly Buffer[], written: number): readonly Buffer[] {
  let count = written;
  for (const [index, buffer] of buffers.entries()) {
    if (count < buffer.length) return [buffer.subarray(count), ...buffers.slice(index + 1)];
    count -= buffer.length;
  }
  return [];
}

export const realFiles: SpoolFiles = {
  list: (folder) => unlessAbsent(() => readdirSync(folder)) ?? [],
  createFolder: (folder) => {
    mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    syncFolder(dirname(folder));
  },
  freeBytes: (folder) => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  },
  removeFolder: (folder) => rmdirSync(folder),
  open: (path) => new OpenFile(openSync(path, constants.O_RDWR | constants.O_CREAT, FILE_MODE)),
  openExisting: (path) => {
    const descriptor = unlessAbsent(() => openSync(path, constants.O_RDONLY));
    return descriptor === undefined ? undefined : new OpenFile(descriptor);
  },
  remove: (path) => rmSync(path, { force: true }),
  rename: (from, to) => renameSync(from, to),
  syncFolder,
};

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Undefined when there is nothing of that name, or something else than what was asked for. */
function unlessAbsent<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Also of a quota. */
export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** What is not whole yet; nobody reads it. A name of each pod's own: two gateways of one volume may write the same file at once. */
const HALF_DONE = `.${hostname()}.new`;

/**
 * Replaces a file: whoever reads it, also after a power cut at any moment, finds what was there before or all of this. Durable when it
 * returns. @throws the system's error; the file is as it was then
 */
export function writeWhole(files: Pick<SpoolFiles, 'open' | 'rename' | 'syncFolder'>, path: string, buffers: readonly Buffer[]): void {
  const file = files.open(`${path}${HALF_DONE}`);
  try {
    file.truncate(0);
    file.write(0, buffers);
    file.sync();
  } finally {
    file.close();
  }
  files.rename(`${path}${HALF_DONE}`, path);
  files.syncFolder(dirname(path));
}

/** Undefined when it is not there. @throws the system's error */
export function readWhole(files: Pick<SpoolFiles, 'openExisting'>, path: string): Buffer | undefined {
  const file = files.openExisting(path);
  if (!file) return undefined;
  try {
    return file.read(0, file.size());
  } finally {
    file.close();
  }
}
