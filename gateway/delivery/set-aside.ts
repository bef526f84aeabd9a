/**
 * What nobody can be given any more, each record a file that a person can look at and send again: a line of JSON (the record's header
 * and the reason), then the body as it was. One folder for all gateways of the volume.
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

const NAME = /^([0-9a-f]{32})\.record$/;
/** Read at first to find the end of the line, and at most. Bytes. */
const HEAD = { usual: 4_096, longest: 128 * 1024 };

export class SetAside {
  constructor(private readonly files: SpoolFiles, private readonly folder: string, private readonly now: () => number) {
    files.createFolder(folder);
  }

  /** Durable when it returns. @throws the system's error */
  add({ header, body }: BatchRecord, { why, attempts }: { readonly why: string; readonly attempts: number }): void {
    writeWhole(this.files, this.#pathOf(header.id), [Buffer.from(`${JSON.stringify({ why, at: this.now(), attempts, header })}\n`), body]);
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

  #pathOf(id: string): string {
    return join(this.folder, `${id}.record`);
  }
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
