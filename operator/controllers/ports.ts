// The ports of the controllers: io/ implements them, tests may make them fail. Each call ends with its signal: what was aborted throws, or is an
// observation that nobody may act on, and nothing is written any more.
import type { GlitchTipResource, GlitchTipSpec, GlitchTipStatus } from '../api/glitchtip-resource.js';
import type { Delivery } from '../core/alerts/outbox.js';
import type { TelegramText } from '../core/alerts/message-formats.js';
import type { ObservedAlertState, StoredAlertState } from '../core/alerts/alert-state.js';
import type { CanaryFacts, ClusterFacts, IssuanceFacts, JobFacts, ObservedDatabase, ObservedGateway, ObservedQueue, PodFacts, ServedCertificate, TunnelFacts, VolumeFacts, WebFacts } from '../core/health/health-facts.js';
import type { Seen } from '../core/seen.js';
import type { BackupReport } from '../core/backup/backup-report.js';
import type { PodTemplate, RunVariables } from '../core/backup/backup-job.js';
import type { ObservedDatabaseFacts } from '../core/backup/backup-obstacles.js';
import type { BackupJob } from '../core/backup/run-end.js';
import type { RehearsalStatus } from '../api/rehearsal-fields.js';
import type { MoveReport } from '../core/move/move-report.js';
import type { RestoreStatus } from '../api/restore-fields.js';
import type { UpgradeStatus } from '../api/upgrade-fields.js';
import type { HealthReport } from '../core/health/health-status.js';
import type { ObservedAdministrator, ObservedLogin, ObservedPostgres, ObservedRollout, ObservedSecret, ObservedValkey, ObservedWorkload, PostgresState, SessionCount, ValkeyPasswords, Via } from '../core/credentials/observed.js';
import type { Holder } from '../core/operations/exclusion.js';
import type { ObservedLock } from '../core/operations/operation-lock.js';
import type { ObservedJournal } from '../core/rotation/journal.js';
import type { DatabaseChange, WantedRoles } from '../core/credentials/database-changes.js';
import type { WriteJournal, WriteSecret } from '../core/rotation/actions.js';
import type { CreateSecret } from '../core/credentials/generated-secrets.js';
import type { Sensitive } from '../core/sensitive.js';

