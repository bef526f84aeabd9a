// Builds what the health observers see: all well unless said otherwise.
import type { GlitchTipSpec } from '../../../../../operator/api/glitchtip-resource.js';
import { diagnose, type Diagnosis, type Known } from '../../../../../operator/core/health/diagnose.js';
import type { ClusterFacts, ContainerFacts, Facts, GatewayFacts, JobFacts, ObservedDatabase, ObservedGateway, ObservedQueue, PodFacts, PostgresFacts, QueueFacts, WorkloadFacts } from '../../../../../operator/core/health/health-facts.js';
import { NOW, specOf } from '../../operator-scenarios.js';

export { NOW, specOf };

/** So many seconds before now. */
export function ago(seconds: number): Date {
  return new Date(NOW.getTime() - seconds * 1_000);
}

export function seen<T>(value: T): { readonly kind: 'seen'; readonly value: T } {
  return { kind: 'seen', value };
}

export const UNSEEN = { kind: 'unseen', why: '403 Forbidden' } as const;

export function containerOf(changes: Partial<ContainerFacts> = {}): ContainerFacts {
  return { name: 'main', init: false, image: 'example.com/image:1', restarts: 0, state: { kind: 'running', startedAt: ago(7_200) }, ...changes };
}

/** A pod that has been Ready for two hours. */
export function podOf(part: string, changes: Partial<PodFacts> = {}): PodFacts {
  return {
    name: `${part}-1`, part, createdAt: ago(7_200), ending: false, alive: true, ready: true, readySince: ago(7_100), address: '10.0.0.1',
    containers: [containerOf({ name: part })], startSeconds: 60, memoryLimitBytes: 300 * 2 ** 20,
    ...(part === 'web' ? { probe: { path: '/_health/', port: 8080, host: 'localhost', timeoutSeconds: 10 }, domain: 'errors.example.com' } : {}),
    ...changes,
  };
}

/** The same, not Ready. */
export function unready(part: string, container: Partial<ContainerFacts> = {}, changes: Partial<PodFacts> = {}): PodFacts {
  return podOf(part, { ready: false, containers: [containerOf({ name: part, ...container })], ...changes });
}

/** Made a moment ago. */
export function startingPod(part: string): PodFacts {
  return unready(part, { state: { kind: 'running', startedAt: ago(10) } }, { createdAt: ago(12) });
}

export const PARTS = ['web', 'worker', 'postgres', 'valkey'] as const;
export const GATEWAY_SPEC = { worker: {}, gateway: {} };

/** All four parts, with these pods in the place of those of their parts. */
export function podsOf(...pods: readonly PodFacts[]): ClusterFacts['pods'] {
  return seen([...PARTS.filter((part) => !pods.some((pod) => pod.part === part)).map((part) => podOf(part)), ...pods]);
}

export function workloadsOf(...changed: readonly WorkloadFacts[]): ClusterFacts['workloads'] {
  return seen([...PARTS.filter((part) => !changed.some((workload) => workload.part === part)).map((part) => ({ name: part, part, wanted: 1 })), ...changed]);
}

export function jobOf(outcome: JobFacts['outcome'], age = 7_200): JobFacts {
  return { name: 'migrate-12345678', part: 'migrate', createdAt: ago(age), outcome, failedPods: 0, version: { uid: 'u', resourceVersion: '1' } };
}

export function clusterOf(changes: Partial<ClusterFacts> = {}): ClusterFacts {
  return { namespace: 'glitchtip', pods: podsOf(), workloads: workloadsOf(), jobs: seen([jobOf('succeeded')]), memory: seen(new Map()), ...changes };
}

export function databaseOf(changes: Partial<PostgresFacts> = {}): ObservedDatabase {
  return seen({
    bytes: 50_000_000, connections: 8, connectionsMax: 25, longestTransactionSeconds: 0.2, foreignSessions: 0, missing: [],
    partitions: [{ table: 'issue_events_issueevent', days: 6.4, leastDays: 5.5 }], login: { kind: 'not tried' }, ...changes,
  });
}

export function queueOf(changes: Partial<QueueFacts> = {}): ObservedQueue {
  return seen({ usedBytes: 2_000_000, maxBytes: 30_000_000, depth: 0, ...changes });
}

/** Almost nothing waits. */
export function gatewayOf(changes: Partial<GatewayFacts> = {}): ObservedGateway {
  return seen({ liveBytes: 10_000, limitBytes: 2 ** 30, oldestSeconds: 1, setAside: 0, setAsideDropped: 0, damaged: 0, ignored: [], keptDropped: 0, ...changes });
}

export const OK = { kind: 'answered', status: 200, seconds: 0.02 } as const;
export const REFUSED = { kind: 'silent', code: 'ECONNREFUSED', seconds: 0.01 } as const;

export function answered(status: number, seconds = 0.02): { readonly kind: 'answered'; readonly status: number; readonly seconds: number } {
  return { kind: 'answered', status, seconds };
}

export function factsOf(changes: Partial<Facts> = {}): Facts {
  return {
    cluster: clusterOf(), web: { health: OK, domain: { host: 'errors.example.com', answer: OK }, page: OK, pods: [] }, canary: { kind: 'stored', seconds: 2.4 },
    database: databaseOf(), queue: queueOf(), gateway: { kind: 'none' }, volumes: seen([{ name: 'postgres-data', usedBytes: 1e9, capacityBytes: 8e9 }]),
    certificate: { kind: 'none' }, served: { kind: 'none' }, issuance: { kind: 'none' }, tunnel: { kind: 'none' }, credentials: {}, operation: { lock: { kind: 'free' } }, before: { samples: [] }, ...changes,
  };
}

export const WORKER_SPEC = { worker: {} };

export function diagnosisOf(facts: Partial<Facts>, spec: GlitchTipSpec = specOf(WORKER_SPEC), known: readonly Known[] = []): Diagnosis {
  return diagnose({ facts: factsOf(facts), spec, now: NOW }, known);
}

/** Causes as "Reason/part severity". */
export function causesOf(facts: Partial<Facts>, known: readonly Known[] = []): string[] {
  return diagnosisOf(facts, undefined, known).causes.map(({ reason, part, severity }) => `${reason}/${part} ${severity}`);
}

/** Memory of a part that grows towards its limit. */
export const leaking = (part: string): Partial<Facts> => {
  const sizes = (megabytes: number) => new Map([[`${part}-1`, megabytes * 1024 ** 2]]);
  const samples = Array.from({ length: 20 }, (_, index) => ({ at: ago((20 - index) * 60), memory: sizes(220 + index) }));
  return { cluster: clusterOf({ pods: podsOf(podOf(part)), memory: seen(sizes(240)) }), before: { samples } };
};
