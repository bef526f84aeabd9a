// Follows causes from check to check: when one becomes an incident, when it is over, and what is told of it.
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { IncidentStatus } from '../../api/health-fields.js';
import type { Cause } from '../health/root-cause.js';
import { toSeconds } from '../timestamps.js';
import { advance, change, close, follow, isActive, isStale, openings, OFTEN, recentlyOpened, revive, taleOf, type Check } from './tracked-causes.js';
import { LETTERS_KEPT, post } from './outbox.js';
import { hides, isLeftOver, isSameOutage, keyOf } from './cause-relations.js';
import { encodeWatchbook, LETTER_CHANNELS, type Followed, type Watchbook } from './alert-state.js';

export interface CheckResult {
  readonly causes: readonly Cause[];
  /** By `${reason}/${part}`: what the operator is doing about it. */
  readonly healings: ReadonlyMap<string, string>;
  readonly now: Date;
  readonly spec: GlitchTipSpec;
}

/** One that comes and goes is over when it stayed away for so long. Milliseconds. */
const QUIET_AFTER_FLAPPING = 900_000;
const HOUR = 3_600_000;
/** More than diagnose can find at once; a book that grows for another reason stays small. */
const FOLLOWED_KEPT = 30;

/** The book after a check, with the letters that follow from it; the very same book when nothing changed. */
export function track(book: Watchbook, { causes, healings, now, spec }: CheckResult): Watchbook {
  const seen = new Map(causes.map((cause) => [keyOf(cause), cause] as const));
  const check: Check = { seen, healings, now, failuresToOpen: spec.health.failuresToOpen, successesToClose: spec.health.successesToClose };
  const steps: readonly ((book: Watchbook) => Watchbook)[] = [
    (each) => (each.followed.some((followed) => isStale(followed, now)) ? { ...each, followed: each.followed.flatMap((followed) => (isStale(followed, now) ? withoutSuspicion(followed, now) : [followed])) } : each),
    (each) => [...seen.values()].reduce((before, cause) => see(before, cause, check), each),
    (each) => each.followed.reduce((before, followed) => miss(before, followed, check), each),
    (each) => each.followed.reduce((before, followed) => openWhenDue(before, followed, check), each),
    (each) => each.followed.reduce((before, followed) => repeatWhenDue(before, followed, check, spec.alerts.repeatHours), each),
    (each) => reportWhenDue(each, spec.alerts.reportHours, now),
    (each) => prune(each, now),
  ];
  const after = steps.reduce((before, step) => step(before), book);
  return encodeWatchbook(after) === encodeWatchbook(book) ? book : after;
}

/** The book of what is not looked at any more; the very same when there is nothing to end. Repairs stay, and with them their limit. */
export function stopFollowing(book: Watchbook): Watchbook {
  const { followed, outbox, threads, report } = book;
  const isEmpty = followed.length + outbox.length + threads.length === 0 && report === undefined;
  return isEmpty ? book : { ...book, followed: [], outbox: [], threads: [], report: undefined };
}

/** What is wrong, for status.health. */
export function openIncidents({ followed }: Watchbook): IncidentStatus[] {
  return followed.filter(({ state }) => state === 'open').map((each) => {
    const { explains, healing, ...rest } = taleOf(each);
    return { ...rest, ...(explains.length > 0 ? { explains } : {}), ...(healing === undefined ? {} : { healing }) };
  });
}

/** Whether something is wrong, suspect, or not known to be over: the next check should come soon. */
export function failing({ followed }: Watchbook): boolean {
  return followed.some((each) => each.state === 'suspect' || (each.state === 'open' && !(each.flapping && each.successes > 0)));
}

/** Whether one of what was just found is to be told if it is found again. */
export function hasSuspects({ followed }: Watchbook, causes: readonly Cause[]): boolean {
  return followed.some((each) => each.state === 'suspect' && causes.some((cause) => keyOf(cause) === keyOf(each)));
}

