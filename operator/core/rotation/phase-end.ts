// Where a phase of a rotation leads when it has ended: to the next one, or to the end, as completed or as undone. Pure.
import { HISTORY_LENGTH, type Phase, type RotationResult } from '../../api/rotation-fields.js';
import { toSeconds } from '../timestamps.js';
import type { WriteJournal } from './actions.js';
import type { Journal, Rotation } from './journal.js';
import { writeJournal } from './journal-write.js';
import { pendingReplacements, settle } from './pending-replacements.js';
import { templateMark } from './pod-rollout.js';
import { pauseAfter, PROTOCOL } from './protocol.js';
import { rotatableCredentials } from './requested-rotation.js';
import type { Underway } from './step-input.js';

/** When the phase is undone if it has not ended; undefined when it is tried for ever. */
export function deadlineOf({ phase, since }: Pick<Rotation, 'phase' | 'since'>): Date | undefined {
  const { deadline } = PROTOCOL[phase];
  return deadline === undefined ? undefined : new Date(Date.parse(since) + deadline);
}

export function advance(underway: Underway, journal: Journal): WriteJournal {
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
    ...rotation, phase: 'Waiting', since: at, startedAt: undefined, despiteRollout: undefined, podsBefore: undefined, publishedBefore: undefined, undoneIn: undefined, sessionsEndedIn: undefined, attempt: rotation.attempt + 1,
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
