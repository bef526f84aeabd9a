// A rate with a burst: so much at once, and so much a second. A value: taking from it makes another.

export interface Rate {
  /** Per second. */
  readonly rate: number;
  readonly burst: number;
}

export interface Bucket {
  readonly level: number;
  /** When the level was right. Milliseconds. */
  readonly at: number;
}

export function full({ burst }: Rate, now: number): Bucket {
  return { level: burst, at: now };
}

/**
 * Takes an amount. What is larger than the burst is let through when the bucket is full, and paid for afterwards.
 * @returns the bucket after it, or the seconds until there is enough (at least 1)
 */
export function take(bucket: Bucket, { rate, burst }: Rate, amount: number, now: number): { readonly kind: 'taken'; readonly bucket: Bucket } | { readonly kind: 'wait'; readonly seconds: number } {
  const level = Math.min(burst, bucket.level + (Math.max(0, now - bucket.at) / 1_000) * rate);
  const needed = Math.min(amount, burst);
  if (level >= needed) return { kind: 'taken', bucket: { level: level - amount, at: now } };
  return { kind: 'wait', seconds: Math.max(1, Math.ceil((needed - level) / rate)) };
}
