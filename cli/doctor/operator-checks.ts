// doctor: the kind GlitchTip, and the operator that manages it.
import { CONFIG_HASH } from '../../charts/content-hash.js';
import { PROVEN } from '../../operator/api/glitchtip-releases.js';
import { specRelease } from '../../operator/api/glitchtip-resource.js';
import { KIND, VERSION } from '../../operator/api/object-names.js';
import { formatDistance } from '../moments.js';
import { failure, notSeen, ok, onSight, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';
import { componentOf, type Definition } from './kubernetes-objects.js';
import { missingFields } from './missing-fields.js';

const APPLY = 'npm run synth && kubectl apply -f dist/';
/** A leader renews every 10 s; after half a minute without a renewal another operator takes over. Milliseconds. */
const SILENT_AFTER = 60_000;

export function checkOperator(facts: Facts): readonly Finding[] {
  return [...onSight('GlitchTip kind', facts.definition, checkDefinition), ...checkDeployment(facts), ...checkLease(facts)];
}

function checkDefinition(found: Definition | undefined): Finding {
  if (found === undefined) return failure('GlitchTip kind', `the cluster has no resource of kind ${KIND}`, APPLY);
  const version = found.spec.versions.find(({ name, served }) => name === VERSION && served);
  if (version === undefined) return failure('GlitchTip kind', `does not serve ${VERSION}`, APPLY);
  if (!found.status.conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return failure('GlitchTip kind', 'is not established', 'kubectl describe crd says why');
  const [first, ...others] = missingFields(version.schema);
  // The operator writes its status without them, and says so by an event.
  if (first !== undefined) return warning('GlitchTip kind', `is older than this program: it has no ${first}${others.length === 0 ? '' : ` and ${others.length} more`}`, APPLY);
  return ok('GlitchTip kind', `${VERSION} is served`);
}

function checkDeployment({ workloads, pods, ownBundle, place }: Facts): readonly Finding[] {
  return onSight('operator', workloads, (all) => {
    const operator = all.find((one) => componentOf(one) === 'operator');
    if (operator === undefined) return failure('operator', 'there is none', APPLY);
    if (operator.status.readyReplicas === 0) return failure('operator', 'its pod is not ready', `kubectl --namespace ${place.namespace} logs deployment/${operator.metadata.name} --tail=50`);
    const meant = operator.spec.template.metadata.annotations[CONFIG_HASH];
    const runs = pods.seen ? pods.value.filter((pod) => componentOf(pod) === 'operator' && pod.metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.annotations[CONFIG_HASH]) : [];
    if (meant !== undefined && runs.some((hash) => hash !== meant)) return warning('operator', 'a pod of an older bundle runs', `kubectl --namespace ${place.namespace} rollout restart deployment/${operator.metadata.name}`);
    if (meant !== undefined && ownBundle !== undefined && meant !== ownBundle) return warning('operator', `runs bundle ${meant}, this program was built with ${ownBundle}`, `${APPLY} brings the one that belongs to this program`);
    return ok('operator', meant === undefined ? 'runs' : `runs bundle ${meant}`);
  });
}

function checkLease({ lease, now, place }: Facts): readonly Finding[] {
  return onSight('leader', lease, (found) => {
    const { holderIdentity, renewTime } = found?.spec ?? {};
    const logs = `kubectl --namespace ${place.namespace} logs --selector app.kubernetes.io/component=operator --tail=50`;
    if (!holderIdentity || !renewTime) return failure('leader', 'no operator is the leader', logs);
    if (now.getTime() - Date.parse(renewTime) > SILENT_AFTER) return failure('leader', `${holderIdentity} was heard of last ${formatDistance(renewTime, now)}`, `${logs} (or the clock of this machine is wrong)`);
    return ok('leader', holderIdentity);
  });
}

/** The resource that the operator is to make. */
export function checkResource({ resource, place }: Facts): readonly Finding[] {
  const fact = resource.seen ? resource : notSeen(resource.why);
  return onSight('resource', fact, (found) => {
    if (found === undefined) return failure('resource', `there is no ${KIND} ${place.name}`, 'the operator makes it when it starts: see above, or pass --name');
    if (found.problems.length > 0) return failure('resource', `cannot be understood: ${found.problems.join(', ')}`, `correct settings.yaml, then ${APPLY}`);
    if (found.notUnderstood.length > 0) return warning('resource', `the operator is of another version than this program, which does not understand ${found.notUnderstood.join(', ')}`, 'use the program of the version that is installed');
    if (found.spec.suspend) return warning('resource', 'suspended: the operator changes nothing', `kubectl --namespace ${place.namespace} patch gt ${place.name} --type merge --patch '{"spec":{"suspend":false}}'`);
    return ok('resource', `GlitchTip ${found.spec.version}, ${PROVEN[specRelease(found.spec)]}`);
  });
}
