// Whether the old Sentry is there: while it is not, one request at a time finds out, less and less often. A value: each change makes another.

/** Between two tries: the first pause, and the longest. Milliseconds. */
const PAUSE = { first: 1_000, longest: 30_000 };

/** One record that it fails with says nothing; so many in a row do. */
const IN_A_ROW = 3;

export class AwayState {
  constructor(private readonly failures = 0, readonly closed?: { readonly why: string; /** Milliseconds of Unix time. */ readonly until: number; /** Milliseconds. */ readonly pause: number }) {}

  /** @param open requests that are on their way */
  mayTry(open: number, now: number): boolean {
    return this.closed === undefined || (open === 0 && now >= this.closed.until);
  }

  isThere(): AwayState {
    return this.failures === 0 && this.closed === undefined ? this : new AwayState();
  }

  /** Several that fail at once are one failure. */
  failed(why: string, now: number): AwayState {
    if (this.closed && now < this.closed.until) return this;
    if (!this.closed && this.failures + 1 < IN_A_ROW) return new AwayState(this.failures + 1);
    const pause = this.closed ? Math.min(this.closed.pause * 2, PAUSE.longest) : PAUSE.first;
    return new AwayState(IN_A_ROW, { why, pause, until: now + pause });
  }
}
