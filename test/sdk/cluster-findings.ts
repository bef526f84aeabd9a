// Decides from what the cluster says whether anything is public and whether limits are in force. No input or output here.

export interface ServiceFacts {
  readonly name: string;
  readonly type: string;
  readonly externalIps: readonly string[];
  readonly ports: readonly number[];
}

export interface PodFacts {
  readonly name: string;
  readonly hostNetwork: boolean;
  /** Ports that a container binds on the node. */
  readonly hostPorts: readonly number[];
}

/** Every way in which the namespace can be reached without going through kubectl or an Ingress. */
export function publicWays(services: readonly ServiceFacts[], pods: readonly PodFacts[]): string[] {
  return [
    ...services.filter(({ type }) => type !== 'ClusterIP').map(({ name, type }) => `service ${name} is a ${type}`),
    ...services.filter(({ externalIps }) => externalIps.length > 0).map(({ name }) => `service ${name} has external addresses`),
    ...pods.filter(({ hostNetwork }) => hostNetwork).map(({ name }) => `pod ${name} uses the node's network`),
    ...pods.filter(({ hostPorts }) => hostPorts.length > 0).map(({ name, hostPorts }) => `pod ${name} binds ${hostPorts.join(', ')} on the node`),
  ];
}

/** The four parts that the limits are promised for; a profile without Valkey has three. */
export const PARTS = ['web', 'worker', 'postgres', 'valkey'] as const;

/** A container's limits as its manifest says and as the kernel enforces them; undefined where there is none. */
export interface LimitFacts {
  readonly part: string;
  readonly container: string;
  readonly memory: { readonly manifest?: number; readonly kernel?: number };
  /** Cores. */
  readonly cpu: { readonly manifest?: number; readonly kernel?: number };
}

/** What is not limited, or not limited as its manifest says. */
export function limitProblems(limits: readonly LimitFacts[]): string[] {
  const missing = PARTS.filter((part) => part !== 'valkey' && !limits.some((limit) => limit.part === part));
  return [
    ...missing.map((part) => `no running pod of ${part}`),
    ...limits.flatMap(({ part, memory, cpu }) => [
      ...differing(`${part} memory`, memory.manifest, memory.kernel),
      ...differing(`${part} cpu`, cpu.manifest, cpu.kernel),
    ]),
  ];
}

function differing(what: string, manifest: number | undefined, kernel: number | undefined): string[] {
  if (manifest === undefined) return [`${what}: no limit in the manifest`];
  if (kernel === undefined) return [`${what}: ${manifest} in the manifest, none in the kernel`];
  // The kernel rounds memory down to pages and CPU to its period.
  return Math.abs(manifest - kernel) / manifest > 0.01 ? [`${what}: ${manifest} in the manifest, ${kernel} in the kernel`] : [];
}

/** "web 300Mi/0.5, worker 250Mi/0.5": what the kernel enforces. */
export function describeLimits(limits: readonly LimitFacts[]): string {
  return limits
    .map(({ part, memory, cpu }) => `${part} ${Math.round((memory.kernel ?? 0) / 1024 ** 2)}Mi/${Number((cpu.kernel ?? 0).toFixed(2))}`)
    .join(', ');
}

/**
 * Reads what `LIMITS_COMMAND` printed inside a container: memory, then CPU as "quota period" (cgroup v2) or in two lines
 * (v1). "max", and v1's -1 and its huge memory value, mean that there is no limit.
 */
export function parseKernelLimits(printed: string): { memory?: number; cpu?: number } {
  const [memory, quota, period] = printed.trim().split(/\s+/);
  return { memory: limited(memory), cpu: ratio(limited(quota), limited(period)) };
}

/** Prints the limits of the container that it runs in; works with cgroup v2 and v1. */
export const LIMITS_COMMAND = [
  'sh',
  '-c',
  'cd /sys/fs/cgroup; cat memory.max cpu.max 2>/dev/null || ' +
    'cat memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us',
];

// cgroup v1 writes "no limit" as the largest multiple of a page below 2^63.
const NO_LIMIT_V1 = 2 ** 62;

function limited(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || Number.isNaN(value) || value <= 0 || value >= NO_LIMIT_V1 ? undefined : value;
}

function ratio(quota: number | undefined, period: number | undefined): number | undefined {
  return quota === undefined || period === undefined ? undefined : quota / period;
}
