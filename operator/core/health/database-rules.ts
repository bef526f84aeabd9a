// Rules about Postgres: does it answer, is there disk space, is GlitchTip's schema there, are there partitions for the next days?
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import { specRelease } from '../../api/glitchtip-resource.js';
import { ACCEPT_DATABASE_ANNOTATION } from '../../api/object-names.js';
import { describeReplaced, identifyDatabase } from '../credentials/database-identity.js';
import type { JobFacts, PartitionFacts, PodFacts, PostgresFacts } from './health-facts.js';
import { judgeJob } from '../operations/job-state.js';
import { healthRelease } from './release-facts.js';
import { bytes, duration, finding, percent, secondsSince, type Finding, type Rule, type CheckInput } from './rule-finding.js';
import { explainDown, INIT_SECONDS, partOf, serverTrouble, waitingInit } from './part-state.js';

const R = HEALTH_REASONS;
/** Share of max_connections from which on a lack of connections is reported. */
const CONNECTIONS_SHARE = 0.9;
/** A dump of a database of ours takes minutes. Seconds. */
const LONG_TRANSACTION = 1_800;
const VOLUME_WARNING = 0.85;
const VOLUME_CRITICAL = 0.95;

export const databaseRules: readonly Rule[] = [databaseDown, databaseReplaced, loginRefused, noConnection, longTransaction, volumeFull, releaseMismatch, migrationsPending, partitions, partDown];

function databaseDown(input: CheckInput): readonly Finding[] {
  const { facts, now, spec } = input;
  if (facts.database.kind !== 'unreachable') return [];
  const { detail, isScaledToNothing, isStarting } = serverTrouble(facts, 'postgres', now);
  return [finding(R.DatabaseDown, 'postgres', 'critical', {
    message: `Postgres at ${spec.database.host}:${spec.database.port} does not answer (${facts.database.why})${detail}.`,
    advice: isScaledToNothing ? 'kubectl scale statefulset/postgres --replicas=1' : 'kubectl describe pod postgres-0, and kubectl logs postgres-0 --previous.',
    symptom: 'Postgres does not answer',
    quiet: isStarting,
  })];
}

function databaseReplaced({ facts: { database, credentials } }: CheckInput): readonly Finding[] {
  const found = database.kind === 'seen' ? database.value.system : undefined;
  // Accepted, it is what the status remembers.
  const { replaced } = identifyDatabase({ found, remembered: credentials.database, accepted: undefined });
  if (!replaced) return [];
  return [finding(R.DatabaseReplaced, 'postgres', 'critical', {
    message: `${describeReplaced(replaced)}.`,
    advice: `Somebody deleted or exchanged the volume: bring the old one back (docs/runbooks/move-volume.md). Only where it is gone for good: kubectl annotate gt --all --overwrite ${ACCEPT_DATABASE_ANNOTATION}=${replaced.is}, then restore a backup.`,
    symptom: 'the database is new',
  })];
}

function loginRefused({ facts: { database }, spec }: CheckInput): readonly Finding[] {
  const refused = (secret: string) => [finding(R.DatabaseLoginRefused, 'postgres', 'critical', {
    message: `Postgres refuses the login of Secret ${secret}.`,
    advice: `Somebody changed the password in one of the two places: see the conditions of kubectl describe gt, and docs/runbooks/rotate.md.`,
    symptom: 'Postgres refuses a login',
  })];
  if (database.kind === 'refused') return refused(spec.secrets.postgres);
  return database.kind === 'seen' && database.value.login.kind === 'refused' ? refused(spec.secrets.application) : [];
}

function noConnection({ facts: { database } }: CheckInput): readonly Finding[] {
  const words = {
    advice: "End what does not belong there (SELECT usename, client_addr, state FROM pg_stat_activity), or restart who holds them.",
    symptom: 'Postgres has no connection left',
  };
  if (database.kind === 'no connection left') return [finding(R.ConnectionsExhausted, 'postgres', 'critical', { message: 'Postgres has no connection left, not even for the operator.', ...words })];
  if (database.kind !== 'seen') return [];
  const { connections, connectionsMax } = database.value;
  if (connections < connectionsMax * CONNECTIONS_SHARE) return [];
  return [finding(R.ConnectionsExhausted, 'postgres', connections >= connectionsMax ? 'critical' : 'warning', { message: `${connections} of ${connectionsMax} connections of Postgres are taken.`, ...words })];
}

