// The file of a segment's records: appended to, read anywhere, and scanned once when it is opened.
import type { DestinationSet } from './destination-set.js';
import type { SpoolFile } from './files.js';
import { sizeOf, type Cursor, type Place } from './place.js';
import { afterDamage, decodePrefix, isWhole, PREFIX_BYTES, type EncodedRecord } from './segment-format.js';

/** Read at once while a segment is scanned. Bytes. */
const SCAN_WINDOW = 2 ** 20;

export type ReadResult =
  | { readonly kind: 'record'; readonly place: Place; readonly header: Buffer; readonly next: Cursor }
  /** A record, or what may have been several: `bytes` from `offset` on cannot be read. */
  | { readonly kind: 'damaged'; readonly offset: number; readonly bytes: number; readonly next: Cursor }
  | { readonly kind: 'end' };

/** What a scan finds at a cursor; headers and bodies are looked at when they are read. */
export interface Scanned extends Cursor {
  readonly bytes: number;
  /** Undefined: it cannot be read. */
  readonly destinations: DestinationSet | undefined;
}

type Step = { readonly kind: 'record'; readonly destinations: DestinationSet; readonly next: Cursor } | Extract<ReadResult, { kind: 'damaged' | 'end' }>;

export class RecordsFile {
  #end = 0;
  #count = 0;

  /** @param segment its number */
  constructor(private readonly file: SpoolFile, private readonly segment: number) {}

  /** Bytes of its records. */
  get end(): number {
    return this.#end;
  }

  get count(): number {
    return this.#count;
  }

  /** What an earlier process left; what was never completely written is cut off. */
  scan(): readonly Scanned[] {
    const size = this.file.size();
    this.#end = size;
    const found = [...this.steps()];
    const last = found.at(-1);
    this.#count = found.length;
    this.#end = last ? last.offset + last.bytes : 0;
    if (size > this.#end) this.#cutOff(this.#end);
    return found;
  }

  /** From front to back: each record, and what cannot be read. */
  *steps(): Generator<Scanned> {
    const window = new ScanWindow(this.file);
    let cursor: Cursor = { record: 0, offset: 0 };
    for (let step = this.#step(window, cursor); step.kind !== 'end'; step = this.#step(window, cursor)) {
      yield { ...cursor, bytes: step.next.offset - cursor.offset, destinations: step.kind === 'record' ? step.destinations : undefined };
      cursor = step.next;
    }
  }

  /** @throws the system's error; nothing of these records counts then, and what was written of them is cut off */
  append(records: readonly EncodedRecord[]): Place[] {
    const start = this.#end;
    try {
      this.file.write(start, records.flat());
      this.file.sync();
    } catch (error) {
      this.#cutOff(start);
      throw error;
    }
    return records.map(([, header, body]) => {
      const place = { segment: this.segment, record: this.#count, offset: this.#end, headerBytes: header.length, bodyBytes: body.length };
      this.#end += sizeOf(place);
      this.#count += 1;
      return place;
    });
  }

  /** What comes next; never more than what was appended. */
  read({ record, offset }: Cursor): ReadResult {
    if (offset >= this.#end) return { kind: 'end' };
    const prefix = decodePrefix(this.file.read(offset, PREFIX_BYTES));
    if (!prefix) return this.#behindDamage({ record, offset });
    const place = { segment: this.segment, record, offset, headerBytes: prefix.headerBytes, bodyBytes: prefix.bodyBytes };
    const next = { record: record + 1, offset: offset + sizeOf(place) };
    const header = this.file.read(offset + PREFIX_BYTES, prefix.headerBytes);
    return isWhole(header, prefix.headerCrc) ? { kind: 'record', place, header, next } : { kind: 'damaged', offset, bytes: sizeOf(place), next };
  }

  /** Undefined when it is damaged. */
  body({ offset, headerBytes, bodyBytes }: Place): Buffer | undefined {
    const prefix = decodePrefix(this.file.read(offset, PREFIX_BYTES));
    const body = this.file.read(offset + PREFIX_BYTES + headerBytes, bodyBytes);
    return prefix && body.length === bodyBytes && isWhole(body, prefix.bodyCrc) ? body : undefined;
  }

  /** As they are: for a person, where they cannot be read as records. */
  bytes(offset: number, length: number): Buffer {
    return this.file.read(offset, length);
  }

  close(): void {
    this.file.close();
  }

  #step(window: ScanWindow, cursor: Cursor): Step {
    if (cursor.offset >= this.#end) return { kind: 'end' };
    const prefix = decodePrefix(window.read(cursor.offset, PREFIX_BYTES));
    if (!prefix) return this.#behindDamage(cursor);
    const offset = cursor.offset + sizeOf(prefix);
    // It reaches behind the end of the file: it was never answered.
    return offset > this.#end ? { kind: 'end' } : { kind: 'record', destinations: prefix.destinations, next: { record: cursor.record + 1, offset } };
  }

  #behindDamage({ record, offset }: Cursor): Extract<ReadResult, { kind: 'damaged' | 'end' }> {
    const after = afterDamage(this.file.read(offset, this.#end - offset));
    if (after === 'end') return { kind: 'end' };
    const bytes = after === 'damaged' ? this.#end - offset : after;
    return { kind: 'damaged', offset, bytes, next: { record: record + 1, offset: offset + bytes } };
  }

  #cutOff(end: number): void {
    this.file.truncate(end);
    this.file.sync();
  }
}

/** Reads a file from front to back in large steps, for whoever asks for small ones. */
class ScanWindow {
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(private readonly file: SpoolFile) {}

  read(offset: number, length: number): Buffer {
    if (offset < this.#start || offset + length > this.#start + this.#bytes.length) {
      this.#bytes = this.file.read(offset, Math.max(SCAN_WINDOW, length));
      this.#start = offset;
    }
    return this.#bytes.subarray(offset - this.#start, offset - this.#start + length);
  }
}
