// Decides the next step of a rotation: what begins it, advances it, rolls it back or ends it. Pure.
import { REASONS } from '../../api/conditions.js';
import type { Crypto } from '../credentials/generated-secrets.js';
import type { Observed } from '../credentials/observed.js';
import type { Finding } from '../credentials/resource-conditions.js';
import { toSeconds } from '../timestamps.js';
import { describeAction, type RotationAction, type WriteJournal } from './actions.js';
import { endSessionsAtOnce, goesForward } from './compromise.js';
import { withoutAhead } from './future-journal-dates.js';
import { journalOf, type Journal, type Rotation } from './journal.js';
import { writeJournal } from './journal-write.js';
import { advance, deadlineOf } from './phase-end.js';
import { stepsOf } from './phase-steps.js';
import { resting, underwayPlan, type RotationInput, type RotationPlan } from './planned-rotation.js';
import { templateMark } from './pod-rollout.js';
import { firstUnmet, PROTOCOL } from './protocol.js';
import { beginning, planBeginning, planRecorded, planStart, triggerOf } from './rotation-beginning.js';
import { releaseLock, takeLock } from './rotation-lock.js';
import type { Underway } from './step-input.js';

/** Requeue while a rotation is under way. Milliseconds. */
export const REQUEUE_WHILE_ROTATING = 2_000;

/** Whether the plan needs an observation of pods, sessions and logins. */
export function needsRollout({ spec, observed, request, now }: Omit<RotationInput, 'rollout' | 'findings'>): boolean {
  const journal = journalOf(observed);
  if (!journal) return false;
  return journal.rotation !== undefined || beginning({ spec, observed, request, now }, journal) !== undefined;
}

export function planRotation(input: RotationInput, crypto: Crypto): RotationPlan {
  const journal = journalOf(input.observed);
  if (!journal) return resting('The journal of the rotation cannot be read.');
  const { rotation, values } = journal;
  const held = withoutAhead(journal, input.now);
  if (held) return planHeld(input.observed, held);
  if (!rotation || isOvertaken(input, journal, rotation)) return planBeginning(input, journal, crypto);
  if (rotation.requestPending) return planRecorded(input, journal, rotation);
  if (!input.rollout) return planUnseen(rotation, input.findings);
  const early = endSessionsAtOnce({ observed: input.observed, journal, rotation }, triggerOf(input, journal));
  if (early.kind === 'act') return underwayPlan(rotation, early.actions, 'Sessions are ended.');
  if (rotation.phase === 'Waiting' || !values) return planStart({ ...input, rollout: input.rollout }, journal, crypto);
  return planPhase({ spec: input.spec, observed: input.observed, rollout: input.rollout, now: input.now, crypto, rotation, values, row: PROTOCOL[rotation.phase] }, journal);
}

/** Before anything is counted from a date that another clock wrote. */
function planHeld(observed: Observed, held: Journal): RotationPlan {
  const message = 'The clock went back: what the journal dated later is dated now.';
  const write = writeJournal(observed, held, 'the clock went back: dates that lay ahead are now');
  return held.rotation ? underwayPlan(held.rotation, [write], message) : { ...resting(message), actions: [write] };
}

/** A leaked secret waits behind nothing that has not started: neither when a person says so, nor when replacing it was given up and is due again. */
function isOvertaken(input: RotationInput, journal: Journal, { phase, trigger, notBefore, requestPending }: Rotation): boolean {
  const begun = phase === 'Waiting' ? beginning(input, journal) : undefined;
  if (begun?.trigger !== 'compromised') return false;
  // Asked for once more during the pause after an undone attempt: whoever asks has seen to the reason.
  return trigger !== 'compromised' || (begun.requestPending && !requestPending && notBefore !== undefined);
}

/** Without an observation of pods and logins, which needs Postgres, nothing is decided. */
function planUnseen(rotation: Rotation, findings: readonly Finding[]): RotationPlan {
  const unhealthy = findings.find(({ status }) => status !== 'True');
  if (rotation.phase === 'Waiting' && unhealthy) return resting(unhealthy.message, REASONS.NotHealthy);
  return underwayPlan(rotation, [], unhealthy?.message ?? 'Looking at the pods.');
}

function planPhase(underway: Underway, journal: Journal): RotationPlan {
  const { rotation, now } = underway;
  const step = firstUnmet(stepsOf(underway, journal));
  if (step.kind === 'met') return underwayPlan(rotation, withRelease(advance(underway, journal), underway), `${rotation.phase} has ended.`);
  const deadline = deadlineOf(rotation);
  const message = step.kind === 'wait' ? step.why : `next: ${describeNext(step.actions)}`;
  if (deadline && now >= deadline) {
    const last = step.kind === 'wait' ? step.why : `the last step was: ${step.actions.map(describeAction).join(', ')}`;
    return planLate(underway, journal, `${rotation.phase} did not end in time: ${last}`);
  }
  return underwayPlan(rotation, [...(step.kind === 'act' ? step.actions : []), ...takeLock(underway, { isStarting: false })], message);
}

/** Back to the old values; on to revoking them where what leaked must not stay valid. */
function planLate({ rotation, observed, now }: Underway, journal: Journal, why: string): RotationPlan {
  const since = toSeconds(now);
  const isForward = goesForward(rotation);
  const turned: Rotation = isForward ? { ...rotation, phase: 'Retiring', since } : { ...rotation, phase: 'Returning', since, why, undoneIn: rotation.phase };
  const note = isForward ? `goes on to revoke what leaked, though ${why}` : `is undone: ${why}`;
  return underwayPlan(rotation, [writeJournal(observed, { ...journal, rotation: turned }, `rotation ${templateMark(rotation)} ${note}`, !isForward)], why);
}

/** Only after the journal says that it has ended: what it says is the truth, and a lock that was left behind is known by it. */
function withRelease(write: WriteJournal, underway: Underway): readonly RotationAction[] {
  const { rotation } = write.journal;
  return rotation === undefined || rotation.phase === 'Waiting' ? [write, ...releaseLock(underway)] : [write];
}

function describeNext([first]: readonly RotationAction[]): string {
  return first ? describeAction(first) : 'nothing';
}
