// One tracked cause, from one check to the next: its state, its counters and its texts.
import type { Cause } from '../health/root-cause.js';
import { clean, cut } from '../text-limits.js';
import { toSeconds } from '../timestamps.js';
import { identifier } from './outbox.js';
import { keyOf } from './cause-relations.js';
import type { TrackedCause, IncidentSnapshot } from './alert-state.js';

/** A check and the thresholds that it is judged by. */
export interface Check {
  readonly seen: ReadonlyMap<string, Cause>;
  readonly repairTexts: ReadonlyMap<string, string>;
  readonly now: Date;
  readonly failuresToOpen: number;
  readonly successesToClose: number;
}

/** So many openings within this time are flapping. Milliseconds. */
export const FLAPPING_OPENINGS = 3;
const FLAPPING_WINDOW = 1_800_000;
/** Figures in an open incident's text change with every check; its message is edited no more often than this. Milliseconds. */
const EDIT_EVERY = 60_000;
/**
 * A suspect that was not confirmed for this long is dropped: failures in a row are seconds apart, and a longer gap means a restart,
 * a time without observations, or another cause that hides it. Milliseconds.
 */
const SUSPECT_FOR = 180_000;
/** Longest texts that are kept. Characters; lines of `explains`. */
const KEPT = { message: 600, advice: 600, healing: 300, explains: 160, explained: 8 };

/** What notifications and the status say of it. */
export function snapshotOf({ id, reason, part, severity, since, message, advice, explains, healing }: IncidentSnapshot): IncidentSnapshot {
  return { id, reason, part, severity, since, message, advice, explains, ...(healing === undefined ? {} : { healing }) };
}

export function isActive({ state }: TrackedCause): boolean {
  return state !== 'closed';
}

/** Whether too much time passed for the next failure to be another in a row. */
export function isStale({ state, seenAt, since }: TrackedCause, now: Date): boolean {
  return state === 'suspect' && now.getTime() - Date.parse(seenAt ?? since) >= SUSPECT_FOR;
}

function withinWindow(instants: readonly string[], now: Date): string[] {
  return instants.filter((instant) => now.getTime() - Date.parse(instant) < FLAPPING_WINDOW);
}

export function recentlyOpened({ openings: instants }: TrackedCause, now: Date): boolean {
  return withinWindow(instants, now).length > 0;
}

/** Its recent openings, and one now. */
export function openings({ openings: instants }: TrackedCause, now: Date): string[] {
  return [...withinWindow(instants, now), toSeconds(now)].slice(-20);
}

/** A new suspect. */
export function follow(cause: Cause, check: Check, sequence: number): TrackedCause {
  const at = toSeconds(check.now);
  return { id: identifier(check.now, sequence), ...wordsOf(cause, check), state: 'suspect', since: at, seenAt: at, failures: 1, successes: 0, wordedAt: at, openings: [], flapping: false };
}

/** One that was resolved is suspected again: a new incident, which keeps the earlier openings. */
export function revive(closed: TrackedCause, cause: Cause, check: Check, sequence: number): TrackedCause {
  return { ...follow(cause, check, sequence), openings: closed.openings };
}

/** Seen again. */
export function advance(before: TrackedCause, cause: Cause, check: Check): TrackedCause {
  const found = wordsOf(cause, check);
  // Otherwise a severity that changes with every check would send a message each time.
  const words = before.state === 'open' && before.severity === 'critical' ? { ...found, severity: before.severity } : found;
  const changed = before.severity !== words.severity || withoutFigures(before.healing) !== withoutFigures(words.healing) || before.state === 'suspect';
  const stale = check.now.getTime() - Date.parse(before.wordedAt) >= EDIT_EVERY;
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

/** Continues as `cause`, the more exact explanation of the same incident. `merged` was tracked under that name already. */
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

function wordsOf(cause: Cause, { repairTexts }: Check): Pick<TrackedCause, 'reason' | 'part' | 'severity' | 'message' | 'advice' | 'explains' | 'healing'> {
  const { reason, part, severity, message, advice, explains } = cause;
  return {
    reason, part, severity,
    message: cut(clean(message), KEPT.message),
    advice: cut(clean(advice), KEPT.advice),
    explains: explains.slice(0, KEPT.explained).map((text) => cut(clean(text), KEPT.explains)),
    healing: cutOptional(repairTexts.get(keyOf(cause))),
  };
}

/** Of a suspect only: for an incident it would cost a write at each check. */
function sightingOf({ state }: TrackedCause, { now }: Check): { seenAt?: string } {
  return state === 'suspect' ? { seenAt: toSeconds(now) } : {};
}

/** A countdown that went on is no change. */
function withoutFigures(text: string | undefined): string | undefined {
  return text?.replace(/\d+/g, '#');
}

function cutOptional(text: string | undefined): string | undefined {
  return text === undefined ? undefined : cut(clean(text), KEPT.healing);
}

function saysTheSame(before: TrackedCause, words: ReturnType<typeof wordsOf>): boolean {
  return JSON.stringify(snapshotOf(before)) === JSON.stringify(snapshotOf({ ...before, ...words }));
}
