// Dates of a journal in the future, because the clock went back since they were written: nothing would be due, or late, until then.
import { toSeconds } from '../timestamps.js';
import type { Journal, Rotation } from './journal.js';
import { pendingReplacements } from './pending-replacements.js';

/**
 * The journal with nothing in it that was before `now` only by another clock; undefined when nothing was. To be written, and not
 * only reckoned with: what is counted from `now` at every reconcile never comes. The history says what it said.
 */
export function withoutAhead(journal: Journal, now: Date): Journal | undefined {
  const { rotation, lastCompletedAt } = journal;
  const owed = pendingReplacements(journal);
  const isAhead = (instant: string | undefined) => instant !== undefined && Date.parse(instant) > now.getTime();
  if (![lastCompletedAt, rotation?.since, ...owed.map(({ finishedAt }) => finishedAt)].some(isAhead)) return undefined;
  const held = (instant: string) => (isAhead(instant) ? toSeconds(now) : instant);
  return {
    ...journal,
    ...(rotation ? { rotation: holdRotation(rotation, now) } : {}),
    ...(lastCompletedAt === undefined ? {} : { lastCompletedAt: held(lastCompletedAt) }),
    owed: owed.map((each) => ({ ...each, finishedAt: held(each.finishedAt) })),
  };
}

/** The pause stays as long as it was. */
function holdRotation(rotation: Rotation, now: Date): Rotation {
  const ahead = Date.parse(rotation.since) - now.getTime();
  if (ahead <= 0) return rotation;
  const { notBefore } = rotation;
  return { ...rotation, since: toSeconds(now), ...(notBefore === undefined ? {} : { notBefore: toSeconds(new Date(Date.parse(notBefore) - ahead)) }) };
}
