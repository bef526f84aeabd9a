// Bodies as they arrive: unpacked piece by piece, so that a small body that unpacks to gigabytes costs nothing.
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { ENCODINGS, type Encoding } from '../core/record.js';
import { createZstdDecompress, IS_ZSTD_KNOWN, isZstd, zstdDecompressSync } from '../../operator/runtime/zstd.js';

/** Unpacked, attachments included: what Sentry takes of an envelope. Bytes. */
export const LARGEST_UNPACKED = 100 * 2 ** 20;
/** A body of so little is unpacked in one call, if what comes out is not more than ONE_PIECE. Bytes. */
const SMALL = 64 * 1024;
const ONE_PIECE = 2 ** 20;

/** What a stream that nobody has begun to read is here: a request, or what looks over its shoulder (tapped-source.ts). */
export interface PieceSource {
  read(): Buffer | null;
  readonly readableEnded: boolean;
  readonly errored: Error | null;
  readonly destroyed: boolean;
  on(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
}

export type Unpacked = 'whole' | /** It is longer than what is taken. */ 'too large' | /** It is no such encoding, or cut off: GlitchTip takes what came before. */ 'broken';

/** What a request says of its body; an encoding that nobody knows is none, as GlitchTip has it. */
export function encodingOf(header: string | undefined): Encoding | undefined {
  return ENCODINGS.find((encoding) => encoding === header?.toLowerCase() && (encoding !== 'zstd' || IS_ZSTD_KNOWN));
}

/**
 * Hands the unpacked body on. Resolves when there is no more to come, or nobody wants it (`push` returned false).
 * @returns the body as it came, where it is small and GlitchTip reads the same out of it, so that it can be kept packed
 * @throws when the connection breaks
 */
export async function unpack(source: PieceSource, encoding: Encoding | undefined, push: (piece: Buffer) => boolean): Promise<{ readonly state: Unpacked; readonly original?: Buffer }> {
  const { head, isAll } = await readHead(source);
  if (encoding === undefined) return unpackPlain(source, { head, isAll }, push);
  // GlitchTip 5.2 takes what is called zstd as it is.
  if (encoding === 'zstd' && !isZstd(head)) return { state: (await unpackPlain(source, { head, isAll }, push)).state };
  if (isAll) {
    const unpacked = unpackAtOnce(head, encoding) ?? (encoding === 'gzip' ? unpackFirstMember(head) : undefined);
    if (unpacked) {
      push(unpacked.piece);
      return { state: 'whole', original: unpacked.isPlain ? head : undefined };
    }
  }
  return { state: await unpackStream(piecesOf(source, head, isAll), unpackerFor(encoding, head), push) };
}

async function readHead(source: PieceSource): Promise<{ readonly head: Buffer; readonly isAll: boolean }> {
  const pieces: Buffer[] = [];
  let size = 0;
  for (let piece = await nextPiece(source); piece; piece = await nextPiece(source)) {
    pieces.push(piece);
    size += piece.length;
    if (size > SMALL) return { head: Buffer.concat(pieces), isAll: false };
  }
  return { head: pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces), isAll: true };
}

/** Undefined at the end. */
export async function nextPiece(source: PieceSource): Promise<Buffer | undefined> {
  for (;;) {
    const piece = source.read();
    if (piece) return piece;
    if (source.readableEnded) return undefined;
    if (source.errored) throw source.errored;
    if (source.destroyed) throw Object.assign(new Error('the client went away'), { code: 'ECONNRESET' });
    await new Promise<void>((resolve) => {
      const go = () => {
        for (const event of EVENTS) source.off(event, go);
        resolve();
      };
      for (const event of EVENTS) source.on(event, go);
    });
  }
}

const EVENTS = ['readable', 'end', 'error', 'close'] as const;

async function unpackPlain(source: PieceSource, { head, isAll }: { readonly head: Buffer; readonly isAll: boolean }, push: (piece: Buffer) => boolean): Promise<{ readonly state: Unpacked; readonly original?: Buffer }> {
  let size = head.length;
  let isWanted = push(head);
  if (isAll) return { state: 'whole', original: head };
  for (let piece = await nextPiece(source); piece && isWanted; piece = await nextPiece(source)) {
    size += piece.length;
    if (size > LARGEST_UNPACKED) return { state: 'too large' };
    isWanted = push(piece);
  }
  return { state: 'whole' };
}

