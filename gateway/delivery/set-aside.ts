/**
 * What nobody can be given any more, each record a file that a person can look at and send again: a line of JSON (the record's header
 * and the reason), then the body as it was. What could not be read in the spool is such a file without a header. One folder for all gateways of the volume. It is bounded: beyond that the oldest go, for a
 * client whose events GlitchTip refuses must not fill the disk for the others.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readJson } from '../../operator/core/json-text.js';
import { decodeHeader, type RecordHeader } from '../core/record.js';
import { readWhole, writeWhole, type SpoolFiles } from '../spool/files.js';
import type { BatchRecord } from './batch.js';

/** What is known of a record without its body. */
export interface SetAsideHead {
  readonly header: RecordHeader;
  readonly why: string;
  /** When it was set aside. Milliseconds of Unix time. */
  readonly at: number;
  /** How often it was given to GlitchTip. */
  readonly attempts: number;
}

/** What can be looked at, and only dropped. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly why: string;
  /** When it was set aside. Milliseconds of Unix time; absent: nothing of its file can be understood. */
  readonly at?: number;
}

/** How much is kept at most. */
export interface SetAsideBounds {
  readonly records: number;
  readonly bytes: number;
}

/** What is left when the oldest go: so that the folder is not looked through for each one that comes. */
const LEFT = 0.9;
const NAME = /^([0-9a-f]{32})\.record$/;
/** Read at first to find the end of the line, and at most. Bytes. */
const HEAD = { usual: 4_096, longest: 128 * 1024 };

export class SetAside {
  /** As far as this process knows: another one, and a person, change it too. */
  readonly #held: { records: number; bytes: number };
  #dropped = 0;

  constructor(private readonly files: SpoolFiles, private readonly folder: string, private readonly now: () => number, private readonly most: SetAsideBounds) {
    files.createFolder(folder);
    this.#held = totalOf(this.ids().map((id) => ({ bytes: this.#sizeOf(id) })));
  }

  /** How many went, since this process began, because there was no more room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Durable when it returns. @throws the system's error */
  add({ header, body }: BatchRecord, { why, attempts }: { readonly why: string; readonly attempts: number }): void {
    const head = Buffer.from(`${JSON.stringify({ why, at: this.now(), attempts, header })}\n`);
    this.#write(header.id, head, body);
  }

  /** Durable when it returns; the same bytes are there once, however often they are found. @throws the system's error */
  addUnreadable(bytes: Buffer, why: string): void {
    const id = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    if (this.files.list(this.folder).includes(`${id}.record`)) return;
    this.#write(id, Buffer.from(`${JSON.stringify({ why, at: this.now(), unreadable: true })}\n`), bytes);
  }

  #write(id: string, head: Buffer, body: Buffer): void {
    writeWhole(this.files, this.#pathOf(id), [head, body]);
    this.#held.records += 1;
    this.#held.bytes += head.length + body.length;
    if (isWithin(this.#held, this.most)) return;
    this.#dropOldest();
  }

  /** Ids, in no order. */
  ids(): readonly string[] {
    return this.files.list(this.folder).flatMap((name) => NAME.exec(name)?.[1] ?? []);
  }

  /** Undefined: it is not there. @throws the system's error */
  head(id: string): SetAsideHead | Unreadable | undefined {
    const file = this.files.openExisting(this.#pathOf(id));
    if (!file) return undefined;
    try {
      const usual = file.read(0, HEAD.usual);
      return decodeHead(usual.includes(0x0a) ? usual : file.read(0, HEAD.longest));
    } finally {
      file.close();
    }
  }

  /** As `head`, with the body. @throws the system's error */
  read(id: string): (SetAsideHead & BatchRecord) | Unreadable | undefined {
    const bytes = readWhole(this.files, this.#pathOf(id));
    if (!bytes) return undefined;
    const head = decodeHead(bytes);
    return isUnreadable(head) ? head : { ...head, body: bytes.subarray(bytes.indexOf(0x0a) + 1) };
  }

  /** Durable when it returns. @throws the system's error */
  remove(id: string): void {
    this.files.remove(this.#pathOf(id));
    this.files.syncFolder(this.folder);
  }

  /** One whose file is damaged is as good as the oldest. */
  #dropOldest(): void {
    const all = this.ids().map((id) => ({ id, bytes: this.#sizeOf(id), at: this.#momentOf(id) })).sort((a, b) => a.at - b.at);
    const held = totalOf(all);
    if (!isWithin(held, this.most)) {
      for (const { id, bytes } of all) {
        if (isWithin(held, { records: this.most.records * LEFT, bytes: this.most.bytes * LEFT })) break;
        this.files.remove(this.#pathOf(id));
        held.records -= 1;
        held.bytes -= bytes;
        this.#dropped += 1;
      }
      this.files.syncFolder(this.folder);
    }
    Object.assign(this.#held, held);
  }

  #momentOf(id: string): number {
    const head = this.head(id);
    return head?.at ?? Number.NEGATIVE_INFINITY;
  }

  #sizeOf(id: string): number {
    const file = this.files.openExisting(this.#pathOf(id));
    if (!file) return 0;
    try {
      return file.size();
    } finally {
      file.close();
    }
  }

  #pathOf(id: string): string {
    return join(this.folder, `${id}.record`);
  }
}

function totalOf(records: readonly { readonly bytes: number }[]): { records: number; bytes: number } {
  return { records: records.length, bytes: records.reduce((sum, { bytes }) => sum + bytes, 0) };
}

function isWithin(held: SetAsideBounds, most: SetAsideBounds): boolean {
  return held.records <= most.records && held.bytes <= most.bytes;
}

export function isUnreadable(head: SetAsideHead | Unreadable): head is Unreadable {
  return 'kind' in head;
}

function decodeHead(bytes: Buffer): SetAsideHead | Unreadable {
  const end = bytes.indexOf(0x0a);
  const { why, at, attempts, header, unreadable } = (end === -1 ? undefined : readJson(bytes.subarray(0, end).toString('utf8')) as HeadLine | null | undefined) ?? {};
  if (typeof why !== 'string' || typeof at !== 'number') return { kind: 'unreadable', why: 'its file is damaged' };
  if (unreadable === true) return { kind: 'unreadable', why, at };
  const checked = decodeHeader(Buffer.from(JSON.stringify(header ?? null)));
  return checked && typeof attempts === 'number' ? { why, at, attempts, header: checked } : { kind: 'unreadable', why: 'its file is damaged' };
}

type HeadLine = Partial<Record<keyof SetAsideHead | 'unreadable', unknown>>;
