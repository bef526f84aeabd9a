/**
 * What nobody can be given any more, each record a file that a person can look at and send again: a line of JSON (the record's header
 * and the reason), then the body as it was. One folder for all gateways of the volume. It is bounded: beyond that the oldest go, for a
 * client whose events GlitchTip refuses must not fill the disk for the others.
 */
import { join } from 'node:path';
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
    writeWhole(this.files, this.#pathOf(header.id), [head, body]);
    this.#held.records += 1;
    this.#held.bytes += head.length + body.length;
    if (isWithin(this.#held, this.most)) return;
    this.#dropOldest();
  }

  /** Ids, in no order. */
  ids(): readonly string[] {
    return this.files.list(this.folder).flatMap((name) => NAME.exec(name)?.[1] ?? []);
  }

  /** 'damaged': its file is there and cannot be understood. Undefined: it is not there. @throws the system's error */
  head(id: string): SetAsideHead | 'damaged' | undefined {
    const file = this.files.openExisting(this.#pathOf(id));
    if (!file) return undefined;
    try {
      const usual = file.read(0, HEAD.usual);
      return decodeHead(usual.includes(0x0a) ? usual : file.read(0, HEAD.longest)) ?? 'damaged';
    } finally {
      file.close();
    }
  }

  /** As `head`, with the body. @throws the system's error */
  read(id: string): (SetAsideHead & BatchRecord) | 'damaged' | undefined {
    const bytes = readWhole(this.files, this.#pathOf(id));
    if (!bytes) return undefined;
    const head = decodeHead(bytes);
    return head ? { ...head, body: bytes.subarray(bytes.indexOf(0x0a) + 1) } : 'damaged';
  }

  /** Durable when it returns. @throws the system's error */
  remove(id: string): void {
    this.files.remove(this.#pathOf(id));
    this.files.syncFolder(this.folder);
  }

  /** One that is damaged is as good as the oldest. */
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
    return head === undefined || head === 'damaged' ? Number.NEGATIVE_INFINITY : head.at;
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

function decodeHead(bytes: Buffer): SetAsideHead | undefined {
  const end = bytes.indexOf(0x0a);
  if (end === -1) return undefined;
  try {
    const { why, at, attempts, header } = JSON.parse(bytes.subarray(0, end).toString('utf8')) as Partial<Record<keyof SetAsideHead, unknown>>;
    const checked = decodeHeader(Buffer.from(JSON.stringify(header ?? null)));
    return checked && typeof why === 'string' && typeof at === 'number' && typeof attempts === 'number' ? { why, at, attempts, header: checked } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
