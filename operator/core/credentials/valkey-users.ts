// Decides whether Valkey has the passwords that its Secret says, and gives them back where it has not.
import { REASONS } from '../../api/conditions.js';
import { VALKEY_APPLICATION_USER, VALKEY_GATEWAY_USER, VALKEY_OPERATOR_USER } from '../../api/object-names.js';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { WriteSecret } from '../rotation/actions.js';
import { secretWrite } from '../rotation/secret-generations.js';
import type { Observed, ObservedSecrets, ObservedValkey, ValkeyPasswords } from './observed.js';
import { buildUsersFile, isGatewayGone, valueOf, type Crypto } from './generated-secrets.js';
import type { Finding } from './resource-conditions.js';

/** Passwords, as hashes, that Valkey's users should have; undefined where the Secret does not say, or where they have them. */
export function planValkeyUsers({ secrets, valkey }: Pick<Observed, 'secrets' | 'valkey'>): ValkeyPasswords | undefined {
  const file = valueOf(secrets.valkey, 'users.acl')?.reveal();
  if (valkey.kind !== 'observed' || file === undefined) return undefined;
  const wanted = readUsersFile(file);
  // A user without any password is locked out: the operator would lock itself out.
  const whole = wanted.application.length > 0 && wanted.operator.length > 0;
  return !whole || samePasswords(valkey.passwords, wanted) ? undefined : wanted;
}

/**
 * Brings the gateway's user into the users file of a Valkey that was there before it, or takes it out once its Secret is deleted; undefined
 * where the file says what it should. The passwords of the others are what they were.
 *
 * A gateway that the settings do not have any more still gives what it holds: it may log in for as long as its Secret is there.
 */
export function planGatewayUser(spec: Pick<GlitchTipSpec, 'valkey' | 'gateway' | 'secrets'>, secrets: ObservedSecrets, { crypto, now }: { readonly crypto: Pick<Crypto, 'sha256'>; readonly now: Date }): WriteSecret | undefined {
  const file = valueOf(secrets.valkey, 'users.acl')?.reveal();
  const password = valueOf(secrets.gateway, 'valkey-password');
  if (!spec.valkey || file === undefined || !(password || isGatewayGone(spec, secrets))) return undefined;
  const found = readUsersFile(file);
  const wanted: ValkeyPasswords = password ? { ...found, gateway: [crypto.sha256(password)] } : { application: found.application, operator: found.operator };
  if (sameHashes(found.gateway, wanted.gateway)) return undefined;
  return secretWrite({ role: 'valkey', name: spec.secrets.valkey, secret: secrets.valkey, data: new Map([['users.acl', buildUsersFile(wanted)]]), renewed: false, now });
}

export function judgeValkeyUsers(valkey: ObservedValkey, correction: ValkeyPasswords | undefined): Finding {
  return { type: 'QueueHealthy', ...explain(valkey, correction) };
}

function explain(valkey: ObservedValkey, correction: ValkeyPasswords | undefined): Omit<Finding, 'type'> {
  switch (valkey.kind) {
    case 'none': return { status: 'True', reason: REASONS.QueueInDatabase, message: 'The queue is in Postgres.' };
    case 'not observed': return { status: 'Unknown', reason: REASONS.NotObserved, message: 'No password is known to log in to Valkey.' };
    case 'unreachable': return { status: 'False', reason: REASONS.Unreachable, message: `Valkey does not answer (${valkey.why}).` };
    case 'refused': return { status: 'False', reason: REASONS.OperatorLoginRefused, message: "Valkey refuses the operator's password." };
    case 'observed':
      return correction
        ? { status: 'False', reason: REASONS.PasswordsDiffer, message: "Valkey's users do not have the passwords of their Secret." }
        : { status: 'True', reason: REASONS.PasswordsMatch, message: 'Valkey has the passwords that it should have.' };
  }
}

/** Hashes by user, sorted. */
function readUsersFile(file: string): ValkeyPasswords {
  const hashes = (user: string) => {
    const line = file.split('\n').find((text) => text.startsWith(`user ${user} `)) ?? '';
    return line.split(' ').filter((word) => /^#[0-9a-f]{64}$/.test(word)).map((word) => word.slice(1)).sort();
  };
  const gateway = hashes(VALKEY_GATEWAY_USER);
  return { application: hashes(VALKEY_APPLICATION_USER), operator: hashes(VALKEY_OPERATOR_USER), ...(gateway.length > 0 ? { gateway } : {}) };
}

function samePasswords(found: ValkeyPasswords, wanted: ValkeyPasswords): boolean {
  return sameHashes(found.application, wanted.application) && sameHashes(found.operator, wanted.operator) && sameHashes(found.gateway, wanted.gateway);
}

function sameHashes(found: readonly string[] = [], wanted: readonly string[] = []): boolean {
  return found.join() === wanted.join();
}
