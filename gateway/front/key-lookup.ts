// The table of projects and keys, kept up to date: read from Postgres every few seconds, and for a miss, but not for each miss.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterRead, decodeKeys, encodeKeys, judgeKey, type KeyRead, type KeyTable, type KeyVerdict } from '../core/project-keys.js';

export interface KeyLookupPorts {
  /** @throws when Postgres cannot be asked */
  readonly read: () => Promise<KeyRead>;
  /** Whether another database may be live soon. @throws the system's error */
  readonly keeps: () => boolean;
  /** What was kept on the volume; undefined: nothing. */
  readonly load: () => string | undefined;
  /** @throws the system's error */
  readonly keep: (text: string) => void;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
}

/** Between two reads that misses ask for: whoever sends wrong keys costs no more than this. Milliseconds. */
const MISSES_EVERY = 1_000;

export class KeyLookup {
  #table: KeyTable | undefined;
  #kept: string | undefined;
  #reading: Promise<void> | undefined;
  #readingForMisses: Promise<void> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  /** Pairs that the last read was made for, in vain: whoever goes on sending them is not kept waiting. */
  readonly #missed = new Set<string>();

  /** @param missesEvery milliseconds between two reads that misses ask for */
  constructor(private readonly ports: KeyLookupPorts, private readonly missesEvery = MISSES_EVERY) {
    this.#kept = ports.load();
    this.#table = this.#kept === undefined ? undefined : decodeKeys(this.#kept);
  }

  /** How many pairs are known; undefined: none were ever read. */
  get size(): number | undefined {
    return this.#table?.pairs.size;
  }

  /**
   * Of what is not known, Postgres is asked first: a project may have been made a moment ago, and its first event is not refused.
   * @param project undefined: whichever the key opens
   */
  async judge(project: number | undefined, key: string): Promise<KeyVerdict> {
    const [named, pair, askedAt] = [{ project, key }, `${project ?? ''} ${key}`, this.ports.now()];
    if (judgeKey(this.#table, named, askedAt) === 'known') return 'known';
    if (this.#missed.has(pair) && askedAt - this.#readAt < this.missesEvery) return 'unknown';
    await this.#readForMisses().catch(() => undefined);
    const verdict = judgeKey(this.#table, named, askedAt);
    if (verdict === 'unknown') this.#missed.add(pair);
    return verdict;
  }

  /** That a key opens; undefined: none is known, until it was judged. */
  projectOf(key: string): number | undefined {
    return this.#table?.projects.get(key);
  }

  /** Whether the database has it that was read last; true where none was. */
  isLive(project: number, key: string): boolean {
    return this.#table?.live?.has(`${project} ${key}`) ?? true;
  }

  /** One read at a time: who comes meanwhile waits for it. @throws when Postgres cannot be asked, or the volume not written */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  /** One that has not begun yet, for all misses until it does. @throws as refresh() */
  #readForMisses(): Promise<void> {
    this.#readingForMisses ??= this.#readNext();
    return this.#readingForMisses;
  }

  async #readNext(): Promise<void> {
    await sleep(Math.max(0, this.#readAt + this.missesEvery - this.ports.now()));
    while (this.#reading) await this.#reading.catch(() => undefined);
    this.#readingForMisses = undefined;
    await this.refresh();
  }

  async #read(): Promise<void> {
    this.#missed.clear();
    const readAt = this.ports.now();
    this.#readAt = readAt;
    const keeps = this.ports.keeps();
    const read = await this.ports.read();
    this.#table = afterRead(this.#table, read, { at: readAt, keeps });
    const text = encodeKeys(this.#table);
    if (text === this.#kept) return;
    this.ports.keep(text);
    this.#kept = text;
  }
}
