// The operator that leads, where there are two.
import { LEASE_NAME } from '../../../operator/api/object-names.js';
import { killContainer } from './out-of-memory.js';
import type { Stack } from './stack.js';

/** kill -9. */
export async function killLeader(stack: Stack): Promise<void> {
  const lease = JSON.parse(await stack.get(`/apis/coordination.k8s.io/v1/namespaces/${stack.namespace}/leases/${LEASE_NAME}`)) as { spec: { holderIdentity: string } };
  await killContainer(stack, { namespace: stack.namespace, pod: lease.spec.holderIdentity, container: 'operator' });
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
