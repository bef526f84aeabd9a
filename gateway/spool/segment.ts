// One segment: a folder with a file of records and a file of marks. It is written by one process and read by the same.
import { join } from 'node:path';
import { DestinationRecords, type OpenMark } from './destination-records.js';
import type { SpoolFile, SpoolFiles } from './files.js';
import { MarksFile, type Mark } from './marks.js';
import { afterDamage, decodePrefix, isWhole, PREFIX_BYTES } from './segment-format.js';

const RECORDS = 'records';
const MARKS = 'marks';
/** Read at once while a segment is scanned. Bytes. */
const SCAN_WINDOW = 2 ** 20;

/** Where a record lies. */
export interface Place {
  readonly segment: number;
  /** Its number in the segment, from 0. */
  readonly record: number;
  readonly offset: number;
  readonly headerBytes: number;
  readonly bodyBytes: number;
}

/** Where reading goes on. */
export interface Cursor {
  readonly record: number;
  readonly offset: number;
}

export type ReadResult =
  | { readonly kind: 'record'; readonly place: Place; readonly header: Buffer; readonly next: Cursor }
  /** A record, or what may have been several: `bytes` from `offset` on cannot be read. */
  | { readonly kind: 'damaged'; readonly offset: number; readonly bytes: number; readonly next: Cursor }
  | { readonly kind: 'end' };

export class Segment {
  readonly #records: SpoolFile;
  readonly #marks: MarksFile;
  readonly #destinations: ReadonlyMap<number, DestinationRecords>;
  readonly #everyone: readonly DestinationRecords[];
  #keptBytes = 0;
  #keptAt = 0;
  #end = 0;
  #count = 0;
  #liveBytes = 0;

  private constructor(private readonly files: SpoolFiles, readonly folder: string, readonly number: number, destinations: readonly number[]) {
    this.#records = files.open(join(folder, RECORDS));
    this.#marks = new MarksFile(files.open(join(folder, MARKS)));
    this.#destinations = new Map(destinations.map((destination) => [destination, new DestinationRecords()]));
    this.#everyone = [...this.#destinations.values()];
  }

  static create(files: SpoolFiles, folder: string, number: number, destinations: readonly number[]): Segment {
    files.createFolder(folder);
    const segment = new Segment(files, folder, number, destinations);
    files.syncFolder(folder);
    return segment;
  }

  /**
   * Opens one that is there and cuts off what was never completely written.
   * @param onDamage bytes that cannot be read, once for each place
   */
  static open(files: SpoolFiles, folder: string, number: number, { destinations, onDamage }: { readonly destinations: readonly number[]; readonly onDamage: (offset: number, bytes: number) => void }): Segment {
    const segment = new Segment(files, folder, number, destinations);
    segment.#recover(onDamage);
    return segment;
  }

  /** Bytes of its records. */
  get end(): number {
    return this.#end;
  }

  /** Records that a destination has neither let go nor keeps. */
  left(destination: number): number {
    return this.#destinations.get(destination)?.left(this.#count) ?? this.#count;
  }

  /** Bytes of records that not every destination has let go. */
  get liveBytes(): number {
    return this.#liveBytes;
  }

  /** Of those, of records that no destination waits for. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** When the last of what it keeps was seen stored. Seconds of Unix time. */
  get keptAt(): number {
    return this.#keptAt;
  }

  get isDone(): boolean {
    return this.#liveBytes === 0;
  }

  isRecordDone(record: number, destination: number): boolean {
    return this.#destinations.get(destination)?.done.has(record) ?? true;
  }

  /** In which round it was kept; 0: it is not. */
  roundOf(record: number, destination: number): number {
    return this.#destinations.get(destination)?.kept.of(record) ?? 0;
  }

  /** Numbers of what a destination keeps, of the rounds that are wanted. */
  keptRecords(destination: number, isWanted: (round: number) => boolean): readonly number[] {
    return this.#destinations.get(destination)?.kept.records(isWanted) ?? [];
  }

