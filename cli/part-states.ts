// What the cluster's objects say about each part of the stack: pure, from kubectl's JSON to a line a person can read.
import * as z from 'zod';
import { bytesOf, mebibytes } from '../charts/quantity.js';

const containerStatus = z.object({
  ready: z.boolean(),
  restartCount: z.number(),
  state: z.object({
    waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
    running: z.object({}).optional(),
    terminated: z.object({ reason: z.string().optional() }).optional(),
  }).default({}),
});

const pod = z.object({
  kind: z.literal('Pod'),
  metadata: z.object({
    name: z.string(), labels: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(), creationTimestamp: z.string(),
  }),
  spec: z.object({ containers: z.array(z.object({ resources: z.object({ limits: z.object({ memory: z.string() }).partial().default({}) }).default({ limits: {} }) })) }),
  status: z.object({
    phase: z.string().default('Pending'),
    conditions: z.array(z.object({ type: z.string(), status: z.string(), message: z.string().optional() })).default([]),
    containerStatuses: z.array(containerStatus).default([]),
    initContainerStatuses: z.array(containerStatus).default([]),
  }),
});

const podList = z.object({ items: z.array(pod) });
/** As metrics-server sent it: a list of Go's that holds nothing may be null (kubectl's own lists are never). */
const metricsList = z.object({
  items: z.array(z.object({
    metadata: z.object({ name: z.string() }),
    containers: z.array(z.object({ usage: z.object({ memory: z.string() }) })),
  })).nullish().transform((items) => items ?? []),
});

export type Pod = z.infer<typeof pod>;

/** One part as a person sees it. */
export interface PartReport {
  readonly part: string;
  readonly pod: string;
  readonly ready: boolean;
  /** "ready", or what it is waiting for. */
  readonly state: string;
  readonly restarts: number;
  /** Mebibytes; undefined where no limit is set or nothing measures. */
  readonly memoryLimit?: number;
  readonly memoryUsed?: number;
}

export function parsePods(json: string): Pod[] {
  return podList.parse(JSON.parse(json)).items;
}

/** Mebibytes used by pod, from the metrics API; empty text: nothing measures here. */
export function parseMetrics(json: string): Map<string, number> {
  if (json === '') return new Map();
  const { items } = metricsList.parse(JSON.parse(json));
  return new Map(items.map(({ metadata, containers }) => [
    metadata.name, mebibytes(containers.reduce((sum, { usage }) => sum + bytesOf(usage.memory), 0)),
  ]));
}

/** One report a part, in the order given; a part without a pod is waiting for one. */
export function reportParts(parts: readonly string[], pods: readonly Pod[], used: ReadonlyMap<string, number>): PartReport[] {
  return parts.map((part) => {
    const newest = pods
      .filter(({ metadata }) => metadata.labels['app.kubernetes.io/component'] === part && metadata.deletionTimestamp === undefined)
      .sort((one, other) => other.metadata.creationTimestamp.localeCompare(one.metadata.creationTimestamp))[0];
    return newest === undefined
      ? { part, pod: '', ready: false, state: 'waiting for its pod', restarts: 0 }
      : reportPod(part, newest, used.get(newest.metadata.name));
  });
}

function reportPod(part: string, { metadata, spec, status }: Pod, memoryUsed: number | undefined): PartReport {
  const limits = spec.containers.flatMap(({ resources }) => resources.limits.memory ?? []);
  const done = status.phase === 'Succeeded';
  const ready = done || status.conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True');
  return {
    part,
    pod: metadata.name,
    ready,
    state: done ? 'done' : ready ? 'ready' : reasonOf(status),
    restarts: status.containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
    memoryLimit: limits.length === 0 ? undefined : mebibytes(limits.reduce((sum, limit) => sum + bytesOf(limit), 0)),
    memoryUsed,
  };
}

/** The first thing in a pod's life that is not done yet. */
function reasonOf(status: Pod['status']): string {
  const unscheduled = status.conditions.find(({ type, status: value }) => type === 'PodScheduled' && value === 'False');
  if (unscheduled !== undefined) return `not scheduled: ${unscheduled.message ?? 'no reason given'}`;
  const initWaiting = status.initContainerStatuses.find(({ ready }) => !ready);
  if (initWaiting !== undefined) return describeState('init', initWaiting);
  const waiting = status.containerStatuses.find(({ ready }) => !ready);
  return waiting === undefined ? status.phase.toLowerCase() : describeState('container', waiting);
}

function describeState(kind: 'init' | 'container', { state }: z.infer<typeof containerStatus>): string {
  if (state.waiting !== undefined) {
    const detail = state.waiting.message === undefined ? '' : `: ${state.waiting.message.split('\n')[0] ?? ''}`;
    return `${state.waiting.reason ?? 'waiting'}${state.waiting.reason === 'PodInitializing' || state.waiting.reason === 'ContainerCreating' ? '' : detail}`;
  }
  if (state.terminated !== undefined) return `ended: ${state.terminated.reason ?? 'no reason given'}`;
  return kind === 'init' ? 'waiting for what it depends on' : 'starting';
}
