// Every root cause that the operator can name, as reasons of conditions and incidents: constants, because people and alerts match on them.

export const HEALTH_REASONS = {
  // The server itself.
  /** The API server does not answer: nothing can be seen of pods. */
  KubernetesUnreachable: 'KubernetesUnreachable',
  /** The node is not Ready, or reports memory, disk or process pressure. */
  NodeUnderPressure: 'NodeUnderPressure',
  /** A volume is nearly full; Postgres stops when it is. */
  VolumeFull: 'VolumeFull',
  /** A pod cannot be placed or made: no room by requests or the quota, a taint, a cordoned node, a volume. */
  Unschedulable: 'Unschedulable',
  /** The image of a part cannot be pulled. */
  ImageNotFound: 'ImageNotFound',

  // Postgres.
  /** Postgres does not answer. */
  DatabaseDown: 'DatabaseDown',
  /** The data directory of Postgres is another one than before: its volume is gone, or is not the one that it was. */
  DatabaseReplaced: 'DatabaseReplaced',
  /** Postgres answers and refuses the application's login. */
  DatabaseLoginRefused: 'DatabaseLoginRefused',
  /** Nearly all connections are taken. */
  ConnectionsExhausted: 'ConnectionsExhausted',
  /** A transaction has been open for so long that cleaning stands still. */
  LongTransaction: 'LongTransaction',
  /** The database has the tables of another release of GlitchTip than the one that the resource names: its pods wait. */
  ReleaseMismatch: 'ReleaseMismatch',
  /** Tables of this version are missing: migrations were not run or did not finish. */
  MigrationsPending: 'MigrationsPending',
  /** Today's or tomorrow's partition is missing: every insert of an event fails, or soon will. */
  PartitionsMissing: 'PartitionsMissing',
  /** Nobody made new partitions lately: the scheduler does not run. */
  PartitionsRunningOut: 'PartitionsRunningOut',

  // Valkey and the queue.
  /** Valkey does not answer. */
  QueueDown: 'QueueDown',
  /** Valkey answers and refuses the password. */
  QueueLoginRefused: 'QueueLoginRefused',
  /** Valkey is near its maxmemory: events are refused when it is reached. */
  QueueFilling: 'QueueFilling',
  /** Valkey is full: events are refused. */
  QueueFull: 'QueueFull',
  /** Valkey could not write its append-only file. */
  QueueNotPersisted: 'QueueNotPersisted',
  /** Valkey's append-only file is damaged ahead of its end, and the repair of it waits for a person. */
  QueueFileDamaged: 'QueueFileDamaged',
  /** The damaged end of Valkey's append-only file was cut off at its last start: what was queued right before may be lost. */
  QueueFileRepaired: 'QueueFileRepaired',
  /** The worker lives and works, but more comes in than it stores. */
  Backlog: 'Backlog',

  // The worker.
  /** The worker has no Ready pod. */
  WorkerDown: 'WorkerDown',
  /** Its pod looks alive, and it takes nothing from the queue. */
  WorkerStuck: 'WorkerStuck',

  // The gateway.
  /** The gateway has no Ready pod: events are refused. */
  GatewayDown: 'GatewayDown',
  /** The gateway takes events, and does not say what waits on its disk. */
  GatewaySilent: 'GatewaySilent',
  /** Its disk fills up: events are refused when it is full. */
  SpoolFilling: 'SpoolFilling',
  /** Events that could not be stored wait for a person. */
  EventsSetAside: 'EventsSetAside',

  // Web.
  /** Web has no Ready pod, and nothing more exact is known. */
  WebDown: 'WebDown',
  /** Web listens on another port than the probe and the Service ask. */
  PortMismatch: 'PortMismatch',
  /** Web refuses the Host header (400): ALLOWED_HOSTS lacks it. */
  HostNotAllowed: 'HostNotAllowed',
  /** The static files of the front end are missing. */
  StaticFilesMissing: 'StaticFilesMissing',
  /** Web answers, but later than its probe waits. */
  TimeoutTooShort: 'TimeoutTooShort',
  /** Web refuses events with 4xx or 5xx, and none of the other causes explains it. */
  IngestRefused: 'IngestRefused',
  /** Tasks with accepted events failed, or were left by a worker that died, and nobody tries them again. */
  EventsLost: 'EventsLost',
  /** An accepted event is not found in Postgres, and none of the other causes explains it. */
  EventsNotStored: 'EventsNotStored',

  // Any part.
  /** The kernel killed it: it needed more memory than its limit. */
  OutOfMemory: 'OutOfMemory',
  /** It wrote more to its /tmp or its log than its limit, and the node put it out. */
  ScratchSpaceFull: 'ScratchSpaceFull',
  /** Its memory grows towards its limit. */
  MemoryLeak: 'MemoryLeak',
  /** It ends again and again. */
  CrashLoop: 'CrashLoop',
  /** A rollout does not come to its end. */
  RolloutStuck: 'RolloutStuck',
  /** A part has no Ready pod, and nothing more exact is known. */
  PartDown: 'PartDown',

  // Backups.
  /** The last run of a backup failed: the step, the reason and the exit code are in the message. */
  BackupFailed: 'BackupFailed',
  /** The newest copy that is known to restore is older than the schedule allows, or there is none. */
  BackupTooOld: 'BackupTooOld',
  /** A copy in the store was fetched, and is not what its manifest says. */
  BackupCopyDamaged: 'BackupCopyDamaged',
  /** The last run of a backup was well, and took over an hour: it is ended after two. */
  BackupSlow: 'BackupSlow',

  // Restores.
  /** Web and worker are away for a restore, and it does not get on. */
  RestoreStuck: 'RestoreStuck',
  /** GlitchTip works, and a restore is held up, or was not confirmed for a day. */
  RestoreUnfinished: 'RestoreUnfinished',
  /** A restore failed, and everything is as it was. */
  RestoreFailed: 'RestoreFailed',

  // Upgrades.
  /** Web and worker are away for an upgrade, and it does not get on. */
  UpgradeStuck: 'UpgradeStuck',
  /** GlitchTip works, and an upgrade is held up, or was not confirmed for a day. */
  UpgradeUnfinished: 'UpgradeUnfinished',
  /** An upgrade failed before anything was migrated, and everything is as it was. */
  UpgradeFailed: 'UpgradeFailed',

  // The move from an old Sentry.
  /** The old one takes nothing, or has fallen so far behind that events were dropped for it; nothing of GlitchTip is held up by it. */
  OldServerBehind: 'OldServerBehind',
  /** The gateway does not do what the phase of the move wants, or the import does not come to its end. */
  MoveStuck: 'MoveStuck',
  /** The table of old DSNs cannot be read; the gateway goes on with what it has of it. */
  MoveTableMissing: 'MoveTableMissing',
  /** The last move came to nothing, and events go to GlitchTip alone. */
  MoveFailed: 'MoveFailed',

  // HTTPS.
  /** Nobody answers by https at k3s' Traefik: whoever is outside reaches nothing. */
  HttpsDown: 'HttpsDown',
  /** The Cloudflare Tunnel has no connection, or no Ready pod: whoever is outside reaches nothing. */
  TunnelDown: 'TunnelDown',
  /** cert-manager has no certificate for the public name yet, or cannot renew it: its reason is in the message. */
  CertificateNotIssued: 'CertificateNotIssued',
  /** Whoever asks for the public name is shown a certificate that is not for it, such as Traefik's default one. */
  CertificateNotServed: 'CertificateNotServed',
  /** Whoever comes to the public name in clear is not led to https. */
  HttpNotRedirected: 'HttpNotRedirected',
  /** Browsers are not told to come by https only (Strict-Transport-Security). */
  HstsMissing: 'HstsMissing',
  /** A proxy says that requests come by https, and the gateway does not believe it: it is in none of the networks of the settings. */
  ProxyNotTrusted: 'ProxyNotTrusted',
  /** SDKs still send by http: their events are taken until a day that the settings name, or are lost since then. */
  PlainEvents: 'PlainEvents',
  /** The certificate ends soon, or was to be renewed by Traefik five days ago; or it has ended. */
  CertificateExpiring: 'CertificateExpiring',
  CertificateExpired: 'CertificateExpired',
  /** The Secret of the certificate is missing, or holds none. */
  CertificateUnreadable: 'CertificateUnreadable',

  // Age.
  /** Somebody said that credentials leaked, and those are still valid. */
  CredentialsCompromised: 'CredentialsCompromised',
  /** A credential is older than its schedule allows, or a rotation was given up. */
  CredentialsOverdue: 'CredentialsOverdue',
} as const;
export type HealthReason = (typeof HEALTH_REASONS)[keyof typeof HEALTH_REASONS];
