// The table of projects and keys, kept up to date: read from Postgres every few seconds, and at once on a miss, but not for each miss.
import { afterRead, decodeKeys, encodeKeys, judgeKey, type KeyRead, type KeyTable, type KeyVerdict } from '../core/project-keys.js';

export interface KeyLookupPorts {
  /** @throws when Postgres cannot be asked */
  readonly read: () => Promise<KeyRead>;
  /** What was kept on the volume; undefined: nothing. */
  readonly load: () => string | undefined;
  /** @throws the system's error */
  readonly keep: (text: string) => void;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
}

/** Between two reads that misses ask for: whoever sends wrong keys costs no more than this. Milliseconds. */
const AT_ONCE_EVERY = 1_000;

export class KeyLookup {
  #table: KeyTable | undefined;
  #kept: string | undefined;
  #reading: Promise<void> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly ports: KeyLookupPorts) {
    this.#kept = ports.load();
    this.#table = this.#kept === undefined ? undefined : decodeKeys(this.#kept);
  }

  /** How many pairs are known; undefined: none were ever read. */
  get size(): number | undefined {
    return this.#table?.pairs.size;
  }

  async judge(project: number, key: string): Promise<KeyVerdict> {
    const verdict = judgeKey(this.#table, project, key, this.ports.now());
    if (verdict === 'known') return verdict;
    if (verdict === 'unchecked' || this.ports.now() - this.#readAt >= AT_ONCE_EVERY) await this.refresh().catch(() => undefined);
    return judgeKey(this.#table, project, key, this.ports.now());
  }

  /** One read at a time: who comes meanwhile waits for it. @throws when Postgres cannot be asked, or the volume not written */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #read(): Promise<void> {
    this.#readAt = this.ports.now();
    const read = await this.ports.read();
    this.#table = afterRead(this.#table, read, this.ports.now());
    const text = encodeKeys(this.#table);
    if (text === this.#kept) return;
    this.ports.keep(text);
    this.#kept = text;
  }
}
