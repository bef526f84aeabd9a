// In which round each record of a segment was kept (gateway/delivery/keep.ts): a growing table of small whole numbers, two bytes each. 0: it is not kept.

/** The largest number of a round; the first one follows. */
export const LAST_ROUND = 0xffff;

export class Rounds {
  #rounds = new Uint16Array(64);
  #size = 0;

  /** Records that are kept. */
  get size(): number {
    return this.#size;
  }

  of(record: number): number {
    return this.#rounds[record] ?? 0;
  }

  set(record: number, round: number): void {
    const before = this.of(record);
    if (before === round) return;
    if (record >= this.#rounds.length) {
      const grown = new Uint16Array(Math.max(record + 1, this.#rounds.length * 2));
      grown.set(this.#rounds);
      this.#rounds = grown;
    }
    this.#rounds[record] = round;
    this.#size += Number(round !== 0) - Number(before !== 0);
  }

  /** Numbers of those that are kept and whose round is wanted, upwards. */
  records(isWanted: (round: number) => boolean): number[] {
    const records: number[] = [];
    if (this.#size === 0) return records;
    for (const [record, round] of this.#rounds.entries()) if (round !== 0 && isWanted(round)) records.push(record);
    return records;
  }
}
