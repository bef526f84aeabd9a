/**
 * Records that GlitchTip took once and did not store are given apart from all others: its worker drops a whole batch of up to 100 events,
 * whoever sent them, for one that Postgres refuses (5.2: a NUL in its release, say). A few together at the second attempt, for most
 * of them were only near the one, and more while those are stored, for a queue that was lost takes hundreds with it; each by itself
 * at the third.
 */
import type { Entry } from './under-way.js';

/** Records that are given together at their second attempt: at first, and at most. */
const FEW = 10;
const MANY = 80;
/** Until others may go, if the rows are not seen: a batch is stored 2 s after its first event. Milliseconds. */
const LONGEST = 10_000;

export class Apart {
  #now: { readonly since: number; readonly isLast: boolean; /** That may join. */ room: number } | undefined;
  #together = FEW;
  /** All others have as long a turn as these had. Milliseconds of Unix time. */
  #notBefore = 0;

  /**
   * Before records are chosen.
   * @param underWay how many count for the window
   * @returns whether those that were given apart had their time and were not stored: they have to make room
   */
  begin(underWay: number, now: number): boolean {
    if (!this.#now || (underWay > 0 && now - this.#now.since < LONGEST)) return false;
    this.#notBefore = now + (now - this.#now.since);
    if (!this.#now.isLast) this.#together = underWay > 0 ? FEW : Math.min(MANY, this.#together * 2);
    this.#now = undefined;
    return underWay > 0;
  }

  /** After records were chosen: nobody joins later. */
  end(): void {
    if (this.#now) this.#now.room = 0;
  }

  /** Whether it is looked at in this turn. */
  isTurnOf(entry: Entry, now: number): boolean {
    return entry.attempts === 0 || now >= this.#notBefore;
  }

  /** Whether it may go beside what is under way; it does then. */
  admits({ attempts }: Entry, underWay: number, now: number): boolean {
    if (this.#now) {
      if (attempts !== 1 || this.#now.room === 0) return false;
      this.#now.room -= 1;
      return true;
    }
    if (attempts === 0) return true;
    if (underWay > 0) return false;
    this.#now = { since: now, isLast: attempts > 1, room: attempts === 1 ? this.#together - 1 : 0 };
    return true;
  }
}
