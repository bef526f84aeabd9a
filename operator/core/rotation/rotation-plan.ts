// Decides the next step of a rotation: what begins it, advances it, rolls it back or ends it. Pure.
import { REASONS } from '../../api/conditions.js';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { HISTORY_LENGTH, type Phase, type RotationResult, type Trigger } from '../../api/rotation-fields.js';
import type { Observed, ObservedRollout } from '../credentials/observed.js';
import type { Crypto } from '../credentials/generated-secrets.js';
import type { Finding } from '../credentials/resource-conditions.js';
import { toSeconds } from '../timestamps.js';
import { describeAction, type RotationAction, type WriteJournal } from './actions.js';
import { administratorStep } from './administrator-password.js';
import { withoutAhead } from './future-journal-dates.js';
import { publishStep } from './application-secret.js';
import { backupStep } from './backup-credentials.js';
import { journalOf, type Journal, type Rotation } from './journal.js';
import { endSessionsAtOnce, keptFor, keptLoginSteps, sessionsEndedStep } from './compromise.js';
import { writeJournal } from './journal-write.js';
import { gatewayStep } from './gateway-credentials.js';
import { operatorLoginStep } from './operator-password.js';
import { dueRotation, pendingReplacements, replaceable, settle } from './pending-replacements.js';
import { freshPods, leftOnNew, rollStep, templateMark } from './pod-rollout.js';
import { postgresStep } from './alternating-logins.js';
import { findObstacle } from './preconditions.js';
import { proofStep } from './storage-proof.js';
import { act, firstUnmet, MET, pauseAfter, PROTOCOL, wait } from './protocol.js';
import { releaseLock, takeLock } from './rotation-lock.js';
import { hearRequest, parseRequest, rotatableCredentials, type Heard } from './requested-rotation.js';
import { nextRotation } from './rotation-schedule.js';
import type { RotationStep, Underway } from './step-input.js';
import { ageOf } from './secret-generations.js';
import { valkeyPasswordsStep, valkeyStep } from './valkey-passwords.js';
import { currentValues, nextValues } from './value-sets.js';

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

/** Requeue while a rotation is under way. Milliseconds. */
export const REQUEUE_WHILE_ROTATING = 2_000;

/** Pods that end take this long at most to give their sessions up. Milliseconds. */
const RESTARTED_AFTER = 300_000;

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

function hear({ spec, request, now }: Pick<RotationInput, 'spec' | 'request' | 'now'>, { history }: Journal): Heard {
  return hearRequest(request, rotatableCredentials(spec), { history, now });
}

