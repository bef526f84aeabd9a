// Instants as the API writes them.

/** RFC 3339 to the second, as metav1.Time is stored. */
export function toSeconds(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, 'Z');
}
