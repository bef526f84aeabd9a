// A container that hangs: its processes are stopped, its connections stay open, and nothing is answered.
import type { ContainerReference } from '../../../embedded/index.js';
import { processesIn } from './out-of-memory.js';
import type { Stack } from './stack.js';

/** SIGSTOP to each of its processes. @returns what lets them go on; one that was killed meanwhile stays so. @throws Error when none runs */
export async function freeze(stack: Stack, container: ContainerReference): Promise<() => void> {
  const frozen = await processesIn(stack, container);
  if (frozen.length === 0) throw new Error(`no process of ${container.pod}`);
  for (const id of frozen) process.kill(id, 'SIGSTOP');
  return () => {
    for (const id of frozen) goOn(id);
  };
}

function goOn(id: number): void {
  try {
    process.kill(id, 'SIGCONT');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
