// An API server that is away: frozen, it takes connections and never answers, which is worse than one that refuses them.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from './stack.js';

/** Resolves when it runs again. */
export async function freezeApiServer({ cluster }: Stack, milliseconds: number): Promise<void> {
  const pid = (await cluster.pids())['kube-apiserver'];
  if (pid === undefined) throw new Error('no kube-apiserver');
  process.kill(pid, 'SIGSTOP');
  await sleep(milliseconds);
  process.kill(pid, 'SIGCONT');
}
