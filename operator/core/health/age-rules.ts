// Rules about what goes bad with time: memory that grows, credentials that nobody replaced.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { HEALTH_REASONS } from '../../api/health-reasons.js';
import { OPERATOR_DEPLOYMENT } from '../../api/object-names.js';
import type { PodFacts, Sample } from './health-facts.js';
import { bytes, duration, finding, secondsSince, type Finding, type Rule, type CheckInput } from './rule-finding.js';

const R = HEALTH_REASONS;
const DAY = 86_400;
/** A rotation waits for a quiet moment and is tried again; only then somebody has to look. Seconds. */
const OVERDUE_AFTER = 2 * DAY;
const LEAK_SHARE = 0.8;
/** What is fitted must be this long, and the pod past what it loads with its first requests. Seconds. */
export const LEAK_SPAN = 900;
const LEAK_AGE = 1_800;
/** The limit is reached within this. Seconds. */
const LEAK_HORIZON = 6 * 3_600;
/** Postgres counts its file pages as its own, and Valkey has a limit of its own. */
const LEAKING_PARTS: readonly string[] = ['web', 'worker', 'operator'];

/**
 * What is told of a leak: whatever holds its rotation up is for a person, and one that works takes some two minutes. With the checks
 * that open an incident it is told within 5 minutes. Seconds.
 */
const COMPROMISE_TOLD_AFTER = { waits: 120, 'under way': 210, 'given up': 0 } as const;

export const ageRules: readonly Rule[] = [memoryLeak, compromise, credentials];

function memoryLeak({ facts: { cluster, before }, spec, now }: CheckInput): readonly Finding[] {
  if (cluster.pods.kind === 'unseen' || cluster.memory.kind === 'unseen') return [];
  const memory = cluster.memory.value;
  return cluster.pods.value.flatMap((pod) => {
    const used = memory.get(pod.name);
    const left = used === undefined ? undefined : secondsUntilLimit(pod, used, before.samples, now);
    return left === undefined || used === undefined ? [] : [finding(R.MemoryLeak, pod.part, 'warning', {
      message: `${pod.part} uses ${bytes(used)} of ${bytes(pod.memoryLimitBytes ?? 0)} and grows: at this rate it is killed in ${duration(left)}.`,
      advice: `Restart it at a quiet moment (kubectl rollout restart deployment/${deploymentOf(pod.part, spec)}), or raise resources.${pod.part}.limits.memory in settings.yaml.`,
      symptom: `the memory of ${pod.part} grows`,
    })];
  });
}

function deploymentOf(part: string, { web, worker }: GlitchTipSpec): string {
  const names: Readonly<Record<string, string | undefined>> = { web: web.deployment, worker: worker?.deployment, operator: OPERATOR_DEPLOYMENT };
  return names[part] ?? part;
}

/** Undefined unless the memory of the pod has grown steadily for a quarter of an hour and reaches the limit within hours. */
export function secondsUntilLimit(pod: PodFacts, used: number, samples: readonly Sample[], now: Date): number | undefined {
  const limit = pod.memoryLimitBytes;
  const main = pod.containers.find(({ init }) => !init);
  const isOld = main?.state.kind === 'running' && secondsSince(main.state.startedAt, now) >= LEAK_AGE;
  if (!limit || !isOld || !LEAKING_PARTS.includes(pod.part) || used < limit * LEAK_SHARE) return undefined;
  const points = samples.flatMap(({ at, memory }) => {
    const bytesThen = memory.get(pod.name);
    return bytesThen === undefined ? [] : [{ x: -secondsSince(at, now), y: bytesThen }];
  });
  const rate = steadyGrowth([...points, { x: 0, y: used }]);
  const left = rate === undefined ? undefined : (limit - used) / rate;
  return left === undefined || left > LEAK_HORIZON ? undefined : left;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Growth a second by least squares, where the newer half grows at least half as fast as the whole: what levels off is no leak. */
function steadyGrowth(points: readonly Point[]): number | undefined {
  const [first] = points;
  if (!first || -first.x < LEAK_SPAN) return undefined;
  const [whole, newer] = [slope(points), slope(points.slice(Math.floor(points.length / 2)))];
  return whole > 0 && newer >= whole / 2 ? whole : undefined;
}

function slope(points: readonly Point[]): number {
  const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const variance = mean((point) => (point.x - x) ** 2);
  return variance === 0 ? 0 : mean((point) => (point.x - x) * (point.y - y)) / variance;
}

function compromise({ facts: { credentials: { leak: seen } }, now }: CheckInput): readonly Finding[] {
  if (!seen || secondsSince(seen.since, now) < COMPROMISE_TOLD_AFTER[seen.state]) return [];
  const { state, message = 'nobody says why' } = seen;
  const since = `It was said ${duration(secondsSince(seen.since, now))} ago that credentials leaked, and the old ones are still valid`;
  return [finding(R.CredentialsCompromised, 'credentials', 'critical', {
    message: state === 'given up' ? `Replacing credentials that leaked was given up, and the old ones are valid: ${message}` : `${since}: ${message}`,
    advice: 'docs/runbooks/secret-leaked.md says what to do about what is in its way; glitchkeeper rotate --compromised --wait tries it again when it was given up.',
    symptom: 'credentials that leaked are still valid',
  })];
}

function credentials({ facts: { credentials: seen }, spec, now }: CheckInput): readonly Finding[] {
  const overdue = seen.nextAt && spec.rotation.enabled && !spec.suspend ? secondsSince(seen.nextAt, now) : 0;
  if (seen.failed === undefined && overdue < OVERDUE_AFTER) return [];
  return [finding(R.CredentialsOverdue, 'credentials', 'warning', {
    message: seen.failed === undefined ? `The credentials should have been rotated ${duration(overdue)} ago.` : `The last rotation was given up: ${seen.failed}`,
    advice: 'glitchkeeper status says what is in its way; glitchkeeper rotate --wait tries it again, with --compromised when something leaked.',
    symptom: 'the credentials are older than they should be',
  })];
}
