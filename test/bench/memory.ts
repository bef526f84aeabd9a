/**
 * Memory of the whole host (the cluster's cgroup) and of each part: idle and under load.
 *
 * "Used" is everything that the kernel charges. Its page cache holds the programs' files and what importing the images
 * left, and grows until something needs the memory; emptying it before would make running programs read themselves back
 * in, for minutes on a busy machine. So the goal is held against the working set: used without the inactive cache, which
 * is given back at once, as Kubernetes counts before it evicts.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../sdk/statistics.js';
import { readMemory, resetPeak, type CgroupVersion, type MemoryReading } from './cgroup.js';
import { containersOf } from './containers.js';
import { atMost, mebibytes, type Row, type Section } from './bench-report.js';
import { everySecond } from './sampling.js';
import type { Stage } from './stage.js';

/** Of the host, everything included. Bytes. */
const LARGEST_PEAK = 1.3 * 2 ** 30;
const SETTLE_SECONDS = 20;
const IDLE_SECONDS = 15;

/** A cgroup over some time. Bytes. */
export interface MemoryUse {
  /** Median of the samples, one a second. */
  readonly workingSet: number;
  readonly workingSetMost: number;
  readonly pageCache: number;
  readonly own: number;
  readonly used: number;
  /** The kernel's own peak, page cache included; where it has none, the highest sample. */
  readonly peak: number;
}

export interface WatchedGroup {
  readonly name: string;
  readonly folder: string;
  /** Bytes. */
  readonly limit: number | undefined;
}

export type MemoryUses = Readonly<Record<string, MemoryUse>>;

export const HOST = 'host';

/** The host, the control plane, and each running part. */
export async function watchedGroups(stage: Stage): Promise<WatchedGroup[]> {
  const { cluster } = stage;
  const containers = await containersOf(stage);
  const parts = await Promise.all(containers.map(async ({ part, reference }) => ({
    name: part,
    folder: await cluster.containerCgroup(reference, 'memory'),
    limit: (await cluster.containerLimits(reference)).memory,
  })));
  const host = { name: HOST, folder: cluster.cgroup.memory, limit: (await cluster.memory())?.limit };
  return [host, { name: 'control plane', folder: join(cluster.cgroup.memory, 'system'), limit: undefined }, ...parts];
}

/** Lets the start's work end, and samples. */
export async function sampleIdle(stage: Stage, groups: readonly WatchedGroup[]): Promise<MemoryUses> {
  stage.say(`idle for ${SETTLE_SECONDS} s, then measured for ${IDLE_SECONDS} s`);
  await sleep(SETTLE_SECONDS * 1000, undefined, { signal: stage.signal });
  const stop = await startSampling(groups, stage.cluster.cgroup.version);
  await sleep(IDLE_SECONDS * 1000, undefined, { signal: stage.signal });
  return stop();
}

/** Samples every group once a second until the function that it gives is called. */
export async function startSampling(groups: readonly WatchedGroup[], version: CgroupVersion): Promise<() => Promise<MemoryUses>> {
  const samples = groups.map((): MemoryReading[] => []);
  const look = async (): Promise<void> => {
    const readings = await Promise.all(groups.map(({ folder }) => readMemory(folder, version)));
    readings.forEach((reading, index) => samples[index]?.push(reading));
  };
  for (const { folder } of groups) await resetPeak(folder, version);
  const stop = everySecond(look);
  return async () => {
    await stop();
    return Object.fromEntries(groups.map(({ name }, index) => [name, summarizeMemory(samples[index] ?? [], version)]));
  };
}

/** @param samples at least one. Version 2 cannot reset its peak, so there the highest sample stands for it. */
export function summarizeMemory(samples: readonly MemoryReading[], version: CgroupVersion): MemoryUse {
  const median = (pick: (reading: MemoryReading) => number): number => percentile(samples.map(pick), 50) ?? Number.NaN;
  const highest = Math.max(...samples.map(({ used }) => used));
  return {
    workingSet: median(({ workingSet }) => workingSet),
    workingSetMost: Math.max(...samples.map(({ workingSet }) => workingSet)),
    pageCache: median(({ pageCache }) => pageCache),
    own: median(({ own }) => own),
    used: median(({ used }) => used),
    peak: version === 1 ? (samples.at(-1)?.peak ?? highest) : highest,
  };
}

const NOTE = '"used" is all that the kernel charges to the 1.9 GiB cgroup, control plane and operator included; "working set" is used without the '
  + "inactive page cache, which the kernel gives back at once (the programs' files, and what importing the images left). Sampled once a second; "
  + '"peak used" is the kernel\'s own.';

export interface MemoryResult {
  readonly groups: readonly WatchedGroup[];
  readonly idle: MemoryUses;
  readonly loaded: MemoryUses;
  /** Events per second of the load. */
  readonly rate: number;
}

export function memorySection(result: MemoryResult): Section {
  return { name: 'memory', rows: memoryRows(result), numbers: { idle: result.idle, loaded: result.loaded }, note: NOTE };
}

export function memoryRows({ groups, idle, loaded, rate }: MemoryResult): Row[] {
  const [host, hostLoaded] = [idle[HOST], loaded[HOST]];
  const whole: Row[] = host === undefined || hostLoaded === undefined ? [] : [
    { what: 'host, idle', measured: describe(host) },
    { what: `host, ${rate} events/s`, measured: describe(hostLoaded) },
    {
      what: 'host, peak working set',
      measured: mebibytes(Math.max(host.workingSetMost, hostLoaded.workingSetMost)),
      goal: { ...atMost(Math.max(host.workingSetMost, hostLoaded.workingSetMost), LARGEST_PEAK), text: 'at most 1.3 GiB' },
    },
  ];
  const parts = groups.filter(({ name }) => name !== HOST).map(({ name, limit }) => partRow({ name, limit, rate }, idle[name], loaded[name]));
  return [...whole, ...parts];
}

function describe({ workingSet, own, pageCache, used, peak }: MemoryUse): string {
  return `working set ${mebibytes(workingSet)}, ${mebibytes(own)} of it the processes' own; page cache ${mebibytes(pageCache)}; used ${mebibytes(used)}, peak used ${mebibytes(peak)}`;
}

function partRow({ name, limit, rate }: { name: string; limit: number | undefined; rate: number }, idle: MemoryUse | undefined, loaded: MemoryUse | undefined): Row {
  const of = limit === undefined ? '' : ` of ${mebibytes(limit)}`;
  return {
    what: name,
    measured: `working set idle ${mebibytes(idle?.workingSet)} (own ${mebibytes(idle?.own)}), at ${rate}/s at most ${mebibytes(loaded?.workingSetMost)} (own ${mebibytes(loaded?.own)})${of}; peak used ${mebibytes(loaded?.peak)}`,
  };
}
