// Each root cause in a few words, for the first line of a message, which a locked telephone shows.
import { HEALTH_REASONS as R, type HealthReason } from '../../api/health-reasons.js';
import { API_PARTS, keyOf } from './cause-relations.js';

const HEADLINES: Readonly<Record<HealthReason, string>> = {
  [R.KubernetesUnreachable]: 'the Kubernetes API does not answer',
  [R.NodeUnderPressure]: 'the server is short of memory, disk or processes',
  [R.VolumeFull]: 'volume {part} is nearly full',
  [R.Unschedulable]: '{part} cannot be placed on the server',
  [R.ImageNotFound]: 'the image of {part} cannot be pulled',
  [R.DatabaseDown]: 'Postgres does not answer',
  [R.DatabaseReplaced]: 'the database is new, the old one is gone',
  [R.DatabaseLoginRefused]: 'Postgres refuses the login',
  [R.ConnectionsExhausted]: 'Postgres is running out of connections',
  [R.LongTransaction]: 'a transaction in Postgres does not end',
  [R.ReleaseMismatch]: 'the database is of another release of GlitchTip',
  [R.MigrationsPending]: 'migrations were not run',
  [R.PartitionsMissing]: 'partitions for events are missing',
  [R.PartitionsRunningOut]: 'partitions for events are running out',
  [R.QueueDown]: 'Valkey does not answer',
  [R.QueueLoginRefused]: 'Valkey refuses the password',
  [R.QueueFilling]: 'the queue is filling up',
  [R.QueueFull]: 'the queue is full, events are refused',
  [R.QueueNotPersisted]: 'Valkey cannot write to its disk',
  [R.QueueFileDamaged]: 'the file of the queue is damaged',
  [R.QueueFileRepaired]: 'the end of the queue was lost, as by a power cut',
  [R.Backlog]: 'events are stored slower than they arrive',
  [R.WorkerDown]: 'the worker is down',
  [R.WorkerStuck]: 'the worker is stuck',
  [R.GatewayDown]: 'the gateway is down, events are refused',
  [R.GatewaySilent]: 'the gateway does not answer the operator',
  [R.SpoolFilling]: 'events wait on disk, and it fills up',
  [R.EventsSetAside]: 'events could not be stored',
  [R.WebDown]: 'web is down',
  [R.PortMismatch]: 'web listens on the wrong port',
  [R.HostNotAllowed]: 'web refuses its host name',
  [R.StaticFilesMissing]: 'the static files of web are missing',
  [R.TimeoutTooShort]: 'web answers later than its probe waits',
  [R.IngestRefused]: 'events are refused',
  [R.EventsLost]: 'accepted events were lost',
  [R.EventsNotStored]: 'events are not stored',
  [R.OutOfMemory]: '{part} was killed, out of memory',
  [R.ScratchSpaceFull]: '{part} was put out, its scratch space full',
  [R.MemoryLeak]: '{part} is growing towards its memory limit',
  [R.CrashLoop]: '{part} crashes again and again',
  [R.RolloutStuck]: 'the rollout of {part} is stuck',
  [R.PartDown]: '{part} is down',
  [R.BackupFailed]: 'the backup failed',
  [R.BackupTooOld]: 'the newest good backup is too old',
  [R.BackupCopyDamaged]: 'a copy of the backup is damaged',
  [R.RestoreStuck]: 'a restore does not get on, web is away',
  [R.RestoreUnfinished]: 'a restore is not finished',
  [R.RestoreFailed]: 'the restore failed',
  [R.OldServerBehind]: 'the old server does not keep up',
  [R.MoveStuck]: 'a step of the move does not get on',
  [R.MoveTableMissing]: 'the table of old DSNs is gone',
  [R.MoveFailed]: 'the move came to nothing',
  [R.HttpsDown]: 'nobody serves https',
  [R.TunnelDown]: 'the tunnel is down',
  [R.CertificateNotIssued]: 'cert-manager gets no certificate',
  [R.CertificateNotServed]: 'another certificate is served',
  [R.HttpNotRedirected]: 'who comes by http is not led to https',
  [R.HstsMissing]: 'browsers are not told to come by https',
  [R.ProxyNotTrusted]: 'the gateway does not believe Traefik',
  [R.PlainEvents]: 'SDKs still send by http',
  [R.CertificateExpiring]: 'the certificate expires soon',
  [R.CertificateExpired]: 'the certificate has expired',
  [R.CertificateUnreadable]: 'there is no certificate to be seen',
  [R.CredentialsCompromised]: 'credentials that leaked are still valid',
  [R.CredentialsOverdue]: 'credentials are overdue for rotation',
};

/** By `reason/part`, where the reason means something else for that part. */
const OF_PARTS: ReadonlyMap<string, string> = new Map([
  [keyOf({ reason: R.KubernetesUnreachable, part: API_PARTS.access }), 'the Kubernetes API refuses the operator'],
  [keyOf({ reason: R.KubernetesUnreachable, part: API_PARTS.writes }), 'the Kubernetes API takes no writes'],
  [keyOf({ reason: R.KubernetesUnreachable, part: API_PARTS.certificate }), 'the certificate of the Kubernetes API is not accepted'],
]);

/** Starts with a capital letter, ends without a full stop. */
export function headline({ reason, part }: { readonly reason: HealthReason; readonly part: string }): string {
  const text = (OF_PARTS.get(keyOf({ reason, part })) ?? HEADLINES[reason]).replace('{part}', part);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