/**
 * Of what was taken once, and so is known to unpack to a bounded size.
 * @param most bytes that may come out
 * @throws the library's error for what is damaged, or unpacks to more
 */
export function unpackWhole(body: Buffer, encoding: Encoding | undefined, most = LARGEST_UNPACKED): Buffer {
  return encoding === undefined ? body : decoderOf(encoding, body)(body, { maxOutputLength: most });
}

interface Unpacking {
  readonly piece: Buffer;
  /** Nothing is wrong with it, and nothing is behind it. */
  readonly isPlain: boolean;
}

/** Undefined when it is not what it says, or unpacks to more than a piece: the slow way finds out which. */
function unpackAtOnce(body: Buffer, encoding: Encoding): Unpacking | undefined {
  try {
    const { buffer, engine } = decoderOf(encoding, body)(body, { maxOutputLength: ONE_PIECE, info: true }) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
    const isOneMember = encoding !== 'gzip' || body.readUInt32LE(body.length - 4) === buffer.length;
    // GlitchTip 5.2 knows no zstd.
    return { piece: buffer, isPlain: encoding !== 'zstd' && engine.bytesWritten === body.length && isOneMember };
  } catch {
    return undefined;
  }
}

/**
 * GlitchTip takes the first member of gzip, whatever is behind it; Node.js refuses all of it for that. A checksum that is wrong is no
 * reason to lose an event that can be read. Undefined for what cannot be.
 */
function unpackFirstMember(body: Buffer): Unpacking | undefined {
  if (!body.subarray(0, GZIP.start.length).equals(GZIP.start)) return undefined;
  try {
    return { piece: zlib.inflateRawSync(body.subarray(GZIP.header), { maxOutputLength: ONE_PIECE }), isPlain: false };
  } catch {
    return undefined;
  }
}

/** A header without a name and other fields (RFC 1952, 2.3), as SDKs write it. */
const GZIP = { start: Buffer.from([0x1f, 0x8b, 8, 0]), header: 10 };

function decoderOf(encoding: Encoding, body: Buffer): (body: Buffer, options: { readonly maxOutputLength: number; readonly info?: boolean }) => Buffer {
  switch (encoding) {
    case 'gzip': return zlib.gunzipSync;
    case 'deflate': return isRawDeflate(body) ? zlib.inflateRawSync : zlib.inflateSync;
    case 'br': return zlib.brotliDecompressSync;
    case 'zstd': return zstdDecompressSync;
  }
}

async function* piecesOf(source: PieceSource, head: Buffer, isAll: boolean): AsyncGenerator<Buffer> {
  yield head;
  if (isAll) return;
  for (let piece = await nextPiece(source); piece; piece = await nextPiece(source)) yield piece;
}

/** What unpacks a body in pieces. It fails on what is damaged, and does not bound what comes out. */
export function unpackerFor(encoding: Encoding, head: Buffer): Transform {
  switch (encoding) {
    case 'gzip': return zlib.createGunzip();
    case 'deflate': return isRawDeflate(head) ? zlib.createInflateRaw() : zlib.createInflate();
    case 'br': return zlib.createBrotliDecompress();
    case 'zstd': return createZstdDecompress();
  }
}

/** Clients mean either by "deflate"; a zlib header is a multiple of 31 and names method 8 (RFC 1950). */
function isRawDeflate(body: Buffer): boolean {
  return body.length < 2 || (body.readUInt8(0) & 0x0f) !== 8 || body.readUInt16BE(0) % 31 !== 0;
}

async function unpackStream(pieces: AsyncGenerator<Buffer>, unpacker: Transform, push: (piece: Buffer) => boolean): Promise<Unpacked> {
  const outcome: { state: Unpacked; size: number } = { state: 'whole', size: 0 };
  unpacker.on('data', (piece: Buffer) => {
    outcome.size += piece.length;
    if (outcome.size > LARGEST_UNPACKED) outcome.state = 'too large';
    if (outcome.state !== 'whole' || !push(piece)) unpacker.destroy();
  });
  const over = new Promise<void>((resolve) => {
    for (const event of ['end', 'close'] as const) unpacker.once(event, resolve);
    unpacker.once('error', () => {
      outcome.state = 'broken';
      resolve();
    });
  });
  for await (const piece of pieces) {
    if (unpacker.destroyed) break;
    if (!unpacker.write(piece)) await Promise.race([new Promise((resolve) => unpacker.once('drain', resolve)), over]);
  }
  if (!unpacker.destroyed) unpacker.end();
  await over;
  return outcome.state;
}
