// What must be in order before a rotation starts: it is held back, with the reason, rather than begun and undone.
import { REASONS, type Reason } from '../../api/conditions.js';
import type { Condition } from '../../api/glitchtip-resource.js';
import type { ObservedRollout } from '../credentials/observed.js';
import { operationObstacle } from './rotation-lock.js';
import { changesCredentialOfPods } from './pod-credentials.js';
import type { Rotation } from './journal.js';

export interface Obstacle {
  readonly reason: Reason;
  readonly message: string;
}

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
  const needsPods = changesCredentialOfPods(rotation.credentials) || rotation.credentials.includes('gateway');
  return (needsPods ? rolloutObstacle(rollout) : undefined) ?? operationObstacle({ rotation, rollout, now }) ?? (needsPods ? roomObstacle(rollout) : undefined);
}

function roomObstacle({ noRoom }: ObservedRollout): Obstacle | undefined {
  return noRoom === undefined ? undefined : { reason: REASONS.NoRoom, message: noRoom };
}

function rolloutObstacle({ web, worker, gateway }: ObservedRollout): Obstacle | undefined {
  const rolling = [web, ...(worker ? [worker] : []), ...(gateway ? [gateway] : [])].find(({ pending }) => pending !== undefined);
  return rolling && { reason: REASONS.RolloutUnderway, message: `Deployment ${rolling.name}: ${rolling.pending ?? ''}.` };
}
