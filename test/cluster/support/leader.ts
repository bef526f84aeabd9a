// The operator's pod, and the one that leads, where there are two.
import type { ContainerReference } from '../../../embedded/index.js';
import { LEASE_NAME } from '../../../operator/api/object-names.js';
import { freeze } from './frozen.js';
import { killContainer, killMain } from './out-of-memory.js';
import type { Stack } from './stack.js';
import { waitFor } from './wait.js';

export interface FrozenLeader {
  readonly frozen: string;
  /** Of the frozen one, until then. */
  readonly restarts: string;
  readonly next: string;
}

/** kill -9, and a new pod at once: the kubelet would wait longer before each start of the same one. One that is just being started has no process yet. */
export async function killOperator(stack: Stack): Promise<void> {
  const { container } = await stack.pod('operator');
  await killMain(stack, 'operator').catch(() => undefined);
  await stack.kubectl('delete', 'pod', container.pod, '--grace-period=0', '--force', '--ignore-not-found');
}

/** Where none leads, the pod's name is empty. */
export async function leaderOf(stack: Stack): Promise<ContainerReference> {
  const lease = JSON.parse(await stack.get(`/apis/coordination.k8s.io/v1/namespaces/${stack.namespace}/leases/${LEASE_NAME}`)) as { spec: { holderIdentity: string } };
  return { namespace: stack.namespace, pod: lease.spec.holderIdentity, container: 'operator' };
}

/** kill -9. */
export async function killLeader(stack: Stack): Promise<void> {
  await killContainer(stack, await leaderOf(stack));
}

/** It hangs until the other one leads, and then goes on. */
export async function freezeLeader(stack: Stack): Promise<FrozenLeader> {
  const leader = await leaderOf(stack);
  const restarts = await restartsOf(stack, leader.pod);
  const goOn = await freeze(stack, leader);
  try {
    const next = await waitFor<string>({ what: 'the other operator to lead', seconds: 120 }, async () => {
      const { pod } = await leaderOf(stack);
      return pod === leader.pod || pod === '' ? { seen: pod } : { found: pod };
    });
    return { frozen: leader.pod, restarts, next };
  } finally {
    goOn();
  }
}

/** Of a pod with one container. */
export function restartsOf(stack: Stack, pod: string): Promise<string> {
  return stack.kubectl('get', 'pod', pod, '--output', 'jsonpath={.status.containerStatuses[0].restartCount}');
}

/** While `work` runs; afterwards there is one again. */
export async function withTwoOperators(stack: Stack, work: () => Promise<unknown>): Promise<void> {
  await stack.kubectl('scale', 'deployment/glitchkeeper', '--replicas=2');
  try {
    await stack.kubectl('rollout', 'status', 'deployment/glitchkeeper', '--timeout=120s');
    await work();
  } finally {
    await stack.kubectl('scale', 'deployment/glitchkeeper', '--replicas=1');
    await stack.rolledOut();
  }
}
