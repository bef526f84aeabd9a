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
/** Field manager of the health controller: its conditions and status.health. */
export const HEALTH_MANAGER = 'glitchkeeper-health';
/** Field manager of the backup controller: BackupVerified and status.backup. */
export const BACKUP_MANAGER = 'glitchkeeper-backup';
/** Field manager of the restore controller: status.restore. */
export const RESTORE_MANAGER = 'glitchkeeper-restore';
/** Field manager of the rehearsal controller: status.rehearsal. */
export const REHEARSAL_MANAGER = 'glitchkeeper-rehearsal';
/** Field manager of the upgrade controller: status.upgrade. */
export const UPGRADE_MANAGER = 'glitchkeeper-upgrade';
/** Field manager of the move controller: its condition and status.move. */
export const MOVE_MANAGER = 'glitchkeeper-move';
/** Field manager of what the settings file says: apart from the operator's own, so that neither undoes the other. */
export const SETTINGS_MANAGER = 'glitchkeeper-settings';

/** SHA-256 (hex) of the settings file that was last applied to the resource. */
export const SETTINGS_HASH_ANNOTATION = `${GROUP}/settings-hash`;

/** Asks for a rotation: `all`, `compromised`, or credentials separated by commas. Removed once the request is recorded. */
export const ROTATE_ANNOTATION = `${GROUP}/rotate`;
/** Asks for a backup now; its value names the request. Removed once the run is recorded. */
export const BACKUP_ANNOTATION = `${GROUP}/backup`;
/** Asks for a restore, or confirms or undoes the one that is under way (operator/core/restore/restore-request.ts). Removed once it is recorded. */
export const RESTORE_ANNOTATION = `${GROUP}/restore`;
/** Asks for a rehearsal of a release's migrations; its value is the release. Removed once it is recorded. */
export const REHEARSAL_ANNOTATION = `${GROUP}/rehearse`;
/** Asks for an upgrade, or for a step of the one that is under way (operator/core/upgrade/upgrade-request.ts). Removed once it is recorded. */
export const UPGRADE_ANNOTATION = `${GROUP}/upgrade`;
/** Asks for a step of the move from an old Sentry (operator/core/move/move-request.ts). Removed once it is recorded. */
export const MOVE_ANNOTATION = `${GROUP}/move`;
/** Asks for a test message on every channel; its value names the request and is repeated in status.health.alertTest. */
export const ALERT_TEST_ANNOTATION = `${GROUP}/alert-test`;
/** Accepts a Postgres whose data directory is another one than before: its value is the system identifier of the new one. */
export const ACCEPT_DATABASE_ANNOTATION = `${GROUP}/accept-database`;
/** Name of the ConfigMap with the alert state of a resource: incidents, and notifications that are not sent yet. */
export function alertStateName(resource: string): string {
  return `${resource}-health`;
}

/** On a pod template: the rotation whose values its pods read. */
export const ROTATION_ANNOTATION = `${GROUP}/rotation`;
/** On the worker's pod template: when the health controller had it started again. */
export const RESTARTED_AT_ANNOTATION = `${GROUP}/restarted-at`;
/** On a Secret: how many times it was made, and when last. */
export const GENERATION_ANNOTATION = `${GROUP}/generation`;
export const ROTATED_AT_ANNOTATION = `${GROUP}/rotated-at`;

/** The Lease that decides which of two operators may write. */
export const LEASE_NAME = 'glitchkeeper-operator';

/** The Lease that says which operation is under way: a rotation, a migration, a backup. */
export const OPERATION_LEASE = 'glitchkeeper-operation';

/** The ResourceQuota of the namespace: the budget. */
export const QUOTA = 'budget';

/** Names of the Secrets when the resource gives none. */
export const DEFAULT_SECRET_NAMES = {
  application: 'glitchtip-app',
  postgres: 'glitchtip-postgres',
  valkey: 'glitchtip-valkey',
  administrator: 'glitchtip-admin',
  gateway: 'glitchtip-gateway',
  backup: 'glitchtip-backup',
  rotation: 'glitchtip-rotation',
} as const;

/** Keys inside the Secrets. Those of `application` are the variables of GlitchTip that they are mounted for, those of `gateway` and `backup` are the files that they read. */
export const SECRET_KEYS = {
  application: ['SECRET_KEY', 'DATABASE_USER', 'DATABASE_PASSWORD', 'VALKEY_URL'],
  postgres: ['password'],
  valkey: ['users.acl', 'password'],
  administrator: ['email', 'password'],
  gateway: ['database-password', 'valkey-password', 'control-token'],
  backup: ['database-password'],
} as const;