/** A cause that was found: one that is followed already, one that another turned out to be, or a new one. */
function see(book: Watchbook, cause: Cause, check: Check): Watchbook {
  const own = book.followed.find((each) => keyOf(each) === keyOf(cause));
  if (own?.state === 'open') return put(book, own, advance(own, cause, check), check);
  const earlier = book.followed.filter((each) => isActive(each) && !check.seen.has(keyOf(each)) && isSameOutage(cause, each));
  const [heir, ...others] = [...earlier].sort((a, b) => Number(b.state === 'open') - Number(a.state === 'open'));
  if (heir) return others.reduce((each, other) => partOf(each, other, heir, check), take(book, heir, cause, check));
  if (!own) return { ...book, followed: [...book.followed, follow(cause, check, book.sequence + 1)], sequence: book.sequence + 1 };
  if (own.state === 'suspect') return put(book, own, advance(own, cause, check), check);
  return { ...put(book, own, revive(own, cause, check, book.sequence + 1), check), sequence: book.sequence + 1 };
}

/** `heir` goes on under the name of `cause`, as the same incident, in the same message. */
function take(book: Watchbook, heir: Followed, cause: Cause, check: Check): Watchbook {
  const own = book.followed.find((each) => keyOf(each) === keyOf(cause));
  const rest = own ? { ...book, followed: book.followed.filter((each) => each !== own) } : book;
  return put(rest, heir, change(heir, cause, check, own), check);
}

/** What has become known to be part of another incident is told no more by itself. */
function partOf(book: Watchbook, other: Followed, heir: Followed, { now }: Check): Watchbook {
  const rest = { ...book, followed: book.followed.filter((each) => each.id !== other.id) };
  const whole = book.followed.find((each) => each.id === heir.id) ?? heir;
  if (other.state !== 'open') return rest;
  return post(rest, { event: 'resolved', edit: true, incident: taleOf(other), endedAt: toSeconds(now), partOf: taleOf(whole) }, now);
}

/** Writes the change of what is followed down, and tells of it what has to be told. */
function put(book: Watchbook, before: Followed, after: Followed, { now }: Check): Watchbook {
  const told: Followed = isWorse(before, after) ? { ...after, toldAt: toSeconds(now) } : after;
  const written = { ...book, followed: book.followed.map((each) => (each === before ? told : each)) };
  if (before.state !== 'open' || JSON.stringify(taleOf(before)) === JSON.stringify(taleOf(after))) return written;
  // A warning that became critical has to be heard; all else is read when the message is.
  const edit = !isWorse(before, after);
  return post(written, { event: 'update', edit, onlyWords: edit && keyOf(before) === keyOf(after), incident: taleOf(after), ...timesOf(after) }, now);
}

function isWorse(before: Followed, after: Followed): boolean {
  return before.state === 'open' && before.severity === 'warning' && after.severity === 'critical';
}

function timesOf(followed: Followed): { times?: number } {
  return followed.flapping ? { times: followed.openings.length } : {};
}

/** What is followed and was not found in this check. */
function miss(book: Watchbook, followed: Followed, check: Check): Watchbook {
  const found = book.followed.find((each) => each.id === followed.id);
  if (!found || !isActive(found) || check.seen.has(keyOf(found))) return book;
  if ([...check.seen.values()].some((cause) => hides(cause, found))) return book;
  if (found.state === 'suspect') return { ...book, followed: book.followed.flatMap((each) => (each === found ? withoutSuspicion(each, check.now) : [each])) };
  const quiet: Followed = { ...found, successes: Math.min(found.successes + 1, check.successesToClose), quietSince: found.quietSince ?? toSeconds(check.now) };
  const counted = { ...book, followed: book.followed.map((each) => (each === found ? quiet : each)) };
  return quiet.successes < check.successesToClose ? counted : end(counted, quiet, check);
}

/** Not confirmed: nothing is left of it, but that it comes and goes. */
function withoutSuspicion(suspect: Followed, now: Date): Followed[] {
  return recentlyOpened(suspect, now) ? [{ ...suspect, state: 'closed' }] : [];
}