/** What the annotation asks for. */
function triggerOf(input: RotationInput, journal: Journal): Trigger | undefined {
  const asked = hear(input, journal);
  return asked.kind === 'valid' ? asked.trigger : undefined;
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

/** When the schedule is next; undefined when it never is, or nothing was made yet. */
export function scheduledAt(spec: GlitchTipSpec, observed: Pick<Observed, 'secrets'>, journal: Journal): Date | undefined {
  const [pending] = replaceable(spec, journal);
  // Everything else waits behind a pending replacement: of two dates the one that passed would begin the other's rotation again and again.
  if (pending) return nextRotation(spec.rotation, { at: new Date(pending.finishedAt), gaveUp: true });
  const { application } = observed.secrets;
  const made = application.kind === 'present' ? application.createdAt : undefined;
  const from = journal.lastCompletedAt ?? made;
  return from === undefined ? undefined : nextRotation(spec.rotation, { at: new Date(from), gaveUp: false });
}

/** A request comes before the schedule, and what leaked before both. */
function beginning({ spec, observed, request, now }: Omit<RotationInput, 'rollout' | 'findings'>, journal: Journal): Pick<Rotation, 'trigger' | 'credentials' | 'requestPending'> | undefined {
  const asked = hear({ spec, request, now }, journal);
  const at = scheduledAt(spec, observed, journal);
  const due = at === undefined || at > now ? undefined : dueRotation(spec, journal);
  const isHeard = asked.kind === 'valid' && (asked.trigger === 'compromised' || due?.trigger !== 'compromised');
  if (isHeard) return { trigger: asked.trigger, credentials: [...asked.credentials], requestPending: true };
  return due && { ...due, requestPending: false };
}

function planBeginning(input: RotationInput, journal: Journal, crypto: Crypto): RotationPlan {
  const begun = beginning(input, journal);
  if (!begun) {
    const asked = hear(input, journal);
    switch (asked.kind) {
      case 'invalid': return resting(asked.message, REASONS.RequestRejected);
      case 'repeated': return resting(asked.message, REASONS.RequestRepeated);
      default: return resting('No rotation is under way.');
    }
  }
  const at = toSeconds(input.now);
  const id = `${at.replaceAll(/[-:]/g, '')}-${crypto.sha256(crypto.generate()).slice(0, 6)}`;
  // A leak is no younger because it is said once more.
  const requestedAt = journal.rotation?.trigger === 'compromised' ? journal.rotation.requestedAt : at;
  const rotation: Rotation = { ...begun, id, phase: 'Waiting', requestedAt, since: at, attempt: 1, sessionsEnded: false };
  const write = writeJournal(input.observed, { ...journal, rotation }, `rotation ${id} recorded (${rotation.trigger}: ${rotation.credentials.join(', ')})`);
  return underwayPlan(rotation, [write], 'Recorded.');
}

/** The request is in the journal: the annotation goes, so that it does not ask a second time. */
function planRecorded({ spec, observed, request }: RotationInput, journal: Journal, rotation: Rotation): RotationPlan {
  const asked = parseRequest(request, rotatableCredentials(spec));
  // A different request that came meanwhile is handled after this one.
  const recorded = asked.kind === 'valid' && asked.trigger === rotation.trigger && asked.credentials.join() === rotation.credentials.join();
  if (recorded) return underwayPlan(rotation, [{ kind: 'drop request' }], 'Recorded.');
  const noted = { ...journal, rotation: { ...rotation, requestPending: false } };
  return underwayPlan(rotation, [writeJournal(observed, noted, `rotation ${rotation.id}: request taken off`)], 'Recorded.');
}

/** Out of Waiting: the new values are generated and written ahead, in one write with the phase. */
function planStart(input: RotationInput & { rollout: ObservedRollout }, journal: Journal, crypto: Crypto): RotationPlan {
  const { spec, observed, rollout, findings, now } = input;
  const rotation = journal.rotation as Rotation;
  const obstacle = findObstacle({ rotation, findings, rollout, now });
  if (obstacle) return { ...resting(obstacle.message, obstacle.reason), actions: releaseLock({ rotation, rollout }) };
  const taken = takeLock({ rotation, rollout, now }, { isStarting: true });
  if (taken.length > 0) return underwayPlan(rotation, taken, 'The lock of operations is taken.');
  const previous = currentValues(observed.secrets);
  const next = nextValues(previous, rotation, { spec, crypto, now });
  const podsBefore = { web: rollout.web.rotation ?? null, worker: rollout.worker?.rotation ?? null };
  const at = toSeconds(now);
  const started: Rotation = { ...rotation, podsBefore, publishedBefore: ageOf(observed.secrets.application), startedAt: at, phase: 'Altering', since: at };
  return underwayPlan(rotation, [writeJournal(observed, { ...journal, rotation: started, values: { previous, next } }, `rotation ${templateMark(rotation)} starts`)], 'New values are generated.');
}

function planPhase(underway: Underway, journal: Journal): RotationPlan {
  const { rotation, observed, now } = underway;
  const step = firstUnmet(stepsOf(underway, journal));
  if (step.kind === 'met') return underwayPlan(rotation, withRelease(advance(underway, journal), underway), `${rotation.phase} has ended.`);
  const deadline = deadlineOf(rotation);
  const message = step.kind === 'wait' ? step.why : `next: ${describeNext(step.actions)}`;
  if (deadline && now >= deadline) {
    const last = step.kind === 'wait' ? step.why : `the last step was: ${step.actions.map(describeAction).join(', ')}`;
    const why = `${rotation.phase} did not end in time: ${last}`;
    const turned: Rotation = { ...rotation, phase: 'Returning', since: toSeconds(now), why, undoneIn: rotation.phase };
    return underwayPlan(rotation, [writeJournal(observed, { ...journal, rotation: turned }, `rotation ${templateMark(rotation)} is undone: ${why}`, true)], why);
  }
  return underwayPlan(rotation, [...(step.kind === 'act' ? step.actions : []), ...takeLock(underway, { isStarting: false })], message);
}

/** Only after the journal says that it has ended: what it says is the truth, and a lock that was left behind is known by it. */
function withRelease(write: WriteJournal, underway: Underway): readonly RotationAction[] {
  const { rotation } = write.journal;
  return rotation === undefined || rotation.phase === 'Waiting' ? [write, ...releaseLock(underway)] : [write];
}

function describeNext([first]: readonly RotationAction[]): string {
  return first ? describeAction(first) : 'nothing';
}

/** When the phase is undone if it has not ended; undefined when it is tried for ever. */
export function deadlineOf({ phase, since }: Pick<Rotation, 'phase' | 'since'>): Date | undefined {
  const { deadline } = PROTOCOL[phase];
  return deadline === undefined ? undefined : new Date(Date.parse(since) + deadline);
}

/** The conditions of a row in the order in which they are brought about. */
function stepsOf(underway: Underway, journal: Journal): readonly (() => RotationStep)[] {
  const { phase } = underway.rotation;
  const accepted = [() => postgresStep(underway), () => valkeyStep(underway)];
  const published = [() => publishStep(underway), () => rollStep(underway)];
  switch (phase) {
    // Logins were tried, and are again in Proving. Pods that cannot reach Valkey would not start.
    case 'Rolling': return [() => valkeyPasswordsStep(underway), ...published];
    // Both are accepted since before anything was published: the rollback waits for nothing but the pods.
    case 'Returning': return [...published, () => restartedStep(underway, journal)];
    case 'Proving': return [...accepted, ...published, () => proofStep(underway)];
    case 'Retiring': return retiringSteps(underway, journal, accepted);
    default: return [...accepted, ...published];
  }
}

function retiringSteps(underway: Underway, journal: Journal, accepted: readonly (() => RotationStep)[]): readonly (() => RotationStep)[] {
  const published = [() => publishStep(underway), () => rollStep(underway), () => gatewayStep(underway), () => backupStep(underway)];
  const atOnce = [() => operatorLoginStep(underway), () => administratorStep(underway)];
  const kept = keptFor(underway);
  if (kept) return [...published, ...atOnce, ...keptLoginSteps(underway, journal, kept)];
  return [...published, ...accepted, ...atOnce, () => sessionsEndedStep(underway, journal)];
}

/** New values must not be revoked while a pod uses them: one that was killed while they were published started with them, whatever its template says. */
function restartedStep(underway: Underway, journal: Journal): RotationStep {
  const { rotation, observed, now } = underway;
  const left = leftOnNew(underway);
  if (left === undefined) return MET;
  const podsBefore = freshPods(rotation);
  const renewed = rotation.podsBefore?.web === podsBefore.web;
  if (renewed && !left.seen) return MET;
  if (left.seen && (renewed || now.getTime() < Date.parse(rotation.since) + RESTARTED_AFTER)) return wait(left.why);
  return act(writeJournal(observed, { ...journal, rotation: { ...rotation, podsBefore } }, `rotation ${templateMark(rotation)}: new pods, because ${left.why}`));
}

function advance(underway: Underway, journal: Journal): WriteJournal {
  const { rotation, row, observed, now } = underway;
  if (row.then !== undefined) return enter(row.then, underway, journal);
  if (row.accepted === 'next') {
    const ended = { ...endedJournal(journal, rotation, { result: 'Completed', now, message: 'The new values are in use, the old ones are revoked.' }), ...completedAt(underway) };
    return writeJournal(observed, ended, `rotation ${templateMark(rotation)} completed`);
  }
  return undone(underway, journal);
}

/** A request for some of the credentials does not postpone the schedule's turn for the others. */
function completedAt({ spec, rotation, now }: Underway): Pick<Journal, 'lastCompletedAt'> {
  const scheduled = spec.rotation.credentials ?? rotatableCredentials(spec);
  return scheduled.every((name) => rotation.credentials.includes(name)) ? { lastCompletedAt: toSeconds(now) } : {};
}

function enter(phase: Phase, { rotation, observed, now }: Underway, journal: Journal): WriteJournal {
  const moved: Rotation = { ...rotation, phase, since: toSeconds(now) };
  return writeJournal(observed, { ...journal, rotation: moved }, `rotation ${templateMark(rotation)}: ${phase}`);
}

/** Undone: it is tried again after a pause, or left to a person. */
function undone({ rotation, spec, observed, now }: Underway, journal: Journal): WriteJournal {
  const why = rotation.why ?? 'unknown';
  const last = rotation.attempt >= spec.rotation.maxAttempts;
  const ended = endedJournal(journal, rotation, { result: 'Undone', now, message: `${why}. The previous values are in use.`, again: !last });
  if (last) return writeJournal(observed, ended, `rotation ${rotation.id} is given up after ${rotation.attempt} attempts: ${why}`, true);
  const at = toSeconds(now);
  const again: Rotation = {
    ...rotation, phase: 'Waiting', since: at, startedAt: undefined, podsBefore: undefined, publishedBefore: undefined, undoneIn: undefined, sessionsEndedIn: undefined, attempt: rotation.attempt + 1,
    notBefore: toSeconds(new Date(now.getTime() + pauseAfter(rotation.attempt))),
  };
  return writeJournal(observed, { ...ended, rotation: again }, `rotation ${templateMark(rotation)} is undone and will be tried again at ${again.notBefore ?? ''}: ${why}`, true);
}

interface Ending {
  readonly result: RotationResult;
  readonly now: Date;
  readonly message: string;
  /** It is tried again by itself. */
  readonly again?: boolean;
}

/** Without the values: those in use are in their own Secrets, and the others are revoked. */
function endedJournal(journal: Journal, rotation: Rotation, { result, now, message, again = false }: Ending): Journal {
  const { trigger, credentials, startedAt = rotation.requestedAt } = rotation;
  const record = { id: templateMark(rotation), trigger, credentials, startedAt, finishedAt: toSeconds(now), result, message };
  return { lastCompletedAt: journal.lastCompletedAt, history: [record, ...journal.history].slice(0, HISTORY_LENGTH), owed: again ? pendingReplacements(journal) : settle(pendingReplacements(journal), record) };
}

function underwayPlan(rotation: Rotation, actions: readonly RotationAction[], message: string): RotationPlan {
  return { actions, message, finding: { type: 'RotationInProgress', status: 'True', reason: REASONS[rotation.phase], message } };
}

function resting(message: string, reason: Finding['reason'] = REASONS.Idle): RotationPlan {
  return { actions: [], message, finding: { type: 'RotationInProgress', status: 'False', reason, message } };
}
