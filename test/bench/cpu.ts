// Who used the CPU during a load: each part against its limit, the cluster, the client, and the rest of the machine.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCpu, type CpuReading } from './cgroup.js';
import { containersOf } from './containers.js';
import type { Row } from './bench-report.js';
import type { Stage } from './stage.js';

/** Kernel's clock ticks per second in /proc/stat (USER_HZ, fixed on Linux). */
const TICKS = 100;

/** One part over the time of a load. */
export interface PartCpu {
  readonly part: string;
  /** CPUs used on average. */
  readonly used: number;
  /** CPUs; undefined: no limit. */
  readonly limit: number | undefined;
  /** Share of its periods in which the limit held it up, 0 to 1. */
  readonly throttled: number;
}

export interface CpuUse {
  readonly parts: readonly PartCpu[];
  /** CPUs of the whole cluster, parts and control plane. */
  readonly cluster: number;
  /** CPUs of everything on the machine. */
  readonly machine: number;
}

interface WatchedCpu {
  readonly part: string;
  readonly limit: number | undefined;
  readonly read: () => Promise<CpuReading>;
}

/** All counters at one moment: of the parts in their order, of the cluster, of the machine. */
interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly parts: readonly CpuReading[];
  readonly cluster: CpuReading;
  readonly machine: number;
}

/** A span of time, milliseconds since the epoch. */
export interface Span {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Reads the counters once a second; the function that it gives ends that, and says what was used within a span. */
export async function startCounting(stage: Stage): Promise<(span: Span) => Promise<CpuUse>> {
  const parts = await watchParts(stage);
  const cluster = wholeCluster(stage);
  const samples: Sample[] = [];
  const look = async (): Promise<void> => {
    const readings = await Promise.all(parts.map(({ read }) => read()));
    samples.push({ at: Date.now(), parts: readings, cluster: await cluster(), machine: busySeconds(await readFile('/proc/stat', 'utf8')) });
  };
  await look();
  let failure: unknown;
  const timer = setInterval(() => {
    look().catch((error: unknown) => (failure = error));
  }, 1000);
  return async (span) => {
    clearInterval(timer);
    await look();
    // A part that was replaced during the load has taken its counters with it.
    if (failure !== undefined) throw new Error('the CPU counters of a part disappeared during the load', { cause: failure });
    return cpuWithin(span, samples, parts);
  };
}

/** From the last sample before the span to the first one after it, or what there is. */
export function cpuWithin({ startedAt, endedAt }: Span, samples: readonly Sample[], parts: readonly Pick<PartCpu, 'part' | 'limit'>[]): CpuUse {
  const first = samples.findLast(({ at }) => at <= startedAt) ?? samples[0];
  const last = samples.find(({ at }) => at >= endedAt) ?? samples.at(-1);
  if (first === undefined || last === undefined) throw new Error('the CPU counters were not read');
  const seconds = (last.at - first.at) / 1000;
  return {
    parts: parts.map(({ part, limit }, index) => partCpu({ part, limit, seconds }, first.parts[index], last.parts[index])),
    cluster: (last.cluster.seconds - first.cluster.seconds) / seconds,
    machine: (last.machine - first.machine) / seconds,
  };
}

async function watchParts(stage: Stage): Promise<WatchedCpu[]> {
  const { cluster } = stage;
  return Promise.all((await containersOf(stage)).map(async ({ part, reference }) => {
    const [cpu, cpuacct] = [await cluster.containerCgroup(reference, 'cpu'), await cluster.containerCgroup(reference, 'cpuacct')];
    const { milliCpu } = await cluster.containerLimits(reference);
    const limit = milliCpu === undefined ? undefined : milliCpu / 1000;
    return { part, limit, read: () => readCpu({ cpu, cpuacct }, cluster.cgroup.version) };
  }));
}

function wholeCluster({ cluster: { cgroup } }: Stage): () => Promise<CpuReading> {
  const folder = (controller: string): string => (cgroup.version === 2 ? cgroup.memory : join('/sys/fs/cgroup', controller, cgroup.name));
  return () => readCpu({ cpu: folder('cpu'), cpuacct: folder('cpuacct') }, cgroup.version);
}

function partCpu(
  { part, limit, seconds }: { part: string; limit: number | undefined; seconds: number },
  before: CpuReading | undefined,
  after: CpuReading | undefined,
): PartCpu {
  const delta = (pick: (reading: CpuReading) => number): number => (after === undefined || before === undefined ? Number.NaN : pick(after) - pick(before));
  const periods = delta((reading) => reading.periods);
  return {
    part, limit,
    used: delta((reading) => reading.seconds) / seconds,
    throttled: periods === 0 ? 0 : delta((reading) => reading.throttled) / periods,
  };
}

/** CPU seconds that all cores have worked since boot: all of the line "cpu" but idle and iowait (proc_stat(5)). */
export function busySeconds(stat: string): number {
  const [, ...ticks] = stat.split('\n')[0]?.trim().split(/\s+/).map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0, stolen = 0] = ticks;
  return (user + nice + system + interrupts + softInterrupts + stolen) / TICKS;
}

/** @param client CPUs that the sender used */
export function cpuRows({ parts, cluster, machine }: CpuUse, client: number): Row[] {
  const others = Math.max(0, machine - cluster - client);
  return [
    { what: 'CPU of the parts', measured: parts.map(describePart).join('; ') },
    {
      what: 'CPU of the machine',
      measured: `cluster ${cluster.toFixed(2)}, client ${client.toFixed(2)}, everything else ${others.toFixed(2)}${others > 0.2 ? ' (not a quiet machine)' : ''}`,
    },
  ];
}

function describePart({ part, used, limit, throttled }: PartCpu): string {
  const of = limit === undefined ? '' : ` of ${limit}`;
  const heldUp = throttled >= 0.005 ? `, held up in ${Math.round(throttled * 100)} % of its periods` : '';
  return `${part} ${used.toFixed(2)}${of}${heldUp}`;
}
