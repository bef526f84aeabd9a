// The proof that the new values are in use: an event went through web, queue and worker into the database, and no pod is left on the old login.
import { changesCredentialOfPods } from './pod-credentials.js';
import { setToRevoke, type RotationStep, type Underway } from './step-input.js';
import { sameValue, type Rotation } from './journal.js';
import { templateMark } from './pod-rollout.js';
import { act, firstUnmet, MET, wait } from './protocol.js';

export function proofStep(underway: Underway): RotationStep {
  if (!changesCredentialOfPods(underway.rotation.credentials)) return MET;
  return firstUnmet([() => eventStep(underway), () => sessionsStep(underway)]);
}

/** A 200 is never proof of storage: only the stored event is. */
function eventStep({ rollout, rotation }: Underway): RotationStep {
  return rollout.eventStored ? MET : act({ kind: 'send event', rotation });
}

function sessionsStep(underway: Underway): RotationStep {
  const { values, rollout, rotation } = underway;
  if (sameValue(values.previous.DATABASE_USER, values.next.DATABASE_USER)) return MET;
  const set = setToRevoke(underway);
  const { ours, jobs, others } = rollout.sessions[set];
  // Whoever has a compromised password must not be able to hold the rotation up with a session; it is ended when the login is closed.
  // Nor does a migration hold it up: its login is kept until it has ended (compromise.ts).
  const left = rotation.trigger === 'compromised' ? ours - jobs : ours + others;
  if (left === 0) return MET;
  return wait(`${left} sessions still use ${values[set].DATABASE_USER.reveal()}${others > 0 ? `, ${others} of them from no pod of ours` : ''}`);
}

/** A fresh event every so often: one that was accepted and then lost must not be waited for. Milliseconds. */
const EVENT_EVERY = 15_000;
/** Events looked for at most; the deadline of the phase is shorter. */
const MOST_EVENTS = 40;

/** Ids (32 hexadecimal digits) of the events of this phase, the newest first: always the same for the same moment, so that a repeat is no second event. */
export function proofEvents(rotation: Rotation, now: Date, sha256: (text: string) => string): readonly string[] {
  return eventIds({ of: templateMark(rotation), since: rotation.since, now }, sha256);
}

/** The same for whatever proves itself by an event since then. */
export function eventIds({ of, since, now }: { readonly of: string; readonly since: string; readonly now: Date }, sha256: (text: string) => string): readonly string[] {
  const windows = Math.min(Math.floor((now.getTime() - Date.parse(since)) / EVENT_EVERY), MOST_EVENTS);
  return Array.from({ length: Math.max(windows, 0) + 1 }, (_, index) => sha256(`${of} ${since} ${index}`).slice(0, 32)).reverse();
}
