// What explains what: the table by which one root cause is reported instead of all its consequences.
import { HEALTH_REASONS, type HealthReason } from '../../api/health-reasons.js';

const R = HEALTH_REASONS;

const DOWN: readonly HealthReason[] = [R.WebDown, R.WorkerDown, R.GatewayDown, R.DatabaseDown, R.QueueDown, R.PartDown, R.TunnelDown];
/** Where an event goes after web has been asked. */
const EVENT_PATH: readonly HealthReason[] = [R.IngestRefused, R.EventsNotStored, R.EventsLost, R.WorkerStuck, R.Backlog, R.QueueFilling, R.QueueFull, R.SpoolFilling];
/** What is behind the gateway, and so no reason to refuse an event. */
const BEHIND_GATEWAY: readonly HealthReason[] = [R.EventsNotStored, R.WorkerStuck, R.Backlog, R.SpoolFilling];
/** Of an operation that keeps web and worker away. What waits on disk meanwhile may fill it, which is another matter. */
const AWAY: readonly HealthReason[] = [
  R.WebDown, R.WorkerDown, R.RolloutStuck, R.CrashLoop, R.MigrationsPending, R.PartitionsMissing, R.PartitionsRunningOut, R.StaticFilesMissing, R.TimeoutTooShort,
  R.IngestRefused, R.EventsNotStored, R.WorkerStuck, R.Backlog,
];
const WAITING_PODS: readonly HealthReason[] = [R.WebDown, R.WorkerDown, R.RolloutStuck, R.CrashLoop];

/** A cause explains these reasons of the same part. */
export const WITHIN_PART: Partial<Record<HealthReason, readonly HealthReason[]>> = {
  [R.ImageNotFound]: [...DOWN, R.RolloutStuck, R.CrashLoop],
  [R.Unschedulable]: [...DOWN, R.RolloutStuck],
  [R.OutOfMemory]: [...DOWN, R.RolloutStuck, R.CrashLoop, R.MemoryLeak],
  [R.ScratchSpaceFull]: [...DOWN, R.RolloutStuck, R.CrashLoop],
  [R.PortMismatch]: [...DOWN, R.RolloutStuck, R.CrashLoop],
  [R.HostNotAllowed]: [...DOWN, R.RolloutStuck, R.CrashLoop],
  [R.TimeoutTooShort]: [...DOWN, R.RolloutStuck, R.CrashLoop],
  [R.CrashLoop]: [...DOWN, R.RolloutStuck],
  [R.QueueFileDamaged]: DOWN,
  [R.WebDown]: [R.RolloutStuck],
  [R.WorkerDown]: [R.RolloutStuck],
  [R.GatewayDown]: [R.RolloutStuck, R.GatewaySilent],
  [R.CredentialsCompromised]: [R.CredentialsOverdue],
  [R.BackupTooOld]: [R.BackupFailed],
  [R.CertificateNotIssued]: [R.CertificateUnreadable, R.CertificateNotServed, R.CertificateExpiring, R.CertificateExpired],
  [R.CertificateUnreadable]: [R.CertificateNotServed],
  [R.CertificateExpired]: [R.CertificateNotServed],
};

