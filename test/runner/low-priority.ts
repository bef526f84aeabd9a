// Takes a program and all that it starts out of the clusters' way: they are measured in seconds of the clock on the same processors.
import { existsSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** What nice 19 is among processes, in cpu.shares of 1024 (version 1); the least of 1 to 10000 that version 2 takes. */
const WEIGHTS = [
  { controller: join(ROOT, 'cpu'), file: 'cpu.shares', value: '15' },
  { controller: ROOT, file: 'cpu.weight', value: '1' },
] as const;

export interface LowPriorityGroup {
  /** Ids of the processes in it. */
  processes(): Promise<number[]>;
  remove(): Promise<void>;
}

/**
 * Program to put before a command line. The cgroup comes first: nice compares processes of the same group only, and a cluster
 * has a group of its own. Without the right to make one (not root) there are no clusters, and nice is enough; with the kernel's
 * autogroup it compares within a session, so that the session is made nice as well.
 */
export function atLowPriority(name: string): string[] {
  const folders = WEIGHTS.map(({ controller }) => join(controller, name));
  const cgroup = 'for g in "$1" "$2"; do [ -w "$g/cgroup.procs" ] && echo $$ > "$g/cgroup.procs"; done';
  const autogroup = '[ -w /proc/self/autogroup ] && echo 19 > /proc/self/autogroup';
  return ['sh', '-c', `{ ${cgroup}; ${autogroup}; } 2>/dev/null; shift 2; exec nice -n 19 "$@"`, 'sh', ...folders];
}

/** Makes the cgroup that `atLowPriority` enters; undefined where this machine has none to give. */
export async function makeLowPriorityGroup(name: string): Promise<LowPriorityGroup | undefined> {
  for (const { controller, file, value } of WEIGHTS) {
    const folder = join(controller, name);
    if (!existsSync(join(controller, 'cgroup.procs')) || !(await mkdir(folder).then(() => true, () => false))) continue;
    const made = { processes: () => processesOf(folder), remove: () => rmdir(folder) };
    if (existsSync(join(folder, file)) && (await writeFile(join(folder, file), value).then(() => true, () => false))) return made;
    await made.remove();
  }
  return undefined;
}

async function processesOf(folder: string): Promise<number[]> {
  const text = await readFile(join(folder, 'cgroup.procs'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '').map(Number);
}
