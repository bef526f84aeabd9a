// Tracks causes from check to check: when one becomes an incident, when it is resolved, and which notifications follow.
import type { BackupStatus } from '../../api/backup-fields.js';
import type { RestoreStatus } from '../../api/restore-fields.js';
import type { UpgradeStatus } from '../../api/upgrade-fields.js';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { IncidentStatus } from '../../api/health-fields.js';
import { describeBackups } from '../backup/backup-line.js';
import { describeRestore } from '../restore/restore-line.js';
import { describeUpgrade } from '../upgrade/upgrade-report.js';
import type { Cause } from '../health/root-cause.js';
import { toSeconds } from '../timestamps.js';
import { advance, change, close, follow, isActive, isStale, openings, FLAPPING_OPENINGS, recentlyOpened, revive, snapshotOf, type Check } from './tracked-causes.js';
import { NOTIFICATIONS_KEPT, post } from './outbox.js';
import { hides, isLeftOver, isSameOutage, keyOf } from './cause-relations.js';
import { encodeAlertState, NOTIFICATION_CHANNELS, type TrackedCause, type AlertState } from './alert-state.js';

export interface CheckResult {
  readonly causes: readonly Cause[];
  /** By `${reason}/${part}`: what the operator is doing about it. */
  readonly repairTexts: ReadonlyMap<string, string>;
  readonly now: Date;
  readonly spec: GlitchTipSpec;
  /** For the regular report; undefined where none are made, or it is not known. */
  readonly backup?: BackupStatus | undefined;
  readonly restore?: RestoreStatus | undefined;
  readonly upgrade?: UpgradeStatus | undefined;
}

/** A flapping incident is resolved after this long without its cause. Milliseconds. */
const QUIET_AFTER_FLAPPING = 900_000;
const HOUR = 3_600_000;
/** More than diagnose can find at once: a bound on the size of the alert state. */
const FOLLOWED_KEPT = 30;

/** The alert state after a check, with the notifications that follow; the same object when nothing changed. */
export function track(alerts: AlertState, { causes, repairTexts, now, spec, backup, restore, upgrade }: CheckResult): AlertState {
  const seen = new Map(causes.map((cause) => [keyOf(cause), cause] as const));
  const check: Check = { seen, repairTexts, now, failuresToOpen: spec.health.failuresToOpen, successesToClose: spec.health.successesToClose };
  const steps: readonly ((alerts: AlertState) => AlertState)[] = [
    (each) => (each.followed.some((followed) => isStale(followed, now)) ? { ...each, followed: each.followed.flatMap((followed) => (isStale(followed, now) ? withoutSuspicion(followed, now) : [followed])) } : each),
    (each) => [...seen.values()].reduce((before, cause) => see(before, cause, check), each),
    (each) => each.followed.reduce((before, followed) => miss(before, followed, check), each),
    (each) => each.followed.reduce((before, followed) => openWhenDue(before, followed, check), each),
    (each) => each.followed.reduce((before, followed) => repeatWhenDue(before, followed, check, spec.alerts.repeatHours), each),
    (each) => reportWhenDue(each, { hours: spec.alerts.reportHours, backups: describeCopies({ backup, restore, upgrade }, now) }, now),
    (each) => prune(each, now),
  ];
  const after = steps.reduce((before, step) => step(before), alerts);
  return encodeAlertState(after) === encodeAlertState(alerts) ? alerts : after;
}

/** Undefined where there are no backups, and nothing is being restored or upgraded. */
function describeCopies({ backup, restore, upgrade }: Pick<CheckResult, 'backup' | 'restore' | 'upgrade'>, now: Date): string | undefined {
  const lines = [backup && describeBackups(backup, now), restore && describeRestore(restore, now), upgrade && describeUpgrade(upgrade, now)].filter((line) => line !== undefined);
  return lines.length === 0 ? undefined : lines.join(' ');
}

/** The alert state of a resource that is not checked any more; the same object when nothing is to end. Repairs stay, and with them their limit. */
export function stopFollowing(alerts: AlertState): AlertState {
  const { followed, outbox, threads, report } = alerts;
  const isEmpty = followed.length + outbox.length + threads.length === 0 && report === undefined;
  return isEmpty ? alerts : { ...alerts, followed: [], outbox: [], threads: [], report: undefined };
}

/** What is wrong, for status.health. */
export function openIncidents({ followed }: AlertState): IncidentStatus[] {
  return followed.filter(({ state }) => state === 'open').map((each) => {
    const { explains, healing, ...rest } = snapshotOf(each);
    return { ...rest, ...(explains.length > 0 ? { explains } : {}), ...(healing === undefined ? {} : { healing }) };
  });
}

