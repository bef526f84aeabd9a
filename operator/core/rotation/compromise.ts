// What a compromise changes in a rotation: sessions end at once and again later, and nothing but what is half-way in the database keeps an old login.
import type { Trigger } from '../../api/rotation-fields.js';
import type { Observed } from '../credentials/observed.js';
import { describeHolder, verdictOf, type Holder } from '../operations/exclusion.js';
import { toSeconds } from '../timestamps.js';
import type { RotationAction } from './actions.js';
import { sameValue, type Journal, type Rotation } from './journal.js';
import { writeJournal } from './journal-write.js';
import { templateMark } from './pod-rollout.js';
import { act, MET, wait } from './protocol.js';
import type { RotationStep, Underway } from './step-input.js';

interface Recorded {
  readonly observed: Observed;
  readonly journal: Journal;
  readonly rotation: Rotation;
}

/**
 * Before anything is waited for, and beside a rotation of another kind that has to be finished first. Not while Valkey cannot be
 * reached, which is waited for anyway.
 */
export function endSessionsAtOnce({ observed, journal, rotation }: Recorded, asked: Trigger | undefined): RotationStep {
  const isReachable = observed.valkey.kind === 'observed' || observed.valkey.kind === 'none';
  const isWanted = rotation.trigger === 'compromised' || asked === 'compromised';
  if (!isWanted || !isReachable || rotation.sessionsEndedIn !== undefined) return MET;
  return endSessions({ observed, journal, rotation }, { sessionsEndedIn: rotation.phase }, 'sessions ended at once');
}

/** Once every password is new: a new SECRET_KEY does not end sessions of GlitchTip's API. */
export function sessionsEndedStep({ rotation, observed }: Underway, journal: Journal): RotationStep {
  if (rotation.trigger !== 'compromised' || rotation.sessionsEnded) return MET;
  return endSessions({ observed, journal, rotation }, { sessionsEnded: true }, 'sessions ended');
}

/** For whose sake the old login works a while longer. */
export interface Kept {
  readonly by: string;
  readonly until: Date;
}

/**
 * Old pods of ours that run beside new ones that do not become available are let in for so long after Retiring began; it was told as
 * critical long before, and they cannot learn what is new: they read it when they start. Milliseconds.
 */
export const OLD_PODS_KEPT_FOR = 30 * 60_000;

/** Sessions end after the roll, not only when the login is revoked. */
export function keptLoginSteps({ rotation, observed, values }: Underway, journal: Journal, kept: Kept): readonly (() => RotationStep)[] {
  const until = toSeconds(kept.until);
  return [
    () => (rotation.sessionsEndedIn === 'Retiring' ? MET : endSessions({ observed, journal, rotation }, { sessionsEndedIn: 'Retiring' }, 'sessions ended after the roll')),
    () => wait(`${kept.by} still uses ${values.previous.DATABASE_USER.reveal()}, which is revoked when that has ended, or at ${until}`),
  ];
}

/** Undefined: the old login is revoked now. */
export function keptFor(underway: Underway): Kept | undefined {
  if (underway.rotation.trigger !== 'compromised') return undefined;
  const holder = operationOnOldLogin(underway);
  return holder ? { by: describeHolder(holder), until: holder.until } : oldPods(underway);
}

/** An operation that began before Retiring and may have logged in with the old values. One that began later has read the new ones. */
function operationOnOldLogin({ rotation, rollout, now }: Underway): Holder | undefined {
  const retiringSince = new Date(rotation.since);
  return rollout.jobs.find(({ operation, since, until }) => verdictOf('compromised', operation) === 'retires later' && since < retiringSince && until > now);
}

function oldPods(underway: Underway): Kept | undefined {
  const { rotation, rollout: { web, worker, sessions } } = underway;
  if (isTimeOver(underway)) return undefined;
  const left = [web, ...(worker ? [worker] : [])].find(({ hasOldPods }) => hasOldPods === true);
  const count = sessions.previous.ours - sessions.previous.jobs;
  const by = left ? `an old pod of Deployment ${left.name} (${left.pending ?? 'it ends'})` : count > 0 && hasNewLogin(underway) ? `one of our pods (${count} sessions)` : undefined;
  return by === undefined ? undefined : { by, until: new Date(Date.parse(rotation.since) + OLD_PODS_KEPT_FOR) };
}

function hasNewLogin({ values: { previous, next } }: Underway): boolean {
  return !sameValue(previous.DATABASE_USER, next.DATABASE_USER);
}

function isTimeOver({ rotation, now }: Underway): boolean {
  return now.getTime() >= Date.parse(rotation.since) + OLD_PODS_KEPT_FOR;
}

/** Whether new pods are waited for no longer, in Retiring. */
export function isOldLeftBehind(underway: Underway): boolean {
  const { trigger, despiteRollout } = underway.rotation;
  return trigger === 'compromised' && (despiteRollout === true || isTimeOver(underway));
}

/** Begun in spite of a rollout that does not end, it does not go back for want of new pods: the old values would stay valid. */
export function goesForward({ phase, despiteRollout }: Rotation): boolean {
  return despiteRollout === true && (phase === 'Rolling' || phase === 'Proving');
}

function endSessions({ observed, journal, rotation }: Recorded, noted: Partial<Rotation>, note: string): RotationStep {
  const next = { ...journal, rotation: { ...rotation, ...noted } };
  return act<RotationAction>({ kind: 'end sessions' }, writeJournal(observed, next, `rotation ${templateMark(rotation)}: ${note}`));
}
