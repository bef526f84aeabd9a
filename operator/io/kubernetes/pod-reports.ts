// Pods as the API server lists them, reduced to what the diagnosis needs.
import { COMPONENT_LABEL, JOB_NAME_LABEL } from '../../api/object-names.js';
import type { ContainerEnd, ContainerFacts, ContainerState, PodFacts, ProbeFacts } from '../../core/health/health-facts.js';
import { parseBytes } from '../../core/quantity.js';
import type { ObjectMeta } from './api-client.js';

interface Probe {
  readonly httpGet?: { readonly path?: string; readonly port: number | string; readonly httpHeaders?: readonly { readonly name: string; readonly value: string }[] };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly failureThreshold?: number;
  readonly timeoutSeconds?: number;
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
}

interface Terminated {
  readonly reason?: string;
  readonly exitCode: number;
  readonly finishedAt?: string | null;
  readonly message?: string;
}

interface RawState {
  readonly waiting?: { readonly reason?: string };
  readonly running?: { readonly startedAt: string };
  readonly terminated?: Terminated;
}

interface ContainerStatus {
  readonly name: string;
  readonly restartCount: number;
  readonly state?: RawState;
  readonly lastState?: RawState;
}

/** Of a pod or a workload. */
export interface ObservedCondition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

export interface Pod {
  readonly metadata: ObjectMeta & { readonly deletionTimestamp?: string };
  readonly spec: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[]; readonly restartPolicy?: string };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly conditions?: readonly ObservedCondition[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

const DOMAIN_VARIABLES: readonly string[] = ['GLITCHTIP_DOMAIN', 'GLITCHTIP_URL', 'APP_URL'];

export function readPod(pod: Pod): PodFacts {
  const { metadata } = pod;
  const job = metadata.labels?.[JOB_NAME_LABEL];
  return {
    name: metadata.name,
    part: metadata.labels?.[COMPONENT_LABEL] ?? 'unknown',
    ...(job === undefined ? {} : { job }),
    createdAt: new Date(metadata.creationTimestamp ?? 0),
    ending: metadata.deletionTimestamp !== undefined,
    ...readStatus(pod),
    ...readMain(pod.spec.containers[0]),
  };
}

type OfMain = 'startSeconds' | 'memoryLimitBytes' | 'probe' | 'domain';

function readStatus(pod: Pod): Omit<PodFacts, 'name' | 'part' | 'job' | 'createdAt' | 'ending' | OfMain> {
  const { spec, status = {} } = pod;
  const condition = (type: string) => status.conditions?.find((each) => each.type === type);
  const ready = condition('Ready');
  return {
    alive: status.phase !== 'Succeeded' && status.phase !== 'Failed',
    ready: ready?.status === 'True',
    readySince: dateOf(ready?.lastTransitionTime),
    address: status.podIP,
    containers: [
      ...readContainers(spec.initContainers, status.initContainerStatuses, true),
      ...readContainers(spec.containers, status.containerStatuses, false),
    ],
    unschedulable: readUnschedulable(condition('PodScheduled')),
    evicted: readEviction(pod),
  };
}

/** Of the container that the pod is there for. */
function readMain(main: Container | undefined): Pick<PodFacts, OfMain> {
  if (!main) return { startSeconds: 0 };
  return {
    startSeconds: main.startupProbe ? secondsOf(main.startupProbe) : 0,
    memoryLimitBytes: parseBytes(main.resources?.limits?.['memory'] ?? ''),
    probe: readProbe(main),
    domain: readDomain(main),
  };
}

function readContainers(containers: readonly Container[] = [], statuses: readonly ContainerStatus[] = [], init: boolean): readonly ContainerFacts[] {
  return containers.map(({ name, image }) => {
    const status = statuses.find((each) => each.name === name);
    const lastEnd = status?.lastState?.terminated;
    return { name, image, init, restarts: status?.restartCount ?? 0, state: readState(status?.state), ...(lastEnd ? { lastEnd: readEnd(lastEnd) } : {}) };
  });
}

function readState({ running, terminated, waiting }: RawState = {}): ContainerState {
  if (running) return { kind: 'running', startedAt: new Date(running.startedAt) };
  if (terminated) return { kind: 'ended', end: readEnd(terminated) };
  return { kind: 'waiting', reason: waiting?.reason ?? 'NotStarted' };
}

/** A termination message may hold anything: only what it says of the disk is kept, and what of a file was cut off. */
function readEnd({ reason = 'Error', exitCode, finishedAt, message = '' }: Terminated): ContainerEnd {
  // charts/runtime/append-only-file.sh
  const [, cutOff] = /^cut off (\d+) bytes of the append-only file/m.exec(message) ?? [];
  return {
    reason, exitCode, finishedAt: dateOf(finishedAt ?? undefined), noSpaceLeft: message.includes('No space left on device'),
    ...(cutOff === undefined ? {} : { cutOffBytes: Number(cutOff) }),
  };
}

/** Not one that waits for a gate (SchedulingGated). A scheduler that failed, as over a volume that nobody made in ten minutes, says SchedulerError. */
function readUnschedulable(scheduled: ObservedCondition | undefined): PodFacts['unschedulable'] {
  if (scheduled?.status !== 'False' || !['Unschedulable', 'SchedulerError'].includes(scheduled.reason ?? '')) return undefined;
  return { since: new Date(scheduled.lastTransitionTime ?? 0), message: scheduled.message ?? 'no node fits' };
}

/**
 * A pod that the kubelet put out and that ended in good order is Succeeded, without a reason. For the node's want its condition
 * says so; for its own use of disk nothing does, and that such a pod, which is started again whatever happens, has ended at all is all that shows it.
 */
function readEviction(pod: Pod): PodFacts['evicted'] {
  const { status = {} } = pod;
  const target = status.conditions?.find(({ type, status: is }) => type === 'DisruptionTarget' && is === 'True');
  const message = status.reason === 'Evicted' ? (status.message ?? 'it was evicted') : shortage(target);
  if (message !== undefined) return { at: endOf(pod, target), message };
  return status.reason === undefined && !target && hasEndedForGood(pod) ? { at: endOf(pod) } : undefined;
}

/** The kubelet ends pods also when the host is shut down. */
function shortage(target: ObservedCondition | undefined): string | undefined {
  return target?.reason === 'TerminationByKubelet' && target.message?.includes('low on resource') ? target.message : undefined;
}

function hasEndedForGood({ spec: { restartPolicy = 'Always' }, status }: Pod): boolean {
  return restartPolicy === 'Always' && (status?.phase === 'Succeeded' || status?.phase === 'Failed');
}

function endOf({ metadata, status }: Pod, target?: ObservedCondition): Date {
  return dateOf(target?.lastTransitionTime) ?? lastEnd(status?.containerStatuses) ?? new Date(metadata.creationTimestamp ?? 0);
}

function lastEnd(statuses: readonly ContainerStatus[] = []): Date | undefined {
  const ends = statuses.flatMap(({ state }) => state?.terminated?.finishedAt ?? []);
  return dateOf(ends.sort().at(-1));
}

/** Kubernetes' defaults where a field is absent. */
function secondsOf({ initialDelaySeconds = 0, periodSeconds = 10, failureThreshold = 3 }: Probe): number {
  return initialDelaySeconds + periodSeconds * failureThreshold;
}

function readProbe({ readinessProbe, ports = [] }: Container): ProbeFacts | undefined {
  const asked = readinessProbe?.httpGet;
  if (!asked) return undefined;
  const port = typeof asked.port === 'number' ? asked.port : ports.find(({ name }) => name === asked.port)?.containerPort;
  if (port === undefined) return undefined;
  return { path: asked.path ?? '/', port, timeoutSeconds: readinessProbe.timeoutSeconds ?? 1, host: hostHeader(asked.httpHeaders) };
}

function hostHeader(headers: readonly { readonly name: string; readonly value: string }[] = []): string | undefined {
  return headers.find(({ name }) => name.toLowerCase() === 'host')?.value;
}

function readDomain({ env = [] }: Container): string | undefined {
  const value = env.find(({ name, value: text }) => DOMAIN_VARIABLES.includes(name) && text)?.value ?? '';
  return URL.canParse(value) ? new URL(value).hostname : undefined;
}

function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
