// The two sets of values of a rotation: a copy of what is in use, and what will take its place.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { CredentialName } from '../../api/rotation-fields.js';
import type { ObservedSecret, ObservedSecrets } from '../credentials/observed.js';
import { valueOf, withNewPassword, type Crypto } from '../credentials/generated-secrets.js';
import { Sensitive } from '../sensitive.js';
import type { Rotation, Values } from './journal.js';
import { otherLogin } from './alternating-logins.js';
import { fallbacksAfter } from './secret-key.js';

const NONE = new Sensitive('');

/** What the Secrets hold now. */
export function currentValues({ application, postgres, valkey, administrator, gateway, backup }: ObservedSecrets): Values {
  const valueIn = (secret: ObservedSecret, key: string) => valueOf(secret, key) ?? NONE;
  return {
    SECRET_KEY: valueIn(application, 'SECRET_KEY'),
    SECRET_KEY_FALLBACKS: valueIn(application, 'SECRET_KEY_FALLBACKS'),
    DATABASE_USER: valueIn(application, 'DATABASE_USER'),
    DATABASE_PASSWORD: valueIn(application, 'DATABASE_PASSWORD'),
    VALKEY_URL: valueIn(application, 'VALKEY_URL'),
    'administrator-password': valueIn(administrator, 'password'),
    'operator-postgres-password': valueIn(postgres, 'password'),
    'operator-valkey-password': valueIn(valkey, 'password'),
    'gateway-database-password': valueIn(gateway, 'database-password'),
    'gateway-valkey-password': valueIn(gateway, 'valkey-password'),
    'gateway-control-token': valueIn(gateway, 'control-token'),
    'backup-database-password': valueIn(backup, 'database-password'),
  };
}

/** The new set: new values for the credentials of the rotation, the same for the others. */
export function nextValues(previous: Values, rotation: Pick<Rotation, 'credentials' | 'trigger'>, { spec, crypto, now }: { spec: GlitchTipSpec; crypto: Crypto; now: Date }): Values {
  const makers: Readonly<Record<CredentialName, () => Partial<Values>>> = {
    'secret-key': () => ({ SECRET_KEY: crypto.generate(), SECRET_KEY_FALLBACKS: fallbacks() }),
    postgres: () => ({ DATABASE_USER: new Sensitive(otherLogin(spec.database.name, previous.DATABASE_USER.reveal())), DATABASE_PASSWORD: crypto.generate() }),
    valkey: () => ({ VALKEY_URL: withNewPassword(previous.VALKEY_URL, crypto) }),
    administrator: () => ({ 'administrator-password': crypto.generate() }),
    gateway: () => ({ 'gateway-database-password': crypto.generate(), 'gateway-valkey-password': crypto.generate(), 'gateway-control-token': crypto.generate() }),
    backup: () => ({ 'backup-database-password': crypto.generate() }),
    operator: () => ({ 'operator-postgres-password': crypto.generate(), ...(spec.valkey ? { 'operator-valkey-password': crypto.generate() } : {}) }),
  };
  // After a compromise no old key is accepted, not even one whose grace period is running.
  const fallbacks = () =>
    rotation.trigger === 'compromised' ? NONE : fallbacksAfter(previous.SECRET_KEY_FALLBACKS, previous.SECRET_KEY, { now, graceHours: spec.rotation.graceHours });
  return rotation.credentials.reduce<Values>((values, name) => ({ ...values, ...makers[name]() }), previous);
}
