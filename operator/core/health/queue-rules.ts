// Rules about Valkey: does it answer, does it keep what it was given, and when is it full?
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import { specRelease } from '../../api/glitchtip-resource.js';
import type { Before, QueueFacts } from './health-facts.js';
import { healthRelease } from './release-facts.js';
import { bytes, duration, finding, percent, secondsSince, type Finding, type Rule, type CheckInput } from './rule-finding.js';
import { APPEND_ONLY_FILE_CONTAINER } from '../../api/object-names.js';
import { INIT_SECONDS, partOf, serverTrouble, waitingInit } from './part-state.js';

const R = HEALTH_REASONS;
const FILLING_SHARE = 0.8;
/** It refuses what would exceed its limit, so the figure stops a little below it. */
const FULL_SHARE = 0.985;
/** With less time left than this it is as good as full. Seconds. */
const SOON = 1_800;
/** Over which time the growth is measured, at least. Seconds. */
const GROWTH_SPAN = 60;

/** Nothing is left to be done about it: it is told, and then over. Seconds. */
const REPAIR_REPORTED_FOR = 1_800;

export const queueRules: readonly Rule[] = [fileDamaged, fileRepaired, queueDown, loginRefused, notPersisted, filling];

/** A repair takes seconds; what stands in it for longer waits for a person. */
function fileDamaged({ facts, now }: CheckInput): readonly Finding[] {
  const pod = partOf(facts, 'valkey', now)?.pods.find((each) => isWaiting(waitingInit(each, now)));
  if (!pod) return [];
  return [finding(R.QueueFileDamaged, 'valkey', 'critical', {
    message: "Valkey's append-only file is damaged, and whole commands follow the damage: Valkey is not started before somebody has looked.",
    advice: `kubectl logs ${pod.name} -c ${APPEND_ONLY_FILE_CONTAINER} says where; docs/runbooks/queue-file-damaged.md says how to cut it off there, or bring back an older one.`,
    symptom: "Valkey's append-only file is damaged",
  })];
}

function isWaiting(init: ReturnType<typeof waitingInit>): boolean {
  return init?.container === APPEND_ONLY_FILE_CONTAINER && init.seconds > INIT_SECONDS;
}

function fileRepaired({ facts, now }: CheckInput): readonly Finding[] {
  const ends = (partOf(facts, 'valkey', now)?.pods ?? []).flatMap(({ containers }) => containers.flatMap(({ state }) => (state.kind === 'ended' ? [state.end] : [])));
  const repair = ends.find(({ cutOffBytes, finishedAt }) => cutOffBytes !== undefined && finishedAt && secondsSince(finishedAt, now) < REPAIR_REPORTED_FOR);
  if (repair?.cutOffBytes === undefined) return [];
  return [finding(R.QueueFileRepaired, 'valkey', 'warning', {
    message: `The end of Valkey's append-only file was damaged, as by a power cut: ${repair.cutOffBytes} bytes were cut off when it was started. What was queued in the last moment before may be lost${facts.gateway.kind === 'none' ? '' : '; the gateway gives GlitchTip again what it accepted'}.`,
    advice: 'Nothing has to be done. /data/cut-off in the pod valkey-0 has what was cut off.',
    symptom: 'the end of the queue was lost',
  })];
}

function queueDown({ facts, now, spec }: CheckInput): readonly Finding[] {
  const { queue } = facts;
  if (queue.kind !== 'unreachable' && queue.kind !== 'loading') return [];
  const { detail, isScaledToNothing, isStarting } = serverTrouble(facts, 'valkey', now);
  const why = queue.kind === 'loading' ? `reads its append-only file, about ${duration(queue.secondsLeft)} more` : `does not answer (${queue.why})${detail}`;
  return [finding(R.QueueDown, 'valkey', 'critical', {
    message: `Valkey${spec.valkey ? ` at ${spec.valkey.host}:${spec.valkey.port}` : ''} ${why}.`,
    advice: isScaledToNothing ? 'kubectl scale statefulset/valkey --replicas=1' : 'kubectl describe pod valkey-0, and kubectl logs valkey-0 --previous.',
    symptom: 'Valkey does not answer',
    quiet: isStarting,
  })];
}

function loginRefused({ facts: { queue }, spec }: CheckInput): readonly Finding[] {
  if (queue.kind !== 'refused') return [];
  return [finding(R.QueueLoginRefused, 'valkey', 'critical', {
    message: `Valkey refuses the operator's password of Secret ${spec.secrets.valkey}.`,
    advice: 'kubectl rollout restart statefulset/valkey has it read the users of its Secret again.',
    symptom: 'Valkey refuses a password',
  })];
}

function notPersisted({ facts: { queue } }: CheckInput): readonly Finding[] {
  if (queue.kind !== 'seen' || queue.value.writeFailed === undefined) return [];
  return [finding(R.QueueNotPersisted, 'valkey', 'critical', {
    message: `Valkey cannot write to its volume (${queue.value.writeFailed}): what is queued would be lost by a restart, and new events may be refused.`,
    advice: 'Look for space on the host (df -h) and at kubectl logs valkey-0; do not restart Valkey before it can write.',
    symptom: 'Valkey cannot write to its volume',
  })];
}

function filling({ facts: { queue, before }, now, spec }: CheckInput): readonly Finding[] {
  if (queue.kind !== 'seen') return [];
  const { usedBytes, maxBytes, depth } = queue.value;
  if (maxBytes === 0 || usedBytes < maxBytes * FILLING_SHARE) return [];
  const use = `${percent(usedBytes, maxBytes)} full (${bytes(usedBytes)} of ${bytes(maxBytes)}, ${depth} tasks)`;
  const words = {
    advice: 'Free the worker of what holds it up (docs/runbooks/queue-full.md), or raise resources.valkey.limits.memory in settings.yaml.',
    symptom: `Valkey is ${percent(usedBytes, maxBytes)} full`,
  };
  const { losesUnseen } = healthRelease(specRelease(spec));
  if (usedBytes >= maxBytes * FULL_SHARE) return [finding(R.QueueFull, 'valkey', 'critical', { message: `Valkey is ${use}: new events are ${losesUnseen ? 'answered 200' : 'refused'} and lost.`, ...words })];
  const left = secondsUntilFull(queue.value, before, now);
  const when = left === undefined ? 'it does not grow at present' : `at this rate events are ${losesUnseen ? 'lost' : 'refused'} in ${duration(left)}`;
  return [finding(R.QueueFilling, 'valkey', left !== undefined && left < SOON ? 'critical' : 'warning', { message: `Valkey is ${use}: ${when}.`, ...words })];
}

/** Undefined while it does not grow, or nobody knows yet. */
export function secondsUntilFull({ usedBytes, maxBytes }: QueueFacts, { samples }: Before, now: Date): number | undefined {
  const older = samples.findLast(({ at, queueBytes }) => queueBytes !== undefined && secondsSince(at, now) >= GROWTH_SPAN);
  if (older?.queueBytes === undefined) return undefined;
  const rate = (usedBytes - older.queueBytes) / secondsSince(older.at, now);
  return rate <= 0 ? undefined : (maxBytes - usedBytes) / rate;
}
