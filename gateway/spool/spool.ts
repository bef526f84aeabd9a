/**
 * The spool: what was answered 200 and is not let go yet. It survives kill -9 and a power cut at any instant.
 *
 * One folder a gateway (ownership.ts), in it a folder a segment, numbered upwards and never used again. Appends that arrive while
 * a write is under way are written and synced together. Writes are synchronous: the thread pool's own scheduling made the slowest
 * of 1,000 a second ten times slower (docs/decisions/0004-spool.md).
 */
import { join } from 'node:path';
import { setOf } from './destination-set.js';
import type { SpoolFiles } from './files.js';
import type { DroppedRecord, Lead } from './followers.js';
import type { MarkKind } from './marks.js';
import { sizeOf, type Cursor, type Place } from './place.js';
import type { ReadResult } from './records-file.js';
import { Room } from './room.js';
import { encodeRecord } from './segment-format.js';
import { Segment, type NewRecord } from './segment.js';

/** A new segment is begun when the newest holds so much. Bytes. */
const SEGMENT_BYTES = 8 * 2 ** 20;
const SEGMENT_NAME = /^\d{8}$/;

export interface SpoolOptions {
  readonly files: SpoolFiles;
  readonly folder: string;
  /** Live bytes that are kept at most. */
  readonly maxBytes: number;
  /** Bytes of its disk that it leaves free: for marks, without which nothing is given and let go, and for whoever shares the disk. @default 0 */
  readonly leavesBytes?: number;
  /** Numbers of the destinations that records have to be let go by. The first one leads, until another is said to. */
  readonly destinations: readonly number[];
  /** Runs the next write, after what has arrived meanwhile was taken in: setImmediate. */
  readonly defer: (write: () => void) => void;
  /** Bytes that cannot be read. */
  readonly onDamage: (damage: Damage) => void;
  /** What only a destination that follows waited for, and that went. */
  readonly onDrop?: (record: DroppedRecord) => void;
  /** @default 8 MiB */
  readonly segmentBytes?: number;
}

export interface Damage {
  readonly segment: number;
  readonly offset: number;
  readonly bytes: number;
  /** What lies there, the first so many bytes of it: its segment may be gone afterwards. */
  readonly content: (most: number) => Buffer;
}

/** It holds as much as it may, or as its disk has room for. */
export class SpoolFullError extends Error {
  override readonly name = 'SpoolFullError';

  constructor(readonly why: 'spool full' | 'disk full', message: string) {
    super(message);
  }
}

/** A place in the whole spool at which reading goes on. */
export interface SpoolCursor extends Cursor {
  readonly segment: number;
}

export type SpoolRead =
  | { readonly kind: 'record'; readonly place: Place; readonly header: Buffer; readonly next: SpoolCursor }
  | { readonly kind: 'damaged'; readonly next: SpoolCursor }
  | { readonly kind: 'end' };

/** What to write down of a record. `at` in seconds of Unix time. */
export interface PlaceMark {
  readonly place: Place;
  readonly kind: MarkKind;
  readonly destination: number;
  readonly at: number;
  readonly attempts: number;
}

/** A record to be taken in. */
export interface Appended {
  readonly header: Buffer;
  readonly body: Buffer;
  /** Who is given it. @default all destinations */
  readonly destinations?: readonly number[];
}

interface Waiting {
  readonly record: NewRecord;
  readonly resolve: (place: Place) => void;
  readonly reject: (error: unknown) => void;
}

export class Spool {
  readonly #segments = new Map<number, Segment>();
  #newest: Segment | undefined;
  #last = 0;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  readonly #room: Room;

  private constructor(private readonly options: SpoolOptions) {
    this.#room = new Room({ ...options, segments: () => this.#segments.values(), deleteIfDone: (segment) => this.#deleteIfDone(segment) });
  }

  /** Opens what is there, or makes it. @throws the system's error */
  static open(options: SpoolOptions): Spool {
    const spool = new Spool(options);
    options.files.createFolder(options.folder);
    for (const name of segmentNames(options.files, options.folder)) spool.#take(Number(name));
    return spool;
  }

  /** Bytes that the destination that leads waits for, with those that are about to be written. */
  get liveBytes(): number {
    return this.#waitingBytes + this.#room.leadersBytes;
  }

  /** Bytes that only destinations that follow wait for: their share at most, and as long as the one that leads does not need their room. */
  get followersBytes(): number {
    return this.#room.followersBytes;
  }

