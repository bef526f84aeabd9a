// Valkey: its users have both passwords while pods of both kinds live. First the file that a new pod starts with, then the server.
import type { Sensitive } from '../sensitive.js';
import { buildUsersFile, passwordOfUrl, valueOf, type Crypto } from '../credentials/generated-secrets.js';
import type { ValkeyPasswords } from '../credentials/observed.js';
import type { WriteSecret } from './actions.js';
import { setToRevoke, type RotationStep, type Underway } from './step-input.js';
import type { Values } from './journal.js';
import { act, firstUnmet, MET, wait, type Row, type ValueSet } from './protocol.js';
import { secretWrite } from './secret-generations.js';

/** Both users have the passwords of the row, in the Secret and in the server, and each was tried. */
export function valkeyStep(underway: Underway): RotationStep {
  return firstUnmet([() => valkeyPasswordsStep(underway), () => (underway.spec.valkey ? loginStep(underway) : MET)]);
}

/** The same without a login: what Valkey itself says, which every reconcile observes. */
export function valkeyPasswordsStep(underway: Underway): RotationStep {
  return underway.spec.valkey ? firstUnmet([() => fileStep(underway), () => serverStep(underway)]) : MET;
}

function fileStep({ spec, observed, values, row, crypto, now }: Underway): RotationStep {
  const secret = observed.secrets.valkey;
  const password = values[row.accepted === 'next' ? 'next' : 'previous']['operator-valkey-password'];
  const wanted = new Map<string, Sensitive>([['users.acl', buildUsersFile(acceptedHashes(values, row, crypto))], ['password', password]]);
  const same = [...wanted].every(([key, value]) => valueOf(secret, key)?.reveal() === value.reveal());
  if (same) return MET;
  const renewed = valueOf(secret, 'password')?.reveal() !== password.reveal();
  return secretStep(secretWrite({ role: 'valkey', name: spec.secrets.valkey, secret, data: wanted, renewed, now }));
}

function secretStep(write: WriteSecret | undefined): RotationStep {
  return write ? act(write) : wait('the Secret of Valkey cannot be read');
}

function serverStep({ observed: { valkey }, values, row, crypto }: Underway): RotationStep {
  if (valkey.kind === 'unreachable') return wait(`Valkey does not answer (${valkey.why})`);
  if (valkey.kind !== 'observed') return wait("Valkey does not accept the operator's password");
  const wanted = acceptedHashes(values, row, crypto);
  const same = sameList(valkey.passwords.application, wanted.application) && sameList(valkey.passwords.operator, wanted.operator) && sameList(valkey.passwords.gateway ?? [], wanted.gateway ?? []);
  return same ? MET : act({ kind: 'set valkey passwords', ...wanted });
}

/** The server's own list is no proof: only a login that is let in, or refused, is. */
function loginStep(underway: Underway): RotationStep {
  const { row, rollout: { valkeyLogins } } = underway;
  const accepted: readonly ValueSet[] = row.accepted === 'both' ? ['previous', 'next'] : [row.accepted];
  const unproven = accepted.find((set) => valkeyLogins[set] !== 'accepted');
  if (unproven) return wait(`Valkey's answer to the ${unproven} password was: ${valkeyLogins[unproven]}`);
  const rotated = applicationPassword(underway.values.previous) !== applicationPassword(underway.values.next);
  const alive = row.accepted !== 'both' && rotated && valkeyLogins[setToRevoke(underway)] === 'accepted';
  return alive ? wait(`Valkey still accepts the ${setToRevoke(underway)} password`) : MET;
}

/** SHA-256 of the passwords that each user has in this row; sorted, none twice. */
function acceptedHashes(values: Underway['values'], { accepted }: Row, crypto: Pick<Crypto, 'sha256'>): ValkeyPasswords {
  const sets: readonly ValueSet[] = accepted === 'both' ? ['previous', 'next'] : [accepted];
  const hashes = (read: (set: Values) => Sensitive | undefined) =>
    [...new Set(sets.flatMap((set) => read(values[set]) ?? []).map((value) => crypto.sha256(value)))].sort();
  const gateway = hashes((set) => (set['gateway-valkey-password'].reveal() === '' ? undefined : set['gateway-valkey-password']));
  return { application: hashes(({ VALKEY_URL }) => passwordOfUrl(VALKEY_URL)), operator: hashes((set) => set['operator-valkey-password']), ...(gateway.length > 0 ? { gateway } : {}) };
}

function applicationPassword({ VALKEY_URL }: Values): string | undefined {
  return passwordOfUrl(VALKEY_URL)?.reveal();
}

function sameList(found: readonly string[], wanted: readonly string[]): boolean {
  return found.length === wanted.length && [...found].sort().every((hash, index) => hash === wanted[index]);
}
