// Plans repairs: which one is due for the open incidents, none more often than allowed, and what the status says of each. Pure.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { RepairKind, IncidentStatus, Repair } from '../../api/health-fields.js';
import { describeHolder, type Operation } from '../operations/exclusion.js';
import { toSeconds } from '../timestamps.js';
import type { OperationFacts } from './health-facts.js';
import type { Cause } from './root-cause.js';
import { duration, secondsSince } from './rule-finding.js';

/** Between two repairs of one kind. Seconds. */
export const REPAIR_EVERY = 900;
/** So many within {@link REPAIR_WINDOW}; then it is left to a person. */
export const MOST_REPAIRS = 3;
/** Seconds. */
export const REPAIR_WINDOW = 6 * 3_600;

/**
 * For how long its incident must have been going on: what ends by itself in that time is left alone. A frozen worker is its liveness
 * probe's, which needs up to 120 s. Seconds.
 */
const OPEN_FOR: Readonly<Record<RepairKind, number>> = { migrate: 60, 'maintain-partitions': 30, 'restart-worker': 150 };

/** Repairs that are the same act: both run the migrate Job. */
const SAME_ACT: Readonly<Record<RepairKind, readonly RepairKind[]>> = {
  migrate: ['migrate', 'maintain-partitions'],
  'maintain-partitions': ['migrate', 'maintain-partitions'],
  'restart-worker': ['restart-worker'],
};

export interface RepairInput {
  readonly causes: readonly Cause[];
  readonly open: readonly IncidentStatus[];
  /** Newest first. */
  readonly repairs: readonly Repair[];
  readonly spec: GlitchTipSpec;
  /** Phase of a rotation that is changing something. */
  readonly rotation?: string;
  readonly operation: OperationFacts;
  /** False where there is no migrate Job to run again. */
  readonly canMigrate: boolean;
  /** Why the newest migrate Job cannot start, and so a copy of it could not: "migrate: ImagePullBackOff". */
  readonly cannotStart?: string;
  readonly now: Date;
}

export interface RepairPlan {
  /** At most one: the next one sees what came of it. */
  readonly repair?: Repair;
  /** What is said of each incident, by `reason/part`. */
  readonly repairTexts: ReadonlyMap<string, string>;
}

export function planRepair(input: RepairInput): RepairPlan {
  const repairTexts = new Map<string, string>();
  let repair: Repair | undefined;
  for (const cause of input.causes) {
    const healing = cause.healing;
    const incident = input.open.find(({ reason, part }) => reason === cause.reason && part === cause.part);
    if (!healing || !incident) continue;
    const verdict = explainObstacle(healing, input) ?? cause.obstacle ?? judge(healing, incident, input, repair !== undefined);
    if (verdict === 'due') repair = { at: toSeconds(input.now), healing, reason: cause.reason, message: ACTS[healing] };
    repairTexts.set(`${cause.reason}/${cause.part}`, verdict === 'due' ? ACTS[healing] : `${NOUNS[healing]} ${verdict}`);
  }
  return { repairTexts, ...(repair ? { repair } : {}) };
}

const ACTS: Readonly<Record<RepairKind, string>> = {
  migrate: 'the migrate Job is run again',
  'maintain-partitions': 'the migrate Job is run again: it makes the partitions',
  'restart-worker': 'the worker is restarted',
};

/** In front of why one is not made now. */
const NOUNS: Readonly<Record<RepairKind, string>> = {
  migrate: 'running the migrate Job again',
  'maintain-partitions': 'running the migrate Job again',
  'restart-worker': 'restarting the worker',
};

/** `due`, or why it is not. */
function judge(healing: RepairKind, incident: IncidentStatus, input: RepairInput, isAnotherDue: boolean): string {
  const recent = input.repairs.filter((repair) => SAME_ACT[healing].includes(repair.healing) && secondsSince(new Date(repair.at), input.now) < REPAIR_WINDOW);
  const [last] = recent;
  const tried = recent.length === 1 ? 'once' : `${recent.length} times`;
  if (recent.length >= MOST_REPAIRS) return `was tried ${tried} in 6 hours and did not last: a person has to look`;
  const wait = last ? REPAIR_EVERY - secondsSince(new Date(last.at), input.now) : 0;
  if (wait > 0) return `was tried ${tried}, the last time ${duration(REPAIR_EVERY - wait)} ago; again in ${duration(wait)}`;
  const early = OPEN_FOR[healing] - secondsSince(new Date(incident.since), input.now);
  if (early > 0) return `is tried in ${duration(early)}, unless it ends by itself`;
  return isAnotherDue ? 'waits for another repair' : 'due';
}

function explainObstacle(healing: RepairKind, input: RepairInput): string | undefined {
  const { spec, canMigrate, cannotStart } = input;
  if (!spec.health.heal.includes(healing)) return `is switched off: spec.health.heal does not name ${healing}`;
  if (spec.suspend) return 'is not done while spec.suspend is true';
  const others = explainOthers(healing, input);
  if (others !== undefined || healing === 'restart-worker') return others;
  if (cannotStart !== undefined) return `is of no use: its newest Job cannot start (${cannotStart})`;
  return canMigrate ? undefined : 'is not possible: there is none; kubectl apply -f dist/ makes one';
}

/** A backup and a rehearsal read the database, and use no worker: one that stores nothing is not left so for the hours that a copy may take. */
const BESIDE: Readonly<Record<RepairKind, readonly Operation[]>> = { migrate: [], 'maintain-partitions': [], 'restart-worker': ['backup', 'rehearsal'] };

/** What else is going on. */
function explainOthers(healing: RepairKind, { rotation, operation: { lock, holder, jobs } }: RepairInput): string | undefined {
  if (rotation !== undefined) return `waits for the rotation, which is ${rotation}`;
  if (jobs === undefined) return 'waits until Jobs can be seen';
  const running = jobs.find(({ operation }) => !BESIDE[healing].includes(operation));
  if (running !== undefined) return `waits for Job ${running.name}`;
  if (lock.kind === 'unreadable') return 'waits until it can be seen whether another operation is under way';
  return holder && !BESIDE[healing].includes(holder.operation) ? `waits for ${describeHolder(holder)}` : undefined;
}
