// A file system in memory that fails at a chosen call, and then is what a kill -9 or a power cut leaves of it.
import { dirname } from 'node:path';
import type { SpoolFile, SpoolFiles } from '../../../../gateway/spool/files.js';

/** The process ends here: no call after it does anything. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** `before` the call does anything, in its `middle` (half of a write), or `after` it and before it returns. */
export type Cut = 'before' | 'middle' | 'after';

/**
 * What of what was written and not synced is there afterwards. `kill`: all of it, the kernel has it. `none`: what was synced.
 * `zeros`: the new length, and zeros. `half`: the first half of each file's new bytes.
 */
export type Aftermath = 'kill' | 'none' | 'zeros' | 'half';

interface Content {
  bytes: Buffer;
  synced: Buffer;
}

export interface Fault {
  /** Number of the call, from 0. */
  readonly at: number;
  readonly cut: Cut;
}

/** Contents by path; folders by path. Names that were not synced with their folder vanish in a power cut. */
export class FailingFiles implements SpoolFiles {
  readonly #files = new Map<string, Content>();
  readonly #syncedNames = new Map<string, Content>();
  readonly #folders = new Set<string>();
  #calls = 0;
  #dead = false;

  constructor(private readonly fault?: Fault, public room = Number.POSITIVE_INFINITY) {}

  get calls(): number {
    return this.#calls;
  }

  /** The disk as the next process finds it. */
  after(aftermath: Aftermath, fault?: Fault): FailingFiles {
    const next = new FailingFiles(fault);
    for (const folder of this.#folders) next.#folders.add(folder);
    for (const [path, { bytes, synced }] of aftermath === 'kill' ? this.#files : this.#syncedNames) {
      const left = remains(bytes, synced, aftermath);
      const content = { bytes: left, synced: left };
      next.#files.set(path, content);
      next.#syncedNames.set(path, content);
    }
    return next;
  }

  paths(): readonly string[] {
    return [...this.#files.keys()];
  }

  /** Changes a file behind everybody's back. */
  damage(path: string, change: (bytes: Buffer) => Buffer): void {
    const content = this.#content(path);
    content.bytes = change(Buffer.from(content.bytes));
  }

  contents(path: string): Buffer {
    return this.#content(path).bytes;
  }

  list(folder: string): readonly string[] {
    const inside = [...this.#files.keys(), ...this.#folders].filter((path) => path.startsWith(`${folder}/`));
    return [...new Set(inside.map((path) => path.slice(folder.length + 1).split('/')[0] ?? ''))];
  }

  createFolder(folder: string): void {
    this.#call(() => this.#folders.add(folder));
  }

  freeBytes(): number {
    return this.room - this.used;
  }

  removeFolder(folder: string): void {
    if (this.list(folder).length > 0) throw Object.assign(new Error('ENOTEMPTY'), { code: 'ENOTEMPTY' });
    this.#call(() => this.#folders.delete(folder));
  }

  open(path: string): SpoolFile {
    this.#call(() => {
      if (!this.#files.has(path)) this.#files.set(path, { bytes: Buffer.alloc(0), synced: Buffer.alloc(0) });
    });
    const content = this.#content(path);
    return {
      size: () => content.bytes.length,
      read: (offset, length) => Buffer.from(content.bytes.subarray(offset, offset + length)),
      write: (offset, buffers) => {
        const bytes = Buffer.concat(buffers);
        const fits = bytes.subarray(0, Math.max(0, this.freeBytes()));
        this.#call(() => put(content, offset, fits), () => put(content, offset, fits.subarray(0, fits.length >> 1)));
        if (fits.length < bytes.length) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      },
      sync: () => this.#call(() => (content.synced = content.bytes)),
      truncate: (size) => this.#call(() => (content.bytes = content.bytes.subarray(0, size))),
      close: () => undefined,
    };
  }

  openExisting(path: string): Pick<SpoolFile, 'size' | 'read' | 'close'> | undefined {
    const content = this.#files.get(path);
    return content && { size: () => content.bytes.length, read: (offset, length) => Buffer.from(content.bytes.subarray(offset, offset + length)), close: () => undefined };
  }

  remove(path: string): void {
    this.#call(() => this.#files.delete(path));
  }

  rename(from: string, to: string): void {
    const file = this.#files.get(from);
    if (file) {
      this.#call(() => {
        this.#files.delete(from);
        this.#files.set(to, file);
      });
      return;
    }
    this.#call(() => {
      for (const names of [this.#files, this.#syncedNames]) {
        for (const [path, content] of [...names]) {
          if (!path.startsWith(`${from}/`)) continue;
          names.delete(path);
          names.set(to + path.slice(from.length), content);
        }
      }
      this.#folders.delete(from);
      this.#folders.add(to);
    });
  }

  syncFolder(folder: string): void {
    this.#call(() => {
      for (const path of [...this.#syncedNames.keys()]) if (dirname(path) === folder && !this.#files.has(path)) this.#syncedNames.delete(path);
      for (const [path, content] of this.#files) if (dirname(path) === folder) this.#syncedNames.set(path, content);
    });
  }

  #call(whole: () => unknown, half: () => unknown = () => undefined): void {
    if (this.#dead) throw new Crash('the process is gone');
    const cut = this.#calls++ === this.fault?.at ? this.fault.cut : undefined;
    const parts: Readonly<Record<Cut, () => unknown>> = { before: () => undefined, middle: half, after: whole };
    parts[cut ?? 'after']();
    if (cut === undefined) return;
    this.#dead = true;
    throw new Crash(`cut ${cut} a call`);
  }

  #content(path: string): Content {
    const content = this.#files.get(path);
    if (!content) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
    return content;
  }

  /** Bytes of all files. */
  get used(): number {
    return [...this.#files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  }
}

function put(content: Content, offset: number, bytes: Buffer): void {
  content.bytes = Buffer.concat([content.bytes.subarray(0, offset), bytes, content.bytes.subarray(offset + bytes.length)]);
}

function remains(bytes: Buffer, synced: Buffer, aftermath: Aftermath): Buffer {
  const fresh = bytes.subarray(Math.min(synced.length, bytes.length));
  switch (aftermath) {
    case 'kill': return Buffer.from(bytes);
    case 'none': return Buffer.from(synced);
    case 'zeros': return Buffer.concat([synced, Buffer.alloc(fresh.length)]);
    case 'half': return Buffer.concat([synced, fresh.subarray(0, fresh.length >> 1)]);
  }
}
