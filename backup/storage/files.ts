// Files as streams: their fingerprint, and a chunk of memory at a time.
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Transform, Writable, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Fingerprint } from '../core/manifest.js';

/** Of every stream: so many bytes are under way at once. That of age's own chunks. */
export const CHUNK = 65_536;

export class Fingerprinter {
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;

  add(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
  }

  end(): Fingerprint {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}

/** Lets everything by, and takes its fingerprint. */
export function passing(fingerprinter: Fingerprinter): Transform {
  return new Transform({
    highWaterMark: CHUNK,
    transform(chunk: Buffer, _, done) {
      fingerprinter.add(chunk);
      done(null, chunk);
    },
  });
}

/** Into a new file, or over what is there: readable to nobody else. */
export async function writeFingerprinted(source: Readable, path: string): Promise<Fingerprint> {
  const fingerprinter = new Fingerprinter();
  await pipeline(source, passing(fingerprinter), createWriteStream(path, { highWaterMark: CHUNK, mode: 0o600 }));
  return fingerprinter.end();
}

export async function fingerprintOf(source: Readable): Promise<Fingerprint> {
  const fingerprinter = new Fingerprinter();
  await pipeline(source, new Writable({
    highWaterMark: CHUNK,
    write(chunk: Buffer, _, done) {
      fingerprinter.add(chunk);
      done();
    },
  }));
  return fingerprinter.end();
}

export function fingerprintFile(path: string): Promise<Fingerprint> {
  return fingerprintOf(createReadStream(path, { highWaterMark: CHUNK }));
}

export function isSame(a: Fingerprint, b: Fingerprint): boolean {
  return a.bytes === b.bytes && a.sha256 === b.sha256;
}

/** Waits until it is on the disk. Folders, too. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync();
  await handle.close();
}
