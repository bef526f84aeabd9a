// The pods of the stack as the tests compare them: which container of which part, how often and why it restarted.
import { z } from 'zod';
import type { ContainerReference } from '../../../embedded/index.js';

export const PARTS = ['gateway', 'web', 'worker', 'postgres', 'valkey', 'operator'] as const;
export type Part = (typeof PARTS)[number];

const terminated = z.object({ reason: z.string().optional(), exitCode: z.number(), finishedAt: z.string().nullish() });

const waiting = z.object({ reason: z.string().optional() });

const containers = z.array(z.object({
  name: z.string(),
  restartCount: z.number(),
  state: z.object({ running: z.object({ startedAt: z.string() }).optional(), terminated: terminated.optional(), waiting: waiting.optional() }).default({}),
  lastState: z.object({ terminated: terminated.optional() }).default({}),
})).default([]);

const pod = z.object({
  metadata: z.object({
    name: z.string(), uid: z.string(), creationTimestamp: z.string(),
    namespace: z.string(), deletionTimestamp: z.string().optional(),
    labels: z.record(z.string(), z.string()).default({}),
  }),
  status: z.object({
    phase: z.string().default('Pending'),
    podIP: z.string().optional(),
    reason: z.string().optional(),
    conditions: z.array(z.object({ type: z.string(), status: z.string(), lastTransitionTime: z.string().nullish() })).default([]),
    initContainerStatuses: containers,
    containerStatuses: containers,
  }),
});

const podList = z.object({ items: z.array(pod) });

/** The one living pod of a part and its main container. */
export interface PartPod {
  readonly part: Part;
  readonly container: ContainerReference;
  readonly uid: string;
  readonly ip: string;
  readonly ready: boolean;
  /** Undefined while it is not Ready. Milliseconds since the epoch. */
  readonly readySince: number | undefined;
  readonly restarts: number;
  /** When the container that runs now was started; undefined while none runs. */
  readonly startedAt: string | undefined;
  /** How the container ended that runs no more, or the one before it. */
  readonly lastEnd: z.infer<typeof terminated> | undefined;
}

/** The newest living pod of each part that has one. */
export function partPods(json: string): Map<Part, PartPod> {
  const { items } = podList.parse(JSON.parse(json));
  const living = items.filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && !['Succeeded', 'Failed'].includes(status.phase));
  const oldestFirst = living.toSorted((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp));
  return new Map(oldestFirst.flatMap((one) => {
    const part = PARTS.find((candidate) => candidate === one.metadata.labels['app.kubernetes.io/component']);
    return part === undefined ? [] : [[part, describe(part, one)] as const];
  }));
}

/** A line a pod, for a test that waited in vain. */
export function explainPods(json: string): string {
  const { items } = podList.parse(JSON.parse(json));
  return items.map(({ metadata, status }) => [
    metadata.name, metadata.deletionTimestamp === undefined ? status.phase : 'ending', status.reason ?? '',
    ...[...status.initContainerStatuses, ...status.containerStatuses].map(({ name, restartCount, state }) => `${name}: ${JSON.stringify(state)}, ${restartCount} restarts`),
  ].join(' ')).join('\n');
}

function describe(part: Part, { metadata, status }: z.infer<typeof pod>): PartPod {
  const readiness = status.conditions.find(({ type, status: value }) => type === 'Ready' && value === 'True');
  // Before the kubelet has seen it, a pod has no statuses; every part's container bears the part's name.
  const { name, restartCount, state, lastState } = status.containerStatuses[0] ?? { name: part, restartCount: 0, state: {}, lastState: {} };
  return {
    part,
    container: { namespace: metadata.namespace, pod: metadata.name, container: name },
    uid: metadata.uid,
    ip: status.podIP ?? '',
    ready: readiness !== undefined,
    readySince: readiness && Date.parse(readiness.lastTransitionTime ?? metadata.creationTimestamp),
    restarts: restartCount,
    startedAt: state.running?.startedAt,
    lastEnd: state.terminated ?? lastState.terminated,
  };
}

/** @throws Error naming the part when it has no pod */
export function presentPod(pods: ReadonlyMap<Part, PartPod>, part: Part): PartPod {
  const found = pods.get(part);
  if (found === undefined) throw new Error(`${part} has no pod`);
  return found;
}

/** What must not change of a part while another one suffers. */
export function lifeOf({ uid, restarts, startedAt, ready }: PartPod): object {
  return { uid, restarts, startedAt, ready };
}
