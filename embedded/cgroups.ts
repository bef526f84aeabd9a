/**
 * The cgroup that stands for the whole host: control plane and pods inside one memory limit.
 * Version 1 (one folder a controller) was tested; version 2 (one folder) is written from the kernel's documentation
 * (Documentation/admin-guide/cgroup-v2.rst) and could not be tested on the machines where this was made.
 */
import { mkdir, readFile, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from './filesystem.js';

const cgroupRoot = '/sys/fs/cgroup';

/** Where the cgroups of one instance are. */
export interface HostCgroup {
  readonly version: 1 | 2;
  /** Name below each hierarchy's root, e.g. glitchkeeper. */
  readonly name: string;
  /** Folders of the instance's cgroup: one a hierarchy in version 1, one in version 2. */
  readonly folders: readonly string[];
  /** Folders of its `system` child, in which every process of the control plane runs. */
  readonly systemFolders: readonly string[];
  /** Folder with the memory files. */
  readonly memory: string;
}

/** Mount points of the system's cgroup hierarchies in the text of /proc/self/mounts, with their filesystem's type. */
export function parseCgroupMounts(mounts: string): readonly { target: string; version: 1 | 2 }[] {
  return mounts.split('\n').flatMap((line) => {
    const [, target, kind] = line.split(' ');
    if (target?.startsWith(cgroupRoot) !== true || (kind !== 'cgroup' && kind !== 'cgroup2')) return [];
    return [{ target, version: kind === 'cgroup' ? 1 : 2 }];
  });
}

/**
 * Finds out which version this machine uses and where an instance's folders belong. Makes nothing.
 * A version 2 hierarchy beside version 1 ("hybrid", without controllers) gets its folder like the others.
 */
export async function locateCgroup(resource: string): Promise<HostCgroup> {
  const mounts = parseCgroupMounts(await readFile('/proc/self/mounts', 'utf8'));
  const version = mounts.some((mount) => mount.version === 2 && mount.target === cgroupRoot) ? 2 : 1;
  const folders = mounts.map((mount) => join(mount.target, resource));
  const memory = version === 2 ? join(cgroupRoot, resource) : join(cgroupRoot, 'memory', resource);
  if (!folders.includes(memory)) throw new Error(`no memory cgroup is mounted at ${memory.replace(`/${resource}`, '')}`);
  return { version, name: resource, folders, systemFolders: folders.map((folder) => join(folder, 'system')), memory };
}

/** Makes the cgroups, with the memory limit in bytes (undefined: none). */
export async function createCgroup(cgroup: HostCgroup, memoryBytes: number | undefined): Promise<void> {
  if (cgroup.version === 2) await delegate(cgroupRoot);
  for (const folder of [...cgroup.folders, ...cgroup.systemFolders]) {
    await mkdir(folder, { recursive: true });
    await inheritCpuset(folder);
  }
  if (memoryBytes === undefined) return;
  const limitFile = cgroup.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
  await writeFile(join(cgroup.memory, limitFile), String(memoryBytes));
  if (cgroup.version === 2) {
    // The host that this stands for has no swap; absent where the kernel was built without it.
    await writeFile(join(cgroup.memory, 'memory.swap.max'), '0').catch(() => undefined);
  }
}

/**
 * Version 2: lets children use every controller. The instance's own folder gets this from go/init, later: while
 * controllers are handed on, no process may be in the folder itself, and the starting shell passes through it.
 */
async function delegate(folder: string): Promise<void> {
  const controllers = (await readFile(join(folder, 'cgroup.controllers'), 'utf8')).split(/\s+/).filter((c) => c !== '');
  for (const controller of controllers) await writeFile(join(folder, 'cgroup.subtree_control'), `+${controller}`);
}

/** Version 1: a new cpuset is empty and would refuse processes. */
async function inheritCpuset(folder: string): Promise<void> {
  if (!folder.startsWith(join(cgroupRoot, 'cpuset', '/'))) return;
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    await writeFile(join(folder, file), await readFile(join(folder, '..', file), 'utf8'));
  }
}

/** Ids of every process in the instance's cgroup, its children included. */
export async function processesIn(cgroup: HostCgroup): Promise<number[]> {
  const files = await readdir(cgroup.memory, { recursive: true }).catch(() => []);
  const lists = [...files, 'cgroup.procs'].filter((file) => file.endsWith('cgroup.procs'));
  const ids = new Set<number>();
  for (const list of lists) {
    const text = await readFile(join(cgroup.memory, list), 'utf8').catch(() => '');
    for (const line of text.split('\n')) if (line !== '') ids.add(Number(line));
  }
  return [...ids];
}

/** Kills what is still inside and removes the cgroups. Only this instance's own folders are ever touched. */
export async function removeCgroup(cgroup: HostCgroup): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const left = await processesIn(cgroup);
    if (left.length === 0) break;
    for (const pid of left) kill(pid);
    await sleep(50);
  }
  for (const folder of cgroup.folders) await removeTree(folder);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself between the listing and now, which is what was wanted.
  }
}

async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const gone = await rmdir(folder).then(
      () => true,
      (error: unknown) => errorCode(error) === 'ENOENT',
    );
    if (gone) return;
    await sleep(50); // the kernel frees a cgroup a moment after its last process
  }
  throw new Error(`the cgroup ${folder} cannot be removed: is a process of somebody else in it?`);
}

/** Memory of the whole instance in bytes. Version 2 before Linux 5.19 has no peak. */
export interface MemoryUse {
  readonly used: number;
  /** What the kernel cannot take back at once, as the kubelet counts it: used without inactive pages of files. */
  readonly workingSet: number;
  readonly peak: number | undefined;
  readonly limit: number | undefined;
}

/** Reads the memory files; undefined when the instance has no cgroup (it is down). */
export async function readMemory(cgroup: HostCgroup): Promise<MemoryUse | undefined> {
  const names =
    cgroup.version === 1
      ? ['memory.usage_in_bytes', 'memory.max_usage_in_bytes', 'memory.limit_in_bytes']
      : ['memory.current', 'memory.peak', 'memory.max'];
  const [used, peak, limit] = await Promise.all(names.map((name) => readBytes(join(cgroup.memory, name))));
  if (used === undefined) return undefined;
  const stat = await readFile(join(cgroup.memory, 'memory.stat'), 'utf8').catch(() => '');
  return { used, workingSet: Math.max(0, used - inactiveFileBytes(stat)), peak, limit };
}

/** Bytes of files' pages that nobody has used lately, the children's included: memory.stat of either version. */
export function inactiveFileBytes(stat: string): number {
  const line = /^total_inactive_file (\d+)$/m.exec(stat) ?? /^inactive_file (\d+)$/m.exec(stat);
  return Number(line?.[1] ?? 0);
}

/** Starts the peak anew, e.g. after images were imported. Version 2 offers that only to the reader's own descriptor. */
export async function resetPeak(cgroup: HostCgroup): Promise<void> {
  if (cgroup.version === 1) await writeFile(join(cgroup.memory, 'memory.max_usage_in_bytes'), '0');
}

/** Bytes in a cgroup file; undefined when it is absent or says "no limit". */
export async function readBytes(file: string): Promise<number | undefined> {
  const text = (await readFile(file, 'utf8').catch(() => '')).trim();
  const value = Number(text);
  // Version 1 writes "no limit" as the largest multiple of the page size.
  return text === '' || text === 'max' || value > 2 ** 60 ? undefined : value;
}