/** Over, unless something is left of it, or it is known to come back. */
function end(book: Watchbook, quiet: Followed, check: Check): Watchbook {
  const left = [...check.seen.values()].find((cause) => isLeftOver(cause, quiet) && !book.followed.some((each) => each.state === 'open' && keyOf(each) === keyOf(cause)));
  if (left) return take(book, quiet, left, check);
  const { now } = check;
  const endedAt = quiet.quietSince ?? toSeconds(now);
  if (quiet.flapping && now.getTime() - Date.parse(endedAt) < QUIET_AFTER_FLAPPING) return book;
  const closed = { ...book, followed: book.followed.map((each) => (each === quiet ? close(quiet) : each)) };
  const counted = closed.report ? { ...closed, report: { ...closed.report, resolved: closed.report.resolved + 1 } } : closed;
  return post(counted, { event: 'resolved', edit: false, incident: taleOf(quiet), endedAt, ...timesOf(quiet) }, now);
}

function openWhenDue(book: Watchbook, followed: Followed, check: Check): Watchbook {
  const { now } = check;
  const suspect = book.followed.find((each) => each.id === followed.id && each.state === 'suspect');
  const cause = suspect && check.seen.get(keyOf(suspect));
  if (!suspect || !cause || suspect.failures < check.failuresToOpen) return book;
  const earlier = book.followed.find((each) => each.state === 'open' && !check.seen.has(keyOf(each)) && isLeftOver(suspect, each));
  if (earlier) return take(book, earlier, cause, check);
  const times = openings(suspect, now);
  const opened: Followed = { ...suspect, state: 'open', seenAt: undefined, openings: times, flapping: times.length >= OFTEN, toldAt: toSeconds(now) };
  const written = { ...book, followed: book.followed.map((each) => (each === suspect ? opened : each)) };
  return post(written, { event: 'open', edit: false, incident: taleOf(opened), ...timesOf(opened) }, now);
}

function repeatWhenDue(book: Watchbook, followed: Followed, check: Check, hours: number): Watchbook {
  const open = book.followed.find((each) => each.id === followed.id && each.state === 'open');
  if (!open || !check.seen.has(keyOf(open)) || Date.parse(open.toldAt ?? open.since) + hours * HOUR > check.now.getTime()) return book;
  const told = { ...open, toldAt: toSeconds(check.now) };
  const written = { ...book, followed: book.followed.map((each) => (each === open ? told : each)) };
  return post(written, { event: 'update', edit: false, incident: taleOf(told), ...timesOf(told) }, check.now);
}

function reportWhenDue(book: Watchbook, hours: number, now: Date): Watchbook {
  const { report } = book;
  if (hours === 0) return report ? { ...book, report: undefined } : book;
  // The first period begins now: a restart is no reason for a report.
  if (!report) return { ...book, report: { since: toSeconds(now), resolved: 0 } };
  if (Date.parse(report.since) + hours * HOUR > now.getTime()) return book;
  const repairs = book.repairs.filter(({ at }) => Date.parse(at) >= Date.parse(report.since)).map(({ message }) => message.slice(0, 200));
  const incidents = book.followed.filter(({ state }) => state === 'open').slice(0, 10).map(taleOf);
  return post({ ...book, report: { since: toSeconds(now), resolved: 0 } }, { event: 'report', edit: false, report: { ...report, incidents, repairs } }, now);
}

/** Forgets what nobody asks for any more. */
function prune(book: Watchbook, now: Date): Watchbook {
  const order = ['open', 'suspect', 'closed'];
  const kept = book.followed.filter((each) => each.state !== 'closed' || recentlyOpened(each, now));
  const followed = kept.length <= FOLLOWED_KEPT ? kept : [...kept].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state)).slice(0, FOLLOWED_KEPT);
  const spokenOf = new Set([...followed.filter(isActive).map(({ id }) => id), ...book.outbox.map(({ incident }) => incident?.id)]);
  const threads = book.threads.filter(({ incident }) => spokenOf.has(incident)).slice(-(FOLLOWED_KEPT + LETTERS_KEPT * LETTER_CHANNELS.length));
  return { ...book, followed, threads };
}
