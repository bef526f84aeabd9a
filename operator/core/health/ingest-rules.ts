// Rules about the way of an event: web takes it, the worker takes it from the queue, Postgres has it.
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import { specRelease } from '../../api/glitchtip-resource.js';
import { tasksOf, type GatewayFacts, type TaskFacts } from './health-facts.js';
import { healthRelease } from './release-facts.js';
import { bytes, duration, finding, secondsSince, type Finding, type Rule, type CheckInput } from './rule-finding.js';
import { partOf } from './part-state.js';

const R = HEALTH_REASONS;
/** A worker that has just become Ready has the queue of its absence before it. Seconds. */
export const SETTLED_AFTER = 45;
/** More than a full prefetch of a worker, and two batches. */
const BACKLOG_DEPTH = 300;
/** Longer than the way to Postgres takes when all is well. Seconds. */
const WAITS_LONG = 15;
/** What shrinks and will be worked off within this is not reported. Seconds. */
const SHORT_BACKLOG = 600;
/** What was lost longer ago is not being lost any more. Seconds. */
const LOST_LATELY = 1_800;
const NONE_SEEN: TaskFacts = { depth: 0 };

export const ingestRules: readonly Rule[] = [ingestRefused, notStored, eventsLost];

function ingestRefused({ facts: { canary }, spec }: CheckInput): readonly Finding[] {
  if (canary.kind !== 'refused' && canary.kind !== 'silent') return [];
  const what = canary.kind === 'refused' ? `answers an event with ${canary.status}` : `does not answer an event (${canary.code})`;
  const who = spec.gateway ? 'the gateway' : 'web';
  return [finding(R.IngestRefused, 'ingest', 'critical', {
    message: `${spec.gateway ? 'The gateway' : 'Web'} ${what}: events are refused, and so lost.`,
    advice: spec.gateway ? `kubectl logs deployment/${spec.gateway.deployment}, and glitchkeeper spool.` : `${canary.kind === 'refused' && canary.status === 503 ? 'MAINTENANCE_EVENT_FREEZE may be on. ' : ''}kubectl logs deployment/web shows the requests with 4xx and 5xx.`,
    symptom: `${who} ${what}`,
  })];
}

/** What was accepted and is not in Postgres: nobody takes it, too much is before it, or it was lost. */
function notStored(input: CheckInput): readonly Finding[] {
  const { facts, spec } = input;
  if (facts.canary.kind !== 'not stored') return [];
  const waited = duration(Math.max(facts.canary.oldestSeconds, spec.health.storedWithinSeconds));
  const { storedMeanwhile, lateSeconds } = facts.canary;
  const isNothingStored = storedMeanwhile === 0 && lateSeconds === undefined;
  const held = heldByGateway(input);
  if (held) return [held];
  // Whether the worker is at fault is known only of one that had its time; of one that cannot be seen nothing is claimed or repaired.
  if (facts.cluster.pods.kind === 'seen' && !isSettled(input)) return [unstored(input, waited, 'and the worker is not Ready, or has just started', true)];
  if (isNothingStored) return [nothingStored(input, waited)];
  const { depth } = tasksOf(facts) ?? NONE_SEEN;
  if (depth >= BACKLOG_DEPTH) return [backlog(input, depth)];
  // The gateway looks for what GlitchTip lost, and gives it again; what cannot be stored is set aside, which is told.
  return [unstored(input, waited, 'although others are stored', facts.gateway.kind === 'seen')];
}

function nothingStored(input: CheckInput, waited: string): Finding {
  const tasks = tasksOf(input.facts);
  // A worker that is stuck leaves it in the queue.
  if (tasks?.depth === 0 && healthRelease(specRelease(input.spec)).losesUnseen) {
    return unstored(input, waited, 'nor does it wait in the queue: this GlitchTip answers 200 to what its queue refuses, too');
  }
  return isSettled(input) ? stuck(input, waited) : unstored(input, waited, 'nor is any other; whether the worker runs cannot be seen');
}

/** What stands before the operator's own event in the spool, or keeps all of it there: nothing of it is lost. */
function heldByGateway(input: CheckInput): Finding | undefined {
  const { facts, spec, now } = input;
  if (!spec.gateway || facts.gateway.kind !== 'seen') return undefined;
  const { closed, held, oldestSeconds = 0 } = facts.gateway.value;
  const keeps = kept(facts.gateway.value);
  const isWebReady = partOf(facts, 'web', now)?.isReady ?? true;
  if (held !== undefined) return unstored(input, duration(oldestSeconds), `for the gateway was told to hold them (${held}); ${keeps}`, true);
  // Why is another rule's business; while web starts it is nobody's.
  if (!isWebReady) return unstored(input, duration(oldestSeconds), `for web is not Ready; ${keeps}`, true);
  if (closed !== undefined) return unstored(input, duration(oldestSeconds), `for GlitchTip takes nothing (${closed}); ${keeps}`);
  return late(input, facts.gateway.value);
}

function kept({ liveBytes, oldestSeconds = 0 }: GatewayFacts): string {
  return `the gateway keeps ${bytes(liveBytes)}, the oldest since ${duration(oldestSeconds)}`;
}