/** The Secret of alerts when the resource gives no other. */
export const ALERTS_SECRET = 'glitchtip-alerts';

/** The Secret with the keys of the bucket that backups go to, when the settings name no other. */
export const BACKUP_STORE_SECRET = 'glitchtip-backup-store';

/**
 * The Secret of one restore, which ends with it: the operator deletes it whole when no Job needs it any more, and one that nobody asked for
 * a restore with within {@link RESTORE_SECRET_UNUSED}. Whoever makes it anew deletes what is there first, so that its age says which restore it is of.
 */
export const RESTORE_SECRET = 'glitchtip-restore';
/** Keys in it, and names of the files that pods read. */
export const RESTORE_SECRET_KEYS = {
  /** An age identity (AGE-SECRET-KEY-1...), from a person; absent where copies are not encrypted. */
  identity: 'identity',
  /** Of the login that loads the copy, from the operator, another one for each attempt. */
  databasePassword: 'database-password',
} as const;
/** Milliseconds. */
export const RESTORE_SECRET_UNUSED = 600_000;

/** The Secret of a move from an old Sentry. A person makes it, with `glitchkeeper migrate start` or by hand; the operator fills in its table. */
export const MOVE_SECRET = 'glitchtip-move';
/** Keys in it. */
export const MOVE_SECRET_KEYS = {
  /** Of the old one's API, for the import alone; it may be removed afterwards. */
  token: 'token',
  /** The table of old DSNs (operator/core/move/dsn-table.ts). */
  dsns: 'dsns.json',
} as const;

/** The image's superuser: the operator's own login, never the application's. */
export const POSTGRES_SUPERUSER = 'glitchkeeper';
/** The application's user in Valkey: the one that a URL without a name means. */
export const VALKEY_APPLICATION_USER = 'default';
/** The operator's own user in Valkey. */
export const VALKEY_OPERATOR_USER = 'glitchkeeper';
/** The gateway's user in Valkey: it may ask how long the queues are. */
export const VALKEY_GATEWAY_USER = 'gateway';
/** Who may do nothing but PING, without a password: the exec probe. */
export const VALKEY_PROBE_USER = 'probe';
/** The init container that repairs Valkey's append-only file. */
export const APPEND_ONLY_FILE_CONTAINER = 'append-only-file';

/** The gateway's login in Postgres, which may read the tables that it asks for events and keys. */
export function gatewayLoginName(database: string): string {
  return `${database}_gateway`;
}

/** The login that dumps: it reads every table, and writes none. It exists where there are backups. */
export function backupLoginName(database: string): string {
  return `${database}_backup`;
}

/** Deployment of the operator itself in the manifests. */
export const OPERATOR_DEPLOYMENT = 'glitchkeeper';
/** StatefulSets of the manifests, and the values of their component label. */
export const DATA_SERVERS = { postgres: 'postgres', valkey: 'valkey' } as const;
/** Services of the manifests: the only servers that a resource may name without a word of the settings. */
export const SERVICES = { postgres: DATA_SERVERS.postgres, valkey: DATA_SERVERS.valkey, web: 'web', webBackend: 'web-backend', gatewayControl: 'gateway-control' } as const;
/** Service of k3s' own Traefik. By its full name: resolvers of musl complete none that has a dot. */
export const TRAEFIK_SERVICE = 'traefik.kube-system.svc.cluster.local';
/** cert-manager's Certificate of the public name, the Issuer of ours that it asks, and its Secrets where the settings name no other. */
export const CERT_MANAGER = { certificate: 'glitchtip', issuer: 'glitchtip-acme', secret: 'glitchtip-tls', accountSecret: 'glitchtip-acme-account', eventNames: 'glitchtip-event-names', eventNamesSecret: 'glitchtip-event-names-tls' } as const;
/** cert-manager itself puts it on the pod, the Service and the Ingress that answer a challenge, with the value "true". */
export const SOLVER_LABEL = 'acme.cert-manager.io/http01-solver';
/** Service of the tunnel, which says whether it is connected. */
export const TUNNEL_SERVICE = 'tunnel';
/** Label that names the part of a pod. */
export const COMPONENT_LABEL = 'app.kubernetes.io/component';
/** Kubernetes itself puts it on the pods of a Job: the Job's name. */
export const JOB_NAME_LABEL = 'batch.kubernetes.io/job-name';
/** Components whose Deployments make a new pod once the last old one is gone (strategy Recreate). */
export const RECREATED_COMPONENTS: readonly string[] = ['operator', 'worker'];
/** Component of the migrate Job. */
export const MIGRATE_COMPONENT = 'migrate';
/** Its first container: nothing has been migrated while this one runs. */
export const WAIT_FOR_DATABASE = 'wait-for-database';
/** Label of the manifests' migrate Job: the release that it migrates to. */
export const VERSION_LABEL = 'app.kubernetes.io/version';
/** PodTemplate of the manifests with the migrate Job's pods: a repair runs them once more. */
export const MIGRATE_TEMPLATE = 'migrate';
/** Component of a backup's Job. */
export const BACKUP_COMPONENT = 'backup';
/** PodTemplate of the manifests with a backup's pods. */
export const BACKUP_TEMPLATE = 'backup';
/**
 * ConfigMap with the variables of the run that is under way (AT, CONTENT, COPY, EXPECTED, RECHECK): its pods are those of the template to the
 * letter, as the admission policies want it, so what differs from run to run is beside them.
 */
