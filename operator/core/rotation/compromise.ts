// What a compromise changes in a rotation: sessions end at once and again later, and nothing but what is half-way in the database keeps an old login.
import type { Trigger } from '../../api/rotation-fields.js';
import type { Observed } from '../credentials/observed.js';
import { describeHolder, verdictOf, type Holder } from '../operations/exclusion.js';
import { toSeconds } from '../timestamps.js';
import type { RotationAction } from './actions.js';
import type { Journal, Rotation } from './journal.js';
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

/** Sessions end after the roll, not only when the operation has ended. */
export function keptLoginSteps({ rotation, observed, values }: Underway, journal: Journal, kept: Holder): readonly (() => RotationStep)[] {
  const until = toSeconds(kept.until);
  return [
    () => (rotation.sessionsEndedIn === 'Retiring' ? MET : endSessions({ observed, journal, rotation }, { sessionsEndedIn: 'Retiring' }, 'sessions ended after the roll')),
    () => wait(`${describeHolder(kept)} still uses ${values.previous.DATABASE_USER.reveal()}, which is revoked when that has ended, or at ${until}`),
  ];
}

/** An operation that began before Retiring and may have logged in with the old values. One that began later has read the new ones. */
export function keptFor({ rotation, rollout, now }: Underway): Holder | undefined {
  if (rotation.trigger !== 'compromised') return undefined;
  const retiringSince = new Date(rotation.since);
  return rollout.jobs.find(({ operation, since, until }) => verdictOf('compromised', operation) === 'retires later' && since < retiringSince && until > now);
}

function endSessions({ observed, journal, rotation }: Recorded, noted: Partial<Rotation>, note: string): RotationStep {
  const next = { ...journal, rotation: { ...rotation, ...noted } };
  return act<RotationAction>({ kind: 'end sessions' }, writeJournal(observed, next, `rotation ${templateMark(rotation)}: ${note}`));
}
