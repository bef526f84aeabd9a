/**
 * The format of a segment: a file of records that is appended to and never changed.
 *
 * ```
 * record = prefix header body
 * prefix = "GKR" set of destinations  header bytes  body bytes  CRC of header  CRC of body  CRC of the 20 bytes before     (u32, little endian)
 * header = JSON: what the delivery has to know without reading the body (gateway/core/record.ts)
 * body   = the request's body as it came, or as it was rewritten
 * set    = who is given it (destination-set.ts), a decimal digit: "GKR1" is for GlitchTip, "GKR3" for the old Sentry of a move, too
 * ```
 *
 * What holds, whatever happens to the machine:
 * 1. A record was answered 200 only after fdatasync returned for all of its bytes. One that reaches behind the end of the file was not.
 * 2. The lengths have a CRC of their own. Where they are whole the next record is found behind a damaged one; where they are not,
 *    the next prefix that proves itself is searched for. Either way damage costs the records that it touches and no other.
 * 3. Zeros up to the end of the file are what a power cut leaves of a write that was not synced: the end, and no damage.
 */
import { crc32 } from 'node:zlib';
import { MOST_DESTINATIONS, type DestinationSet } from './destination-set.js';

const MAGIC = Buffer.from('GKR', 'latin1');
const ZERO = '0'.charCodeAt(0);
export const PREFIX_BYTES = 24;
/** More than any header of ours; a length above it is damage. Bytes. */
const LARGEST_HEADER = 65_536;
/** More than any body that is taken; a length above it is damage. Bytes. */
const LARGEST_BODY = 16 * 2 ** 20;

export interface Prefix {
  readonly destinations: DestinationSet;
  readonly headerBytes: number;
  readonly bodyBytes: number;
  readonly headerCrc: number;
  readonly bodyCrc: number;
}

/** Buffers to be written one behind the other. */
export type EncodedRecord = readonly [prefix: Buffer, header: Buffer, body: Buffer];

/** @throws RangeError for a header or a body that is larger than the format takes, and for a record that is for nobody */
export function encodeRecord(header: Buffer, body: Buffer, destinations: DestinationSet): EncodedRecord {
  if (header.length > LARGEST_HEADER) throw new RangeError(`expected a header of at most ${LARGEST_HEADER} bytes, found ${header.length}`);
  if (body.length > LARGEST_BODY) throw new RangeError(`expected a body of at most ${LARGEST_BODY} bytes, found ${body.length}`);
  if (!isSet(destinations)) throw new RangeError(`expected a set of destinations from 1 to ${(1 << MOST_DESTINATIONS) - 1}, found ${destinations}`);
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  MAGIC.copy(prefix);
  prefix.writeUInt8(ZERO + destinations, MAGIC.length);
  for (const [place, value] of [header.length, body.length, crc32(header), crc32(body)].entries()) prefix.writeUInt32LE(value, 4 + 4 * place);
  prefix.writeUInt32LE(crc32(prefix.subarray(0, PREFIX_BYTES - 4)), PREFIX_BYTES - 4);
  return [prefix, header, body];
}

/** What a prefix says, if it proves itself. */
export function decodePrefix(bytes: Buffer): Prefix | undefined {
  if (bytes.length < PREFIX_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (bytes.readUInt32LE(PREFIX_BYTES - 4) !== crc32(bytes.subarray(0, PREFIX_BYTES - 4))) return undefined;
  const prefix = { destinations: bytes.readUInt8(MAGIC.length) - ZERO, headerBytes: bytes.readUInt32LE(4), bodyBytes: bytes.readUInt32LE(8), headerCrc: bytes.readUInt32LE(12), bodyCrc: bytes.readUInt32LE(16) };
  return isSet(prefix.destinations) && prefix.headerBytes <= LARGEST_HEADER && prefix.bodyBytes <= LARGEST_BODY ? prefix : undefined;
}

function isSet(destinations: DestinationSet): boolean {
  return destinations >= 1 && destinations < 1 << MOST_DESTINATIONS;
}

export function isWhole(bytes: Buffer, crc: number): boolean {
  return crc32(bytes) === crc;
}

/**
 * Where reading goes on when there is no prefix at the start of `rest`, in bytes from there: at the next prefix that proves itself.
 * 'end': nothing was completely written from here on. 'damaged': what is here was written, and nothing can be read up to the end.
 */
export function afterDamage(rest: Buffer): number | 'end' | 'damaged' {
  if (rest.every((byte) => byte === 0)) return 'end';
  for (let at = rest.indexOf(MAGIC, 1); at !== -1; at = rest.indexOf(MAGIC, at + 1)) {
    if (decodePrefix(rest.subarray(at, at + PREFIX_BYTES))) return at;
  }
  // The end of the file cut a prefix off: a record that was never answered.
  return rest.length < PREFIX_BYTES ? 'end' : 'damaged';
}
