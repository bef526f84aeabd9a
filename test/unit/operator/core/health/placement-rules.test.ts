// Pods that no node takes, or that a node put out: which cause it is, and what the advice is about.
import { describe, expect, it } from '@jest/globals';
import type { Facts, PodFacts } from '../../../../../operator/core/health/health-facts.js';
import { WORKER_SPEC, ago, causesOf, clusterOf, diagnosisOf, podOf, podsOf, specOf, unready, workloadsOf } from './health-scenarios.js';

const QUOTA = 'pods "worker-x" is forbidden: exceeded quota: budget';
const waiting = (reason: string) => ({ state: { kind: 'waiting', reason } as const });
const pods = (...list: readonly PodFacts[]) => ({ cluster: clusterOf({ pods: podsOf(...list) }) });

/** Web's only pod, which no node takes. */
const unplaced = (why: string, age = 100): PodFacts => unready('web', waiting('Pending'), { createdAt: ago(age), unschedulable: { since: ago(90), message: `0/1 nodes are available: ${why}. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.` } });
/** The pod before. */
const putOut = (part: string, message?: string, seconds = 60): PodFacts => podOf(part, { name: `${part}-0`, alive: false, ready: false, evicted: { at: ago(seconds), ...(message === undefined ? {} : { message }) } });

describe('a cause', () => {
  it.each<[string, Partial<Facts>, string[]]>([
    ['a pod filled its /tmp', pods(unready('worker', waiting('ContainerCreating')), putOut('worker', 'Usage of EmptyDir volume "tmp" exceeds the limit "512Mi". ')), ['ScratchSpaceFull/worker critical']],
    ['a pod filled its /tmp, and its successor works', pods(podOf('worker'), putOut('worker', 'Usage of EmptyDir volume "tmp" exceeds the limit "512Mi". ')), ['ScratchSpaceFull/worker warning']],
    ['a pod wrote more than all its containers may', pods(podOf('web'), putOut('web', 'Pod ephemeral local storage usage exceeds the total limit of containers 256Mi. ')), ['ScratchSpaceFull/web warning']],
    ['a container wrote too much to its log', pods(podOf('web'), putOut('web', 'Container web exceeded its local ephemeral storage limit "256Mi". ')), ['ScratchSpaceFull/web warning']],
    ['the node ended a pod and did not say why', pods(podOf('worker'), putOut('worker')), ['ScratchSpaceFull/worker warning']],
    ['a node was too short of memory to take a pod', pods(putOut('worker', 'The node had condition: [MemoryPressure]. ')), ['NodeUnderPressure/node critical']],
    ['a taint without a name keeps out what replaces a pod that was evicted', pods(putOut('web', 'The node was low on resource: memory. ', 1_200), unplaced('1 node(s) had untolerated taint(s)', 1_190)), ['NodeUnderPressure/node critical']],
    ['a taint without a name, a day after an eviction', pods(putOut('web', 'The node was low on resource: memory. ', 86_400), unplaced('1 node(s) had untolerated taint(s)')), ['Unschedulable/web critical']],
    ['a taint without a name', pods(unplaced('1 node(s) had untolerated taint(s)')), ['Unschedulable/web critical']],
    ['a taint of the administrator', pods(unplaced('1 node(s) had untolerated taint {dedicated: gpu}')), ['Unschedulable/web critical']],
    ['a cordoned node', pods(unplaced('1 node(s) were unschedulable')), ['Unschedulable/web critical']],
    ['a volume that is not bound', pods(unplaced('pod has unbound immediate PersistentVolumeClaims')), ['Unschedulable/web critical']],
  ])('%s', (_, facts, wanted) => expect(causesOf(facts)).toEqual(wanted));
});

describe('the advice', () => {
  const adviceOf = (facts: Partial<Facts>, spec = specOf(WORKER_SPEC)) => diagnosisOf(facts, spec).causes[0]?.advice;

  it.each([
    ['room', '1 Insufficient memory', /^Lower resources/],
    ['the quota of pods on a node', '1 Too many pods', /^Lower resources/],
    ['several nodes, one of them tainted', '1 node(s) had untolerated taint(s), 2 Insufficient cpu', /^Lower resources/],
    ['a cordon', '1 node(s) were unschedulable', /^The node is cordoned: kubectl uncordon/],
    ['a taint', '1 node(s) had untolerated taint {dedicated: gpu}', /^The node has a taint/],
    ['a claim without a class', 'pod has unbound immediate PersistentVolumeClaims', /storage\.className/],
    ['a claim that waits for its volume', "1 node(s) didn't find available persistent volumes to bind", /storage\.className/],
    ['a class that is not there', 'storageclass.storage.k8s.io "fast" not found', /storage\.className/],
    ['a claim that is gone', 'persistentvolumeclaim "postgres-data" not found', /^The volume claim is gone/],
    ['a claim that is going', 'persistentvolumeclaim "postgres-data" is being deleted', /^Somebody deleted a volume claim/],
    ['a claim whose volume is gone', 'persistentvolumeclaim "uploads" bound to non-existent persistentvolume "pvc-1"', /of another node, or is gone/],
    ['a volume of another node', "1 node(s) didn't match PersistentVolume's node affinity", /of another node, or is gone/],
    ['a provisioner that makes nothing', 'running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded', /logs of the provisioner/],
    ['a label', "1 node(s) didn't match Pod's node affinity/selector", /^The node lacks a label/],
    ['anything else', 'no nodes available to schedule pods', /^kubectl -n glitchtip describe pod web-1/],
  ])('on a pod that cannot be placed is about %s', (_, why, wanted) => expect(adviceOf(pods(unplaced(why)))).toMatch(wanted));

  it.each([
    ['the quota', QUOTA, /resourcequota budget/],
    ['an admission rule', 'pods "worker-x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true', /^An admission rule/],
  ])('on a pod that cannot be made is about %s', (_, message, wanted) => expect(adviceOf({ cluster: clusterOf({ workloads: workloadsOf({ name: 'worker', part: 'worker', wanted: 1, refused: { since: ago(90), message } }) }) })).toMatch(wanted));

  it.each([
    ['the worker', 'worker', WORKER_SPEC, /storage\.tmp/],
    ['web, where there is no worker', 'web', {}, /storage\.tmp/],
    ['web beside a worker', 'web', WORKER_SPEC, /^Find out what it writes/],
  ])('on a full /tmp of %s', (_, part, spec, wanted) => expect(adviceOf(pods(podOf(part), putOut(part)), specOf(spec))).toMatch(wanted));
});
