// What a check leaves for the next ones: the depth of the queue, how long events wait in the spool, and samples of memory and of the spool, few and bounded.
import { tasksOf, type Before, type Facts, type Sample } from './health-facts.js';
import { secondsSince } from './rule-finding.js';

/** One sample a minute, for half an hour. */
const SAMPLE_EVERY = 55;
const SAMPLES = 32;

/** Of what cannot be seen what was known stays. */
function podlessParts({ before, cluster: { pods, workloads } }: Facts, now: Date): ReadonlyMap<string, Date> {
  if (pods.kind === 'unseen' || workloads.kind === 'unseen') return before.podless ?? new Map<string, Date>();
  const lacking = workloads.value.filter(({ part, wanted }) => wanted > 0 && !pods.value.some((pod) => pod.part === part && pod.alive));
  return new Map(lacking.map(({ part }) => [part, before.podless?.get(part) ?? now]));
}

export const NOTHING_BEFORE: Before = { samples: [] };

export function remember(facts: Facts, now: Date): Before {
  const { before, cluster, queue, gateway } = facts;
  const depth = tasksOf(facts)?.depth;
  const newest = before.samples.at(-1);
  const isDue = !newest || secondsSince(newest.at, now) >= SAMPLE_EVERY;
  const sample: Sample = {
    at: now,
    memory: cluster.memory.kind === 'seen' ? cluster.memory.value : new Map<string, number>(),
    ...(queue.kind === 'seen' ? { queueBytes: queue.value.usedBytes } : {}),
    ...(gateway.kind === 'seen' ? { spoolBytes: gateway.value.liveBytes } : {}),
  };
  const waitingSeconds = gateway.kind === 'seen' ? gateway.value.waitingSeconds : undefined;
  return { podless: podlessParts(facts, now), last: { at: now, ...(depth === undefined ? {} : { depth }), ...(waitingSeconds === undefined ? {} : { waitingSeconds }) }, samples: isDue ? [...before.samples, sample].slice(-SAMPLES) : before.samples };
}
