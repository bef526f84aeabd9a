// UUIDs of version 7, which begin with their time (RFC 9562): GlitchTip 6 orders, and partitions, its events by them.

/** The least UUID of version 7 that a moment has: a bound of a range of ids. @param at milliseconds since the epoch */
export function leastUuidAt(at: number): string {
  const hex = Math.max(0, Math.floor(at)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
