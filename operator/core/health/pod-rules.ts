// Rules about pods: what keeps one from starting (where it finds no node: placement-rules.ts), what ended it, which part has none that is Ready.
import { HEALTH_REASONS, type HealthReason } from '../../api/health-reasons.js';
import { eachPod, END_REPORTED_FOR, firstSentence, severityOf } from './each-pod.js';
import type { ContainerEnd, ContainerFacts, PodFacts } from './health-facts.js';
import { bytes, duration, finding, secondsSince, type Finding, type Rule, type CheckInput } from './rule-finding.js';
import { explainDown, partOf, PULL_FAILURES, restartsOf, type Part } from './part-state.js';
import { placementRules } from './placement-rules.js';

const R = HEALTH_REASONS;

/** The kubelet starts a container again after 5 minutes at most. Seconds. */
const LONGEST_BACKOFF = 360;
const RESTARTS_OF_A_LOOP = 2;

/** Parts with a reason of their own for being down; Postgres and Valkey are asked directly. */
const DOWN: Readonly<Record<string, HealthReason>> = { web: R.WebDown, worker: R.WorkerDown, gateway: R.GatewayDown };

export const podRules: readonly Rule[] = [
  eachPod(imageNotFound),
  ...placementRules,
  eachPod(outOfMemory),
  eachPod(crashLoop),
  stuckRollouts,
  downParts,
];

function imageNotFound(pod: PodFacts, input: CheckInput): readonly Finding[] {
  const container = pod.containers.find(({ state }) => state.kind === 'waiting' && PULL_FAILURES.includes(state.reason));
  if (container?.state.kind !== 'waiting') return [];
  return [finding(R.ImageNotFound, pod.part, severityOf(pod, input), {
    message: `The image ${container.image} of ${pod.part} cannot be pulled (${container.state.reason}).`,
    advice: `Correct images in settings.yaml, or bring the image to the host; see kubectl describe pod ${pod.name}.`,
    symptom: `the image of ${pod.part} cannot be pulled`,
  })];
}

function outOfMemory(pod: PodFacts, input: CheckInput): readonly Finding[] {
  const killed = pod.containers.flatMap((container) => endsOf(container).filter(({ reason }) => reason === 'OOMKilled').map((end) => ({ container, end })));
  const recent = killed.find(({ end }) => !end.finishedAt || secondsSince(end.finishedAt, input.now) <= END_REPORTED_FOR);
  if (!recent) return [];
  const limit = pod.memoryLimitBytes === undefined ? 'its limit' : `its limit of ${Math.round(pod.memoryLimitBytes / 2 ** 20)}Mi`;
  const when = recent.end.finishedAt ? `, ${duration(secondsSince(recent.end.finishedAt, input.now))} ago` : '';
  return [finding(R.OutOfMemory, pod.part, severityOf(pod, input), {
    message: `${pod.part} needed more than ${limit} and was killed${when} (${recent.container.restarts} restarts).`,
    advice: `${largestGiven(pod, input)}Raise resources.${pod.part}.limits.memory in settings.yaml and apply it, or find out what needs so much: kubectl top pod ${pod.name} --containers.`,
    symptom: `${pod.part} was killed for want of memory`,
  })];
}

/** Events from this size on may be what a part needed its memory for. Bytes. */
const LARGE_EVENT = 100_000;
const EVENTS_GO_THROUGH: readonly string[] = ['web', 'worker', 'valkey'];

/** What the gateway gave and has not seen stored is what the part had in hand when it was killed. */
function largestGiven({ part }: PodFacts, { facts: { gateway } }: CheckInput): string {
  const size = gateway.kind === 'seen' ? gateway.value.largestBytes ?? 0 : 0;
  if (size < LARGE_EVENT || !EVENTS_GO_THROUGH.includes(part)) return '';
  return `The largest event that it was given and that is not stored has ${bytes(size)}: glitchkeeper spool list shows whose it is. `;
}

function endsOf({ lastEnd, state }: ContainerFacts): readonly ContainerEnd[] {
  return [...(state.kind === 'ended' ? [state.end] : []), ...(lastEnd ? [lastEnd] : [])];
}

function crashLoop(pod: PodFacts, input: CheckInput): readonly Finding[] {
  if (pod.ready || !pod.alive) return [];
  const looping = pod.containers.find((container) => isLooping(container, input.now));
  if (!looping) return [];
  const end = endsOf(looping)[0];
  return [finding(R.CrashLoop, pod.part, severityOf(pod, input), {
    message: `${looping.name} of ${pod.part} ends again and again: ${looping.restarts} restarts${end ? `, last with exit code ${end.exitCode} (${end.reason})` : ''}.`,
    advice: `Read what it said last: kubectl logs ${pod.name} -c ${looping.name} --previous.`,
    symptom: `${pod.part} ends again and again`,
  })];
}

function isLooping(container: ContainerFacts, now: Date): boolean {
  if (container.state.kind === 'waiting' && container.state.reason === 'CrashLoopBackOff') return true;
  const end = endsOf(container)[0];
  return container.restarts >= RESTARTS_OF_A_LOOP && end?.finishedAt !== undefined && secondsSince(end.finishedAt, now) < LONGEST_BACKOFF;
}

function stuckRollouts({ facts: { cluster } }: CheckInput): readonly Finding[] {
  if (cluster.workloads.kind === 'unseen') return [];
  return cluster.workloads.value.flatMap(({ name, part, stuck }) => stuck === undefined ? [] : [finding(R.RolloutStuck, part, 'warning', {
    message: `The rollout of ${part} does not come to its end: ${firstSentence(stuck)}.`,
    advice: `Look why (kubectl describe deployment ${name}), or go back: kubectl rollout undo deployment/${name}.`,
    symptom: `the rollout of ${part} is stuck`,
  })]);
}

function downParts(input: CheckInput): readonly Finding[] {
  const { web, worker, gateway } = input.spec;
  return Object.entries({ web, worker, gateway }).flatMap(([name, place]) => {
    const part = place && partOf(input.facts, name, input.now);
    return part && !part.isReady ? [down(part, place.deployment, input)] : [];
  });
}

function down(part: Part, deployment: string, { now }: CheckInput): Finding {
  const { name } = part;
  const scaled = part.workload?.wanted === 0;
  return finding(DOWN[name] ?? R.PartDown, name, 'critical', {
    message: `${name === 'web' ? 'Web' : `The ${name}`} has no Ready pod: ${explainDown(part, now)}.`,
    advice: scaled ? `kubectl scale deployment/${deployment} --replicas=1` : adviceOf(part, deployment),
    symptom: `${name} has no Ready pod`,
    quiet: !scaled && part.isStarting,
  });
}

function adviceOf({ pods: [newest] }: Part, deployment: string): string {
  if (!newest) return `See why it has none: kubectl describe deployment ${deployment}.`;
  return `kubectl describe pod ${newest.name}, and kubectl logs ${newest.name}${restartsOf(newest) > 0 ? ' --previous' : ''}.`;
}
