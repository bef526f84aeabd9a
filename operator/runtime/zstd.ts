// Zstandard: Node.js has it from 22.15 on, as the image of operator and gateway does; the types of Node.js 20, on which the CLI still runs, have not.
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';

interface Zstandard {
  readonly createZstdDecompress?: () => Transform;
  readonly zstdDecompressSync?: (body: Buffer, options: { readonly maxOutputLength: number }) => Buffer;
}

const zstandard = zlib as Zstandard;

/** Without it, zstd is an encoding like any other that nobody knows. */
export const IS_ZSTD_KNOWN = zstandard.createZstdDecompress !== undefined;

/** RFC 8878, 3.1.1. */
export function isZstd(body: Buffer): boolean {
  return body.length >= 4 && body.readUInt32LE(0) === 0xfd2fb528;
}

/** @throws RangeError on a Node.js without it */
export function zstdDecompressSync(body: Buffer, options: { readonly maxOutputLength: number }): Buffer {
  if (!zstandard.zstdDecompressSync) throw new RangeError('expected Node.js 22.15 or newer');
  return zstandard.zstdDecompressSync(body, options);
}

/** @throws RangeError on a Node.js without it */
export function createZstdDecompress(): Transform {
  if (!zstandard.createZstdDecompress) throw new RangeError('expected Node.js 22.15 or newer');
  return zstandard.createZstdDecompress();
}
