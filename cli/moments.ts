// Moments and durations as a person reads them. Pure.

const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['min', 60_000], ['s', 1000]] as const;

/** The largest unit that fits twice: 95 s, 12 min, 3 h, 90 d. Never negative: clocks differ. */
export function formatDuration(milliseconds: number): string {
  const [unit, size] = UNITS.find(([, size]) => milliseconds >= 2 * size) ?? ['s', 1000];
  return `${Math.max(0, Math.floor(milliseconds / size))} ${unit}`;
}

/** An RFC 3339 instant to the minute, in UTC. */
export function formatInstant(instant: string): string {
  return `${new Date(instant).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** How long ago, or in how long. */
export function formatDistance(instant: string, now: Date): string {
  const distance = Date.parse(instant) - now.getTime();
  return distance > 0 ? `in ${formatDuration(distance)}` : `${formatDuration(-distance)} ago`;
}

export function formatBoth(instant: string, now: Date): string {
  return `${formatInstant(instant)} (${formatDistance(instant, now)})`;
}
