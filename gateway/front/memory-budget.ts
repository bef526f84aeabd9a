// Bytes of bodies that are in memory at once: who finds none left waits, and its socket is not read meanwhile.
export class MemoryBudget {
  #left: number;
  readonly #waiting: { readonly bytes: number; readonly go: () => void }[] = [];

  /** @param bytes for all requests together */
  constructor(private readonly bytes: number) {
    this.#left = bytes;
  }

  /** Resolves, in the order of the calls, to what gives them back. More than there is counts as all of it. */
  async take(bytes: number): Promise<() => void> {
    const wanted = Math.min(bytes, this.bytes);
    if (this.#waiting.length > 0 || wanted > this.#left) await new Promise<void>((resolve) => this.#waiting.push({ bytes: wanted, go: resolve }));
    else this.#left -= wanted;
    let isHeld = true;
    return () => {
      if (isHeld) this.#give(wanted);
      isHeld = false;
    };
  }

  #give(bytes: number): void {
    this.#left += bytes;
    for (let next = this.#waiting[0]; next && next.bytes <= this.#left; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#left -= next.bytes;
      next.go();
    }
  }
}
