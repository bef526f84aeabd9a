// The recorded lock as a rotation uses it: taken before it starts, renewed while it goes on, released when it has ended or is to be tried again.
import { REASONS } from '../../api/conditions.js';
import type { ObservedRollout } from '../credentials/observed.js';
import { describeHolder, findHolder, type Holder, type Operation } from '../operations/exclusion.js';
import { holderOfLock, isSameHolder } from '../operations/operation-lock.js';
import { toSeconds } from '../timestamps.js';
import type { RotationAction } from './actions.js';
import type { Rotation } from './journal.js';
import type { Obstacle } from './preconditions.js';
import { PROTOCOL } from './protocol.js';

/** Every phase with a deadline takes 25 minutes together; one without is renewed. Milliseconds. */
const HELD_FOR = 30 * 60_000;
const RENEWED_BEFORE = 10 * 60_000;

interface LockInput {
  readonly rotation: Rotation;
  readonly rollout: ObservedRollout;
  readonly now: Date;
}

/** Jobs at work count too: nobody asks before the manifests start one. */
export function operationObstacle(input: LockInput): Obstacle | undefined {
  const { rotation, rollout: { jobs, lock }, now } = input;
  const wanted = operationOf(rotation);
  const job = findHolder(wanted, jobs, now);
  if (job) return { reason: REASONS.JobRunning, message: `Job ${job.name} has not ended.` };
  if (lock.kind === 'unreadable') return wanted === 'compromised' ? undefined : { reason: REASONS.OperationUnderway, message: `Whether another operation is under way cannot be seen (${lock.why}).` };
  const recorded = holderNow(input);
  const holder = recorded && !isSameHolder(recorded, ownName(rotation)) ? findHolder(wanted, [recorded], now) : undefined;
  return holder && { reason: REASONS.OperationUnderway, message: `${describeHolder(holder)} is under way since ${toSeconds(holder.since)}, until ${toSeconds(holder.until)} at most.` };
}

/**
 * Takes the lock, or renews it; empty while it is held for long enough, and while another one holds it. Not while it cannot be read: a
 * rotation that has started goes on without it, and one for a compromise starts without it.
 */
export function takeLock(input: LockInput, { isStarting }: { readonly isStarting: boolean }): readonly RotationAction[] {
  const { rotation, rollout: { lock }, now } = input;
  if (lock.kind === 'unreadable') return [];
  const holder = holderNow(input);
  const isOwn = isSameHolder(holder, ownName(rotation));
  const isLong = holder !== undefined && holder.until.getTime() - now.getTime() > RENEWED_BEFORE;
  if (isOwn ? isLong : holder !== undefined && !isStarting) return [];
  const taken: Holder = { ...ownName(rotation), since: isOwn && holder ? holder.since : now, until: new Date(now.getTime() + HELD_FOR) };
  return [{ kind: 'write lock', holder: taken, resourceVersion: lock.resourceVersion }];
}

/** Empty when it is not ours. */
export function releaseLock({ rotation, rollout: { lock } }: Pick<LockInput, 'rotation' | 'rollout'>): readonly RotationAction[] {
  if (lock.kind !== 'held' || !isSameHolder(lock.holder, ownName(rotation))) return [];
  return [{ kind: 'write lock', resourceVersion: lock.resourceVersion }];
}

function operationOf({ trigger }: Rotation): Operation {
  return trigger === 'compromised' ? trigger : 'rotation';
}

function ownName(rotation: Rotation): Pick<Holder, 'operation' | 'name'> {
  return { operation: operationOf(rotation), name: rotation.id };
}

function holderNow({ rotation, rollout: { lock, jobs, restore, upgrade }, now }: LockInput): Holder | undefined {
  const areJobsSeen = PROTOCOL[rotation.phase].observes.includes('jobs');
  return holderOfLock(lock, { rotation, restore, upgrade, jobs: areJobsSeen ? jobs.map(({ name }) => name) : undefined }, now);
}
