// The conditions of a GlitchTip resource and every reason they can have: constants, because people and alerts match on them.

/**
 * Condition types are positive: True is well. `Healthy` and the three after it are of the health controller, and their reasons
 * are AllWell, NotObserved or one of HEALTH_REASONS; `Ready` says whether what the operator manages is as it should be. Not a part of
 * it is `AdministratorCurrent`: people may choose a password of their own, and nothing else waits for it. `BackupVerified` is of the backup
 * controller, with BACKUP_REASONS, and no part of it either; nor is `MoveHealthy`, of the move controller, with MOVE_REASONS.
 */
export const CONDITION_TYPES = ['Ready', 'CredentialsCurrent', 'DatabaseHealthy', 'QueueHealthy', 'AdministratorCurrent', 'RotationInProgress', 'Healthy', 'WebHealthy', 'WorkerHealthy', 'IngestWorking', 'BackupVerified', 'MoveHealthy'] as const;
/** Written by the health controller, under a field manager of its own. */
export const HEALTH_CONDITION_TYPES = ['Healthy', 'WebHealthy', 'WorkerHealthy', 'IngestWorking'] as const satisfies readonly ConditionType[];
export type ConditionType = (typeof CONDITION_TYPES)[number];

/** Written by the backup controller, under a field manager of its own. */
export function isBackupCondition({ type }: { readonly type: ConditionType }): boolean {
  return type === 'BackupVerified';
}

/** Written by the move controller, under a field manager of its own. */
export function isMoveCondition({ type }: { readonly type: ConditionType }): boolean {
  return type === 'MoveHealthy';
}

export function isHealthCondition({ type }: { readonly type: ConditionType }): boolean {
  return (HEALTH_CONDITION_TYPES as readonly ConditionType[]).includes(type);
}

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

  /** CredentialsCurrent=Unknown: the journal of the rotation could not be read, so nothing is begun or gone on with. */
  JournalUnreadable: 'JournalUnreadable',
  /** CredentialsCurrent=False: the journal of the rotation is malformed; a person has to look. */
  JournalMalformed: 'JournalMalformed',
  /** CredentialsCurrent=False: a rotation was given up, and what it was to replace is in use; the schedule tries it again. */
  RotationFailed: 'RotationFailed',

  /** DatabaseHealthy=True: the application's login works and acts as the owner. */
  LoginWorks: 'LoginWorks',
  /** DatabaseHealthy=False: Postgres does not answer. */
  Unreachable: 'Unreachable',
  /** DatabaseHealthy=False: Postgres refuses the operator's own password. */
  OperatorLoginRefused: 'OperatorLoginRefused',
  /** DatabaseHealthy=False: the data directory of Postgres is another one than before; nothing is set up in it before a person accepts it. */
  DatabaseReplaced: 'DatabaseReplaced',
  /** DatabaseHealthy=False: roles, database or rights are being made. */
  BootstrapPending: 'BootstrapPending',
  /** DatabaseHealthy=False: Postgres refuses what the application's Secret holds. */
  LoginRefused: 'LoginRefused',
  /** DatabaseHealthy=False: the login works but does not act as the owner of the database. */
  WrongRole: 'WrongRole',
  /** DatabaseHealthy=False: what another role owns in the database is about to be given to the owner role, in one transaction. */
  AdoptionPending: 'AdoptionPending',
  /** DatabaseHealthy=False: another role owns GlitchTip's tables and is connected; nothing is taken from under it. End its sessions. */
  AdoptionWaits: 'AdoptionWaits',
  /** DatabaseHealthy=False: the role that should own the database is the superuser that initdb made; only a dump brings it here. */
  OwnerIsBootstrapSuperuser: 'OwnerIsBootstrapSuperuser',
  /** DatabaseHealthy=True: all is well, but the owner role can still log in, because somebody is connected with it. */
  OwnerInUse: 'OwnerInUse',
  /** DatabaseHealthy=Unknown, QueueHealthy=Unknown: there was nothing to log in with. */
  NotObserved: 'NotObserved',

  /** QueueHealthy=True: Valkey lets the operator in and has the passwords that it should have. */
  PasswordsMatch: 'PasswordsMatch',
  /** QueueHealthy=True: this GlitchTip has no Valkey; its queue is in Postgres. */
  QueueInDatabase: 'QueueInDatabase',
  /** QueueHealthy=False: Valkey's users do not have the passwords of their Secret; they are about to get them. */
  PasswordsDiffer: 'PasswordsDiffer',

  /** AdministratorCurrent=True: the account accepts what the administrator's Secret shows. */
  AdministratorSignsIn: 'AdministratorSignsIn',
  /** AdministratorCurrent=False: it refuses that: a person chose another password, or the Secret was deleted and made anew. */
  AdministratorPasswordRefused: 'AdministratorPasswordRefused',
  /** AdministratorCurrent=False: GlitchTip has no account of the address in that Secret. */
  AdministratorAbsent: 'AdministratorAbsent',
  /** AdministratorCurrent=False: an ordinary account has that address, and GlitchTip has no administrator. */
  AdministratorOrdinary: 'AdministratorOrdinary',
  /** AdministratorCurrent=False: the setting names another address than the one that the account was made with; that changes no account. */
  AdministratorEmailDiffers: 'AdministratorEmailDiffers',

  /** RotationInProgress=False: no rotation is under way or asked for. */
  Idle: 'Idle',
  /** RotationInProgress=False: the annotation asks for something that does not exist; the message says what does. */
  RequestRejected: 'RequestRejected',
  /** RotationInProgress=False: a rotation for a compromise was asked for again right after one; the message says when the next may begin. */
  RequestRepeated: 'RequestRepeated',
  /** RotationInProgress=False, and for the next five: a rotation waits, because something is not healthy. */
  NotHealthy: 'NotHealthy',
  /** An attempt was undone and the next one comes after a pause. */
  PauseBeforeRetry: 'PauseBeforeRetry',
  /** A Deployment is being rolled out or has too few pods. */
  RolloutUnderway: 'RolloutUnderway',
  /** A migration or a backup runs. */
  JobRunning: 'JobRunning',
  /** Another operation holds the lock, or it cannot be seen whether one does. */
  OperationUnderway: 'OperationUnderway',
  /** The namespace's quota does not allow one more web pod. */
  NoRoom: 'NoRoom',
  /** RotationInProgress=True: the reason is the phase; the message says what is waited for. */
  Waiting: 'Waiting',
  Altering: 'Altering',
  Publishing: 'Publishing',
  Rolling: 'Rolling',
  Proving: 'Proving',
  Retiring: 'Retiring',
  /** RotationInProgress=True, and the rollback. */
  Returning: 'Returning',
  Dropping: 'Dropping',
} as const;
export type Reason = (typeof REASONS)[keyof typeof REASONS];