/** What happened, for `kubectl describe`; never a value. */
export interface EventNote {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

/** A login by name and password. */
export interface Login {
  readonly user: string;
  readonly password: Sensitive;
}

/** One that may be the operator's, and where its password is kept. */
export interface OperatorLogin extends Login {
  readonly via: Via;
}

/** Secrets, the resource and its journal. Writes answer false when somebody else wrote since. */
export interface ClusterPort {
  observeSecret(name: string, signal: AbortSignal): Promise<ObservedSecret>;
  createSecret(action: Pick<CreateSecret, 'name' | 'data'>, signal: AbortSignal): Promise<'created' | 'exists'>;
  writeSecret(action: Omit<WriteSecret, 'kind' | 'role'>, signal: AbortSignal): Promise<boolean>;
  observeJournal(name: string, signal: AbortSignal): Promise<ObservedJournal>;
  writeJournal(name: string, action: WriteJournal, signal: AbortSignal): Promise<boolean>;
  /** The recorded lock of operations; never throws. */
  observeLock(signal: AbortSignal): Promise<ObservedLock>;
  writeLock(lock: { readonly holder?: Holder; readonly resourceVersion: string | undefined }, signal: AbortSignal): Promise<boolean>;
  readResource(name: string, signal: AbortSignal): Promise<GlitchTipResource | undefined>;
  dropRequest(resource: GlitchTipResource, signal: AbortSignal): Promise<boolean>;
  applyStatus(name: string, status: GlitchTipStatus, signal: AbortSignal): Promise<void>;
  /** The health controller's part of the status; undefined takes it away. */
  applyHealth(name: string, report: HealthReport | undefined, signal: AbortSignal): Promise<void>;
  /** The backup controller's part of the status; undefined takes it away. False when the resource changed since it was read. */
  applyBackup(resource: GlitchTipResource, report: BackupReport | undefined, signal: AbortSignal): Promise<boolean>;
  /** Takes the annotation that asks for a backup away, unless the resource changed since it was read. */
  dropBackupRequest(resource: GlitchTipResource, signal: AbortSignal): Promise<boolean>;
  /** The restore controller's part of the status; undefined takes it away. False when the resource changed since it was read. */
  applyRestore(resource: GlitchTipResource, status: RestoreStatus | undefined, signal: AbortSignal): Promise<boolean>;
  /** Takes the annotation that asks for a restore away, unless the resource changed since it was read. */
  dropRestoreRequest(resource: GlitchTipResource, signal: AbortSignal): Promise<boolean>;
  /** The rehearsal controller's part of the status. False when the resource changed since it was read. */
  applyRehearsal(resource: GlitchTipResource, status: RehearsalStatus, signal: AbortSignal): Promise<boolean>;
  /** Takes the annotation that asks for a rehearsal away, unless the resource changed since it was read. */
  dropRehearsalRequest(resource: GlitchTipResource, signal: AbortSignal): Promise<boolean>;
  /** The upgrade controller's part of the status. False when the resource changed since it was read. */
  applyUpgrade(resource: GlitchTipResource, status: UpgradeStatus, signal: AbortSignal): Promise<boolean>;
  /** Takes the annotation that asks for an upgrade, or a step of one, away, unless the resource changed since it was read. */
  dropUpgradeRequest(resource: GlitchTipResource, signal: AbortSignal): Promise<boolean>;
  /** As a person asks, by the annotation, unless the resource changed since it was read. */
  askForRestore(resource: GlitchTipResource, request: string, signal: AbortSignal): Promise<boolean>;
  /** The move controller's part of the status. False when the resource changed since it was read. */
  applyMove(resource: GlitchTipResource, report: MoveReport, signal: AbortSignal): Promise<boolean>;
  /** Takes the annotation that asks for a step of the move away, unless the resource changed since it was read. */
  dropMoveRequest(resource: GlitchTipResource, signal: AbortSignal): Promise<boolean>;
  /** False when somebody else wrote it since it was read, or it is gone. */
  deleteSecret(name: string, resourceVersion: string, signal: AbortSignal): Promise<boolean>;
  recordEvent(about: GlitchTipResource, event: EventNote, at: Date, signal: AbortSignal): Promise<void>;
  /** `name` is the resource's. */
  readAlertState(name: string, signal: AbortSignal): Promise<ObservedAlertState>;
  /** The version written; undefined when somebody else wrote since. */
  writeAlertState(name: string, stored: StoredAlertState, signal: AbortSignal): Promise<string | undefined>;
  /** Takes the annotation that asks for a test message away, unless the resource changed since it was read. */
  dropAlertTest(resource: GlitchTipResource, signal: AbortSignal): Promise<boolean>;
}

/** Of pods of ours; `jobs`: those of them that are of a Job. */
export interface PodAddresses {
  readonly pods: readonly string[];
  readonly jobs: readonly string[];
}

/** Deployments, pods, Jobs, quota. */
export interface WorkloadsPort {
  observe(name: string, signal: AbortSignal): Promise<ObservedWorkload>;
  roll(name: string, rotation: string | undefined, signal: AbortSignal): Promise<void>;
  jobs(signal: AbortSignal): Promise<{ readonly jobs: readonly JobFacts[]; readonly pods: readonly PodFacts[] }>;
  podAddresses(signal: AbortSignal): Promise<PodAddresses>;
  noRoomFor(name: string, signal: AbortSignal): Promise<string | undefined>;
}

/** Asks whether a step is still wanted; throws when it is not. */
export type Fence = () => Promise<void>;

/** Who changes a role, what is asked right before it, and what ends it. */
export interface RolePlace {
  readonly operator: Login;
  readonly fence: Fence;
  readonly signal: AbortSignal;
}

/** What the database should be like. */
export interface WantedDatabase {
  readonly wanted: WantedRoles;
  /** By login. */
  readonly passwords: ReadonlyMap<string, Sensitive>;
}

/** Undefined where a Secret does not say, or there is no such part. */
export interface TriedLogins {
  readonly application: Login | undefined;
  readonly gateway: Login | undefined;
  readonly backup: Login | undefined;
}

/** Postgres: the server that the spec names, and GlitchTip's tables in it. */
export interface PostgresPort {
  /** `tried`: logins whose work depends on being let in. */
  observe(spec: GlitchTipSpec, operator: readonly OperatorLogin[], tried: TriedLogins, signal: AbortSignal): Promise<ObservedPostgres>;
  change(spec: GlitchTipSpec, operator: Login, database: WantedDatabase, signal: AbortSignal): Promise<readonly DatabaseChange[]>;
  tryLogin(spec: GlitchTipSpec, login: Login, state: PostgresState, signal: AbortSignal): Promise<ObservedLogin>;
  countSessions(spec: GlitchTipSpec, operator: Login, of: PodAddresses & { readonly logins: readonly string[] }, signal: AbortSignal): Promise<ReadonlyMap<string, SessionCount>>;
  openLogin(spec: GlitchTipSpec, place: RolePlace, role: string, password: Sensitive): Promise<void>;
  closeLogin(spec: GlitchTipSpec, place: RolePlace, role: string): Promise<void>;
  replaceOperatorPassword(spec: GlitchTipSpec, place: RolePlace, password: Sensitive): Promise<void>;
  /** Which database it is, and the newest row of django_migrations. `operator`: logins that may be the operator's, tried in turn. Not being able to tell is an observation. */
  observeFacts(spec: GlitchTipSpec, operator: readonly Login[], signal: AbortSignal): Promise<ObservedDatabaseFacts>;
  /** Whether one of these events (32 hexadecimal digits), sent between these moments, is stored. */
  isEventStored(spec: GlitchTipSpec, operator: Login, events: { readonly ids: readonly string[]; readonly since: Date; readonly until: Date }, signal: AbortSignal): Promise<boolean>;
  /** Project and key for events of the operator's own; made when they are missing. */
  ensureCanary(spec: GlitchTipSpec, operator: Login, signal: AbortSignal): Promise<Canary>;
  /** Whether the account accepts what its Secret shows. */
  tryAdministrator(spec: GlitchTipSpec, operator: Login, account: { readonly email: string; readonly password: Sensitive }, signal: AbortSignal): Promise<ObservedAdministrator>;
  judgeAdministrator(spec: GlitchTipSpec, operator: Login, account: { readonly email: string; readonly previous: Sensitive; readonly next: Sensitive }, signal: AbortSignal): Promise<ObservedRollout['administrator']>;
  setAdministratorPassword(spec: GlitchTipSpec, place: RolePlace, account: { readonly email: string; readonly password: Sensitive }): Promise<void>;
  /** Ends the role's sessions that come from none of these addresses: they outlive the password that they were made with. */
  endForeignSessions(spec: GlitchTipSpec, operator: Login, of: { readonly role: string; readonly pods: readonly string[] }, signal: AbortSignal): Promise<void>;
  /** Sessions that Django keeps in the database. */
  endSessions(spec: GlitchTipSpec, operator: Login, signal: AbortSignal): Promise<void>;
}

export interface Canary {
  readonly project: number;
  /** 32 hexadecimal digits. */
  readonly key: string;
}

export interface ValkeyAddress {
  readonly host: string;
  readonly port: number;
}

/** Passwords: those that may be the operator's, tried in turn. */
export interface ValkeyPort {
  observe(address: ValkeyAddress, operator: readonly Sensitive[], signal: AbortSignal): Promise<ObservedValkey>;
  tryPassword(address: ValkeyAddress, password: Sensitive, signal: AbortSignal): Promise<'accepted' | 'refused' | 'unreachable'>;
  setPasswords(address: ValkeyAddress, operator: readonly Sensitive[], wanted: ValkeyPasswords, signal: AbortSignal): Promise<void>;
  endSessions(address: ValkeyAddress, operator: readonly Sensitive[], signal: AbortSignal): Promise<void>;
  endForeignConnections(address: ValkeyAddress, operator: readonly Sensitive[], pods: readonly string[], signal: AbortSignal): Promise<void>;
}

/** GlitchTip's own HTTP. */
export interface WebPort {
  /** Sends an event of this id (32 hexadecimal digits); resolves to the status code. @throws when there is no answer */
  sendEvent(address: { readonly host: string; readonly port: number }, event: { readonly canary: Canary; readonly id: string }, signal: AbortSignal): Promise<number>;
}

/** What to observe in Postgres. */
export interface DatabaseQuestion {
  readonly spec: GlitchTipSpec;
  /** Those that may be the operator's, tried in turn. */
  readonly operator: readonly Login[];
  readonly application: Login | undefined;
  /** False: nobody would take an event, and none is sent. */
  readonly takesEvents: boolean;
  /** Whether to measure the free space of the volume: it costs a process in the server. */
  readonly withVolume: boolean;
}

export interface DatabaseObservation {
  readonly database: ObservedDatabase;
  readonly canary: CanaryFacts;
  readonly volumes: Seen<readonly VolumeFacts[]>;
}

/** What the health controller observes, and its two repairs. Not being able to observe something is an observation. */
export interface HealthPort {
  observeCluster(spec: GlitchTipSpec, signal: AbortSignal): Promise<ClusterFacts>;
  observeWeb(spec: GlitchTipSpec, pods: readonly PodFacts[], signal: AbortSignal): Promise<WebFacts>;
  /** Which certificate the public name is served with. */
  observeServed(spec: GlitchTipSpec, signal: AbortSignal): Promise<ServedCertificate>;
  observeTunnel(spec: GlitchTipSpec, signal: AbortSignal): Promise<TunnelFacts>;
  observeIssuance(spec: GlitchTipSpec, signal: AbortSignal): Promise<IssuanceFacts>;
  /** Sends an event and looks for it; remembers for the resource which of its events are missing. */
  observeDatabase(resource: string, question: DatabaseQuestion, signal: AbortSignal): Promise<DatabaseObservation>;
  observeQueue(spec: GlitchTipSpec, operator: readonly Sensitive[], signal: AbortSignal): Promise<ObservedQueue>;
  /** `token`: of its control port; undefined: its Secret does not say. */
  observeGateway(spec: GlitchTipSpec, token: Sensitive | undefined, signal: AbortSignal): Promise<ObservedGateway>;
  /** What a worker held that ended since is in no memory any more: the gateway may give it again. @throws when it does not answer */
  tellWorkerStart(spec: GlitchTipSpec, token: Sensitive, at: Date, signal: AbortSignal): Promise<void>;
  /** With its pods; false when it has changed since it was seen, or is gone. */
  deleteJob(job: JobFacts, signal: AbortSignal): Promise<boolean>;
  /** One that has ended; false when it is gone. */
  deletePod(pod: Pick<PodFacts, 'name'>, signal: AbortSignal): Promise<boolean>;
  /** As a Job of this name. False when there is no migrate Job to run again. */
  rerunMigrations(name: string, signal: AbortSignal): Promise<boolean>;
  restart(deployment: string, at: Date, signal: AbortSignal): Promise<void>;
  /** The resource is gone, or is somebody else's. */
  forget(resource: string): void;
}

/** Jobs of ours and their pods, and of them the Job that was asked for. */
export interface ObservedJobs {
  readonly jobs: readonly JobFacts[];
  readonly pods: readonly PodFacts[];
  /** Undefined: there is none of that name. */
  readonly own?: BackupJob;
}

/** What the manifests have of a Job: its pods, and a ConfigMap for what differs from run to run. */
export type JobManifests =
  /** `noRoom`: why the quota has no room for a pod of it. */
  | { readonly kind: 'present'; readonly template: PodTemplate; readonly noRoom?: string }
  /** `what`: "PodTemplate backup". */
  | { readonly kind: 'missing'; readonly what: string };

/** The Jobs that a controller makes. */
export interface JobsPort {
  /** `name`: of the Job that is looked for. Not being able to see them is an observation. */
  observeJobs(name: string | undefined, signal: AbortSignal): Promise<Seen<ObservedJobs>>;
  /** False when there is a Job of this name. */
  createJob(job: object, signal: AbortSignal): Promise<boolean>;
  /** With its pods; false when it has changed since it was seen, or is gone. */
  deleteJob(job: JobFacts, signal: AbortSignal): Promise<boolean>;
}

/** What a backup's Job is made from, and the Job. */
export interface BackupPort extends JobsPort {
  readManifests(signal: AbortSignal): Promise<JobManifests>;
  /** False when there is no ConfigMap for them. */
  writeVariables(variables: RunVariables, signal: AbortSignal): Promise<boolean>;
}

/** What a rehearsal's Job is made from, and the Job: nothing differs from run to run. */
export interface RehearsalPort extends JobsPort {
  /** @param template of the release */
  readManifests(template: string, signal: AbortSignal): Promise<JobManifests>;
}

/** A chat of Telegram, and the bot that writes to it. */
export interface TelegramChat {
  /** Address of the Bot API, without a slash at its end. */
  readonly api: string;
  readonly token: Sensitive;
  readonly chat: Sensitive;
}

export interface TelegramMessage {
  readonly text: TelegramText;
  readonly silent: boolean;
  /** The message that it answers or, with `edit`, that it takes the place of. */
  readonly about?: number;
}

/** Where alerts go. None of them throws, and no text that they give says an address or a token. */
export interface NotifiersPort {
  sendTelegram(to: TelegramChat, message: TelegramMessage, signal: AbortSignal): Promise<Delivery>;
  editTelegram(to: TelegramChat, message: TelegramMessage & { readonly about: number }, signal: AbortSignal): Promise<Delivery>;
  /** `id` is the same for each try of a message. */
  postWebhook(url: Sensitive, message: { readonly id: string; readonly body: object }, signal: AbortSignal): Promise<Delivery>;
  beat(url: Sensitive, signal: AbortSignal): Promise<Delivery>;
}

export interface Ports {
  readonly cluster: ClusterPort;
  readonly workloads: WorkloadsPort;
  readonly postgres: PostgresPort;
  readonly valkey: ValkeyPort;
  readonly web: WebPort;
}
