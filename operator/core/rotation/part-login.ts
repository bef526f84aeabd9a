// The login of one part in Postgres, and the Secret with its password: it has one password at a time, replaced once the application's are proven.
import type { ObservedLogin } from '../credentials/observed.js';
import { valueOf } from '../credentials/generated-secrets.js';
import type { ValueName } from './journal.js';
import { act, firstUnmet, MET, wait } from './protocol.js';
import { secretWrite } from './secret-generations.js';
import type { RotationStep, Underway } from './step-input.js';

export interface PartLogin {
  readonly part: 'gateway' | 'backup';
  /** Its name in Postgres. */
  readonly login: string;
  /** A try with the values to come. */
  readonly tried: ObservedLogin;
  /** Names of the values in the journal, by the keys of the part's Secret. */
  readonly keys: Readonly<Record<string, ValueName>> & { readonly 'database-password': ValueName };
}

/** After the point of no return: Postgres has the new password, then the Secret. */
export function partLoginStep(underway: Underway, part: PartLogin): RotationStep {
  return firstUnmet([() => loginStep(underway, part), () => secretStep(underway, part)]);
}

function loginStep({ values }: Underway, { login, tried, keys }: PartLogin): RotationStep {
  if (tried.kind === 'unreachable') return wait(`Postgres does not answer (${tried.why})`);
  if (tried.kind === 'accepted') return MET;
  return act({ kind: 'open login', role: login, password: values.next[keys['database-password']] });
}

function secretStep({ spec, observed: { secrets }, values, now }: Underway, { part, keys }: PartLogin): RotationStep {
  const secret = secrets[part];
  const data = new Map(Object.entries(keys).map(([key, name]) => [key, values.next[name]]));
  if ([...data].every(([key, value]) => valueOf(secret, key)?.reveal() === value.reveal())) return MET;
  const write = secretWrite({ role: part, name: spec.secrets[part], secret, data, renewed: true, now });
  return write ? act(write) : wait(`the Secret of the ${part} cannot be read`);
}
