// What must be in order before a rotation starts: it is held back, with the reason, rather than begun and undone.
import { REASONS, type Reason } from '../../api/conditions.js';
import type { Condition } from '../../api/glitchtip-resource.js';
import type { ObservedRollout, ObservedWorkload } from '../credentials/observed.js';
import { toSeconds } from '../timestamps.js';
import { operationObstacle } from './rotation-lock.js';
import { changesCredentialOfPods } from './pod-credentials.js';
import type { Rotation } from './journal.js';

export interface Obstacle {
  readonly reason: Reason;
  readonly message: string;
}

/**
 * A leak waits no longer for pods: by then it was told as critical, and a rollout that can end has ended. Its own roll makes new pods
 * anyway. Milliseconds.
 */
export const LEAK_WAITS_FOR_PODS = 300_000;

interface PreconditionInput {
  readonly rotation: Rotation;
  /** CredentialsCurrent, DatabaseHealthy and QueueHealthy as they are now. */
  readonly findings: readonly Pick<Condition, 'type' | 'status' | 'message'>[];
  readonly rollout: ObservedRollout;
  readonly now: Date;
}

/** The first thing that stands in the way; undefined when the rotation may start. */
export function findObstacle({ rotation, findings, rollout, now }: PreconditionInput): Obstacle | undefined {
  const unhealthy = findings.find(({ status }) => status !== 'True');
  if (unhealthy) return { reason: REASONS.NotHealthy, message: unhealthy.message };
  if (rotation.notBefore !== undefined && Date.parse(rotation.notBefore) > now.getTime()) {
    return { reason: REASONS.PauseBeforeRetry, message: `Attempt ${rotation.attempt} may begin at ${rotation.notBefore}. The last one was undone: ${rotation.why ?? 'unknown'}.` };
  }
  // Whatever is rotated waits for other operations: the migrate Job makes the administrator, with the password that it was started with.
  const pods = { rotation, rollout, now };
  const isWaitedFor = needsPods(rotation) && !beginsDespitePods(pods);
  return (isWaitedFor ? untilWhen(rolloutObstacle(rollout), pods) : undefined) ?? operationObstacle(pods) ?? (isWaitedFor ? untilWhen(roomObstacle(rollout), pods) : undefined);
}

/** Whether a rotation that may start does so in spite of a rollout that does not end, or of no room for one more pod. */
export function beginsDespitePods({ rotation, rollout, now }: Omit<PreconditionInput, 'findings'>): boolean {
  if (!needsPods(rotation) || !(rolloutObstacle(rollout) ?? roomObstacle(rollout))) return false;
  const waitsUntil = leakWaitsUntil({ rotation, rollout });
  return waitsUntil !== undefined && waitsUntil <= now;
}

function needsPods({ credentials }: Rotation): boolean {
  return changesCredentialOfPods(credentials) || credentials.includes('gateway');
}

/** Undefined: for as long as it takes, as for a Deployment that is not there: nobody knows what its pods would be. */
function leakWaitsUntil({ rotation: { trigger, requestedAt }, rollout }: Pick<PreconditionInput, 'rotation' | 'rollout'>): Date | undefined {
  if (trigger !== 'compromised' || workloadsOf(rollout).some(({ isAbsent }) => isAbsent === true)) return undefined;
  return new Date(Date.parse(requestedAt) + LEAK_WAITS_FOR_PODS);
}

function untilWhen(obstacle: Obstacle | undefined, pods: Pick<PreconditionInput, 'rotation' | 'rollout'>): Obstacle | undefined {
  const until = leakWaitsUntil(pods);
  return obstacle && until ? { ...obstacle, message: `${obstacle.message} New credentials are waited with until ${toSeconds(until)} at most.` } : obstacle;
}

function roomObstacle({ noRoom }: ObservedRollout): Obstacle | undefined {
  return noRoom === undefined ? undefined : { reason: REASONS.NoRoom, message: noRoom };
}

function rolloutObstacle(rollout: ObservedRollout): Obstacle | undefined {
  const rolling = workloadsOf(rollout).find(({ pending }) => pending !== undefined);
  return rolling && { reason: REASONS.RolloutUnderway, message: `Deployment ${rolling.name}: ${rolling.pending ?? ''}.` };
}

function workloadsOf({ web, worker, gateway }: ObservedRollout): readonly ObservedWorkload[] {
  return [web, ...(worker ? [worker] : []), ...(gateway ? [gateway] : [])];
}
