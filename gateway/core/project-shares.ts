// Whose records fill the spool: its last part is kept for those who did not fill it.

/** Of the spool: no project that fills it may take more than the rest. */
const KEPT_FOR_OTHERS = 1 / 16;
/** Of what is kept, a project that holds more than this fills the spool. */
const MOST = 1 / 2;
/** Before so much was taken it cannot be said who fills it. Bytes. */
const LEAST_KNOWN = 2 ** 20;

/** Counts what was taken since this process started: who filled the spool before it is not known, and what it let go of first was theirs. */
export class ProjectShares {
  readonly #held = new Map<number, number>();
  #total = 0;

  /** @param maxBytes live bytes that the spool keeps at most */
  constructor(private readonly maxBytes: number) {}

  /** False: the project fills the spool, and what is left of it is for others. @param liveBytes of the spool */
  admits(project: number, liveBytes: number): boolean {
    if (liveBytes < this.maxBytes * (1 - KEPT_FOR_OTHERS) || this.#total < LEAST_KNOWN) return true;
    return (this.#held.get(project) ?? 0) <= this.#total * MOST;
  }

  took(project: number, bytes: number): void {
    this.#held.set(project, (this.#held.get(project) ?? 0) + bytes);
    this.#total += bytes;
  }

  letGo(project: number, bytes: number): void {
    const held = this.#held.get(project) ?? 0;
    const given = Math.min(held, bytes);
    this.#total -= given;
    if (given === held) this.#held.delete(project);
    else this.#held.set(project, held - given);
  }
}
