// One segment: a folder with a file of records and a file of marks. It is written by one process and read by the same.
import { join } from 'node:path';
import { DestinationRecords, type OpenMark } from './destination-records.js';
import { has, type DestinationSet } from './destination-set.js';
import type { SpoolFiles } from './files.js';
import { MarksFile, type Mark } from './marks.js';
import { sizeOf, type Cursor, type Place } from './place.js';
import { RecordsFile, type ReadResult, type Scanned } from './records-file.js';
import type { EncodedRecord } from './segment-format.js';
import { WaitingBytes, type WaitedFor } from './waiting-bytes.js';

const RECORDS = 'records';
const MARKS = 'marks';

/** A record to be appended, and who is given it. */
export interface NewRecord {
  readonly encoded: EncodedRecord;
  readonly destinations: DestinationSet;
}

export class Segment {
  readonly #records: RecordsFile;
  readonly #marks: MarksFile;
  readonly #destinations: ReadonlyMap<number, DestinationRecords>;
  readonly #bytes = new WaitingBytes();
  #keptAt = 0;

  private constructor(private readonly files: SpoolFiles, readonly folder: string, readonly number: number, destinations: readonly number[]) {
    this.#records = new RecordsFile(files.open(join(folder, RECORDS)), number);
    this.#marks = new MarksFile(files.open(join(folder, MARKS)));
    this.#destinations = new Map(destinations.map((destination) => [destination, new DestinationRecords()]));
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
  static open(files: SpoolFiles, folder: string, number: number, { destinations, onDamage }: { readonly destinations: readonly number[]; readonly onDamage: (segment: Segment, offset: number, bytes: number) => void }): Segment {
    const segment = new Segment(files, folder, number, destinations);
    segment.#recover(onDamage);
    return segment;
  }

  /** Bytes of its records. */
  get end(): number {
    return this.#records.end;
  }

  /** Bytes of records that not every destination has let go, by who waits for them. */
  get bytes(): Pick<WaitingBytes, 'live' | 'kept' | 'of' | 'onlyOf'> {
    return this.#bytes;
  }

  /** Records that a destination has neither let go nor keeps. */
  left(destination: number): number {
    return this.#destinations.get(destination)?.left(this.#records.count) ?? this.#records.count;
  }

  /** When the last of what it keeps was seen stored. Seconds of Unix time. */
  get keptAt(): number {
    return this.#keptAt;
  }

  get isDone(): boolean {
    return this.#bytes.live === 0;
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

  /** Who waits for a record. */
  waitedFor(record: number): WaitedFor {
    let [waiting, isGone]: [DestinationSet, boolean] = [0, true];
    for (const [destination, { done, kept }] of this.#destinations) {
      if (done.has(record)) continue;
      isGone = false;
      if (kept.of(record) === 0) waiting |= 1 << destination;
    }
    return isGone ? 'gone' : waiting;
  }

  /** @throws the system's error; nothing of these records counts then, and what was written of them is cut off */
  append(records: readonly NewRecord[]): Place[] {
    const places = this.#records.append(records.map(({ encoded }) => encoded));
    for (const [index, { destinations }] of records.entries()) {
      const place = places[index];
      if (place) this.#begin(place.record, sizeOf(place), destinations);
    }
    return places;
  }

  /** What comes next; never more than what was appended. */
  read(cursor: Cursor): ReadResult {
    return this.#records.read(cursor);
  }

  /** From front to back: each record, and what cannot be read. */
  steps(): Generator<Scanned> {
    return this.#records.steps();
  }

  /** As they are, whether they can be read or not. */
  bytesAt(offset: number, length: number): Buffer {
    return this.#records.bytes(offset, length);
  }

  /** Undefined when it is damaged. */
  body(place: Place): Buffer | undefined {
    return this.#records.body(place);
  }

  /** Those that have to survive a power cut. @param sizeOfRecord of the whole record, by its number. @throws the system's error; none of them counts then */
  markDurably(marks: readonly Mark[], sizeOfRecord: (record: number) => number | undefined): void {
    this.#marks.append(marks);
    for (const mark of marks) this.#apply(mark, sizeOfRecord(mark.record));
    this.#marks.sync();
  }

  /** Those that may be forgotten: they count also while the disk has no room for them. @param sizeOfRecord as above. @throws the system's error, but for a full disk */
  mark(marks: readonly Mark[], sizeOfRecord: (record: number) => number | undefined): void {
    this.#marks.appendOrOwe(marks);
    for (const mark of marks) this.#apply(mark, sizeOfRecord(mark.record));
  }

  /** @returns how many. @throws the system's error */
  letGoOfKept(destination: number, isWanted: (round: number) => boolean): number {
    const records = this.keptRecords(destination, isWanted);
    if (records.length > 0) this.letGo(destination, records);
    return records.length;
  }

  /** A destination's word of many records at once. A segment that is done with it is about to be deleted whole. @throws the system's error */
  letGo(destination: number, records: readonly number[]): void {
    const sizes = [...this.steps()].map(({ bytes }) => bytes);
    const marks = records.map((record): Mark => ({ record, kind: 'done', at: 0, destination, attempts: 0 }));
    for (const mark of marks) this.#apply(mark, sizes[mark.record]);
    if (!this.isDone) this.#marks.appendOrOwe(marks);
  }

  /** A damaged record waits for nobody any more. @returns false when that was known */
  skip(record: number, bytes: number): boolean {
    const before = this.waitedFor(record);
    const wasLive = [...this.#destinations.values()].map((each) => each.skip(record)).includes(true);
    this.#bytes.move(bytes, before, 'gone');
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

  #recover(onDamage: (segment: Segment, offset: number, bytes: number) => void): void {
    const found = this.#records.scan();
    for (const { record, offset, bytes, destinations } of found) {
      this.#begin(record, bytes, destinations ?? 0);
      if (destinations === undefined) onDamage(this, offset, bytes);
    }
    // A mark of a record that is not there: its record was cut off.
    for (const mark of this.#marks.read()) if (mark.record < found.length) this.#apply(mark, found[mark.record]?.bytes);
  }

  /** Whoever is not given it has let it go from the beginning. */
  #begin(record: number, bytes: number, destinations: DestinationSet): void {
    for (const [destination, own] of this.#destinations) if (!has(destinations, destination)) own.skip(record);
    this.#bytes.move(bytes, 'gone', this.waitedFor(record));
  }

  #apply(mark: Mark, bytes: number | undefined): void {
    const { record, destination, kind, at } = mark;
    const own = this.#destinations.get(destination);
    if (!own) return;
    const before = this.waitedFor(record);
    own.note(mark);
    if (kind === 'kept') this.#keptAt = Math.max(this.#keptAt, at);
    this.#bytes.move(bytes ?? 0, before, this.waitedFor(record));
  }
}
