// What the plan of a rotation is made from, and what it is: the next writes, what is waited for, and the condition. Pure.
import { REASONS } from '../../api/conditions.js';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { Observed, ObservedRollout } from '../credentials/observed.js';
import type { Finding } from '../credentials/resource-conditions.js';
import type { RotationAction } from './actions.js';
import type { Rotation } from './journal.js';

export interface RotationInput {
  readonly spec: GlitchTipSpec;
  readonly observed: Observed;
  /** Undefined while nothing needs it. */
  readonly rollout?: ObservedRollout;
  /** The value of the annotation glitchkeeper.io/rotate. */
  readonly request?: string;
  /** What is known of the credentials, the database and the queue. */
  readonly findings: readonly Finding[];
  readonly now: Date;
}

export interface RotationPlan {
  readonly actions: readonly RotationAction[];
  readonly finding: Finding;
  /** What is waited for, for the status. */
  readonly message: string;
}

export function underwayPlan(rotation: Rotation, actions: readonly RotationAction[], message: string): RotationPlan {
  return { actions, message, finding: { type: 'RotationInProgress', status: 'True', reason: REASONS[rotation.phase], message } };
}

export function resting(message: string, reason: Finding['reason'] = REASONS.Idle): RotationPlan {
  return { actions: [], message, finding: { type: 'RotationInProgress', status: 'False', reason, message } };
}
