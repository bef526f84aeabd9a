// What is followed, from one check to the next: one cause, its counts and its words.
import type { Cause } from '../health/root-cause.js';
import { clean, cut } from '../text-limits.js';
import { toSeconds } from '../timestamps.js';
import { identifier } from './outbox.js';
import { keyOf } from './cause-relations.js';
import type { TrackedCause, IncidentSnapshot } from './alert-state.js';

/** A check, and what it is judged by. */
export interface Check {
  readonly seen: ReadonlyMap<string, Cause>;
  readonly healings: ReadonlyMap<string, string>;
  readonly now: Date;
  readonly failuresToOpen: number;
  readonly successesToClose: number;
}

/** So often in this time: it comes and goes. Times; milliseconds. */
export const OFTEN = 3;
const LATELY = 1_800_000;
/** Figures in an open incident's words change with every check; its message does so often only. Milliseconds. */
const WORDS_EVERY = 60_000;
/**
 * A suspicion that was not confirmed for so long is none: failures in a row are seconds apart, and between two that are not there was
 * a restart, a blind time, or another cause that hides it. Milliseconds.
 */
const SUSPECT_FOR = 180_000;
/** Longest texts that are kept. Characters; lines of `explains`. */
const KEPT = { message: 600, advice: 600, healing: 300, explains: 160, explained: 8 };

/** What can be told of it. */
export function snapshotOf({ id, reason, part, severity, since, message, advice, explains, healing }: IncidentSnapshot): IncidentSnapshot {
  return { id, reason, part, severity, since, message, advice, explains, ...(healing === undefined ? {} : { healing }) };
}

export function isActive({ state }: TrackedCause): boolean {
  return state !== 'closed';
}

/** Whether too much time passed for the next sighting to be another in a row. */
export function isStale({ state, seenAt, since }: TrackedCause, now: Date): boolean {
  return state === 'suspect' && now.getTime() - Date.parse(seenAt ?? since) >= SUSPECT_FOR;
}

/** When it began, of late. */
function lately(instants: readonly string[], now: Date): string[] {
  return instants.filter((instant) => now.getTime() - Date.parse(instant) < LATELY);
}

export function recentlyOpened({ openings: instants }: TrackedCause, now: Date): boolean {
  return lately(instants, now).length > 0;
}

/** Its beginnings of late, and now. */
export function openings({ openings: instants }: TrackedCause, now: Date): string[] {
  return [...lately(instants, now), toSeconds(now)].slice(-20);
}

/** A new suspicion. */
export function follow(cause: Cause, check: Check, sequence: number): TrackedCause {
  const at = toSeconds(check.now);
  return { id: identifier(check.now, sequence), ...wordsOf(cause, check), state: 'suspect', since: at, seenAt: at, failures: 1, successes: 0, wordedAt: at, openings: [], flapping: false };
}

/** One that was over is suspected again: a new incident, and it is remembered that it was here before. */
export function revive(closed: TrackedCause, cause: Cause, check: Check, sequence: number): TrackedCause {
  return { ...follow(cause, check, sequence), openings: closed.openings };
}

/** Seen again. */
export function advance(before: TrackedCause, cause: Cause, check: Check): TrackedCause {
  const found = wordsOf(cause, check);
  // What is critical every other check would be told anew each time.
  const words = before.state === 'open' && before.severity === 'critical' ? { ...found, severity: before.severity } : found;
  const changed = before.severity !== words.severity || withoutFigures(before.healing) !== withoutFigures(words.healing) || before.state === 'suspect';
  const stale = check.now.getTime() - Date.parse(before.wordedAt) >= WORDS_EVERY;
  const cameBack = before.state === 'open' && before.successes >= check.successesToClose;
  return {
    ...before,
    ...(changed || stale ? { ...words, wordedAt: saysTheSame(before, words) ? before.wordedAt : toSeconds(check.now) } : {}),
    ...sightingOf(before, check),
    failures: Math.min(before.failures + 1, check.failuresToOpen),
    successes: 0,
    quietSince: undefined,
    openings: cameBack ? openings(before, check.now) : before.openings,
  };
}

/** Goes on as `cause`: the same incident by another, truer name. `merged` was followed under that name already. */
export function change(before: TrackedCause, cause: Cause, check: Check, merged?: TrackedCause): TrackedCause {
  const earlier = [...before.openings, ...(merged?.openings ?? [])].sort();
  return {
    ...before,
    healing: undefined,
    ...wordsOf(cause, check),
    ...sightingOf(before, check),
    wordedAt: toSeconds(check.now),
    failures: Math.min(Math.max(before.failures, merged?.failures ?? 0) + 1, check.failuresToOpen),
    successes: 0,
    quietSince: undefined,
    openings: earlier,
  };
}

export function close(before: TrackedCause): TrackedCause {
  return { ...before, state: 'closed', failures: 0, flapping: false };
}

function wordsOf(cause: Cause, { healings }: Check): Pick<TrackedCause, 'reason' | 'part' | 'severity' | 'message' | 'advice' | 'explains' | 'healing'> {
  const { reason, part, severity, message, advice, explains } = cause;
  return {
    reason, part, severity,
    message: cut(clean(message), KEPT.message),
    advice: cut(clean(advice), KEPT.advice),
    explains: explains.slice(0, KEPT.explained).map((text) => cut(clean(text), KEPT.explains)),
    healing: cutOptional(healings.get(keyOf(cause))),
  };
}

/** Of a suspicion only: an incident's would be a write at each check. */
function sightingOf({ state }: TrackedCause, { now }: Check): { seenAt?: string } {
  return state === 'suspect' ? { seenAt: toSeconds(now) } : {};
}

/** A countdown that went on says nothing new. */
function withoutFigures(text: string | undefined): string | undefined {
  return text?.replace(/\d+/g, '#');
}

function cutOptional(text: string | undefined): string | undefined {
  return text === undefined ? undefined : cut(clean(text), KEPT.healing);
}

function saysTheSame(before: TrackedCause, words: ReturnType<typeof wordsOf>): boolean {
  return JSON.stringify(snapshotOf(before)) === JSON.stringify(snapshotOf({ ...before, ...words }));
}