function longTransaction({ facts: { database } }: CheckInput): readonly Finding[] {
  if (database.kind !== 'seen' || database.value.longestTransactionSeconds < LONG_TRANSACTION) return [];
  return [finding(R.LongTransaction, 'postgres', 'warning', {
    message: `A transaction has been open for ${duration(database.value.longestTransactionSeconds)}: nothing that was deleted since is cleaned up.`,
    advice: 'Find it (SELECT pid, usename, xact_start, query FROM pg_stat_activity ORDER BY xact_start) and end it with pg_terminate_backend(pid).',
    symptom: 'a transaction stays open',
  })];
}

function volumeFull({ facts: { volumes, database, cluster } }: CheckInput): readonly Finding[] {
  const pods = cluster.pods.kind === 'seen' ? cluster.pods.value : [];
  const stopped = pods.find((pod) => pod.part === 'postgres' && pod.containers.some(({ state, lastEnd }) => (state.kind === 'ended' && state.end.noSpaceLeft) || (state.kind !== 'running' && lastEnd?.noSpaceLeft)));
  if (stopped || database.kind === 'no space left') return [full('postgres-data', 'critical', `Postgres cannot write: no space is left on its volume${stopped ? `, so pod ${stopped.name} stopped` : ''}.`)];
  if (volumes.kind === 'unseen') return [];
  return volumes.value.filter(({ usedBytes, capacityBytes }) => usedBytes >= capacityBytes * VOLUME_WARNING).map(({ name, usedBytes, capacityBytes }) =>
    full(name, usedBytes >= capacityBytes * VOLUME_CRITICAL ? 'critical' : 'warning', `Volume ${name} is ${percent(usedBytes, capacityBytes)} full: ${bytes(capacityBytes - usedBytes)} of ${bytes(capacityBytes)} are left. Postgres stops when it is full.`));
}

function full(name: string, severity: Finding['severity'], message: string): Finding {
  return finding(R.VolumeFull, name, severity, {
    message,
    advice: 'Free the disk of the host (df -h; crictl rmi --prune), which with local-path all volumes share, or lower retentionDays in settings.yaml; docs/runbooks/move-volume.md for a larger disk. Delete nothing inside it by hand.',
    symptom: `volume ${name} is full`,
  });
}

/** The pods see it, too, and neither migrate nor start (charts/runtime/release_guard.py). */
function releaseMismatch({ facts: { database }, spec }: CheckInput): readonly Finding[] {
  const found = database.kind === 'seen' ? database.value.schema : undefined;
  const wanted = specRelease(spec);
  if (found === undefined || found === wanted) return [];
  return [finding(R.ReleaseMismatch, 'postgres', 'critical', {
    message: `The database is of GlitchTip ${found}, and version says ${wanted}: pods of ${wanted} wait, and change nothing in it.`,
    advice: `Set version: "${found}" in settings.yaml and apply it; what waits in the queue is kept. docs/runbooks/upgrade.md says how to come to ${wanted}.`,
    symptom: `the database is of GlitchTip ${found}`,
  })];
}

/** Tables are missing, or the pods wait for the migrate Job longer than a start of theirs takes. */
function migrationsPending(input: CheckInput): readonly Finding[] {
  const { facts: { database, cluster }, now, spec } = input;
  const seen = whatIsMissing(input);
  if (seen === undefined || (database.kind !== 'seen' && database.kind !== 'no database')) return [];
  const job = cluster.jobs.kind === 'seen' ? newestMigration(cluster.jobs.value) : undefined;
  const isAtWork = job?.outcome === 'running' && secondsSince(job.createdAt, now) < healthRelease(specRelease(spec)).longestMigration;
  return [finding(R.MigrationsPending, 'postgres', 'critical', {
    message: `Migrations were not run or did not finish: ${seen}; ${job ? `Job ${job.name}: ${explainJob(job, input)}` : 'there is no migrate Job'}.`,
    advice: job ? `kubectl logs job/${job.name} --all-containers says why; kubectl delete job ${job.name} and kubectl apply -f dist/ runs it anew.` : 'kubectl apply -f dist/ makes the migrate Job.',
    symptom: 'migrations are not done',
    healing: 'migrate',
    obstacle: explainRestore(input),
    quiet: isAtWork,
  })];
}

