// What is read of Deployments, and the Job that a repair makes of the newest migrate Job.
import { expect, it } from '@jest/globals';
import { ClusterObserver } from '../../../../../operator/io/kubernetes/cluster-observer.js';
import type { KubernetesApi } from '../../../../../operator/io/kubernetes/api-client.js';
import { specOf } from '../../operator-scenarios.js';

it('a repair of the schema is given hours: a migration of twenty minutes must not be killed half-way', async () => {
  const created: { spec?: { activeDeadlineSeconds?: number } }[] = [];
  const migrate = { metadata: { name: 'migrate-1', labels: { 'app.kubernetes.io/component': 'migrate' } }, spec: { template: { spec: {} } } };
  const api: Partial<KubernetesApi> = {
    list: () => Promise.resolve([migrate] as never),
    create: (_, body) => Promise.resolve(void created.push(body) as never),
  };
  expect(await new ClusterObserver(api as KubernetesApi, 'n').rerunMigrations(new Date(0), new AbortController().signal)).toBe(true);
  expect(created[0]?.spec?.activeDeadlineSeconds).toBeGreaterThanOrEqual(4 * 3_600);
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
