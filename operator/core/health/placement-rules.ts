// Rules about pods that no node takes, or that a node put out: for want of what, and so what helps.
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import { eachPod, END_REPORTED_FOR, firstSentence, severityOf } from './each-pod.js';
import type { ClusterFacts, PodFacts } from './health-facts.js';
import { finding, secondsSince, type Finding, type Rule, type CheckInput } from './rule-finding.js';

const R = HEALTH_REASONS;

/** A pod waits a moment for the room of the one that it replaces. Seconds. */
const UNSCHEDULABLE_AFTER = 45;

/** Taints that the node controller sets by the node's own state. */
const PRESSURE = /node\.kubernetes\.io\/(memory-pressure|disk-pressure|pid-pressure|not-ready|unreachable|network-unavailable)/;
/** The scheduler of Kubernetes 1.34 names no taint. */
const UNNAMED_TAINT = /untolerated taint\(s\)/;
/** What the kubelet (pkg/kubelet/eviction/helpers.go) says of a pod that wrote more than its own limit; the node has disk enough. */
const OWN_LIMIT = /^(Usage of EmptyDir volume|Pod ephemeral local storage usage|Container \S+ exceeded its local ephemeral storage limit)/;

/** What the scheduler's plugins say, and what helps; the first that is found counts. */
const OBSTACLES: readonly (readonly [RegExp, (pod: PodFacts) => string])[] = [
  [/persistentvolumeclaim "[^"]*" is being deleted/i, () => 'Somebody deleted a volume claim that is in use: its data goes with the last pod that mounts it. Delete no pod; save the data first (docs/runbooks/move-volume.md).'],
  [/persistentvolumeclaim "[^"]*" not found/i, () => 'The volume claim is gone, and its data with it: restore a backup, or kubectl apply -f dist/ for an empty volume.'],
  [/unbound immediate PersistentVolumeClaims|didn't find available persistent volumes|storageclass/i, () => 'Its volume claim has no volume: kubectl get pvc, and kubectl get storageclass. Without a default class set storage.className in settings.yaml; with one its provisioner does not make volumes.'],
  [/non-existent p|PersistentVolume's node affinity|volume node affinity|no available volume zone/i, () => 'Its volume is of another node, or is gone: kubectl describe pvc names it. A local volume goes with its node: bring that node back, or restore a backup into a new volume (docs/runbooks/move-volume.md).'],
  [/VolumeBinding|free storage|max volume count|no available disk|ReadWriteOncePod/i, () => 'Its volume cannot be made or attached: kubectl describe pvc, and the logs of the provisioner (k3s: kubectl -n kube-system logs deployment/local-path-provisioner).'],
  [/Insufficient |Too many pods|free ports/, () => 'Lower resources.*.requests in settings.yaml, or free the host: kubectl describe nodes shows what is requested.'],
  [/were unschedulable|node\.kubernetes\.io\/unschedulable/, () => 'The node is cordoned: kubectl uncordon with its name, which kubectl get nodes shows.'],
  [/untolerated taint|taints that the pod/, () => 'The node has a taint that keeps pods out: kubectl describe nodes shows it, beside the conditions by which Kubernetes sets some itself (memory, disk). kubectl taint nodes with the name of the taint and "-" takes one away.'],
  [/affinity|selector|topology spread/, (pod) => `The node lacks a label that the pod asks for: kubectl describe pod ${pod.name}, and kubectl get nodes --show-labels.`],
];

export const placementRules: readonly Rule[] = [eachPod(unschedulable), eachPod(evicted), refusedPods];

function unschedulable(pod: PodFacts, input: CheckInput): readonly Finding[] {
  if (!pod.unschedulable || secondsSince(pod.unschedulable.since, input.now) < UNSCHEDULABLE_AFTER) return [];
  const { message } = pod.unschedulable;
  const isShort = PRESSURE.test(message) || (UNNAMED_TAINT.test(message) && replacesEvicted(pod, input.facts.cluster));
  if (isShort) return [underPressure(`No pod can be placed: ${firstSentence(message)}.`)];
  return [finding(R.Unschedulable, pod.part, severityOf(pod, input), {
    message: `Pod ${pod.name} of ${pod.part} cannot be placed: ${firstSentence(message)}.`,
    advice: adviceOn(message, pod),
    symptom: `${pod.part} cannot be placed`,
  })];
}

function adviceOn(message: string, pod: PodFacts): string {
  const known = OBSTACLES.find(([pattern]) => pattern.test(message));
  return known ? known[1](pod) : `kubectl describe pod ${pod.name}, and kubectl describe nodes.`;
}

/** Whether the node put a pod out for its own want before this one was made: then the taint without a name is that want. */
function replacesEvicted(pod: PodFacts, { pods }: ClusterFacts): boolean {
  if (pods.kind === 'unseen') return false;
  const shortSince = new Date(pod.createdAt.getTime() - END_REPORTED_FOR * 1_000);
  return pods.value.some((other) => other.evicted !== undefined && !isOwnUse(other.evicted) && other.evicted.at >= shortSince);
}

function evicted(pod: PodFacts, input: CheckInput): readonly Finding[] {
  if (!pod.evicted || secondsSince(pod.evicted.at, input.now) > END_REPORTED_FOR) return [];
  const { message } = pod.evicted;
  if (!isOwnUse(pod.evicted)) return [underPressure(`The node put pod ${pod.name} out: ${firstSentence(message ?? '')}.`)];
  return [finding(R.ScratchSpaceFull, pod.part, severityOf(pod, input), {
    message: message === undefined
      ? `The node ended pod ${pod.name} without saying why, as it does with one that writes more to its /tmp or its log than its limit.`
      : `The node put pod ${pod.name} out, which wrote more than its own limit: ${firstSentence(message)}.`,
    advice: `${hasScratchSetting(pod, input) ? 'Raise storage.tmp in settings.yaml and apply it' : 'Find out what it writes to /tmp or to its log'}; kubectl get events --field-selector involvedObject.name=${pod.name} has what the node said, for an hour.`,
    symptom: `${pod.part} wrote more to its scratch space than its limit`,
  })];
}

function isOwnUse({ message }: NonNullable<PodFacts['evicted']>): boolean {
  return message === undefined || OWN_LIMIT.test(message);
}

/** Of the process that unpacks source maps. */
function hasScratchSetting({ part }: PodFacts, { spec }: CheckInput): boolean {
  return part === (spec.worker ? 'worker' : 'web');
}

function underPressure(message: string): Finding {
  return finding(R.NodeUnderPressure, 'node', 'critical', {
    message,
    advice: 'Free memory or disk on the host: df -h, free -m, and kubectl describe nodes for its conditions.',
    symptom: 'the node is under pressure',
  });
}

/** The quota, PodSecurity, a webhook: the pod is not even made. */
function refusedPods(input: CheckInput): readonly Finding[] {
  const { workloads } = input.facts.cluster;
  if (workloads.kind === 'unseen') return [];
  return workloads.value.flatMap(({ part, refused }) => !refused || secondsSince(refused.since, input.now) < UNSCHEDULABLE_AFTER ? [] : [finding(R.Unschedulable, part, severityOf({ part }, input), {
    message: `A pod of ${part} cannot be created: ${firstSentence(refused.message)}.`,
    advice: /exceeded quota/.test(refused.message)
      ? 'kubectl describe resourcequota budget shows what is left; lower resources in settings.yaml or end what uses it.'
      : 'An admission rule of the cluster refuses it (PodSecurity, a LimitRange, a policy or a webhook that does not answer): the message names it.',
    symptom: `${part} cannot get a pod`,
  })]);
}
