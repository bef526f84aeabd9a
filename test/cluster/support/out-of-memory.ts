// Makes the kernel kill a container for memory, and its main process at that.
//
// A process that is started by `kubectl exec` and allocates would be the largest of the container and so the victim, and
// on cgroup v1 the part would go on. So the memory is allocated by a process of this machine that is moved into the
// container's memory cgroup: it has oom_score_adj 0 while everything in a Burstable pod has about 950, and the main
// process is given 1000, the others 0. (On cgroup v2, k3s' usual host, the kubelet sets memory.oom.group and the kernel
// takes the whole container whoever allocates.)
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerReference } from '../../../embedded/index.js';
import type { Stack } from './stack.js';
import type { Part } from './parts.js';
import { waitFor, when } from './wait.js';

/** Resolves when the main process of the part's container has ended. */
export async function killByMemory(stack: Stack, part: Part): Promise<void> {
  const { container } = await stack.pod(part);
  const folder = await stack.cluster.containerCgroup(container, 'memory');
  const main = await markMain(folder);
  // The shell moves itself, then becomes tail, which holds on to a "line" of /dev/zero that never ends.
  const glutton = spawn('sh', ['-c', `echo $$ > '${folder}/cgroup.procs' && exec tail /dev/zero`], { stdio: 'ignore' });
  try {
    await waitFor({ what: `the main process of ${part} (${main}) to be killed`, seconds: 60, every: 0.05 }, async () => {
      const state = await processState(main);
      return when(state === 'gone' || state === 'Z', `state ${state}; glutton ${glutton.exitCode ?? glutton.signalCode ?? 'alive'}`);
    });
  } finally {
    glutton.kill('SIGKILL');
  }
}

/** Processes of a part's container, as this machine numbers them; the first is its main process. */
export async function processesOf(stack: Stack, part: Part): Promise<number[]> {
  const { container } = await stack.pod(part);
  return processesIn(stack, container);
}

/** The same of a container by its pod's name. */
export async function processesIn({ cluster }: Stack, container: ContainerReference): Promise<number[]> {
  return membersOf(await cluster.containerCgroup(container, 'memory'));
}

/** kill -9 of the main process of a part's container. @returns when @throws Error when none runs */
export async function killMain(stack: Stack, part: Part): Promise<number> {
  const { container } = await stack.pod(part);
  return killContainer(stack, container);
}

/** The same of a container by its pod's name. */
export async function killContainer({ cluster }: Stack, container: ContainerReference): Promise<number> {
  const [main] = await membersOf(await cluster.containerCgroup(container, 'memory'));
  if (main === undefined) throw new Error(`no process of ${container.pod}`);
  const killedAt = Date.now();
  process.kill(main, 'SIGKILL');
  return killedAt;
}

async function membersOf(folder: string): Promise<number[]> {
  const ids = (await readFile(join(folder, 'cgroup.procs'), 'utf8')).split('\n').filter((line) => line !== '').map(Number);
  const inner = await Promise.all(ids.map(async (id) => ({ id, inner: await innerId(id) })));
  return inner.toSorted((a, b) => a.inner - b.inner).map(({ id }) => id);
}

/** The id that a process has in its own PID namespace: 1 for a container's main process. */
async function innerId(id: number): Promise<number> {
  const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
  return Number(/^NSpid:.*\s(\d+)$/m.exec(status)?.[1] ?? Infinity);
}

async function markMain(folder: string): Promise<number> {
  const [main, ...others] = await membersOf(folder);
  if (main === undefined) throw new Error(`nothing runs in ${folder}`);
  await writeFile(`/proc/${main}/oom_score_adj`, '1000');
  // One that has just ended needs no mark.
  for (const id of others) await writeFile(`/proc/${id}/oom_score_adj`, '0').catch(() => undefined);
  return main;
}

async function processState(id: number): Promise<string> {
  const status = await readFile(`/proc/${id}/status`, 'utf8').catch(() => '');
  return /^State:\s+(\w)/m.exec(status)?.[1] ?? 'gone';
}
