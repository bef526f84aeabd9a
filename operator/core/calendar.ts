// Days and times of day in a time zone, as its clocks show them.

const DAY = 86_400_000;

/** Counted by the calendar: after 24 hours of a day that has 25 the zone may still be in the same day, and the moment past. */
export function dayAfter(moment: Date, days: number, clock: Clock): string {
  const midnight = clock(moment).setUTCHours(0, 0, 0, 0);
  return new Date(midnight + days * DAY).toISOString().slice(0, 10);
}

/**
 * The moment at which clocks in the zone show this time on this day. A time that comes twice is the first one; one that is skipped
 * is as late as if it was not, so never on the day before (RFC 5545, 3.3.5).
 */
export function atTimeOfDay(day: string, time: string, clock: Clock): Date {
  const wanted = Date.parse(`${day}T${time}:00Z`);
  // The offset of a zone changes at most once in these two days.
  const [before, after] = [wanted - DAY, wanted + DAY].map((moment) => new Date(wanted - offsetAt(new Date(moment), clock))) as [Date, Date];
  const shown = (moment: Date) => clock(moment).getTime() === wanted;
  return !shown(before) && shown(after) ? after : before;
}

/** How far the zone's clocks are ahead of UTC. Milliseconds. */
function offsetAt(moment: Date, clock: Clock): number {
  return clock(moment).getTime() - Math.floor(moment.getTime() / 1_000) * 1_000;
}

/** What clocks show at a moment, to the second, as if it was UTC. */
export type Clock = (moment: Date) => Date;

/** Expensive to create, so kept. @throws RangeError for a time zone that does not exist */
export function clockOf(timeZone: string): Clock {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  });
  return (moment) => {
    const parts = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, value]));
    return new Date(`${parts['year'] ?? ''}-${parts['month'] ?? ''}-${parts['day'] ?? ''}T${parts['hour'] ?? ''}:${parts['minute'] ?? ''}:${parts['second'] ?? ''}Z`);
  };
}
