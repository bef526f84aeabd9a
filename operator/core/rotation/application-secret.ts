// The application's Secret, from which new pods read everything at their start.
import { valueOf } from '../credentials/generated-secrets.js';
import { act, MET, wait } from './protocol.js';
import type { RotationStep, Underway } from './step-input.js';
import type { ValueName } from './journal.js';
import { secretWrite, withAge } from './secret-generations.js';

const KEYS = ['SECRET_KEY', 'SECRET_KEY_FALLBACKS', 'DATABASE_USER', 'DATABASE_PASSWORD', 'VALKEY_URL'] as const satisfies readonly ValueName[];

/** The Secret holds the values of the row. */
export function publishStep({ spec, observed, values, row, rotation, now }: Underway): RotationStep {
  const wanted = values[row.published];
  const secret = observed.secrets.application;
  const differs = (key: ValueName) => (valueOf(secret, key)?.reveal() ?? '') !== wanted[key].reveal();
  if (secret.kind !== 'present') return wait('the Secret of the application cannot be read');
  if (!KEYS.some(differs)) return MET;
  const write = secretWrite({ role: 'application', name: spec.secrets.application, secret, data: new Map(KEYS.map((key) => [key, wanted[key]])), renewed: row.published === 'next', now });
  if (write && row.published === 'previous') return act(withAge(write, rotation.publishedBefore));
  return write ? act(write) : wait('the Secret of the application cannot be read');
}
