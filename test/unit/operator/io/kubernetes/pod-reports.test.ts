// What is kept of a pod as the API server lists it.
import { describe, expect, it } from '@jest/globals';
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

describe('a pod that is started again whatever happens, and has ended', () => {
  const ended = (status: object, restartPolicy?: string) => readPod({
    metadata: { name: 'worker-1', creationTimestamp: '2026-05-01T12:00:00Z' },
    spec: { containers: [{ name: 'worker', image: 'i' }], ...(restartPolicy === undefined ? {} : { restartPolicy }) },
    status: { phase: 'Succeeded', containerStatuses: [{ name: 'worker', restartCount: 0, state: { terminated: { exitCode: 0, finishedAt: '2026-06-01T12:00:00Z' } } }], ...status },
  }).evicted;

  it.each([
    ['was put out by the node, though nothing in its status says so', {}, 'Always', { at: new Date('2026-06-01T12:00:00Z') }],
    ['has that policy by default', {}, undefined, { at: new Date('2026-06-01T12:00:00Z') }],
    ['says why it was put out, and when: without a condition its containers do', { phase: 'Failed', reason: 'Evicted', message: 'Usage of EmptyDir volume "tmp" exceeds the limit "128Mi". ' }, 'Always', { at: new Date('2026-06-01T12:00:00Z'), message: 'Usage of EmptyDir volume "tmp" exceeds the limit "128Mi". ' }],
    ['was refused by the node for a reason of another kind', { phase: 'Failed', reason: 'NodeAffinity' }, 'Always', undefined],
    ['is of a Job: that is its good end', {}, 'OnFailure', undefined],
    ['still runs', { phase: 'Running' }, 'Always', undefined],
  ])('%s', (_, status, policy, wanted) => expect(ended(status, policy)).toEqual(wanted));
});

it.each([
  ['Unschedulable', true],
  // The provisioner did not make its volume in time.
  ['SchedulerError', true],
  ['SchedulingGated', false],
])('a pod that the scheduler did not place because of %s', (reason, isReported) => {
  const conditions = [{ type: 'PodScheduled', status: 'False', reason, message: 'why', lastTransitionTime: '2026-06-01T12:00:00Z' }];
  const pod = readPod({ metadata: { name: 'web-1' }, spec: { containers: [] }, status: { phase: 'Pending', conditions } });
  expect(pod.unschedulable !== undefined).toBe(isReported);
});

it.each([
  ['what was cut off', 'cut off 4096 bytes of the append-only file from byte 56946 on; kept in /data/cut-off\n', 4_096],
  ['what waits for a person and was cut off then', 'damaged at byte 7 of 900, with whole commands behind it: waits for /data/cut-off-damage\ncut off 893 bytes of the append-only file from byte 7 on; no room to keep them\n', 893],
  ['nothing', '', undefined],
])('the init container of Valkey says %s', (_, message, expected) => {
  const spec = { containers: [{ name: 'valkey', image: 'i' }], initContainers: [{ name: 'append-only-file', image: 'i' }] };
  const status = { initContainerStatuses: [{ name: 'append-only-file', restartCount: 0, state: { terminated: { exitCode: 0, reason: 'Completed', finishedAt: '2026-06-01T12:00:00Z', message } } }] };
  const [container] = readPod({ metadata: { name: 'valkey-0' }, spec, status }).containers;
  expect(container?.state).toMatchObject({ kind: 'ended', end: { reason: 'Completed' } });
  expect(container?.state.kind === 'ended' && container.state.end.cutOffBytes).toBe(expected);
});
