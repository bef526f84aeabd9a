/**
 * Reads a cgroup's memory and CPU. Working set is what Kubernetes counts too: usage without the inactive page cache,
 * which the kernel gives back without cost. Version 1 was tested, version 2 is from the kernel's documentation.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export type CgroupVersion = 1 | 2;

/** Bytes at one moment. */
export interface MemoryReading {
  /** Everything that is charged: processes, page cache, kernel. */
  readonly used: number;
  readonly pageCache: number;
  /** Memory of the processes themselves (heaps, stacks), without any file's pages. */
  readonly own: number;
  /** Used without the page cache that can be dropped at once. */
  readonly workingSet: number;
  /** Highest `used` since the group was made or the peak was reset; undefined where the kernel does not report it. */
  readonly peak: number | undefined;
}

/** CPU since the group was made. */
export interface CpuReading {
  readonly seconds: number;
  /** Periods (100 ms) in which its limit held it up, of those in which it ran. */
  readonly throttled: number;
  readonly periods: number;
}

const memoryFiles = {
  1: { used: 'memory.usage_in_bytes', peak: 'memory.max_usage_in_bytes', cache: 'total_cache', inactive: 'total_inactive_file', own: 'total_rss' },
  2: { used: 'memory.current', peak: 'memory.peak', cache: 'file', inactive: 'inactive_file', own: 'anon' },
} as const;

/** The fields of a flat keyed file such as memory.stat and cpu.stat. */
export function parseFields(text: string): ReadonlyMap<string, number> {
  return new Map(text.trim().split('\n').map((line) => {
    const [name = '', value] = line.split(' ');
    return [name, Number(value)] as const;
  }));
}

/** @param folder of the memory controller. Rejects when the group is gone */
export async function readMemory(folder: string, version: CgroupVersion): Promise<MemoryReading> {
  const files = memoryFiles[version];
  const used = Number(await readFile(join(folder, files.used), 'utf8'));
  const fields = parseFields(await readFile(join(folder, 'memory.stat'), 'utf8'));
  // Linux before 5.19 has no peak in version 2.
  const peak = await readFile(join(folder, files.peak), 'utf8').then(Number, () => undefined);
  const field = (name: string): number => fields.get(name) ?? 0;
  return { used, pageCache: field(files.cache), own: field(files.own), workingSet: Math.max(0, used - field(files.inactive)), peak };
}

/** Makes the peak begin again; version 2 offers that only to the descriptor that reads it, so there it goes on. */
export async function resetPeak(folder: string, version: CgroupVersion): Promise<void> {
  if (version === 1) await writeFile(join(folder, memoryFiles[1].peak), '0');
}

/** @param folders of the controllers "cpu" and "cpuacct" (the same one in version 2) */
export async function readCpu(folders: { cpu: string; cpuacct: string }, version: CgroupVersion): Promise<CpuReading> {
  const fields = parseFields(await readFile(join(folders.cpu, 'cpu.stat'), 'utf8'));
  const seconds = version === 1
    ? Number(await readFile(join(folders.cpuacct, 'cpuacct.usage'), 'utf8')) / 1e9
    : (fields.get('usage_usec') ?? 0) / 1e6;
  return { seconds, throttled: fields.get('nr_throttled') ?? 0, periods: fields.get('nr_periods') ?? 0 };
}
