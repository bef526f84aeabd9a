// doctor: every part's workload: there, ready, done.
import { partsOf } from '../../charts/topology.js';
import { failure, ok, onSight, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';
import { componentOf, type Workload } from './kubernetes-objects.js';

const APPLY = 'npm run synth && kubectl apply -f dist/';

export function checkWorkloads(facts: Facts): readonly Finding[] {
  return onSight('parts', facts.workloads, (all) => expectedParts(facts).map((part) => checkPart(part, all.filter((one) => componentOf(one) === part), facts.place.namespace)));
}

function expectedParts({ resource }: Facts): readonly string[] {
  const spec = resource.seen ? resource.value?.spec : undefined;
  return partsOf(spec ?? { valkey: {}, worker: {} }).filter((part) => part !== 'operator');
}

function checkPart(part: string, found: readonly Workload[], namespace: string): Finding {
  if (part === 'migrate') return checkMigration(found, namespace);
  const [workload] = found;
  if (workload === undefined) return failure(part, 'there is no workload of it', APPLY);
  const { spec: { replicas }, status: { readyReplicas }, kind, metadata: { name } } = workload;
  if (replicas === 0) return failure(part, 'scaled to 0', `kubectl --namespace ${namespace} scale ${kind.toLowerCase()}/${name} --replicas=1`);
  if (readyReplicas < replicas) return failure(part, `${readyReplicas} of ${replicas} pods are ready`, `kubectl --namespace ${namespace} describe pods --selector app.kubernetes.io/component=${part}`);
  return ok(part, `${readyReplicas} of ${replicas} ready`);
}

/** The newest Job counts: that of an older version, or one that a repair repeated, may still be there. One that is gone has done its work. */
function checkMigration(jobs: readonly Workload[], namespace: string): Finding {
  const newest = [...jobs].sort((one, other) => other.metadata.creationTimestamp.localeCompare(one.metadata.creationTimestamp))[0];
  if (newest === undefined) return ok('migrate', 'no Job is left of it');
  const { metadata: { name }, status: { succeeded, failed } } = newest;
  if (succeeded > 0) return ok('migrate', 'done');
  const logs = `kubectl --namespace ${namespace} logs job/${name} --all-containers --tail=50`;
  return failed > 0 ? failure('migrate', `${name} failed ${failed} times`, logs) : warning('migrate', `${name} is not done`, logs);
}
