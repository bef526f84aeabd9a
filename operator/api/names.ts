// Every name that the operator gives to, or expects of, an object: one place, so that charts/ and the operator cannot disagree.

/** API group of the GlitchTip resource. */
export const GROUP = 'glitchkeeper.io';
/** The only version served so far. */
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const KIND = 'GlitchTip';
export const PLURAL = 'glitchtips';

/** Field manager of what the operator itself decides (status, annotations). */
export const OPERATOR_MANAGER = 'glitchkeeper-operator';
/** Field manager of what the settings file says: apart from the operator's own, so that neither undoes the other. */
export const SETTINGS_MANAGER = 'glitchkeeper-settings';

/** SHA-256 (hex) of the settings file that was last applied to the resource. */
export const SETTINGS_HASH_ANNOTATION = `${GROUP}/settings-hash`;

/** The Lease that decides which of two operators may write. */
export const LEASE_NAME = 'glitchkeeper-operator';

/** Names of the Secrets when the resource gives none. */
export const DEFAULT_SECRET_NAMES = {
  application: 'glitchtip-app',
  postgres: 'glitchtip-postgres',
  valkey: 'glitchtip-valkey',
  administrator: 'glitchtip-admin',
} as const;

/** Keys inside the Secrets. Those of `application` are the variables of GlitchTip that they are mounted for. */
export const SECRET_KEYS = {
  application: ['SECRET_KEY', 'DATABASE_USER', 'DATABASE_PASSWORD', 'VALKEY_URL'],
  postgres: ['password'],
  valkey: ['users.acl', 'password'],
  administrator: ['email', 'password'],
} as const;

/** The image's superuser: the operator's own login, never the application's. */
export const POSTGRES_SUPERUSER = 'glitchkeeper';
/** The operator's own user in Valkey. */
export const VALKEY_OPERATOR_USER = 'glitchkeeper';
/** Who may do nothing but PING, without a password: the exec probe. */
export const VALKEY_PROBE_USER = 'probe';

/** Labels on everything that the operator creates. */
export const LABELS = {
  'app.kubernetes.io/name': 'glitchtip',
  'app.kubernetes.io/part-of': 'glitchtip',
  'app.kubernetes.io/managed-by': 'glitchkeeper',
} as const;
