// How long to wait after the n-th failure in a row: doubling, with a ceiling, and jitter so that nobody retries in step.

export interface Backoff {
  /** The first wait. Milliseconds. */
  readonly base: number;
  /** No wait is longer. Milliseconds. */
  readonly max: number;
  /** Gives a number from 0 up to but not including 1. */
  readonly random: () => number;
}

/** Milliseconds to wait after `failures` failures in a row (1 or more): between half and all of the doubled wait. */
export function delayAfter(failures: number, { base, max, random }: Backoff): number {
  // 30 doublings of a millisecond are 12 days: beyond any sensible ceiling, and below where numbers lose precision.
  const whole = Math.min(max, base * 2 ** Math.min(Math.max(failures, 1) - 1, 30));
  return Math.round(whole / 2 + (whole / 2) * random());
}
