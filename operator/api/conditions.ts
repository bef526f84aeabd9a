// The conditions of a GlitchTip resource and every reason they can have: constants, because people and alerts match on them.

/** Condition types are positive: True is well. */
export const CONDITION_TYPES = ['Ready', 'CredentialsCurrent', 'DatabaseHealthy'] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];

export const REASONS = {
  /** Ready=True: nothing to do and nothing wrong. */
  AllWell: 'AllWell',
  /** Ready=True, but the operator changes nothing because spec.suspend is true. */
  Suspended: 'Suspended',
  /** Ready=False: the resource cannot be understood; the message names the fields. */
  InvalidSpec: 'InvalidSpec',

  /** CredentialsCurrent=True: every Secret has every key, and they agree with each other. */
  AllPresent: 'AllPresent',
  /** CredentialsCurrent=False: a Secret does not exist and is about to be created. */
  SecretMissing: 'SecretMissing',
  /** CredentialsCurrent=False: a Secret exists without a key that is needed. It is never overwritten: add the key, or delete the Secret. */
  SecretIncomplete: 'SecretIncomplete',
  /** CredentialsCurrent=False: a Secret holds a value that cannot work (not UTF-8, a newline at its end, an unknown login). */
  SecretMalformed: 'SecretMalformed',
  /** CredentialsCurrent=False: the Valkey password of the application is not among those that Valkey's users file accepts. */
  ValkeyPasswordMismatch: 'ValkeyPasswordMismatch',
  /** CredentialsCurrent=Unknown: a Secret could not be read, so nothing is known of it and nothing is generated. */
  SecretUnreadable: 'SecretUnreadable',

  /** DatabaseHealthy=True: the application's login works and acts as the owner. */
  LoginWorks: 'LoginWorks',
  /** DatabaseHealthy=False: Postgres does not answer. */
  Unreachable: 'Unreachable',
  /** DatabaseHealthy=False: Postgres refuses the operator's own password. */
  OperatorLoginRefused: 'OperatorLoginRefused',
  /** DatabaseHealthy=False: roles, database or rights are being made. */
  BootstrapPending: 'BootstrapPending',
  /** DatabaseHealthy=False: Postgres refuses what the application's Secret holds. */
  LoginRefused: 'LoginRefused',
  /** DatabaseHealthy=False: the login works but does not act as the owner of the database. */
  WrongRole: 'WrongRole',
  /** DatabaseHealthy=Unknown: there was nothing to log in with. */
  NotObserved: 'NotObserved',
} as const;
export type Reason = (typeof REASONS)[keyof typeof REASONS];
