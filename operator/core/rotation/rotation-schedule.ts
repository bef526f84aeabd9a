// When the schedule rotates next: a whole number of days after the last time, at a time of day in a time zone.
import type { RotationSpec } from '../../api/rotation-fields.js';
import { atTimeOfDay, clockOf, dayAfter } from '../calendar.js';

/** After a rotation that was given up the schedule tries again on the next day. */
const DAYS_AFTER_FAILURE = 1;

/** What the next time is counted from: a completed rotation, the first start, or one that was given up. */
export interface LastRotation {
  readonly at: Date;
  readonly gaveUp: boolean;
}

/** Undefined when nothing is rotated on schedule. @throws RangeError for a time zone that does not exist */
export function nextRotation({ enabled, everyDays, at, timeZone }: RotationSpec, last: LastRotation): Date | undefined {
  if (!enabled) return undefined;
  const days = last.gaveUp ? Math.min(DAYS_AFTER_FAILURE, everyDays) : everyDays;
  const clock = clockOf(timeZone);
  return atTimeOfDay(dayAfter(last.at, days, clock), at, clock);
}
