// When a backup is due: at a time of day in a time zone, counted from the last run that was started, so that a restart neither skips nor doubles one.
import type { BackupSpec, BackupStatus } from '../../api/backup-fields.js';
import { atTimeOfDay, clockOf, dayAfter } from '../calendar.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** After a run that failed the next one comes sooner, so often; then the schedule's. */
export const RETRY_AFTER = HOUR;
export const MOST_RETRIES = 3;
/** One that took longer is told: half of its deadline. Seconds. */
export const SLOW_BACKUP = 3_600;

/**
 * GlitchTip drops old partitions daily at 05:00 of its clock, which is UTC. A DROP waits for the locks of a dump, and each INSERT behind the
 * DROP: no run begins from half an hour before to half an hour after. Minutes of the day.
 */
const MAINTENANCE = { from: 4 * 60 + 30, to: 5 * 60 + 30 } as const;

/** Clocks of two hosts differ by so much without anybody minding. Milliseconds. */
const AHEAD = 5 * MINUTE;

/** `since`: from when on a first one is waited for. Undefined: nothing on schedule. @throws RangeError for a time zone that does not exist */
export function nextBackup({ enabled, everyDays, at, timeZone }: BackupSpec, { lastStartedAt, failures = 0 }: BackupStatus, since: Date): Date | undefined {
  if (!enabled) return undefined;
  const clock = clockOf(timeZone);
  if (lastStartedAt === undefined) return firstAfter(since, at, clock);
  const last = new Date(lastStartedAt);
  const scheduled = atTimeOfDay(dayAfter(last, everyDays, clock), at, clock);
  if (failures === 0 || failures > MOST_RETRIES) return scheduled;
  return new Date(Math.min(scheduled.getTime(), last.getTime() + RETRY_AFTER));
}

/** Today's, if it is still to come. */
function firstAfter(since: Date, at: string, clock: ReturnType<typeof clockOf>): Date {
  const today = atTimeOfDay(dayAfter(since, 0, clock), at, clock);
  return today.getTime() > since.getTime() ? today : atTimeOfDay(dayAfter(since, 1, clock), at, clock);
}

/** Without the dates of a clock that was wrong: counted from them, no run would come for years. */
export function withoutAhead(status: BackupStatus, now: Date): BackupStatus {
  const { since, lastStartedAt, ...rest } = status;
  return { ...rest, ...(isAhead(since, now) ? {} : { since }), ...(isAhead(lastStartedAt, now) ? {} : { lastStartedAt }) };
}

/** Undefined counts as ahead: it is left out, too. */
export function isAhead(instant: string | undefined, now: Date): boolean {
  return instant === undefined || Date.parse(instant) > now.getTime() + AHEAD;
}

/** When the maintenance of partitions is over; undefined when it is not near. */
export function maintenanceEnd(now: Date): Date | undefined {
  const midnight = new Date(now).setUTCHours(0, 0, 0, 0);
  const minutes = (now.getTime() - midnight) / MINUTE;
  return minutes >= MAINTENANCE.from && minutes < MAINTENANCE.to ? new Date(midnight + MAINTENANCE.to * MINUTE) : undefined;
}

/** A newest good copy older than this is told. A day and a half for a daily one. Milliseconds. */
export function oldestAllowed({ everyDays }: Pick<BackupSpec, 'everyDays'>): number {
  return (everyDays * 24 + 12) * HOUR;
}