function explainJob(job: JobFacts, { facts: { cluster: { pods } }, now }: CheckInput): string {
  const state = job.outcome === 'running' && pods.kind === 'seen' ? judgeJob(job, pods.value, now) : undefined;
  return state?.kind === 'cannot start' ? `it cannot start (${state.why})` : job.outcome;
}

/**
 * The migrate Job in the middle of a restore would spoil it, and both look alike: tables are missing, partitions are old. Whoever
 * restores stops web and worker (docs/runbooks/adopt-compose.md), or is at least connected.
 */
function explainRestore({ facts: { database, cluster }, spec }: CheckInput): string | undefined {
  const sessions = database.kind === 'seen' ? database.value.foreignSessions : 0;
  if (sessions > 0) return `waits for ${sessions === 1 ? 'a session' : `${sessions} sessions`} of somebody else in the database, who may be restoring it`;
  if (cluster.workloads.kind === 'unseen') return 'waits until Deployments can be seen';
  const { value: workloads } = cluster.workloads;
  const isStopped = ['web', ...(spec.worker ? ['worker'] : [])].every((name) => workloads.find(({ part }) => part === name)?.wanted === 0);
  return isStopped ? `waits until ${spec.worker ? 'web or worker' : 'web'} is scaled up again: the database may be being restored` : undefined;
}

function whatIsMissing({ facts: { database, cluster }, now }: CheckInput): string | undefined {
  if (database.kind === 'no database') return 'the database does not exist';
  if (database.kind !== 'seen') return undefined;
  const { missing } = database.value;
  if (missing.length > 0) return `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`;
  const pods = cluster.pods.kind === 'seen' ? cluster.pods.value : [];
  const held = pods.find((pod) => ['web', 'worker'].includes(pod.part) && pod.alive && !pod.ending && isHeld(pod, now));
  return held && `pod ${held.name} waits for them`;
}

function isHeld(pod: PodFacts, now: Date): boolean {
  const init = waitingInit(pod, now);
  return init !== undefined && init.seconds > INIT_SECONDS;
}

export function newestMigration(jobs: readonly JobFacts[]): JobFacts | undefined {
  return jobs.filter(({ part }) => part === 'migrate').reduce<JobFacts | undefined>((newest, job) => (newest && newest.createdAt >= job.createdAt ? newest : job), undefined);
}

function partitions(input: CheckInput): readonly Finding[] {
  const { database } = input.facts;
  if (database.kind !== 'seen') return [];
  const shortest = shortestRunway(database.value);
  if (!shortest || shortest.days >= shortest.leastDays) return [];
  const { table, days } = shortest;
  const words = {
    advice: 'kubectl logs deployment/worker shows whether its scheduler lives; the migrate Job makes the partitions at once.',
    symptom: 'partitions for the days to come are missing',
    healing: 'maintain-partitions' as const,
    obstacle: explainRestore(input),
  };
  if (days < 1) {
    return [finding(R.PartitionsMissing, 'postgres', 'critical', { message: `${table} has no partition for ${days <= 0 ? 'now: no event can be stored' : `the time from ${duration(days * 86_400)} from now on: events then are lost`}.`, ...words })];
  }
  return [finding(R.PartitionsRunningOut, 'postgres', days < 2 ? 'critical' : 'warning', { message: `${table} has partitions for ${days.toFixed(1)} days more, at least ${shortest.leastDays} are usual: nobody made new ones lately.`, ...words })];
}

/** The table that falls shortest of what it should have. */
export function shortestRunway({ partitions: all }: PostgresFacts): PartitionFacts | undefined {
  const lack = ({ days, leastDays }: PartitionFacts) => days - leastDays;
  return all.reduce<PartitionFacts | undefined>((worst, each) => (worst && lack(worst) <= lack(each) ? worst : each), undefined);
}

/** Postgres and Valkey are asked directly; a missing pod is a cause of its own only while they answer nevertheless. */
function partDown({ facts, now }: CheckInput): readonly Finding[] {
  const answers = { postgres: facts.database.kind === 'seen', valkey: facts.queue.kind === 'seen' };
  return Object.entries(answers).flatMap(([name, isAnswering]) => {
    const part = partOf(facts, name, now);
    if (!isAnswering || !part?.workload || part.isReady || part.isStarting) return [];
    return [finding(R.PartDown, name, 'warning', {
      message: `${name} answers, and has no Ready pod: ${explainDown(part, now)}.`,
      advice: `kubectl describe pod ${name}-0`,
      symptom: `${name} has no Ready pod`,
    })];
  });
}
