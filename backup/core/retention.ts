// Which copies are kept, and what of the store goes. Decided by names and manifests alone: neither a file's time nor an object's LastModified is believed.
import { timeOfCopy } from './copy-name.js';
import { DAMAGED, MANIFEST, copyKey, parseKey } from './layout.js';

export interface RetentionPolicy {
  /** Days for which every copy is kept. */
  readonly days: number;
  /** So many of the newest good ones are kept, whatever their age. */
  readonly newest: number;
  /** For so many months the first good copy of each is kept. */
  readonly months: number;
}

/** A copy that has a manifest. `damaged`: its bytes were found to be others than the manifest says. */
export interface KnownCopy {
  readonly name: string;
  readonly damaged: boolean;
}

export type RetentionPlan =
  /** Nothing is deleted, and why. */
  | { readonly kind: 'nothing'; readonly why: 'NoGoodCopy' | 'NewestTooOld' | 'NewestInFuture' }
  | { readonly kind: 'some'; readonly remove: readonly string[] };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A newest copy older than this, and than twice the time between the two before: backups fail, or the clock was set forward; time must not take what is left. */
const NEWEST_AT_MOST = 3 * DAY;
const USUAL_TIMES = 2;
/** Two hosts' clocks may differ by this. */
const CLOCK_TOLERANCE = HOUR / 6;
/** What has no manifest after this time is what a run left that was killed; each ends within hours. */
const UNFINISHED_AFTER = 2 * DAY;

/** @param own the copy of this very run, if it is one already: that it is of now says nothing of whether the clock is right */
export function planRetention(copies: readonly KnownCopy[], now: Date, policy: RetentionPolicy, own?: string): RetentionPlan {
  const byAge = copies.map((copy) => ({ ...copy, at: timeOfCopy(copy.name) })).sort((a, b) => b.at.getTime() - a.at.getTime());
  const good = byAge.filter(({ damaged }) => !damaged);
  if (good.length === 0) return { kind: 'nothing', why: 'NoGoodCopy' };
  // Of any copy: then either it or the clock of today is wrong.
  if (byAge.some(({ at }) => at.getTime() > now.getTime() + CLOCK_TOLERANCE)) return { kind: 'nothing', why: 'NewestInFuture' };
  if (isTooOld(good.filter(({ name }) => name !== own).map(({ at }) => at.getTime()), now)) return { kind: 'nothing', why: 'NewestTooOld' };

  const kept = new Set(good.slice(0, policy.newest).map(({ name }) => name));
  for (const { name, at } of byAge) if (now.getTime() - at.getTime() <= policy.days * DAY) kept.add(name);
  for (const name of firstOfMonths(good, now, policy.months)) kept.add(name);
  return { kind: 'some', remove: byAge.filter(({ name }) => !kept.has(name)).map(({ name }) => name) };
}

/** @param times of good copies, the newest first. Milliseconds */
function isTooOld([newest, before = newest]: readonly number[], now: Date): boolean {
  if (newest === undefined || before === undefined) return false;
  return now.getTime() - newest > Math.max(NEWEST_AT_MOST, USUAL_TIMES * (newest - before));
}

/** Months by the calendar of UTC, the running one included. */
function firstOfMonths(good: readonly { readonly name: string; readonly at: Date }[], now: Date, months: number): string[] {
  const month = (at: Date) => at.getUTCFullYear() * 12 + at.getUTCMonth();
  const first = new Map<number, string>();
  // From the newest to the oldest: the last to be set is the first of its month.
  for (const { name, at } of good) first.set(month(at), name);
  return [...first].filter(([of]) => month(now) - of < months).map(([, name]) => name);
}

/** Of the copies that stay: their names, and the keys of the uploads that their manifests name. */
export interface Kept {
  readonly names: ReadonlySet<string>;
  readonly uploads: ReadonlySet<string>;
}

/** Keys of the store to delete, in this order: of each copy the manifest first, so that half a copy is none. */
export function keysToRemove(keys: readonly string[], remove: readonly string[], { names, uploads }: Kept, now: Date): string[] {
  const removed = new Set(remove);
  const whole = new Set([...names, ...removed]);
  const goes = (key: string): boolean => {
    const own = parseKey(key);
    if (own === undefined) return false;
    if (own.kind === 'upload') return !uploads.has(key);
    return removed.has(own.copy) || (!whole.has(own.copy) && now.getTime() - timeOfCopy(own.copy).getTime() > UNFINISHED_AFTER);
  };
  const rank = (key: string): number => (key.endsWith(`/${MANIFEST}`) ? 0 : 1);
  return keys.filter(goes).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** Copies of a store by its keys. */
export function copiesAmong(keys: readonly string[]): KnownCopy[] {
  const all = new Set(keys);
  return keys.flatMap((key) => {
    const own = parseKey(key);
    return own?.kind === 'copy' && own.file === MANIFEST ? [{ name: own.copy, damaged: all.has(copyKey(own.copy, DAMAGED)) }] : [];
  }).sort((a, b) => b.name.localeCompare(a.name));
}
