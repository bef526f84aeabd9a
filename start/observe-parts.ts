// The parts of the stack as `npm start` looks at them. A look that fails ends nothing, and each question has its limit.
import { setTimeout as sleep } from 'node:timers/promises';
import { ANSWER_WITHIN, kubectl, type Target } from '../cli/kubectl.js';
import { parseMetrics, parsePods, reportParts, type PartReport } from '../cli/part-states.js';

/** metrics-server measures every 15 s: a pod that just became ready has no figure yet. Milliseconds. */
const MEASURED_WITHIN = 90_000;
const ASK_EVERY_MS = 1_000;

/** @throws execa's error when the cluster does not answer */
export async function observeParts(cluster: Target, parts: readonly string[], namespace: string): Promise<PartReport[]> {
  const pods = parsePods(await kubectl(cluster, 'get', 'pods', '--namespace', namespace, '--output', 'json', ANSWER_WITHIN));
  const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`;
  // A cluster without metrics-server is fine: the table then has no memory to show.
  const metrics = await kubectl(cluster, 'get', '--raw', path, ANSWER_WITHIN).catch(() => '');
  return reportParts(parts, pods, parseMetrics(metrics));
}

/**
 * With the memory of each part, as far as it is measured in time. The stack is up: that it cannot be looked at takes nothing away.
 * @param known what was seen last
 */
export async function withMemory(observe: () => Promise<PartReport[]>, known: readonly PartReport[], within = MEASURED_WITHIN): Promise<readonly PartReport[]> {
  const deadline = Date.now() + within;
  for (let latest = known; ; await sleep(ASK_EVERY_MS)) {
    latest = await observe().catch(() => latest);
    const measured = latest.every(({ memoryUsed, state }) => memoryUsed !== undefined || state === 'done');
    if (measured || Date.now() > deadline || latest.every(({ memoryUsed }) => memoryUsed === undefined)) return latest;
  }
}
