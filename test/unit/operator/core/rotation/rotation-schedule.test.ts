// The next moment of the schedule: days later by the calendar of the zone, at a time of its clocks, and always after the last time.
import { describe, expect, it } from '@jest/globals';

import { rotationSpec } from '../../../../../operator/api/rotation-fields.js';
import { nextRotation } from '../../../../../operator/core/rotation/rotation-schedule.js';

function next(timeZone: string, last: string, { at = '03:00', everyDays = 90, gaveUp = false, enabled = true } = {}): string | undefined {
  const spec = rotationSpec.parse({ timeZone, at, everyDays, enabled, graceHours: 0 });
  return nextRotation(spec, { at: new Date(last), gaveUp })?.toISOString().replace('.000Z', 'Z');
}

const DAILY = { everyDays: 1 };

describe('the next rotation', () => {
  it.each<[string, string, string, Parameters<typeof next>[2], string]>([
    ['90 days later', 'UTC', '2026-01-01T03:00:07Z', {}, '2026-04-01T03:00:00Z'],
    ['by the day of the zone, not of UTC: east', 'Asia/Tokyo', '2026-01-01T20:00:00Z', DAILY, '2026-01-02T18:00:00Z'],
    ['by the day of the zone, not of UTC: west', 'America/New_York', '2026-01-02T02:00:00Z', DAILY, '2026-01-02T08:00:00Z'],
    ['at midnight', 'UTC', '2026-01-01T00:02:00Z', { ...DAILY, at: '00:00' }, '2026-01-02T00:00:00Z'],
    ['over a leap day', 'UTC', '2028-02-28T03:00:00Z', DAILY, '2028-02-29T03:00:00Z'],
    ['over the end of a year', 'UTC', '2026-12-31T03:00:00Z', DAILY, '2027-01-01T03:00:00Z'],
    ['in a zone of half hours', 'Asia/Kolkata', '2026-01-01T00:00:00Z', DAILY, '2026-01-01T21:30:00Z'],
    ['in a zone of quarters', 'Asia/Kathmandu', '2026-01-01T00:00:00Z', DAILY, '2026-01-01T21:15:00Z'],
    ['in a zone whose clocks move by half an hour', 'Australia/Lord_Howe', '2026-10-02T15:00:00Z', DAILY, '2026-10-03T16:00:00Z'],
    ['first behind the date line', 'Pacific/Kiritimati', '2026-01-01T09:00:00Z', DAILY, '2026-01-01T13:00:00Z'],
    ['last before the date line', 'Pacific/Pago_Pago', '2026-01-01T10:00:00Z', DAILY, '2026-01-01T14:00:00Z'],
    ['over a day that the zone skipped', 'Pacific/Apia', '2011-12-29T20:00:00Z', DAILY, '2011-12-30T13:00:00Z'],
    ['in winter time again after 90 days of summer time', 'Europe/Berlin', '2026-09-01T01:00:00Z', {}, '2026-11-30T02:00:00Z'],
    ['in Berlin, where 02:30 is skipped: as late as if it was not', 'Europe/Berlin', '2026-03-28T01:30:00Z', { ...DAILY, at: '02:30' }, '2026-03-29T01:30:00Z'],
    ['in Berlin, where 02:30 comes twice: the first', 'Europe/Berlin', '2026-10-24T00:30:00Z', { ...DAILY, at: '02:30' }, '2026-10-25T00:30:00Z'],
    ['in New York, where 02:30 is skipped', 'America/New_York', '2026-03-07T07:30:00Z', { ...DAILY, at: '02:30' }, '2026-03-08T07:30:00Z'],
    ['in New York, where 01:30 comes twice: the first', 'America/New_York', '2026-10-31T05:30:00Z', { ...DAILY, at: '01:30' }, '2026-11-01T05:30:00Z'],
    ['in Berlin after the first 02:30: the next day, not the second one', 'Europe/Berlin', '2026-10-25T00:31:00Z', { ...DAILY, at: '02:30' }, '2026-10-26T01:30:00Z'],
    ['in Berlin just after the midnight that begins a day of 25 hours', 'Europe/Berlin', '2026-10-24T22:03:00Z', { ...DAILY, at: '00:00' }, '2026-10-25T23:00:00Z'],
    ['in Berlin just before the midnight that ends a day of 23 hours', 'Europe/Berlin', '2026-03-28T22:59:00Z', { ...DAILY, at: '23:59' }, '2026-03-29T21:59:00Z'],
    ['in Havana just before a midnight that is skipped', 'America/Havana', '2026-03-08T04:45:00Z', { ...DAILY, at: '00:30' }, '2026-03-08T05:30:00Z'],
    ['the day after one that was given up', 'UTC', '2026-01-01T04:30:00Z', { gaveUp: true }, '2026-01-02T03:00:00Z'],
    ['soon after one that was given up shortly before midnight', 'UTC', '2026-01-01T23:50:00Z', { gaveUp: true, at: '00:00' }, '2026-01-02T00:00:00Z'],
  ])('is %s', (_, zone, last, ...[options, wanted]) => expect(next(zone, last, options)).toBe(wanted));

  it.each([false, true])('is never when the schedule is off (given up: %j)', (gaveUp) => {
    expect(next('UTC', '2026-01-01T00:00:00Z', { enabled: false, gaveUp })).toBeUndefined();
  });

  // The days on which the clocks of 2026 move, and for UTC any.
  it.each([
    ['UTC', '2026-03-29', '2026-10-25'], ['Europe/Berlin', '2026-03-29', '2026-10-25'], ['America/New_York', '2026-03-08', '2026-11-01'], ['America/Havana', '2026-03-08', '2026-11-01'],
    ['Africa/Cairo', '2026-04-24', '2026-10-29'], ['Australia/Lord_Howe', '2026-04-05', '2026-10-04'], ['Pacific/Chatham', '2026-04-05', '2026-09-27'],
  ])('in %s is daily in the future, and within two days, from any hour around %s and %s', (zone, ...days) => {
    const lasts = days.flatMap((day) => Array.from({ length: 72 }, (_, hour) => Date.parse(`${day}T00:17:00Z`) + (hour - 36) * 3_600_000));
    for (const at of ['00:00', '02:30', '23:59']) {
      const hours = lasts.map((last) => (Date.parse(next(zone, new Date(last).toISOString(), { ...DAILY, at }) ?? '') - last) / 3_600_000);
      expect(hours.filter((ahead) => !(ahead > 0 && ahead < 49))).toEqual([]);
    }
  });
});
