// The two sets of values of a rotation: a copy of what is in use, and what will take its place.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { CredentialName } from '../../api/rotation-fields.js';
import type { ObservedSecrets } from '../credentials/observed.js';
import { valkeyUrl, valueOf, type Crypto } from '../credentials/generated-secrets.js';
import { Sensitive } from '../sensitive.js';
import type { Rotation, Values } from './journal.js';
import { otherLogin } from './alternating-logins.js';
import { fallbacksAfter } from './secret-key.js';

const NONE = new Sensitive('');

/** What the Secrets hold now. */
export function currentValues({ application, postgres, valkey, administrator, gateway }: ObservedSecrets): Values {
  return {
    SECRET_KEY: valueOf(application, 'SECRET_KEY') ?? NONE,
    SECRET_KEY_FALLBACKS: valueOf(application, 'SECRET_KEY_FALLBACKS') ?? NONE,
    DATABASE_USER: valueOf(application, 'DATABASE_USER') ?? NONE,
    DATABASE_PASSWORD: valueOf(application, 'DATABASE_PASSWORD') ?? NONE,
    VALKEY_URL: valueOf(application, 'VALKEY_URL') ?? NONE,
    'administrator-password': valueOf(administrator, 'password') ?? NONE,
    'operator-postgres-password': valueOf(postgres, 'password') ?? NONE,
    'operator-valkey-password': valueOf(valkey, 'password') ?? NONE,
    'gateway-database-password': valueOf(gateway, 'database-password') ?? NONE,
    'gateway-valkey-password': valueOf(gateway, 'valkey-password') ?? NONE,
    'gateway-control-token': valueOf(gateway, 'control-token') ?? NONE,
  };
}

/** The new set: new values for the credentials of the rotation, the same for the others. */
export function nextValues(previous: Values, rotation: Pick<Rotation, 'credentials' | 'trigger'>, { spec, crypto, now }: { spec: GlitchTipSpec; crypto: Crypto; now: Date }): Values {
  const makers: Readonly<Record<CredentialName, () => Partial<Values>>> = {
    'secret-key': () => ({ SECRET_KEY: crypto.generate(), SECRET_KEY_FALLBACKS: fallbacks() }),
    postgres: () => ({ DATABASE_USER: new Sensitive(otherLogin(spec.database.name, previous.DATABASE_USER.reveal())), DATABASE_PASSWORD: crypto.generate() }),
    valkey: () => ({ VALKEY_URL: valkeyUrl(spec, crypto) }),
    administrator: () => ({ 'administrator-password': crypto.generate() }),
    gateway: () => ({ 'gateway-database-password': crypto.generate(), 'gateway-valkey-password': crypto.generate(), 'gateway-control-token': crypto.generate() }),
    operator: () => ({ 'operator-postgres-password': crypto.generate(), ...(spec.valkey ? { 'operator-valkey-password': crypto.generate() } : {}) }),
  };
  // After a compromise no old key is accepted, not even one whose grace period is running.
  const fallbacks = () =>
    rotation.trigger === 'compromised' ? NONE : fallbacksAfter(previous.SECRET_KEY_FALLBACKS, previous.SECRET_KEY, { now, graceHours: spec.rotation.graceHours });
  return rotation.credentials.reduce<Values>((values, name) => ({ ...values, ...makers[name]() }), previous);
}