/** Whether something is wrong, suspect, or not known to be over: the next check should come soon. */
export function failing({ followed }: AlertState): boolean {
  return followed.some((each) => each.state === 'suspect' || (each.state === 'open' && !(each.flapping && each.successes > 0)));
}

/** Whether one of these causes may become an incident at the next check. */
export function hasSuspects({ followed }: AlertState, causes: readonly Cause[]): boolean {
  return followed.some((each) => each.state === 'suspect' && causes.some((cause) => keyOf(cause) === keyOf(each)));
}

/** A cause that was found: tracked already, the better explanation of a tracked one, or new. */
function see(alerts: AlertState, cause: Cause, check: Check): AlertState {
  const own = alerts.followed.find((each) => keyOf(each) === keyOf(cause));
  if (own?.state === 'open') return put(alerts, own, advance(own, cause, check), check);
  const earlier = alerts.followed.filter((each) => isActive(each) && !check.seen.has(keyOf(each)) && isSameOutage(cause, each));
  const [continued, ...others] = [...earlier].sort((a, b) => Number(b.state === 'open') - Number(a.state === 'open'));
  if (continued) return others.reduce((each, other) => partOf(each, other, continued, check), continueAs(alerts, continued, cause, check));
  if (!own) return { ...alerts, followed: [...alerts.followed, follow(cause, check, alerts.sequence + 1)], sequence: alerts.sequence + 1 };
  if (own.state === 'suspect') return put(alerts, own, advance(own, cause, check), check);
  return { ...put(alerts, own, revive(own, cause, check, alerts.sequence + 1), check), sequence: alerts.sequence + 1 };
}

/** `tracked` continues as `cause`: the same incident, in the same message. */
function continueAs(alerts: AlertState, tracked: TrackedCause, cause: Cause, check: Check): AlertState {
  const own = alerts.followed.find((each) => keyOf(each) === keyOf(cause));
  const rest = own ? { ...alerts, followed: alerts.followed.filter((each) => each !== own) } : alerts;
  return put(rest, tracked, change(tracked, cause, check, own), check);
}

/** An incident that turned out to be part of another one is resolved with a reference to it. */
function partOf(alerts: AlertState, other: TrackedCause, root: TrackedCause, { now }: Check): AlertState {
  const rest = { ...alerts, followed: alerts.followed.filter((each) => each.id !== other.id) };
  const whole = alerts.followed.find((each) => each.id === root.id) ?? root;
  if (other.state !== 'open') return rest;
  return post(rest, { event: 'resolved', edit: true, incident: snapshotOf(other), endedAt: toSeconds(now), partOf: snapshotOf(whole) }, now);
}

/** Records a change of a tracked cause, and posts the notification that it needs. */
function put(alerts: AlertState, before: TrackedCause, after: TrackedCause, { now }: Check): AlertState {
  const updated: TrackedCause = isWorse(before, after) ? { ...after, toldAt: toSeconds(now) } : after;
  const written = { ...alerts, followed: alerts.followed.map((each) => (each === before ? updated : each)) };
  if (before.state !== 'open' || JSON.stringify(snapshotOf(before)) === JSON.stringify(snapshotOf(after))) return written;
  // A warning that became critical needs a message of its own; any other change edits the existing one.
  const edit = !isWorse(before, after);
  return post(written, { event: 'update', edit, textOnly: edit && keyOf(before) === keyOf(after), incident: snapshotOf(after), ...timesOf(after) }, now);
}

function isWorse(before: TrackedCause, after: TrackedCause): boolean {
  return before.state === 'open' && before.severity === 'warning' && after.severity === 'critical';
}

function timesOf(followed: TrackedCause): { times?: number } {
  return followed.flapping ? { times: followed.openings.length } : {};
}

/** A tracked cause that was not found in this check. */
function miss(alerts: AlertState, followed: TrackedCause, check: Check): AlertState {
  const found = alerts.followed.find((each) => each.id === followed.id);
  if (!found || !isActive(found) || check.seen.has(keyOf(found))) return alerts;
  if ([...check.seen.values()].some((cause) => hides(cause, found))) return alerts;
  if (found.state === 'suspect') return { ...alerts, followed: alerts.followed.flatMap((each) => (each === found ? withoutSuspicion(each, check.now) : [each])) };
  const quiet: TrackedCause = { ...found, successes: Math.min(found.successes + 1, check.successesToClose), quietSince: found.quietSince ?? toSeconds(check.now) };
  const counted = { ...alerts, followed: alerts.followed.map((each) => (each === found ? quiet : each)) };
  return quiet.successes < check.successesToClose ? counted : end(counted, quiet, check);
}

