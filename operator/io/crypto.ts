// Random values, hashes and SCRAM verifiers, by node:crypto.
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

import type { Crypto } from '../core/credentials/generated-secrets.js';
import { Sensitive } from '../core/sensitive.js';

/** 39 bytes are 52 characters of base64url and 312 bits: Django's own check wants 50 characters or more of a SECRET_KEY. */
const PASSWORD_BYTES = 39;
/** What PostgreSQL itself uses (SCRAM_SHA_256_DEFAULT_ITERATIONS, SCRAM_DEFAULT_SALT_LEN). */
const SCRAM_ITERATIONS = 4_096;
const SCRAM_SALT_BYTES = 16;

export const nodeCrypto: Crypto = {
  generate: () => new Sensitive(randomBytes(PASSWORD_BYTES).toString('base64url')),
  sha256: (value) => sha256Hex(value.reveal()),
};

/** SHA-256 of UTF-8 text, in lower-case hex. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * The SCRAM-SHA-256 verifier of a password, as PostgreSQL stores it (RFC 5803, pg_authid.rolpassword): given instead of the
 * password it is stored as it stands, so that the password itself never reaches the server.
 *
 * @throws when the password is not printable ASCII: other characters need SASLprep (RFC 4013), which clients do differently.
 */
export async function buildScramVerifier(
  password: Sensitive,
  { salt = randomBytes(SCRAM_SALT_BYTES), iterations = SCRAM_ITERATIONS }: { salt?: Buffer; iterations?: number } = {},
): Promise<string> {
  if (!/^[\x20-\x7e]+$/.test(password.reveal())) throw new Error('a password for SCRAM must be printable ASCII');
  const salted = await promisify(pbkdf2)(password.reveal(), salt, iterations, 32, 'sha256');
  const clientKey = hmac(salted, 'Client Key');
  const storedKey = createHash('sha256').update(clientKey).digest('base64');
  const serverKey = hmac(salted, 'Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
