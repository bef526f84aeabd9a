// What is to be expected of a Job that has not ended: it works, it starts, or it cannot start and nobody should wait for it. Pure.
import type { Release } from '../../api/glitchtip-releases.js';
import { MIGRATE_COMPONENT, REPAIR_JOB_PREFIX, WAIT_FOR_DATABASE } from '../../api/object-names.js';
import type { ClusterFacts, ContainerFacts, JobFacts, PodFacts } from '../health/health-facts.js';
import { PULL_FAILURES } from '../health/part-state.js';
import { duration, secondsSince } from '../health/rule-finding.js';

export type JobState =
  /** One of its containers runs, or has run and is about to again: a migration that is at work is never taken for one that hangs. */
  | { readonly kind: 'works' }
  | { readonly kind: 'starts' }
  | { readonly kind: 'cannot start'; readonly why: string };

/** A registry that is away for a moment, or a pod that waits for another one's room, is no reason to give a Job up. Seconds. */
export const CANNOT_START_AFTER = 120;
/** A large image over a slow line looks no different from a volume that will never be there. Seconds. */
const SLOW_START = 900;
/** The kubelet tries these for ever, and nothing of the container has run. */
const START_FAILURES: readonly string[] = [...PULL_FAILURES, 'CreateContainerConfigError', 'CreateContainerError'];

/** Of a Job that has not ended. `pods`: of the namespace. */
export function judgeJob(job: JobFacts, pods: readonly PodFacts[], now: Date): JobState {
  if (job.suspended) return { kind: 'cannot start', why: 'it is suspended' };
  const own = pods.filter((pod) => pod.job === job.name && pod.alive);
  if (own.some((pod) => isAtWork(pod, now))) return { kind: 'works' };
  const why = own.length === 0 ? whyNoPod(job, now) : own.map((pod) => whyNotStarted(pod, now)).find((each) => each !== undefined);
  return why === undefined ? { kind: 'starts' } : { kind: 'cannot start', why };
}

function isAtWork({ containers }: PodFacts, now: Date): boolean {
  return containers.some((container) => waitsForDatabase(container, now) === undefined && (container.state.kind === 'running' || (container.state.kind === 'waiting' && container.state.reason === 'CrashLoopBackOff')));
}

/** Of a migrate Job that has begun nothing: it waits for a login that works, or for a database that is of its own release (charts/runtime/wait.py). */
function waitsForDatabase({ name, state }: ContainerFacts, now: Date): string | undefined {
  if (name !== WAIT_FOR_DATABASE || state.kind !== 'running') return undefined;
  const seconds = secondsSince(state.startedAt, now);
  return seconds >= CANNOT_START_AFTER ? `${name} has waited for ${duration(seconds)}, and its log says for what` : undefined;
}

/** One whose pod was lost gets another, after a pause. */
function whyNoPod({ createdAt, failedPods }: JobFacts, now: Date): string | undefined {
  return failedPods === 0 && secondsSince(createdAt, now) >= CANNOT_START_AFTER ? 'no pod could be made for it, as where the quota leaves no room' : undefined;
}

function whyNotStarted(pod: PodFacts, now: Date): string | undefined {
  const { unschedulable, containers } = pod;
  const waiting = containers.map((container) => waitsForDatabase(container, now)).find((each) => each !== undefined);
  if (waiting !== undefined) return waiting;
  if (unschedulable) return secondsSince(unschedulable.since, now) >= CANNOT_START_AFTER ? `pod ${pod.name} cannot be placed` : undefined;
  const ends = containers.flatMap(({ state, lastEnd }) => [state.kind === 'ended' ? state.end.finishedAt : undefined, lastEnd?.finishedAt]).filter((at) => at !== undefined);
  const waited = secondsSince(new Date(Math.max(pod.createdAt.getTime(), ...ends.map((at) => at.getTime()))), now);
  const failure = containers.find(({ state }) => state.kind === 'waiting' && START_FAILURES.includes(state.reason));
  if (failure?.state.kind === 'waiting') return waited >= CANNOT_START_AFTER ? `${failure.name}: ${failure.state.reason}` : undefined;
  return ends.length === 0 && waited >= SLOW_START ? `pod ${pod.name} has not started in ${duration(waited)}` : undefined;
}

/** Why none of the containers of the Job of this name will run; undefined: they may, or there is no such Job. */
export function whyCannotStart({ jobs, pods }: { readonly jobs: readonly JobFacts[]; readonly pods: readonly PodFacts[] }, name: string | undefined, now: Date): string | undefined {
  const job = jobs.find((each) => each.name === name);
  const state = job?.outcome === 'running' ? judgeJob(job, pods, now) : undefined;
  return state?.kind === 'cannot start' ? state.why : undefined;
}

/** Those that have not ended and that may end by themselves; all that have not ended, while pods cannot be seen (undefined). */
export function jobsAtWork(jobs: readonly JobFacts[], pods: readonly PodFacts[] | undefined, now: Date): readonly JobFacts[] {
  return jobs.filter((job) => job.outcome === 'running' && (pods === undefined || judgeJob(job, pods, now).kind !== 'cannot start'));
}

/**
 * Migrate Jobs that cannot start and that the manifests have replaced: what they hold of the quota is what others lack. One that works
 * is left alone, whatever its age; so are the newest, whose image may yet come, unless it is of another release than `release`, as after
 * a `version` that was changed by mistake and taken back; and one that is suspended, which holds nothing.
 */
export function supersededJobs({ jobs, pods }: Pick<ClusterFacts, 'jobs' | 'pods'>, release: Release, now: Date): readonly JobFacts[] {
  if (jobs.kind === 'unseen' || pods.kind === 'unseen') return [];
  const migrations = jobs.value.filter(({ part }) => part === MIGRATE_COMPONENT);
  const newest = Math.max(...migrations.filter(({ name }) => !name.startsWith(REPAIR_JOB_PREFIX)).map(({ createdAt }) => createdAt.getTime()));
  const isReplaced = (job: JobFacts) => job.createdAt.getTime() < newest || (job.release !== undefined && job.release !== release);
  return migrations.filter((job) => job.outcome === 'running' && !job.suspended && isReplaced(job) && judgeJob(job, pods.value, now).kind === 'cannot start');
}