/**
 * Others, which came before it, are stored. What GlitchTip was given and lost is old, too, and no sign of too many.
 * Nobody is told of those that are soon worked off, as after a rollout of web.
 */
function late(input: CheckInput, gateway: GatewayFacts): Finding | undefined {
  const { canary, before } = input.facts;
  const { waitingSeconds = 0 } = gateway;
  if (waitingSeconds < WAITS_LONG || canary.kind !== 'not stored' || canary.storedMeanwhile === 0) return undefined;
  return finding(R.Backlog, 'worker', 'warning', {
    message: `More events come in than GlitchTip stores: ${kept(gateway)}, and gives them in their order. None is lost.`,
    advice: 'If it lasts, raise resources.worker.limits.cpu in settings.yaml, or have the sender sample; docs/runbooks/queue-full.md.',
    symptom: `events wait ${duration(waitingSeconds)} in the gateway's spool`,
    quiet: isSoonOver(secondsLeft(waitingSeconds, changeOf(waitingSeconds, before.last?.waitingSeconds, input))),
  });
}

/** What takes the events from the queue has a pod that is Ready, and has had the time to work off what waited. */
export function isSettled({ facts, spec, now }: CheckInput): boolean {
  const part = spec.worker ? 'worker' : 'web';
  const pods = facts.cluster.pods.kind === 'seen' ? facts.cluster.pods.value : [];
  const isReady = partOf(facts, part, now)?.isReady ?? false;
  return isReady && pods.some((pod) => pod.part === part && pod.ready && (!pod.readySince || secondsSince(pod.readySince, now) >= SETTLED_AFTER));
}

function unstored({ spec }: CheckInput, waited: string, detail: string, quiet = false): Finding {
  return finding(R.EventsNotStored, 'ingest', 'critical', {
    message: `An event that was accepted is not in Postgres after ${waited}, ${detail}.`,
    advice: `kubectl logs deployment/worker shows why batches fail; ${spec.gateway ? 'the gateway sends again what was in them' : 'events that were in them are lost'}.`,
    symptom: 'accepted events are not stored',
    quiet,
  });
}

function stuck({ spec, facts }: CheckInput, waited: string): Finding {
  const part = spec.worker ? 'worker' : 'web';
  const { depth, oldestTaskSeconds } = tasksOf(facts) ?? NONE_SEEN;
  const age = oldestTaskSeconds === undefined ? '' : `, the oldest since ${duration(oldestTaskSeconds)}`;
  return finding(R.WorkerStuck, part, 'critical', {
    message: `The pod of ${part} is Ready and stores nothing: an accepted event is not in Postgres after ${waited}, ${depth} tasks wait${age}.`,
    advice: `kubectl rollout restart deployment/${spec.worker?.deployment ?? spec.web.deployment}; what waits in the queue is kept.`,
    symptom: `${part} stores nothing`,
    healing: 'restart-worker',
  });
}

function backlog(input: CheckInput, depth: number): Finding {
  const change = changeOf(depth, input.facts.before.last?.depth, input);
  const left = secondsLeft(depth, change);
  const course = change === undefined ? '' : left === undefined ? `, ${Math.round(change * 60)} more a minute` : `, worked off in ${duration(left)}`;
  return finding(R.Backlog, 'worker', 'warning', {
    message: `${depth} tasks wait for the worker, which works${course}: events show up late.`,
    advice: 'If it lasts, raise resources.worker.limits.cpu in settings.yaml, or have the sender sample; docs/runbooks/queue-full.md.',
    symptom: `${depth} tasks wait for the worker`,
    quiet: isSoonOver(left),
  });
}

/** In a second, since the check before; undefined: it was not seen then. */
function changeOf(value: number, then: number | undefined, { facts: { before: { last } }, now }: CheckInput): number | undefined {
  const seconds = last ? secondsSince(last.at, now) : 0;
  return then === undefined || seconds === 0 ? undefined : (value - then) / seconds;
}

/** Undefined: it does not shrink, as far as is known. */
function secondsLeft(value: number, change: number | undefined): number | undefined {
  return change !== undefined && change < 0 ? value / -change : undefined;
}

function isSoonOver(left: number | undefined): boolean {
  return left !== undefined && left < SHORT_BACKLOG;
}

/** What failed is kept, and stays until somebody has looked. */
function eventsLost({ facts }: CheckInput): readonly Finding[] {
  const lost = tasksOf(facts)?.lost;
  if (!lost?.events) return [];
  const { count, newestSeconds } = lost;
  const when = newestSeconds === undefined ? '' : `, the newest ${duration(newestSeconds)} ago`;
  const again = facts.gateway.kind === 'seen' ? '; of the events the gateway gives those again that are not stored' : '';
  return [finding(R.EventsLost, 'ingest', newestSeconds !== undefined && newestSeconds < LOST_LATELY ? 'critical' : 'warning', {
    message: `${count} ${count === 1 ? 'task' : 'tasks'} of the worker failed or ${count === 1 ? 'was' : 'were'} left by one that died${when}, events that were answered 200 among them: GlitchTip tries none again${again}.`,
    advice: 'docs/runbooks/events-lost.md shows why they failed, which of them are stored all the same, and how the others are queued again.',
    symptom: 'tasks with accepted events failed',
  })];
}
