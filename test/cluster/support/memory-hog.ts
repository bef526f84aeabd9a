// Another service of the host that takes its memory until the kubelet puts a pod out: node pressure as it comes in real life.
import { execa } from 'execa';
import type { Stack } from './stack.js';
import { waitFor, when } from './wait.js';

const MEBIBYTE = 2 ** 20;
/** Below the 100Mi at which the kubelet acts (embedded/config/kubelet.ts), and above the cgroup's limit at which the kernel does. */
const LEFT = 85 * MEBIBYTE;
const STEP = 24;
/** Seconds. */
const PATIENCE = 120;
/** One byte of input, one mebibyte more. */
const HOG = 'const held = []; process.stdin.on("data", (bytes) => { for (const _ of bytes) held.push(Buffer.alloc(2 ** 20, 1)); })';

/** Resolves when the kubelet has put out a pod of the stack; the memory is free again then. */
export async function pressNode(stack: Stack): Promise<void> {
  const [since, group] = [Date.now(), `${stack.cluster.cgroup.memory}/neighbour`];
  // Should the kernel have to choose after all, then this one.
  const hog = execa('sh', ['-c', `echo $$ > '${group}/cgroup.procs' && echo 1000 > /proc/$$/oom_score_adj && exec "$0" -e "$1"`, process.execPath, HOG], { reject: false });
  try {
    // So short of memory, the API server may not answer a look.
    await waitFor<true>({ what: 'an evicted pod', seconds: PATIENCE, every: 0.2 }, async () => {
      const { limit = Number.NaN, workingSet = Number.NaN } = (await stack.cluster.memory()) ?? {};
      const spare = limit - workingSet - LEFT;
      if (spare > 0) hog.stdin.write('x'.repeat(Math.max(1, Math.min(STEP, Math.floor(spare / 2 / MEBIBYTE)))));
      return when(await isEvicted(stack, since), `${Math.floor(spare / MEBIBYTE)}Mi to spare`);
    });
  } finally {
    hog.kill('SIGKILL');
    await hog;
  }
}

async function isEvicted(stack: Stack, since: number): Promise<boolean> {
  const { items } = JSON.parse(await stack.get(`/api/v1/namespaces/${stack.namespace}/events?fieldSelector=reason%3DEvicted`)) as { items: { lastTimestamp: string }[] };
  // To the second.
  return items.some(({ lastTimestamp }) => Date.parse(lastTimestamp) >= since - 1000);
}

/** As a person clears up: what was evicted stays in the list until somebody deletes it. */
export async function clearEvicted(stack: Stack): Promise<void> {
  for (const phase of ['Failed', 'Succeeded']) await stack.kubectl('delete', 'pods', '--selector', 'app.kubernetes.io/component in (web, worker, postgres, valkey, operator)', '--field-selector', `status.phase=${phase}`);
}