  /** Bytes that none waits for, and that are kept as long as nothing else needs their room. */
  get keptBytes(): number {
    return this.#room.keptBytes;
  }

  /** Records that were kept and went for what came, since it was opened. */
  get keptDropped(): number {
    return this.#room.keptDropped;
  }

  /** Bytes of all segments, the done records in them included. */
  get diskBytes(): number {
    return [...this.#segments.values()].reduce((sum, { end }) => sum + end, 0);
  }

  get segments(): readonly Segment[] {
    return [...this.#segments.values()];
  }

  /** Who leads from now on. @throws the system's error */
  lead(lead: Lead): void {
    this.#room.lead = lead;
    this.#room.keepWithin(this.options.maxBytes - this.liveBytes);
  }

  /**
   * Resolves when the record survives a power cut. What is kept makes room for it, then what only followers wait for, the oldest first.
   * @throws SpoolFullError when it has no room, the system's error when it could not be written: it is not in the spool then
   */
  async append(header: Buffer, body: Buffer, destinations?: readonly number[]): Promise<Place> {
    const [place] = await this.appendAll([{ header, body, ...(destinations ? { destinations } : {}) }]);
    return place as Place;
  }

  /** As append(), of several: all of them, or none. */
  appendAll(records: readonly Appended[]): Promise<readonly Place[]> {
    const bytes = records.reduce((sum, { header, body }) => sum + sizeOf({ headerBytes: header.length, bodyBytes: body.length }), 0);
    const encoded = records.map(({ header, body, destinations }): NewRecord => {
      const set = setOf(destinations ?? this.options.destinations);
      return { encoded: encodeRecord(header, body, set), destinations: set };
    });
    const room = this.options.maxBytes - this.liveBytes - bytes;
    if (room < 0) return Promise.reject(new SpoolFullError('spool full', `the spool holds ${this.liveBytes} of ${this.options.maxBytes} bytes`));
    if (this.#isDiskFull(this.#waitingBytes + bytes)) return Promise.reject(new SpoolFullError('disk full', `the disk of the spool has less than ${this.options.leavesBytes} bytes left`));
    this.#room.keepWithin(room);
    if (this.#waiting.length === 0 && encoded.length > 0) this.options.defer(() => this.#write());
    this.#waitingBytes += bytes;
    return Promise.all(encoded.map((record) => new Promise<Place>((resolve, reject) => this.#waiting.push({ record, resolve, reject }))));
  }

  /** The first record. */
  get start(): SpoolCursor {
    return { segment: Math.min(...this.#segments.keys(), this.#last), record: 0, offset: 0 };
  }

  /** What lies at the cursor, or in the next segment that holds something. */
  read(cursor: SpoolCursor): SpoolRead {
    for (let at = cursor; at.segment <= this.#last; at = { segment: at.segment + 1, record: 0, offset: 0 }) {
      const found: ReadResult = this.#segments.get(at.segment)?.read(at) ?? { kind: 'end' };
      if (found.kind === 'end') continue;
      const next = { segment: at.segment, ...found.next };
      if (found.kind === 'record') return { ...found, next };
      this.#skip(at.segment, at.record, found);
      return { kind: 'damaged', next };
    }
    return { kind: 'end' };
  }

  /** Undefined when it is damaged, which is reported, or gone. */
  body(place: Place): Buffer | undefined {
    const segment = this.#segments.get(place.segment);
    const body = segment?.body(place);
    if (segment && !body) this.#skip(place.segment, place.record, { offset: place.offset, bytes: sizeOf(place) });
    return body;
  }

  isDone({ segment, record }: Pick<Place, 'segment' | 'record'>, destination: number): boolean {
    return this.#segments.get(segment)?.isRecordDone(record, destination) ?? true;
  }

  /** In which round it was kept; 0: it is not. */
  roundOf({ segment, record }: Pick<Place, 'segment' | 'record'>, destination: number): number {
    return this.#segments.get(segment)?.roundOf(record, destination) ?? 0;
  }

  /** Whether a destination has neither let it go nor keeps it. */
  isAwaited(place: Pick<Place, 'segment' | 'record'>, destination: number): boolean {
    return !this.isDone(place, destination) && this.roundOf(place, destination) === 0;
  }

  /** Of the rounds that are wanted. @throws the system's error */
  letGoOfKept(destination: number, isWanted: (round: number) => boolean): void {
    this.#room.forgetDropped();
    for (const segment of this.#segments.values()) {
      segment.letGoOfKept(destination, isWanted);
      this.#deleteIfDone(segment);
    }
  }

  /** All that a destination waits for. @throws the system's error */
  letGoOf(destination: number): void {
    for (const segment of this.#segments.values()) {
      if (segment.left(destination) === 0) continue;
      segment.letGo(destination, [...segment.steps()].map(({ record }) => record).filter((record) => !segment.isRecordDone(record, destination)));
      this.#deleteIfDone(segment);
    }
  }

  /**
   * @param durable whether it returns only when they survive a power cut; those that need not count also while the disk is full
   * @throws the system's error
   */
  mark(marks: readonly PlaceMark[], durable: boolean): void {
    const numbers = new Set(marks.map(({ place }) => place.segment));
    for (const number of numbers) {
      const own = marks.filter(({ place }) => place.segment === number);
      const segment = this.#segments.get(number);
      const sizes = new Map(own.map(({ place }) => [place.record, sizeOf(place)]));
      const [entries, sizeOfRecord] = [own.map(({ place, ...mark }) => ({ ...mark, record: place.record })), (record: number) => sizes.get(record)];
      if (durable) segment?.markDurably(entries, sizeOfRecord);
      else segment?.mark(entries, sizeOfRecord);
      this.#deleteIfDone(segment);
    }
  }

  /** Takes over the segments of a gateway that is gone. @returns how many */
  adopt(folder: string): number {
    const { files } = this.options;
    const names = segmentNames(files, folder);
    for (const name of names) {
      const number = this.#last + 1;
      files.rename(join(folder, name), this.#folderOf(number));
      files.syncFolder(this.options.folder);
      this.#take(number);
      // Whoever has read that far comes back to no segment before it: what is appended from now on has to lie behind it.
      this.#newest = undefined;
    }
    return names.length;
  }

  close(): void {
    for (const segment of this.#segments.values()) segment.close();
    this.#segments.clear();
  }

  /** @param bytes that are to be written */
  #isDiskFull(bytes: number): boolean {
    const { files, folder, leavesBytes = 0 } = this.options;
    return leavesBytes > 0 && files.freeBytes(folder) < leavesBytes + bytes;
  }

  #write(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    try {
      const places = this.#segmentToWrite().append(waiting.map(({ record }) => record));
      for (const [index, { resolve }] of waiting.entries()) resolve(places[index] as Place);
    } catch (error) {
      // After a failed sync the kernel may call pages clean that it never wrote: nothing more goes into this segment.
      this.#newest = undefined;
      for (const { reject } of waiting) reject(error);
    }
  }

  #segmentToWrite(): Segment {
    if (this.#newest && this.#newest.end < (this.options.segmentBytes ?? SEGMENT_BYTES)) return this.#newest;
    const number = this.#last + 1;
    this.#newest = Segment.create(this.options.files, this.#folderOf(number), number, this.options.destinations);
    this.#last = number;
    this.#segments.set(number, this.#newest);
    for (const segment of this.#segments.values()) this.#deleteIfDone(segment);
    return this.#newest;
  }

  #take(number: number): void {
    const { files, destinations, onDamage } = this.options;
    const segment = Segment.open(files, this.#folderOf(number), number, { destinations, onDamage: (...where) => onDamage(damageOf(...where)) });
    this.#last = Math.max(this.#last, number);
    if (segment.isDone) segment.delete();
    else this.#segments.set(number, segment);
  }

  #skip(number: number, record: number, { offset, bytes }: { readonly offset: number; readonly bytes: number }): void {
    const segment = this.#segments.get(number);
    if (segment?.skip(record, bytes)) this.options.onDamage(damageOf(segment, offset, bytes));
    this.#deleteIfDone(segment);
  }

  #deleteIfDone(segment: Segment | undefined): void {
    if (!segment?.isDone || segment === this.#newest) return;
    this.#segments.delete(segment.number);
    segment.delete();
  }

  #folderOf(number: number): string {
    return join(this.options.folder, String(number).padStart(8, '0'));
  }
}

function damageOf(segment: Segment, offset: number, bytes: number): Damage {
  return { segment: segment.number, offset, bytes, content: (most) => segment.bytesAt(offset, Math.min(most, bytes)) };
}

function segmentNames(files: SpoolFiles, folder: string): readonly string[] {
  return files.list(folder).filter((name) => SEGMENT_NAME.test(name)).sort();
}
