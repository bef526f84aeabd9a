// The operator's own login in Postgres: it has one password at a time, so both are tried until the Secret holds the one that works.
import { valueOf } from '../credentials/generated-secrets.js';
import type { RotationStep, Underway } from './step-input.js';
import { sameValue } from './journal.js';
import { act, MET, wait } from './protocol.js';
import { secretWrite } from './secret-generations.js';

/** After the point of no return: Postgres has the new password, and the Secret too. */
export function operatorLoginStep({ values, observed, spec, now }: Underway): RotationStep {
  const name = 'operator-postgres-password';
  const password = values.next[name];
  if (sameValue(password, values.previous[name])) return MET;
  if (observed.postgres.kind !== 'observed') return wait('Postgres does not answer');
  const published = valueOf(observed.secrets.postgres, 'password');
  const entered = { ...values, published: { [name]: published } }[observed.postgres.via][name];
  if (entered?.reveal() !== password.reveal()) return act({ kind: 'replace operator password', password });
  if (published?.reveal() === password.reveal()) return MET;
  const write = secretWrite({ role: 'postgres', name: spec.secrets.postgres, secret: observed.secrets.postgres, data: new Map([['password', password]]), renewed: true, now });
  return write ? act(write) : wait('the Secret of Postgres cannot be read');
}
