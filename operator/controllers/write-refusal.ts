// What an error of the API server's says: that a write will not be taken, or only that it was not taken now; or why nobody can ask it.

/** Who we are was not proven, the object is gone, it took too long, the read was stale, too many asked: a retry may succeed. */
const NOT_FOR_GOOD: readonly number[] = [401, 404, 408, 409, 429];

/** A server-side apply of a field that the schema does not have is an error of the server's own (500), as Kubernetes 1.34 sees it. */
const NOT_IN_SCHEMA = 'field not declared in schema';

/**
 * True when the same would be refused again: a field that an older CRD does not know, a value that it does not allow, a policy or a
 * Role that forbids it. Other missing rights are reported by what needs them.
 */
export function isRefusal(error: unknown): error is Error {
  const status = statusOf(error) ?? 0;
  if (status === 500 && error instanceof Error && error.message.includes(NOT_IN_SCHEMA)) return true;
  return status >= 400 && status < 500 && !NOT_FOR_GOOD.includes(status);
}

/** The HTTP status that it answered with; undefined when it did not answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : undefined;
}

/** Of OpenSSL and of Node.js (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const EXPIRED: readonly string[] = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];
const UNTRUSTED: readonly string[] = [
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE', 'CERT_UNTRUSTED', 'INVALID_CA', 'ERR_TLS_CERT_ALTNAME_INVALID',
];

/** What is wrong with its certificate; undefined when something else is. */
export function certificateTrouble(error: unknown): 'expired' | 'untrusted' | undefined {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { readonly code?: unknown };
  if (typeof code !== 'string') return undefined;
  if (EXPIRED.includes(code)) return 'expired';
  return UNTRUSTED.includes(code) ? 'untrusted' : undefined;
}
