// Passwords as Django stores them (django.contrib.auth.hashers). Trying one takes half a second of CPU, on purpose.
import { pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

import type { Sensitive } from '../core/sensitive.js';
import { sha256Hex } from './crypto.js';

/** Django's PBKDF2PasswordHasher: algorithm, iterations, salt and hash, with the iterations of Django 5.2. */
const ALGORITHM = 'pbkdf2_sha256';
const ITERATIONS = 1_000_000;
/** A rotation tries two passwords against one hash, and the schedule one more. */
const REMEMBERED = 8;

type Verify = (password: Sensitive, stored: string) => Promise<boolean>;

/** A password as Django stores it. Takes about half a second of CPU, in another thread. */
export async function buildDjangoPassword(password: Sensitive, iterations = ITERATIONS): Promise<string> {
  const salt = randomBytes(16).toString('hex');
  return `${ALGORITHM}$${iterations}$${salt}$${await hashOf(password, salt, iterations)}`;
}

/** False also for what was hashed by another algorithm. What was tried lately is not tried again. */
export const verifyDjangoPassword: Verify = rememberVerdicts(async (password, stored) => {
  const [algorithm, iterations, salt = '', hash = ''] = stored.split('$');
  if (algorithm !== ALGORITHM || !(Number(iterations) > 0)) return false;
  const wanted = Buffer.from(await hashOf(password, salt, Number(iterations)));
  const found = Buffer.from(hash);
  return wanted.length === found.length && timingSafeEqual(wanted, found);
});

/**
 * The verdict depends on nothing but the two, and the operator looks at them again in each turn of a rotation. Known by
 * their SHA-256: a password that was generated has 312 bits, and none is kept.
 */
export function rememberVerdicts(verify: Verify, most = REMEMBERED): Verify {
  const verdicts = new Map<string, boolean>();
  return async (password, stored) => {
    const of = sha256Hex(`${stored} ${password.reveal()}`);
    const verdict = verdicts.get(of) ?? await verify(password, stored);
    verdicts.delete(of);
    verdicts.set(of, verdict);
    for (const oldest of verdicts.keys()) if (verdicts.size > most) verdicts.delete(oldest);
    return verdict;
  };
}

async function hashOf(password: Sensitive, salt: string, iterations: number): Promise<string> {
  return (await promisify(pbkdf2)(password.reveal(), salt, iterations, 32, 'sha256')).toString('base64');
}
