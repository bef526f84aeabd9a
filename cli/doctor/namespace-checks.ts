// doctor: the namespace, and what it lets its pods do.
import { failure, ok, onSight, warning, type Finding } from './check-result.js';
import type { Facts } from './gathered-facts.js';

const ENFORCE = 'pod-security.kubernetes.io/enforce';
const APPLY = 'npm run synth && kubectl apply -f dist/';

export function checkNamespace({ namespace, place }: Facts): readonly Finding[] {
  return onSight('namespace', namespace, (found) => {
    if (found === undefined) return failure('namespace', `there is no namespace ${place.namespace}`, `${APPLY}, or pass --namespace`);
    const level = found.metadata.labels[ENFORCE];
    if (level === 'restricted') return ok('namespace', `${place.namespace}, PodSecurity restricted is enforced`);
    return warning('namespace', `PodSecurity is ${level ?? 'not enforced'}`, `kubectl label namespace ${place.namespace} ${ENFORCE}=restricted --overwrite`);
  });
}
