// Commands that can be copied as they stand.
import { describe, expect, it } from '@jest/globals';
import { inNamespace } from '../../../../../operator/core/health/remedy-commands.js';
import { REFUSED, diagnosisOf, specOf, WORKER_SPEC } from './health-scenarios.js';

describe('a command in a text', () => {
  it.each<[string, string]>([
    ['kubectl scale statefulset/postgres --replicas=1', 'kubectl -n n scale statefulset/postgres --replicas=1'],
    ['kubectl describe pod postgres-0, and kubectl logs postgres-0 --previous.', 'kubectl -n n describe pod postgres-0, and kubectl -n n logs postgres-0 --previous.'],
    ['Restart it (kubectl rollout restart deployment/web), or wait.', 'Restart it (kubectl -n n rollout restart deployment/web), or wait.'],
    ['kubectl delete job x and kubectl apply -f dist/ runs it anew.', 'kubectl -n n delete job x and kubectl apply -f dist/ runs it anew.'],
    ['kubectl diff -f dist/ shows it; kubectl top pod web-1 shows more', 'kubectl diff -f dist/ shows it; kubectl -n n top pod web-1 shows more'],
    ['df -h, free -m, and kubectl describe nodes for its conditions.', 'df -h, free -m, and kubectl describe nodes for its conditions.'],
    ['kubectl describe node host-1', 'kubectl describe node host-1'],
    ['kubectl -n other logs deployment/web', 'kubectl -n other logs deployment/web'],
    ['kubectl logs deployment/web --namespace other', 'kubectl logs deployment/web --namespace other'],
    ['kubectl logs -n other x; kubectl get pods', 'kubectl logs -n other x; kubectl -n n get pods'],
    ['kubectl get endpointslices -l kubernetes.io/service-name=web.', 'kubectl -n n get endpointslices -l kubernetes.io/service-name=web.'],
    ['The documentation of kubectl says more.', 'The documentation of kubectl says more.'],
  ])('%s', (text, wanted) => {
    expect(inNamespace(text, 'n')).toBe(wanted);
    // What is open already goes through it again with each check.
    expect(inNamespace(wanted, 'n')).toBe(wanted);
  });
});

it('every advice of a cause has one, also of a cause that is only believed', () => {
  const known = [{ reason: 'ImageNotFound' as const, part: 'worker', severity: 'critical' as const, message: 'm.', advice: 'kubectl describe pod worker-1' }];
  const { causes } = diagnosisOf({ web: { health: REFUSED, pods: [] }, cluster: { namespace: 'errors', pods: { kind: 'unseen', why: '' }, workloads: { kind: 'unseen', why: '' }, jobs: { kind: 'unseen', why: '' }, memory: { kind: 'unseen', why: '' } } }, specOf(WORKER_SPEC), known);
  expect(causes.map(({ advice }) => advice)).toEqual([
    'kubectl -n errors logs deployment/web, and kubectl -n errors get endpointslices -l kubernetes.io/service-name=web.', 'kubectl -n errors describe pod worker-1',
  ]);
});