export const BACKUP_RUN = 'backup-run';
/** Component of the Jobs of a restore. */
export const RESTORE_COMPONENT = 'restore';
/** PodTemplates of the manifests: all of a restore's Job (fetch, load, place), and its first container alone. */
export const RESTORE_TEMPLATES = { restore: 'restore', check: 'restore-check' } as const;
/** ConfigMap with the variables of the restore that is under way (RESTORE_VARIABLES in operator/core/restore/restore-names.ts). */
export const RESTORE_RUN = 'restore-run';
/** ConfigMap that new pods of web and worker look into: while its key names a restore or an upgrade, they wait. The manifests make it without data. */
export const HOLD = { configMap: 'glitchtip-hold', key: 'by' } as const;
/** Component of a rehearsal's Job. */
export const REHEARSAL_COMPONENT = 'rehearsal';
/** PodTemplate of the manifests with the pods of a rehearsal of this release: `rehearsal-6-2`. Its Jobs begin with that name and a hyphen. */
export function rehearsalTemplate(release: string): string {
  return `${REHEARSAL_COMPONENT}-${release.replaceAll('.', '-')}`;
}
/** ConfigMap that is in no manifest: it names the step that an upgrade leads, and without it pods of a release leave the database of another one alone (charts/runtime/release_guard.py). */
export const UPGRADE_STEP = { configMap: 'glitchtip-upgrade', key: 'step' } as const;
/** `5.2-6.2`. */
export function upgradeStep(from: string, to: string): string {
  return `${from}-${to}`;
}
/** Component of the Job that imports events of the release before. */
export const LEGACY_IMPORT_COMPONENT = 'legacy-import';
/** PodTemplate of the manifests with its pods. */
export const LEGACY_IMPORT_TEMPLATE = 'legacy-import';
/** Component of the Job that imports from an old Sentry. */
export const MOVE_COMPONENT = 'move';
/** PodTemplate of the manifests with its pods. */
export const MOVE_TEMPLATE = 'move-import';
/** Kubernetes itself puts these labels on the pods of a Job. */
export const GENERATED_POD_LABELS: readonly string[] = ['controller-uid', 'job-name', 'batch.kubernetes.io/controller-uid', JOB_NAME_LABEL];
/** Names of the Jobs that a repair makes begin like this; the time follows. */
export const REPAIR_JOB_PREFIX = 'glitchkeeper-migrate-';
export function repairJobName(at: Date): string {
  return `${REPAIR_JOB_PREFIX}${Math.floor(at.getTime() / 1_000)}`;
}
/**
 * One that hangs must not block repairs and rotations for ever. Far beyond any migration of a database of this size: one that is
 * killed half-way is worse than one that is waited for. Seconds.
 */
export const REPAIR_JOB_DEADLINE = 6 * 3_600;

/** Labels on everything that the operator creates. */
export const LABELS = {
  'app.kubernetes.io/name': 'glitchtip',
  'app.kubernetes.io/part-of': 'glitchtip',
  'app.kubernetes.io/managed-by': 'glitchkeeper',
} as const;
