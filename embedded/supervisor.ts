/** Starts go/init in namespaces of its own, and reads what it says of the components. */
import { open, readFile, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { processesIn, type HostCgroup } from './cgroups.js';
import { initFile, statusFile } from './config/files.js';
import type { Layout } from './config/layout.js';
import { findProcess, identify } from './identity.js';
import { nsenterPrefix } from './node-network.js';
import type { ClusterPaths, ClusterSettings } from './cluster-options.js';

const statusSchema = z.array(
  z.object({
    name: z.string(),
    state: z.enum(['waiting', 'running', 'exited']),
    pid: z.number(),
    startedAt: z.number(),
    restarts: z.number(),
    lastExit: z.string(),
  }),
);

/** One component; `pid` counts inside the node's PID namespace. */
export type ComponentStatus = z.infer<typeof statusSchema>[number];

/** What the components are doing; empty when the instance never ran. */
export async function readComponents(settings: ClusterSettings): Promise<readonly ComponentStatus[]> {
  const text = await readFile(statusFile({ settings }), 'utf8').catch(() => '[]');
  return statusSchema.parse(JSON.parse(text));
}

function pidFile(paths: ClusterPaths): string {
  return join(paths.run, 'unshare.pid');
}

/** Shell program: join the cgroups up to "--", then become the rest of the command line. */
const joinCgroups = 'while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || exit 1; shift; done; shift; exec "$@"';

/**
 * Starts everything. The shell joins the node's cgroup, makes that the root of a cgroup namespace, goes down into the
 * `system` child and becomes unshare: every process is counted from its first page on, and --kill-child with the PID
 * namespace makes one kill end them all.
 */
export async function launch(layout: Layout, cgroup: HostCgroup): Promise<void> {
  const { settings, binaries } = layout;
  const log = await open(join(settings.paths.log, 'init.log'), 'a');
  const enter = (folders: readonly string[]): string[] => ['/bin/sh', '-c', joinCgroups, 'sh', ...folders, '--'];
  const unshare = ['unshare', '--pid', '--mount', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
  const command = [
    ...enter(cgroup.folders),
    ...nsenterPrefix(settings.resource),
    ...['unshare', '--cgroup', ...enter(cgroup.systemFolders)],
    ...[...unshare, binaries.init, initFile(layout)],
  ];
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    detached: true,
    cwd: '/',
    stdio: ['ignore', log.fd, log.fd],
  });
  child.unref();
  await log.close();
  if (child.pid === undefined) throw new Error('the node could not be started');
  await writeFile(pidFile(settings.paths), await identify(child.pid));
}

/** Id of the running unshare process; undefined when the instance is down. */
export async function runningPid(settings: ClusterSettings): Promise<number | undefined> {
  return findProcess(await readFile(pidFile(settings.paths), 'utf8').catch(() => ''));
}

/**
 * Process ids as this machine sees them, by the id inside the node's PID namespace. Found through the cgroup, because
 * /proc/PID/task/TID/children is not in every kernel; containers have a namespace of their own and are left out.
 */
export async function hostPids(cgroup: HostCgroup): Promise<ReadonlyMap<number, number>> {
  const result = new Map<number, number>();
  for (const pid of await processesIn(cgroup)) {
    const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const ids = /^NSpid:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/) ?? [];
    if (ids.length === 2) result.set(Number(ids[1]), pid);
  }
  return result;
}

const stopTimeoutMs = 8000;

/** Asks init to stop, and kills the whole namespace when it does not within eight seconds. */
export async function stop(settings: ClusterSettings, cgroup: HostCgroup): Promise<void> {
  const pid = await runningPid(settings);
  if (pid === undefined) return;
  const init = (await hostPids(cgroup)).get(1);
  if (init !== undefined) process.kill(init, 'SIGTERM');
  const end = Date.now() + stopTimeoutMs;
  while (Date.now() < end) {
    if ((await runningPid(settings)) === undefined) return;
    await sleep(50);
  }
  process.kill(pid, 'SIGKILL');
}

/** Kills the whole namespace at once, for an instance whose state is not wanted any more. */
export async function killNode(settings: ClusterSettings): Promise<void> {
  const pid = await runningPid(settings);
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

/** The last lines of a component's log. */
export async function tailLog(paths: ClusterPaths, component: string, lines: number): Promise<string> {
  const text = await readFile(join(paths.log, `${component}.log`), 'utf8').catch(() => '(no log)');
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}
