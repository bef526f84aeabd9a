// The health conditions, as findings: worst cause in Healthy, and the root of what is wrong with web, worker and ingest.
import { REASONS, type ConditionType, type HEALTH_CONDITION_TYPES } from '../../api/conditions.js';
import type { Condition, GlitchTipStatus } from '../../api/glitchtip-resource.js';
import type { HealthReason } from '../../api/health-reasons.js';
import type { IncidentStatus } from '../../api/health-fields.js';
import type { Instant } from '../credentials/resource-conditions.js';
import { toSeconds } from '../timestamps.js';
import type { Aspect, Diagnosis } from './diagnose.js';
import type { CheckInput } from './rule-finding.js';

export interface HealthFinding {
  readonly type: (typeof HEALTH_CONDITION_TYPES)[number];
  readonly status: Condition['status'];
  readonly reason: HealthReason | 'AllWell' | 'NotObserved';
  readonly message: string;
}

export interface Judged extends CheckInput {
  readonly diagnosis: Diagnosis;
  /** What is open; a cause that is only suspected changes no condition. */
  readonly open: readonly IncidentStatus[];
  readonly previous: GlitchTipStatus | undefined;
}

/** One each, always in this order. */
export function judgeHealth(judged: Judged): readonly HealthFinding[] {
  return [judgeWhole(judged), ...ASPECTS.map((aspect) => judgeAspect(aspect, judged))];
}

function judgeWhole({ open, diagnosis, previous }: Judged): HealthFinding {
  const type = 'Healthy';
  const [worst] = [...open].sort((a, b) => Number(a.severity !== 'critical') - Number(b.severity !== 'critical'));
  if (worst) return { type, status: 'False', reason: worst.reason, message: open.length === 1 ? worst.message : `${worst.message} (and ${open.length - 1} more)` };
  if (diagnosis.causes.length > 0 || diagnosis.quiet.length > 0) return before(type, previous) ?? { type, status: 'Unknown', reason: REASONS.NotObserved, message: 'Something is starting or suspect; nothing is certain yet.' };
  return { type, status: 'True', reason: REASONS.AllWell, message: 'Every check passed.' };
}

interface AspectFacts {
  readonly aspect: Aspect;
  readonly type: HealthFinding['type'];
  readonly well: string;
  readonly isSeen: (judged: Judged) => boolean;
}

const ASPECTS: readonly AspectFacts[] = [
  { aspect: 'web', type: 'WebHealthy', well: 'Web answers.', isSeen: ({ facts }) => facts.web.health.kind === 'answered' },
  { aspect: 'worker', type: 'WorkerHealthy', well: 'The worker stores what it is given.', isSeen: ({ facts }) => facts.canary.kind === 'stored' },
  { aspect: 'ingest', type: 'IngestWorking', well: 'An event was accepted and stored.', isSeen: ({ facts }) => facts.canary.kind === 'stored' },
];

function judgeAspect({ aspect, type, well, isSeen }: AspectFacts, judged: Judged): HealthFinding {
  const { diagnosis, open, previous } = judged;
  const root = diagnosis.affected[aspect];
  // Its words, which do not change with every check.
  const incident = root && open.find(({ reason, part }) => reason === root.reason && part === root.part);
  if (incident) return { type, status: 'False', reason: incident.reason, message: incident.message };
  const isSettling = root !== undefined || diagnosis.quiet.includes(aspect);
  const last = before(type, previous);
  if (last && (isSettling || isClosing(last, open))) return last;
  return isSettling || !isSeen(judged) ? unknown(type, isSettling) : { type, status: 'True', reason: REASONS.AllWell, message: well };
}

function unknown(type: HealthFinding['type'], isSettling: boolean): HealthFinding {
  return { type, status: 'Unknown', reason: REASONS.NotObserved, message: isSettling ? 'It is starting or suspect; nothing is certain yet.' : 'It could not be seen.' };
}

/** Its incident is open, though this check did not see its cause. */
function isClosing({ status, reason }: HealthFinding, open: readonly IncidentStatus[]): boolean {
  return status === 'False' && isOpen(open, reason);
}

function isOpen(open: readonly IncidentStatus[], reason: string): boolean {
  return open.some((incident) => incident.reason === reason);
}

function before(type: ConditionType, previous: GlitchTipStatus | undefined): HealthFinding | undefined {
  const found = previous?.conditions?.find((condition) => condition.type === type);
  return found && { type: type as HealthFinding['type'], status: found.status, reason: found.reason as HealthFinding['reason'], message: found.message };
}

/** With the time of the last flip. */
export function dateHealth(findings: readonly HealthFinding[], previous: GlitchTipStatus | undefined, at: Instant): Condition[] {
  return findings.map((found) => {
    const last = previous?.conditions?.find(({ type }) => type === found.type);
    const since = last?.status === found.status ? last.lastTransitionTime : toSeconds(at.now);
    return { ...found, observedGeneration: at.generation, lastTransitionTime: since };
  });
}
