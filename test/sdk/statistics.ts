// The few numbers that a report needs: percentiles, and the lag between accepting an event and finding it stored.

/** The smallest value that at least `percent` of the values do not exceed (nearest rank); undefined for no values. */
export function percentile(values: readonly number[], percent: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  return sorted[rank - 1];
}

/** One look at the store: the highest number of a run that was there at that moment. */
export interface Watermark {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly number: number;
}

/** An accepted event: its number in the run, and when its acceptance arrived (milliseconds since the epoch). */
export interface Accepted {
  readonly number: number;
  readonly acceptedAt: number;
}

/**
 * Milliseconds from acceptance to the first look at which the store had reached the event's number; events that were
 * not seen stored are left out. GlitchTip stores in the order of arrival, so a look costs one row instead of all; two
 * batches stored at the same time can pass each other, which errs by one batch at most. The time between two looks is
 * the resolution.
 */
export function storageLags(accepted: readonly Accepted[], watermarks: readonly Watermark[]): number[] {
  const looks = watermarks.toSorted((a, b) => a.at - b.at);
  const events = accepted.toSorted((a, b) => a.number - b.number);
  const lags: number[] = [];
  let look = 0;
  for (const event of events) {
    while (look < looks.length && (looks[look]?.number ?? 0) < event.number) look += 1;
    const seen = looks[look];
    if (seen !== undefined) lags.push(Math.max(0, seen.at - event.acceptedAt));
  }
  return lags;
}

/** "p50 1.2 s, p99 3.4 s", or "none" for no values. Values in milliseconds. */
export function describeLags(lags: readonly number[]): string {
  const p50 = percentile(lags, 50);
  const p99 = percentile(lags, 99);
  if (p50 === undefined || p99 === undefined) return 'none';
  return `p50 ${seconds(p50)}, p99 ${seconds(p99)}`;
}

/** Milliseconds as seconds with a unit: one decimal from 1 s on, two below. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 1000 ? 2 : 1)} s`;
}