  /** What the marks say of records that were sent and not let go; by the number of the record. */
  sent(destination: number): ReadonlyMap<number, OpenMark> {
    return this.#destinations.get(destination)?.sent ?? new Map<number, OpenMark>();
  }

  /** @throws the system's error; nothing of these records counts then, and what was written of them is cut off */
  append(records: readonly (readonly [prefix: Buffer, header: Buffer, body: Buffer])[]): Place[] {
    const start = this.#end;
    try {
      this.#records.write(start, records.flat());
      this.#records.sync();
    } catch (error) {
      this.#cutOff(start);
      throw error;
    }
    return records.map(([, header, body]) => {
      const place = { segment: this.number, record: this.#count, offset: this.#end, headerBytes: header.length, bodyBytes: body.length };
      this.#end += sizeOf(place);
      this.#liveBytes += sizeOf(place);
      this.#count += 1;
      return place;
    });
  }

  /** What comes next; never more than what was appended. */
  read({ record, offset }: Cursor): ReadResult {
    if (offset >= this.#end) return { kind: 'end' };
    const prefix = decodePrefix(this.#records.read(offset, PREFIX_BYTES));
    if (!prefix) return this.#behindDamage({ record, offset });
    const place = { segment: this.number, record, offset, headerBytes: prefix.headerBytes, bodyBytes: prefix.bodyBytes };
    const next = { record: record + 1, offset: offset + sizeOf(place) };
    const header = this.#records.read(offset + PREFIX_BYTES, prefix.headerBytes);
    return isWhole(header, prefix.headerCrc) ? { kind: 'record', place, header, next } : { kind: 'damaged', offset, bytes: sizeOf(place), next };
  }

  /** Undefined when it is damaged. */
  body({ offset, headerBytes, bodyBytes }: Place): Buffer | undefined {
    const prefix = decodePrefix(this.#records.read(offset, PREFIX_BYTES));
    const body = this.#records.read(offset + PREFIX_BYTES + headerBytes, bodyBytes);
    return prefix && body.length === bodyBytes && isWhole(body, prefix.bodyCrc) ? body : undefined;
  }

  /** @param places of the records that the marks are of, for their sizes */
  mark(marks: readonly Mark[], places: ReadonlyMap<number, Place>): void {
    this.#marks.append(marks);
    for (const mark of marks) this.#apply(mark, places.get(mark.record));
  }

  /** @returns how many. @throws the system's error */
  letGoOfKept(destination: number, isWanted: (round: number) => boolean): number {
    const records = this.keptRecords(destination, isWanted);
    if (records.length === 0) return 0;
    const sizes = [...this.#steps()].map(({ bytes }) => bytes);
    const marks = records.map((record): Mark => ({ record, kind: 'done', at: 0, destination, attempts: 0 }));
    for (const mark of marks) this.#apply(mark, this.#placeOf(mark.record, sizes[mark.record] ?? PREFIX_BYTES));
    // A segment that is done with it is deleted whole.
    if (!this.isDone) this.#marks.append(marks);
    return records.length;
  }

  syncMarks(): void {
    this.#marks.sync();
  }

  /** A damaged record waits for nobody any more. @returns false when that was known */
  skip(record: number, bytes: number): boolean {
    if (this.#isKept(record)) this.#keptBytes -= bytes;
    const wasLive = this.#everyone.map((each) => each.skip(record)).includes(true);
    if (wasLive) this.#liveBytes -= bytes;
    return wasLive;
  }

  close(): void {
    this.#records.close();
    this.#marks.close();
  }

  delete(): void {
    this.close();
    // Records first: a folder with marks alone is an end that was not finished, and is removed at the next start.
    this.files.remove(join(this.folder, RECORDS));
    this.files.remove(join(this.folder, MARKS));
    this.files.removeFolder(this.folder);
  }

  #recover(onDamage: (offset: number, bytes: number) => void): void {
    const sizes = this.#scan(onDamage);
    for (const mark of this.#marks.read()) {
      const size = sizes[mark.record];
      // A mark of a record that is not there: its record was cut off.
      if (size !== undefined) this.#apply(mark, this.#placeOf(mark.record, size));
    }
  }

  /** As far as its size goes. */
  #placeOf(record: number, size: number): Place {
    return { segment: this.number, record, offset: 0, headerBytes: 0, bodyBytes: size - PREFIX_BYTES };
  }

  /** Counts what is there. @returns the size of each record, by its number */
  #scan(onDamage: (offset: number, bytes: number) => void): number[] {
    const sizes: number[] = [];
    const size = this.#records.size();
    this.#end = size;
    let end = 0;
    for (const { isDamaged, record, offset, bytes } of this.#steps()) {
      sizes.push(bytes);
      this.#liveBytes += bytes;
      end = offset + bytes;
      if (!isDamaged) continue;
      onDamage(offset, bytes);
      this.skip(record, bytes);
    }
    this.#count = sizes.length;
    this.#end = end;
    if (size > end) this.#cutOff(end);
    return sizes;
  }

  /** From front to back: each record, and what cannot be read. */
  *#steps(): Generator<Cursor & { readonly bytes: number; readonly isDamaged: boolean }> {
    const window = new ScanWindow(this.#records);
    let cursor: Cursor = { record: 0, offset: 0 };
    for (let step = this.#step(window, cursor); step.kind !== 'end'; step = this.#step(window, cursor)) {
      yield { ...cursor, bytes: step.next.offset - cursor.offset, isDamaged: step.kind === 'damaged' };
      cursor = step.next;
    }
  }

  /** What a scan finds at the cursor; headers and bodies are looked at when they are read. */
  #step(window: ScanWindow, cursor: Cursor): Pick<Extract<ReadResult, { kind: 'record' | 'damaged' }>, 'kind' | 'next'> | { readonly kind: 'end' } {
    if (cursor.offset >= this.#end) return { kind: 'end' };
    const prefix = decodePrefix(window.read(cursor.offset, PREFIX_BYTES));
    if (!prefix) return this.#behindDamage(cursor);
    const offset = cursor.offset + sizeOf(prefix);
    // It reaches behind the end of the file: it was never answered.
    return offset > this.#end ? { kind: 'end' } : { kind: 'record', next: { record: cursor.record + 1, offset } };
  }

  #behindDamage({ record, offset }: Cursor): Extract<ReadResult, { kind: 'damaged' | 'end' }> {
    const after = afterDamage(this.#records.read(offset, this.#end - offset));
    if (after === 'end') return { kind: 'end' };
    const bytes = after === 'damaged' ? this.#end - offset : after;
    return { kind: 'damaged', offset, bytes, next: { record: record + 1, offset: offset + bytes } };
  }

  #cutOff(end: number): void {
    this.#records.truncate(end);
    this.#records.sync();
  }

  #apply(mark: Mark, place: Place | undefined): void {
    const { record, destination, kind, at } = mark;
    const own = this.#destinations.get(destination);
    if (!own) return;
    const wasKept = this.#isKept(record);
    const isLetGo = own.note(mark);
    if (kind === 'kept') this.#keptAt = Math.max(this.#keptAt, at);
    if (!place) return;
    if (isLetGo && this.#everyone.every(({ done }) => done.has(record))) this.#liveBytes -= sizeOf(place);
    this.#keptBytes += (Number(this.#isKept(record)) - Number(wasKept)) * sizeOf(place);
  }

  /** Live, and no destination waits for it. */
  #isKept(record: number): boolean {
    return this.#everyone.some(({ done }) => !done.has(record)) && this.#everyone.every(({ done, kept }) => done.has(record) || kept.of(record) > 0);
  }
}

export function sizeOf({ headerBytes, bodyBytes }: Pick<Place, 'headerBytes' | 'bodyBytes'>): number {
  return PREFIX_BYTES + headerBytes + bodyBytes;
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
