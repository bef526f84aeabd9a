// A part by its pods: is it up, is it still within its start, what does its newest pod wait for?
import type { ClusterFacts, ContainerFacts, Facts, PodFacts, WorkloadFacts } from './health-facts.js';
import { duration, secondsSince } from './rule-finding.js';

/** An init container of ours starts Python once and then only waits; longer than this, it waits for something. Seconds. */
export const INIT_SECONDS = 60;
/** An image that is being pulled, and a volume that is being mounted, look the same. Seconds. */
const PULL_SECONDS = 180;
export const PULL_FAILURES: readonly string[] = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'RegistryUnavailable', 'ImageInspectError'];
const PULLING: readonly string[] = ['ContainerCreating', 'PodInitializing'];
/** A starting pod is not reported, but no longer than this, whatever the startup probe allows. Seconds. */
const LONGEST_START = 120;

/** Between the end of the old pod and the first sight of the new one the controllers of a busy node may be late. Seconds. */
export const REPLACED_WITHIN = 30;

export interface Part {
  readonly name: string;
  /** Undefined where the manifests did not make it, or it was not seen. */
  readonly workload?: WorkloadFacts;
  /** Those that are neither ended nor about to end, the newest first. */
  readonly pods: readonly PodFacts[];
  readonly isReady: boolean;
  /** No pod is Ready yet, and the newest is within its start. */
  readonly isStarting: boolean;
}

/** Undefined when pods could not be seen. */
export function partOf({ cluster, before }: Facts, name: string, now: Date): Part | undefined {
  if (cluster.pods.kind === 'unseen') return undefined;
  const all = cluster.pods.value.filter((pod) => pod.part === name && pod.alive).sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  const pods = all.filter((pod) => !pod.ending);
  const workload = cluster.workloads.kind === 'seen' ? cluster.workloads.value.find(({ part }) => part === name) : undefined;
  const isReady = pods.some(({ ready }) => ready);
  const newest = pods[0];
  const isReplaced = newest === undefined && (all.length > 0 ? workload?.wanted !== 0 : isPodlessLately(workload, before.podless, now));
  return { name, workload, pods, isReady, isStarting: !isReady && (isReplaced || (newest !== undefined && isWithinStart(newest, now))) };
}

function isPodlessLately(workload: WorkloadFacts | undefined, podless: ReadonlyMap<string, Date> | undefined, now: Date): boolean {
  if (workload === undefined || workload.wanted === 0 || workload.refused) return false;
  const since = podless?.get(workload.part);
  return since === undefined || secondsSince(since, now) < REPLACED_WITHIN;
}

/** A new pod, none of whose containers has ended by itself, for as long as its probe allows. */
export function isWithinStart(pod: PodFacts, now: Date): boolean {
  if (pod.containers.some(({ restarts }) => restarts > 0)) return false;
  const main = pod.containers.find(({ init, state }) => !init && state.kind === 'running');
  const limit = Math.min(Math.max(pod.startSeconds, 30), LONGEST_START);
  if (main?.state.kind === 'running') return secondsSince(main.state.startedAt, now) < limit;
  const isPulling = pod.containers.every(({ state }) => state.kind === 'waiting' && PULLING.includes(state.reason));
  if (isPulling) return secondsSince(pod.createdAt, now) < PULL_SECONDS;
  const hasInit = pod.containers.some(({ init }) => init);
  return secondsSince(pod.createdAt, now) < (hasInit ? INIT_SECONDS : 0) + limit;
}

/** The init container that the pod stands in, and for how long. */
export function waitingInit(pod: PodFacts, now: Date): { readonly container: string; readonly seconds: number } | undefined {
  const running = pod.containers.find(({ init, state }) => init && state.kind === 'running');
  return running?.state.kind === 'running' ? { container: running.name, seconds: secondsSince(running.state.startedAt, now) } : undefined;
}

/**
 * When the oldest process of the worker was started that may still run: one that is ending holds events, too. Undefined where none runs, or it
 * cannot be seen.
 * @param part that does the worker's job: web, where it is one process
 */
export function workerStart({ pods }: ClusterFacts, part: 'worker' | 'web'): Date | undefined {
  if (pods.kind === 'unseen') return undefined;
  const states = pods.value.filter((pod) => pod.part === part && pod.alive).flatMap(({ containers }) => containers.filter(({ init }) => !init).map(({ state }) => state));
  const starts = states.flatMap((state) => (state.kind === 'running' ? [state.startedAt] : []));
  return starts.sort((a, b) => a.getTime() - b.getTime())[0];
}

export function restartsOf(pod: PodFacts): number {
  return pod.containers.reduce((sum, { restarts }) => sum + restarts, 0);
}

/** Why the part has no Ready pod, as far as its pods show: "it is scaled to 0". */
export function explainDown({ workload, pods }: Part, now: Date): string {
  if (workload?.wanted === 0) return 'it is scaled to 0';
  const [newest] = pods;
  if (!newest) return workload ? 'it has no pod' : 'no pod of it is there';
  return `pod ${newest.name} ${explainPod(newest, now)}`;
}

function explainPod(pod: PodFacts, now: Date): string {
  const init = waitingInit(pod, now);
  if (init) return `stands in ${init.container} for ${duration(init.seconds)}`;
  const container = pod.containers.find(({ init: isInit, state }) => !isInit && state.kind !== 'running') ?? pod.containers.find(({ init: isInit }) => !isInit);
  if (!container) return 'has no container yet';
  return explainContainer(container, pod, now);
}

function explainContainer({ state, restarts, lastEnd }: ContainerFacts, pod: PodFacts, now: Date): string {
  const history = restarts > 0 ? ` (${restarts} restarts${lastEnd ? `, last: ${lastEnd.reason}, exit code ${lastEnd.exitCode}` : ''})` : '';
  switch (state.kind) {
    case 'waiting': return `waits: ${state.reason}${history}`;
    case 'ended': return `ended: ${state.end.reason}, exit code ${state.end.exitCode}${history}`;
    case 'running': return `runs for ${duration(secondsSince(state.startedAt, now))} and is ${pod.ready ? '' : 'not '}Ready${history}`;
  }
}

/** Why a server does not answer, as far as its pods show; nothing where they are fine, or are not ours. */
export interface ServerTrouble {
  /** ": it is scaled to 0", or nothing. */
  readonly detail: string;
  readonly isScaledToNothing: boolean;
  readonly isStarting: boolean;
}

export function serverTrouble(facts: Facts, name: string, now: Date): ServerTrouble {
  const part = partOf(facts, name, now);
  const isOurs = part !== undefined && (part.workload !== undefined || part.pods.length > 0);
  if (!isOurs) return { detail: '', isScaledToNothing: false, isStarting: false };
  const isScaledToNothing = part.workload?.wanted === 0;
  return { detail: part.isReady ? '' : `: ${explainDown(part, now)}`, isScaledToNothing, isStarting: !isScaledToNothing && part.isStarting };
}
