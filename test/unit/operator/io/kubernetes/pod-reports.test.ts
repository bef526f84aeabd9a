// What is kept of a pod as the API server lists it.
import { expect, it } from '@jest/globals';
import { readPod } from '../../../../../operator/io/kubernetes/pod-reports.js';

it('the limit of memory is whole bytes: the status takes no others', () => {
  const pod = readPod({ metadata: { name: 'web-1' }, spec: { containers: [{ name: 'web', image: 'i', resources: { limits: { memory: '322122547200m' } } }] } });
  expect(pod.memoryLimitBytes).toBe(322_122_547);
});

it.each([
  ['the node was short', 'The node was low on resource: memory. Threshold quantity: 100Mi.', 'The node was low on resource: memory. Threshold quantity: 100Mi.'],
  ['the host is shut down', 'Pod was terminated in response to imminent node shutdown.', undefined],
])('a pod that the kubelet ended in good order is Succeeded; its condition says that %s', (_, message, expected) => {
  const conditions = [{ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet', message, lastTransitionTime: '2026-06-01T12:00:00Z' }];
  const pod = readPod({ metadata: { name: 'web-1' }, spec: { containers: [{ name: 'web', image: 'i' }] }, status: { phase: 'Succeeded', conditions } });
  expect(pod.evicted?.message).toBe(expected);
});
