// A cgroup with the limits of one container, for programs that run without a cluster.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCgroup, locateCgroup, removeCgroup, type HostCgroup } from '../../embedded/cgroups.js';
import { parseFields } from './cgroup.js';

/** Kubernetes' period. Microseconds. */
const PERIOD = 100_000;
const SAMPLE_EVERY = 100;

export interface GroupUse {
  /** Anonymous and shared memory at most: what no page cache is. Bytes. */
  readonly own: number;
  /** Processes that the kernel killed for want of memory. */
  readonly kills: number;
}

export class LimitedGroup {
  #own = 0;
  readonly #sampling: NodeJS.Timeout;

  private constructor(private readonly cgroup: HostCgroup) {
    this.#sampling = setInterval(() => void this.#sample(), SAMPLE_EVERY);
  }

  /** @param cores of the limit, such as 0.5 */
  static async open(name: string, memoryBytes: number, cores: number): Promise<LimitedGroup> {
    const cgroup = await locateCgroup(name);
    await createCgroup(cgroup, memoryBytes);
    const quota = Math.round(cores * PERIOD);
    if (cgroup.version === 2) await writeFile(join(cgroup.memory, 'cpu.max'), `${quota} ${PERIOD}`);
    else await writeFile(join(folderOf(cgroup, 'cpu'), 'cpu.cfs_quota_us'), String(quota));
    return new LimitedGroup(cgroup);
  }

  /** And its children from now on. */
  async add(pid: number | undefined): Promise<void> {
    if (pid === undefined) throw new Error('a program that did not start has no process');
    const folders = this.cgroup.version === 2 ? [this.cgroup.memory] : [this.cgroup.memory, folderOf(this.cgroup, 'cpu')];
    for (const folder of folders) await writeFile(join(folder, 'cgroup.procs'), String(pid));
  }

  async use(): Promise<GroupUse> {
    await this.#sample();
    const text = await readFile(join(this.cgroup.memory, this.cgroup.version === 2 ? 'memory.events' : 'memory.oom_control'), 'utf8');
    return { own: this.#own, kills: parseFields(text).get('oom_kill') ?? 0 };
  }

  /** Kills what is still in it. */
  async close(): Promise<void> {
    clearInterval(this.#sampling);
    await removeCgroup(this.cgroup);
  }

  async #sample(): Promise<void> {
    const fields = parseFields(await readFile(join(this.cgroup.memory, 'memory.stat'), 'utf8').catch(() => ''));
    const [anonymous, shared] = this.cgroup.version === 2 ? ['anon', 'shmem'] : ['total_rss', 'total_shmem'];
    this.#own = Math.max(this.#own, (fields.get(anonymous) ?? 0) + (fields.get(shared) ?? 0));
  }
}

/** Version 1 mounts cpu and cpuacct together or apart. */
function folderOf({ folders }: HostCgroup, controller: string): string {
  const found = folders.find((folder) => folder.split('/')[4]?.split(',').includes(controller));
  if (found === undefined) throw new Error(`no cgroup of ${controller} is mounted`);
  return found;
}
