// When a backup is due: at a time of day in a time zone, counted from the last run that was started, so that a restart neither skips nor doubles one.
import type { BackupSpec, BackupStatus } from '../../api/backup-fields.js';
import { atTimeOfDay, clockOf, dayAfter } from '../calendar.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** After a run that failed the next one comes sooner, so often; then the schedule's. */
export const RETRY_AFTER = HOUR;
export const MOST_RETRIES = 3;

/**
 * GlitchTip drops old partitions daily at 05:00 of its clock, which is UTC. A DROP waits for the locks of a dump, and each INSERT behind the
 * DROP: no run begins from half an hour before to half an hour after. Minutes of the day.
 */
const MAINTENANCE = { from: 4 * 60 + 30, to: 5 * 60 + 30 } as const;

/** `created`: of the resource, where no run was started yet. Undefined: nothing on schedule. @throws RangeError for a time zone that does not exist */
export function nextBackup({ enabled, everyDays, at, timeZone }: BackupSpec, { lastStartedAt, failures = 0 }: BackupStatus, created: Date): Date | undefined {
  if (!enabled) return undefined;
  const clock = clockOf(timeZone);
  if (lastStartedAt === undefined) return firstAfter(created, at, clock);
  const last = new Date(lastStartedAt);
  const scheduled = atTimeOfDay(dayAfter(last, everyDays, clock), at, clock);
  if (failures === 0 || failures > MOST_RETRIES) return scheduled;
  return new Date(Math.min(scheduled.getTime(), last.getTime() + RETRY_AFTER));
}

/** Today's, if it is still to come. */
function firstAfter(created: Date, at: string, clock: ReturnType<typeof clockOf>): Date {
  const today = atTimeOfDay(dayAfter(created, 0, clock), at, clock);
  return today.getTime() > created.getTime() ? today : atTimeOfDay(dayAfter(created, 1, clock), at, clock);
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
