// What the API server's answer to a write says: that this will not be taken, or only that it was not taken now.

/** Who we are was not proven, the object is gone, it took too long, the read was stale, too many asked: a retry may succeed. */
const NOT_FOR_GOOD: readonly number[] = [401, 404, 408, 409, 429];

/**
 * True when the same would be refused again: a field that an older CRD does not know, a value that it does not allow, a policy or a
 * Role that forbids it. Other missing rights are reported by what needs them.
 */
export function isRefusal(error: unknown): error is Error {
  const status = statusOf(error) ?? 0;
  return status >= 400 && status < 500 && !NOT_FOR_GOOD.includes(status);
}

/** The HTTP status that it answered with; undefined when it did not answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined;
}