/** Not confirmed: it is dropped, unless its recent openings count towards flapping. */
function withoutSuspicion(suspect: TrackedCause, now: Date): TrackedCause[] {
  return recentlyOpened(suspect, now) ? [{ ...suspect, state: 'closed' }] : [];
}

/** Resolved, unless something is left of it, or it flaps. */
function end(alerts: AlertState, quiet: TrackedCause, check: Check): AlertState {
  const left = [...check.seen.values()].find((cause) => isLeftOver(cause, quiet) && !alerts.followed.some((each) => each.state === 'open' && keyOf(each) === keyOf(cause)));
  if (left) return continueAs(alerts, quiet, left, check);
  const { now } = check;
  const endedAt = quiet.quietSince ?? toSeconds(now);
  if (quiet.flapping && now.getTime() - Date.parse(endedAt) < QUIET_AFTER_FLAPPING) return alerts;
  const closed = { ...alerts, followed: alerts.followed.map((each) => (each === quiet ? close(quiet) : each)) };
  const counted = closed.report ? { ...closed, report: { ...closed.report, resolved: closed.report.resolved + 1 } } : closed;
  return post(counted, { event: 'resolved', edit: false, incident: snapshotOf(quiet), endedAt, ...timesOf(quiet) }, now);
}

function openWhenDue(alerts: AlertState, followed: TrackedCause, check: Check): AlertState {
  const { now } = check;
  const suspect = alerts.followed.find((each) => each.id === followed.id && each.state === 'suspect');
  const cause = suspect && check.seen.get(keyOf(suspect));
  if (!suspect || !cause || suspect.failures < check.failuresToOpen) return alerts;
  const earlier = alerts.followed.find((each) => each.state === 'open' && !check.seen.has(keyOf(each)) && isLeftOver(suspect, each));
  if (earlier) return continueAs(alerts, earlier, cause, check);
  const times = openings(suspect, now);
  const opened: TrackedCause = { ...suspect, state: 'open', seenAt: undefined, openings: times, flapping: times.length >= FLAPPING_OPENINGS, toldAt: toSeconds(now) };
  const written = { ...alerts, followed: alerts.followed.map((each) => (each === suspect ? opened : each)) };
  return post(written, { event: 'open', edit: false, incident: snapshotOf(opened), ...timesOf(opened) }, now);
}

function repeatWhenDue(alerts: AlertState, followed: TrackedCause, check: Check, hours: number): AlertState {
  const open = alerts.followed.find((each) => each.id === followed.id && each.state === 'open');
  if (!open || !check.seen.has(keyOf(open)) || Date.parse(open.toldAt ?? open.since) + hours * HOUR > check.now.getTime()) return alerts;
  const repeated = { ...open, toldAt: toSeconds(check.now) };
  const written = { ...alerts, followed: alerts.followed.map((each) => (each === open ? repeated : each)) };
  return post(written, { event: 'update', edit: false, incident: snapshotOf(repeated), ...timesOf(repeated) }, check.now);
}

function reportWhenDue(alerts: AlertState, { hours, backups }: { readonly hours: number; readonly backups: string | undefined }, now: Date): AlertState {
  const { report } = alerts;
  if (hours === 0) return report ? { ...alerts, report: undefined } : alerts;
  // The first period begins now: a restart is no reason for a report.
  if (!report) return { ...alerts, report: { since: toSeconds(now), resolved: 0 } };
  if (Date.parse(report.since) + hours * HOUR > now.getTime()) return alerts;
  const repairs = alerts.repairs.filter(({ at }) => Date.parse(at) >= Date.parse(report.since)).map(({ message }) => message.slice(0, 200));
  const incidents = alerts.followed.filter(({ state }) => state === 'open').slice(0, 10).map(snapshotOf);
  return post({ ...alerts, report: { since: toSeconds(now), resolved: 0 } }, { event: 'report', edit: false, report: { ...report, incidents, repairs, ...(backups === undefined ? {} : { backups }) } }, now);
}

/** Drops what is not needed any more. */
function prune(alerts: AlertState, now: Date): AlertState {
  const order = ['open', 'suspect', 'closed'];
  const kept = alerts.followed.filter((each) => each.state !== 'closed' || recentlyOpened(each, now));
  const followed = kept.length <= FOLLOWED_KEPT ? kept : [...kept].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state)).slice(0, FOLLOWED_KEPT);
  const referenced = new Set([...followed.filter(isActive).map(({ id }) => id), ...alerts.outbox.map(({ incident }) => incident?.id)]);
  const threads = alerts.threads.filter(({ incident }) => referenced.has(incident)).slice(-(FOLLOWED_KEPT + NOTIFICATIONS_KEPT * NOTIFICATION_CHANNELS.length));
  return { ...alerts, followed, threads };
}
