// The first administrator's password, unless a person has chosen another one since.
import { valueOf } from '../credentials/generated-secrets.js';
import type { RotationStep, Underway } from './step-input.js';
import { sameValue, type Rotation } from './journal.js';
import { act, MET, wait } from './protocol.js';
import { secretWrite } from './secret-generations.js';

const NAME = 'administrator-password';

/** After the point of no return: the account has the new password, then the Secret. */
export function administratorStep(underway: Underway): RotationStep {
  const { values, observed, rollout, rotation, spec, now } = underway;
  const password = values.next[NAME];
  if (sameValue(password, values.previous[NAME])) return MET;
  if (rollout.administrator === 'previous' || (rollout.administrator === 'own' && isMeant(rotation))) return act({ kind: 'set administrator password', password });
  // A password that a person chose is that person's, and what the Secret says is not in use anyway: condition AdministratorCurrent says so. An account that a person
  // deleted needs none; waiting for it would keep the rotation for ever where there is no rollback.
  if (rollout.administrator === 'own' || rollout.administrator === 'unknown') return MET;
  if (valueOf(observed.secrets.administrator, 'password')?.reveal() === password.reveal()) return MET;
  const write = secretWrite({ role: 'administrator', name: spec.secrets.administrator, secret: observed.secrets.administrator, data: new Map([['password', password]]), renewed: true, now });
  return write ? act(write) : wait('the Secret of the administrator cannot be read');
}

/** Something leaked, or somebody asked for this one password and no other. */
function isMeant({ trigger, credentials }: Rotation): boolean {
  return trigger === 'compromised' || (trigger === 'request' && credentials.join() === 'administrator');
}
