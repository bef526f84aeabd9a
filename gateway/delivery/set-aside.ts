/**
 * What nobody can be given any more, each record a file that a person can look at and send again: a line of JSON (the record's header
 * and the reason), then the body as it was.
 */
import { join } from 'node:path';
import { decodeHeader, type RecordHeader } from '../core/record.js';
import type { SpoolFiles } from '../spool/files.js';
import type { BatchRecord } from './batch.js';

export interface SetAsideRecord extends BatchRecord {
  readonly why: string;
  /** When it was set aside. Milliseconds of Unix time. */
  readonly at: number;
}

const NAME = /^[0-9a-f]{32}\.record$/;
const HALF_DONE = '.new';

export class SetAside {
  constructor(private readonly files: SpoolFiles, private readonly folder: string, private readonly now: () => number) {
    files.createFolder(folder);
  }

  /** Durable when it returns. @throws the system's error */
  add({ header, body }: BatchRecord, why: string): void {
    const path = this.#pathOf(header.id);
    const file = this.files.open(`${path}${HALF_DONE}`);
    try {
      file.truncate(0);
      file.write(0, [Buffer.from(`${JSON.stringify({ why, at: this.now(), header })}\n`), body]);
      file.sync();
    } finally {
      file.close();
    }
    this.files.rename(`${path}${HALF_DONE}`, path);
    this.files.syncFolder(this.folder);
  }

  /** Ids, in no order. */
  ids(): readonly string[] {
    return this.files.list(this.folder).filter((name) => NAME.test(name)).map((name) => name.slice(0, 32));
  }

  /** Undefined for one that is not there, or is damaged. */
  read(id: string): SetAsideRecord | undefined {
    if (!this.ids().includes(id)) return undefined;
    const file = this.files.open(this.#pathOf(id));
    try {
      const bytes = file.read(0, file.size());
      const end = bytes.indexOf(0x0a);
      const { why, at, header } = JSON.parse(bytes.subarray(0, end).toString('utf8')) as { why: string; at: number; header: RecordHeader };
      const checked = decodeHeader(Buffer.from(JSON.stringify(header)));
      return checked && { why, at, header: checked, body: bytes.subarray(end + 1) };
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    } finally {
      file.close();
    }
  }

  remove(id: string): void {
    this.files.remove(this.#pathOf(id));
    this.files.syncFolder(this.folder);
  }

  #pathOf(id: string): string {
    return join(this.folder, `${id}.record`);
  }
}