/** A cause explains these reasons of any part. */
export const ANYWHERE: Partial<Record<HealthReason, readonly HealthReason[]>> = {
  [R.NodeUnderPressure]: [...DOWN, R.HttpsDown, R.Unschedulable, R.RolloutStuck, R.CrashLoop],
  [R.VolumeFull]: [R.DatabaseDown, R.QueueNotPersisted, R.CrashLoop, R.PartDown, ...EVENT_PATH],
  [R.DatabaseDown]: [R.DatabaseLoginRefused, R.ConnectionsExhausted, R.MigrationsPending, R.StaticFilesMissing, R.TimeoutTooShort, ...WAITING_PODS, ...EVENT_PATH],
  [R.DatabaseReplaced]: [R.DatabaseLoginRefused, R.ReleaseMismatch, R.MigrationsPending, R.PartitionsMissing, R.PartitionsRunningOut, R.StaticFilesMissing, R.TimeoutTooShort, ...WAITING_PODS, ...EVENT_PATH],
  [R.DatabaseLoginRefused]: [R.MigrationsPending, ...WAITING_PODS, ...EVENT_PATH],
  [R.ConnectionsExhausted]: [R.MigrationsPending, ...WAITING_PODS, ...EVENT_PATH],
  [R.ReleaseMismatch]: [R.MigrationsPending, R.PartitionsMissing, R.PartitionsRunningOut, R.StaticFilesMissing, ...WAITING_PODS, ...EVENT_PATH],
  [R.MigrationsPending]: [R.PartitionsMissing, R.PartitionsRunningOut, R.StaticFilesMissing, ...WAITING_PODS, ...EVENT_PATH],
  [R.PartitionsMissing]: [R.PartitionsRunningOut, R.EventsNotStored, R.EventsLost, R.WorkerStuck, R.Backlog, R.QueueFilling, R.SpoolFilling],
  [R.QueueDown]: [R.QueueLoginRefused, R.TimeoutTooShort, ...WAITING_PODS, ...EVENT_PATH],
  [R.QueueLoginRefused]: EVENT_PATH,
  [R.QueueNotPersisted]: EVENT_PATH,
  // 6.2 answers 200 to what a full queue refuses, and the worker has taken all that waited.
  [R.QueueFull]: [R.IngestRefused, R.EventsNotStored],
  [R.WorkerDown]: [R.EventsNotStored, R.WorkerStuck, R.Backlog, R.QueueFilling, R.QueueFull, R.SpoolFilling],
  [R.WorkerStuck]: [R.EventsNotStored, R.Backlog, R.QueueFilling, R.QueueFull, R.SpoolFilling],
  [R.EventsLost]: [R.EventsNotStored],
  [R.Backlog]: [R.EventsNotStored, R.QueueFilling, R.QueueFull],
  [R.GatewayDown]: [R.IngestRefused],
  [R.SpoolFilling]: [R.IngestRefused],
  // Where there is no route of ours there is nothing of this.
  [R.CertificateNotServed]: [R.HttpNotRedirected, R.HstsMissing],
  [R.CertificateNotIssued]: [R.HttpNotRedirected, R.HstsMissing],
  [R.CertificateUnreadable]: [R.HttpNotRedirected, R.HstsMissing],
  [R.RestoreStuck]: AWAY,
  // The database is of the one release for a while, and version says the other.
  [R.UpgradeStuck]: [R.ReleaseMismatch, ...AWAY],
  [R.WebDown]: [R.IngestRefused, R.StaticFilesMissing, ...BEHIND_GATEWAY],
  [R.PortMismatch]: [R.IngestRefused, R.WebDown, R.StaticFilesMissing, ...BEHIND_GATEWAY],
  [R.TimeoutTooShort]: [R.IngestRefused, ...BEHIND_GATEWAY],
  [R.HostNotAllowed]: [R.IngestRefused, ...BEHIND_GATEWAY],
};

/** A failing migrate Job is why migrations are not done. */
const OF_MIGRATE: readonly HealthReason[] = [R.ImageNotFound, R.Unschedulable, R.OutOfMemory, R.ScratchSpaceFull, R.CrashLoop];

/** A server that is down makes what waits for it end and start again, not another server, and not itself. */
const WAITING_PARTS: readonly string[] = ['web', 'worker'];
const OF_THE_HOST: readonly HealthReason[] = [R.NodeUnderPressure, R.VolumeFull];

interface Named {
  readonly reason: HealthReason;
  readonly part: string;
}

export function explains(cause: Named, effect: Named): boolean {
  if (cause.reason === effect.reason && cause.part === effect.part) return false;
  if (cause.part === 'migrate' && OF_MIGRATE.includes(cause.reason) && effect.reason === R.MigrationsPending) return true;
  return reaches(cause, effect) || (cause.part === effect.part && (WITHIN_PART[cause.reason]?.includes(effect.reason) ?? false));
}

function reaches(cause: Named, effect: Named): boolean {
  if (!ANYWHERE[cause.reason]?.includes(effect.reason)) return false;
  return effect.reason !== R.CrashLoop || OF_THE_HOST.includes(cause.reason) || WAITING_PARTS.includes(effect.part);
}
