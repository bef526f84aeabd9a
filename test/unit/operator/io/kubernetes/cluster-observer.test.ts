// What is read of Deployments, and the Job that a repair makes of the manifests' template.
import { expect, it } from '@jest/globals';
import { ClusterObserver } from '../../../../../operator/io/kubernetes/cluster-observer.js';
import { readJob } from '../../../../../operator/io/kubernetes/job-reports.js';
import type { KubernetesApi } from '../../../../../operator/io/kubernetes/api-client.js';
import { specOf } from '../../operator-scenarios.js';

it('a repair of the schema is given hours: a migration of twenty minutes must not be killed half-way', async () => {
  const created: { spec?: { activeDeadlineSeconds?: number } }[] = [];
  const api: Partial<KubernetesApi> = {
    get: () => Promise.resolve({ template: { spec: {} } } as never),
    create: (_, body) => Promise.resolve(void created.push(body) as never),
  };
  expect(await new ClusterObserver(api as KubernetesApi, 'n').rerunMigrations('glitchkeeper-migrate-0', new AbortController().signal)).toBe(true);
  expect(created[0]?.spec?.activeDeadlineSeconds).toBeGreaterThanOrEqual(4 * 3_600);
});

it.each<[string, object, object]>([
  ['runs, with the deadline counted from its start', { spec: { activeDeadlineSeconds: 60 }, status: { startTime: '2026-01-02T03:05:00Z' } }, { outcome: 'running', suspended: false, endsAt: new Date('2026-01-02T03:06:00Z') }],
  ['has not started, with the deadline counted from its creation', { spec: { activeDeadlineSeconds: 60 } }, { outcome: 'running', endsAt: new Date('2026-01-02T03:05:05Z') }],
  ['has no deadline', {}, { outcome: 'running', endsAt: undefined, failedPods: 0 }],
  ['is suspended', { spec: { suspend: true } }, { suspended: true }],
  ['lost a pod', { status: { failed: 1 } }, { failedPods: 1, outcome: 'running' }],
  ['failed by its deadline', { status: { failed: 1, conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded' }] } }, { outcome: 'failed' }],
  ['is complete', { status: { conditions: [{ type: 'Complete', status: 'True' }] } }, { outcome: 'succeeded' }],
])('a Job that %s', (_, { spec, status }: { spec?: object; status?: object }, wanted) => {
  const metadata = { name: 'migrate-1', uid: 'u', resourceVersion: '7', creationTimestamp: '2026-01-02T03:04:05Z', labels: { 'app.kubernetes.io/component': 'migrate' } };
  const read = readJob({ metadata, spec: { ...spec }, status });
  expect({ endsAt: undefined, ...read }).toMatchObject({ name: 'migrate-1', part: 'migrate', version: { uid: 'u', resourceVersion: '7' }, ...wanted });
});

it('a Deployment whose pod is refused: since when, and the words', async () => {
  const lastTransitionTime = '2026-01-02T03:04:05Z';
  const deployment = { metadata: { name: 'web' }, spec: { replicas: 1 }, status: { conditions: [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota', lastTransitionTime }] } };
  const api: Partial<KubernetesApi> = {
    get: (path) => Promise.resolve((path.endsWith('deployments/web') ? deployment : { metadata: { name: '' }, spec: {} }) as never),
    list: () => Promise.resolve([]),
  };
  const { workloads, namespace } = await new ClusterObserver(api as KubernetesApi, 'n').observe(specOf(), new AbortController().signal);
  expect([namespace, workloads.kind === 'seen' && workloads.value[0]?.refused]).toEqual(['n', { since: new Date(lastTransitionTime), message: 'exceeded quota' }]);
});
