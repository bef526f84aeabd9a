// What cannot be observed now is not resolved: which observation a reason needs, and whether it was made this time.
import { HEALTH_REASONS, type HealthReason } from '../../api/health-reasons.js';
import { isJudged } from './web-rules.js';
import { JOURNAL_NOT_READABLE } from './credential-age.js';
import { tasksOf, type Facts } from './health-facts.js';
import { LEAK_SPAN } from './age-rules.js';
import { secondsSince, type CheckInput } from './rule-finding.js';
import { isSettled } from './ingest-rules.js';
import { partOf } from './part-state.js';

const R = HEALTH_REASONS;

type Observation =
  | 'always' | 'pods' | 'servers' | 'memory' | 'volumes' | 'postgres' | 'login' | 'connections' | 'schema' | 'figures'
  | 'valkey' | 'password' | 'queue' | 'tasks' | 'probe' | 'web' | 'answer' | 'storage' | 'worker' | 'depth' | 'gateway' | 'spool' | 'kept' | 'certificate' | 'served' | 'redirect' | 'hsts' | 'issuance' | 'tunnel' | 'journal';

const RESTS_ON: Readonly<Record<HealthReason, Observation>> = {
  [R.KubernetesUnreachable]: 'always', [R.NodeUnderPressure]: 'pods', [R.VolumeFull]: 'volumes', [R.Unschedulable]: 'pods', [R.ImageNotFound]: 'pods',
  [R.DatabaseDown]: 'postgres', [R.DatabaseReplaced]: 'figures', [R.DatabaseLoginRefused]: 'login', [R.ConnectionsExhausted]: 'connections', [R.LongTransaction]: 'figures',
  [R.ReleaseMismatch]: 'figures', [R.MigrationsPending]: 'schema', [R.PartitionsMissing]: 'figures', [R.PartitionsRunningOut]: 'figures',
  [R.QueueDown]: 'valkey', [R.QueueLoginRefused]: 'password', [R.QueueFilling]: 'queue', [R.QueueFull]: 'queue', [R.QueueNotPersisted]: 'queue', [R.QueueFileDamaged]: 'pods', [R.QueueFileRepaired]: 'pods', [R.Backlog]: 'depth',
  [R.WorkerDown]: 'pods', [R.WorkerStuck]: 'worker',
  [R.WebDown]: 'pods', [R.PortMismatch]: 'probe', [R.HostNotAllowed]: 'probe', [R.StaticFilesMissing]: 'web', [R.TimeoutTooShort]: 'probe',
  [R.GatewayDown]: 'pods', [R.GatewaySilent]: 'gateway', [R.SpoolFilling]: 'spool', [R.EventsSetAside]: 'spool',
  [R.IngestRefused]: 'answer', [R.EventsNotStored]: 'storage', [R.EventsLost]: 'tasks',
  [R.OutOfMemory]: 'pods', [R.ScratchSpaceFull]: 'pods', [R.MemoryLeak]: 'memory', [R.CrashLoop]: 'pods', [R.RolloutStuck]: 'pods', [R.PartDown]: 'servers',
  // Of the status, which is read with the resource.
  [R.BackupFailed]: 'always', [R.BackupTooOld]: 'always', [R.BackupCopyDamaged]: 'always', [R.BackupSlow]: 'always', [R.RestoreStuck]: 'always', [R.RestoreUnfinished]: 'kept', [R.RestoreFailed]: 'always', [R.UpgradeStuck]: 'always', [R.UpgradeUnfinished]: 'kept', [R.UpgradeFailed]: 'always',
  [R.OldServerBehind]: 'spool', [R.MoveStuck]: 'always', [R.MoveTableMissing]: 'always', [R.MoveFailed]: 'always',
  [R.HttpsDown]: 'always', [R.CertificateNotServed]: 'served', [R.HttpNotRedirected]: 'redirect', [R.HstsMissing]: 'hsts', [R.ProxyNotTrusted]: 'spool', [R.PlainEvents]: 'spool', [R.CertificateNotIssued]: 'issuance', [R.TunnelDown]: 'tunnel',
  [R.CertificateExpiring]: 'certificate', [R.CertificateExpired]: 'certificate', [R.CertificateUnreadable]: 'certificate', [R.CredentialsOverdue]: 'always', [R.CredentialsCompromised]: 'journal',
};

