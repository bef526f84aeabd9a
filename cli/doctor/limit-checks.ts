// doctor: limits on every container, and whether what they allow together fits the node.
import { MEBIBYTE } from '../../charts/quantity.js';
import { parseQuantity } from '../../operator/core/quantity.js';
import { failure, ok, onSight, oneOrEach, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';
import type { ClusterNode, Workload } from './kubernetes-objects.js';

const APPLY = 'npm run synth && kubectl apply -f dist/';
/** What a node has for pods is less than they may use by the kubelet's eviction threshold (dist/host/ sets it). Bytes. */
const EVICTION = 64 * MEBIBYTE;

export function checkLimits({ workloads, nodes }: Facts): readonly Finding[] {
  return [
    ...onSight('limits', workloads, (all) => oneOrEach(ok('limits', 'on every container'), all.flatMap(unlimited))),
    ...onSight('budget', nodes, (allNodes) => onSight('budget', workloads, (all) => checkBudget(all, allNodes))),
  ];
}

function unlimited({ metadata: { name }, spec: { template: { spec } } }: Workload): readonly Finding[] {
  return [...spec.containers, ...spec.initContainers].flatMap(({ name: container, resources: { limits, requests } }) => {
    const where = `${name}/${container}`;
    if (limits['memory'] === undefined) return [failure('limits', `${where} has no memory limit: it may take what the host needs`, APPLY)];
    const missing = [...(limits['cpu'] === undefined ? ['CPU limit'] : []), ...(requests['memory'] === undefined ? ['memory request'] : [])];
    return missing.length === 0 ? [] : [warning('limits', `${where} has no ${missing.join(' and no ')}`, APPLY)];
  });
}

/** Limits are what may be used, requests what must be free: more limits than memory is not refused by anybody, and ends in kills. */
function checkBudget(workloads: readonly Workload[], nodes: readonly ClusterNode[]): Finding {
  const room = nodes.reduce((sum, { status }) => sum + (parseQuantity(status.allocatable['memory'] ?? '') ?? 0), 0);
  if (room === 0) return warning('budget', 'no node says how much memory it has to give', 'kubectl describe nodes');
  const running = workloads.filter(({ kind }) => kind !== 'Job');
  const steady = sum(running.map((one) => limitOf(one) * one.spec.replicas));
  const worst = steady + sum(running.map(surgeOf)) + Math.max(0, ...workloads.filter(({ kind }) => kind === 'Job').map(limitOf));
  const found = `limits of ${mebibytes(steady)}, ${mebibytes(worst)} during a rollout; the node has ${mebibytes(room)} for pods`;
  const remedy = 'lower resources in settings.yaml (npm run synth prints the budget), or give the host more memory';
  if (steady > room) return failure('budget', found, remedy);
  return worst > room + EVICTION ? warning('budget', found, remedy) : ok('budget', found);
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}

function limitOf({ spec: { template: { spec } } }: Workload): number {
  return sum(spec.containers.map(({ resources }) => parseQuantity(resources.limits['memory'] ?? '') ?? 0));
}

/** What is rolled with a pod more than it has. */
function surgeOf(workload: Workload): number {
  const { type, rollingUpdate } = workload.spec.strategy;
  // Kubernetes' own default is a quarter, rounded up.
  const surge = String(rollingUpdate?.maxSurge ?? '25%');
  return workload.kind !== 'Deployment' || type === 'Recreate' || surge === '0' || surge === '0%' ? 0 : limitOf(workload);
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / MEBIBYTE)}Mi`;
}
