/**
 * What became of the records of a segment: a file of entries beside it, appended to, one for each thing that happened.
 *
 * ```
 * entry = record u32  time u32  kind u8  destination u8  attempts u16  CRC of the 12 bytes before     (little endian, 16 bytes)
 * ```
 *
 * "sent" is durable before the record leaves, for a second copy must not follow the first blindly. "done" need not be: what was
 * forgotten of it is asked of Postgres again.
 */
import { crc32 } from 'node:zlib';
import { isDiskFull, type SpoolFile } from './files.js';

const ENTRY_BYTES = 16;
const KINDS = ['sent', 'unsent', 'done', 'unanswered', 'kept'] as const;
/**
 * `sent`: given to the destination, what came of it is open. `unsent`: it certainly did not arrive, it may be given again.
 * `done`: the destination has let it go. `unanswered`: it was given, and nothing came of it but an error or the end of the connection.
 * `kept`: it was seen stored, and is kept for the case that it is not where the destination goes back to (gateway/delivery/keep.ts).
 */
export type MarkKind = (typeof KINDS)[number];

export interface Mark {
  /** Number of the record in its segment, from 0. */
  readonly record: number;
  readonly kind: MarkKind;
  /** Unix time. Seconds. */
  readonly at: number;
  /** Number of the destination (destination-numbers.ts). */
  readonly destination: number;
  /** How many times it was sent, and may have arrived; of what is kept, the round. */
  readonly attempts: number;
}

export function encodeMark({ record, kind, at, destination, attempts }: Mark): Buffer {
  const entry = Buffer.allocUnsafe(ENTRY_BYTES);
  entry.writeUInt32LE(record, 0);
  entry.writeUInt32LE(at, 4);
  entry.writeUInt8(KINDS.indexOf(kind), 8);
  entry.writeUInt8(destination, 9);
  entry.writeUInt16LE(Math.min(attempts, 0xffff), 10);
  entry.writeUInt32LE(crc32(entry.subarray(0, 12)), 12);
  return entry;
}

/** Entries that prove themselves, in their order; a damaged one and what is cut off at the end are left out. */
export function decodeMarks(bytes: Buffer): Mark[] {
  const marks: Mark[] = [];
  for (let at = 0; at + ENTRY_BYTES <= bytes.length; at += ENTRY_BYTES) {
    const entry = bytes.subarray(at, at + ENTRY_BYTES);
    const kind = KINDS[entry.readUInt8(8)];
    if (kind === undefined || entry.readUInt32LE(12) !== crc32(entry.subarray(0, 12))) continue;
    marks.push({ record: entry.readUInt32LE(0), at: entry.readUInt32LE(4), kind, destination: entry.readUInt8(9), attempts: entry.readUInt16LE(10) });
  }
  return marks;
}

/** Appends entries to a file; what a crash left of half an entry is written over. */
export class MarksFile {
  #end: number;
  /** What a full disk had no room for. */
  #owed: readonly Mark[] = [];

  constructor(private readonly file: SpoolFile) {
    this.#end = file.size() - (file.size() % ENTRY_BYTES);
  }

  read(): Mark[] {
    return decodeMarks(this.file.read(0, this.#end));
  }

  /** @throws the system's error; none of these was written then */
  append(marks: readonly Mark[]): void {
    const all = [...this.#owed, ...marks];
    this.file.write(this.#end, all.map(encodeMark));
    this.#end += all.length * ENTRY_BYTES;
    this.#owed = [];
  }

  /**
   * Of what may be forgotten: what a full disk has no room for is written with what comes next. It must not wait for room itself, for it is
   * by "done" that segments go and there is room again.
   * @throws the system's error, but for a full disk
   */
  appendOrOwe(marks: readonly Mark[]): void {
    try {
      this.append(marks);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      this.#owed = [...this.#owed, ...marks];
    }
  }

  sync(): void {
    this.file.sync();
  }

  close(): void {
    this.file.close();
  }
}
