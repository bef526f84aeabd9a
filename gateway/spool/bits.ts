// A growing set of small whole numbers, a bit each: which records of a segment are done.
export class Bits {
  #bytes = new Uint8Array(128);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(index: number): boolean {
    return ((this.#bytes[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  /** True when it was not in the set. */
  add(index: number): boolean {
    if (this.has(index)) return false;
    const place = index >> 3;
    if (place >= this.#bytes.length) {
      const grown = new Uint8Array(Math.max(place + 1, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[place] = (this.#bytes[place] ?? 0) | (1 << (index & 7));
    this.#size += 1;
    return true;
  }
}