const SEEN: Readonly<Record<Observation, (input: CheckInput) => boolean>> = {
  always: () => true,
  journal: ({ facts }) => facts.credentials.phase !== JOURNAL_NOT_READABLE,
  pods: ({ facts }) => arePodsSeen(facts),
  // It is reported only of a server that answers.
  servers: ({ facts }) => arePodsSeen(facts) && facts.database.kind !== 'not observed' && facts.queue.kind !== 'not observed',
  memory: ({ facts, now }) => arePodsSeen(facts) && facts.cluster.memory.kind === 'seen' && isSampled(facts, now),
  // The last figure is kept for a while; of a server that writes nothing it proves nothing.
  volumes: ({ facts }) => facts.volumes.kind === 'seen' && facts.database.kind === 'seen',
  postgres: ({ facts }) => facts.database.kind !== 'not observed',
  login: ({ facts }) => facts.database.kind === 'refused' || isLoginSeen(facts),
  connections: ({ facts }) => facts.database.kind === 'seen' || facts.database.kind === 'no connection left',
  // Or pods wait for it.
  schema: ({ facts }) => facts.database.kind === 'no database' || (facts.database.kind === 'seen' && facts.cluster.pods.kind === 'seen'),
  figures: ({ facts }) => facts.database.kind === 'seen',
  valkey: ({ facts }) => facts.queue.kind !== 'not observed',
  password: ({ facts }) => facts.queue.kind === 'refused' || isQueueSeen(facts),
  queue: ({ facts }) => isQueueSeen(facts),
  tasks: ({ facts }) => tasksOf(facts) !== undefined,
  probe: (input) => isProbeSeen(input),
  web: ({ facts }) => isAnswering(facts),
  answer: ({ facts }) => facts.canary.kind !== 'not sent',
  storage: ({ facts }) => isFollowed(facts),
  worker: (input) => input.facts.canary.kind === 'stored' || (isFollowed(input.facts) && isSettled(input)),
  depth: ({ facts }) => facts.canary.kind === 'stored' || (isFollowed(facts) && isQueueSeen(facts)),
  gateway: ({ facts: { gateway } }) => gateway.kind !== 'not observed',
  // Without a gateway there is nothing to observe any more.
  spool: ({ facts: { gateway } }) => gateway.kind === 'seen' || gateway.kind === 'none',
  // What it could not keep is of interest while there is a way back.
  kept: (input) => SEEN.spool(input) || [input.facts.restore, input.facts.upgrade].every((status) => status?.current?.phase !== 'Unconfirmed'),
  // Of a Secret; where Traefik keeps it, it is seen when it is served.
  certificate: ({ facts: { certificate, served } }) => (certificate.kind === 'none' ? served.kind !== 'silent' : certificate.kind !== 'unseen'),
  served: ({ facts }) => facts.served.kind !== 'silent',
  redirect: ({ facts: { served } }) => served.kind === 'none' || (served.kind === 'seen' && served.plain !== undefined),
  hsts: ({ facts: { served } }) => served.kind === 'none' || (served.kind === 'seen' && served.hasHsts !== undefined),
  tunnel: ({ facts }) => facts.tunnel.kind !== 'silent' || arePodsSeen(facts),
  issuance: ({ facts }) => facts.issuance.kind !== 'unseen',
};

/** False: whether this reason still holds was not, or could not be, observed. */
export function isObserved(reason: HealthReason, input: CheckInput): boolean {
  return SEEN[RESTS_ON[reason]](input);
}

function arePodsSeen({ cluster }: Facts): boolean {
  return cluster.pods.kind === 'seen' && cluster.workloads.kind === 'seen';
}

/** Of the operator and of the application; a stored event is proof of the latter. */
function isLoginSeen({ database, canary }: Facts): boolean {
  if (database.kind !== 'seen') return false;
  const { login } = database.value;
  return canary.kind === 'stored' || login.kind === 'accepted' || login.kind === 'refused';
}

/** Without Valkey there is nothing to observe any more. */
function isQueueSeen({ queue }: Facts): boolean {
  return queue.kind === 'seen' || queue.kind === 'none';
}

/** Web took the event, so what became of it was seen; one that it refuses says nothing of the worker. */
function isFollowed({ canary }: Facts): boolean {
  return canary.kind === 'stored' || canary.kind === 'not stored';
}

/** After a restart of the operator there is no growth to see yet. */
function isSampled({ before: { samples } }: Facts, now: Date): boolean {
  const [oldest] = samples;
  return oldest !== undefined && secondsSince(oldest.at, now) >= LEAK_SPAN;
}

function isAnswering({ web }: Facts): boolean {
  return web.health.kind === 'answered' && web.health.status === 200;
}

/** A container that its probe had killed has just started again: it is too early to call it another cause. */
function isProbeSeen(input: CheckInput): boolean {
  const { facts, now } = input;
  if (facts.cluster.pods.kind === 'unseen') return false;
  const pods = partOf(facts, 'web', now)?.pods ?? [];
  return pods.every((pod) => pod.ready || isJudged(pod, now));
}
