import { describe, expect, it } from '@jest/globals';
import { backupSpec, type BackupStatus } from '../../../../../operator/api/backup-fields.js';
import { maintenanceEnd, nextBackup, oldestAllowed } from '../../../../../operator/core/backup/backup-schedule.js';

const CREATED = '2026-11-01T12:00:00Z';
const next = (spec: object, status: BackupStatus, created = CREATED) =>
  nextBackup(backupSpec.parse({ store: 's3', ...spec }), status, new Date(created))?.toISOString().replace('.000Z', 'Z');
const started = (lastStartedAt: string, failures?: number): BackupStatus => ({ lastStartedAt, failures });

describe('the next backup', () => {
  it.each<[string, string | undefined, string | undefined]>([
    ['is on the next day at its time', next({}, started('2026-11-28T02:30:04Z')), '2026-11-29T02:30:00Z'],
    ['of a run that began late is at its time all the same', next({}, started('2026-11-28T09:12:00Z')), '2026-11-29T02:30:00Z'],
    ['after days without an operator was due once, not for each of them', next({}, started('2026-11-20T02:30:00Z')), '2026-11-21T02:30:00Z'],
    ['after one by hand shortly before midnight is hours later', next({}, started('2026-11-28T23:50:00Z')), '2026-11-29T02:30:00Z'],
    ['is by the clocks of its zone', next({ timeZone: 'Europe/Berlin' }, started('2026-11-28T01:30:00Z')), '2026-11-29T01:30:00Z'],
    ['is as late as ever on the day on which 02:30 is skipped: at 03:30 of summer time', next({ timeZone: 'Europe/Berlin' }, started('2026-03-28T01:30:00Z')), '2026-03-29T01:30:00Z'],
    ['after that is at 02:30 again', next({ timeZone: 'Europe/Berlin' }, started('2026-03-29T01:30:00Z')), '2026-03-30T00:30:00Z'],
    ['is the first where 02:30 comes twice', next({ timeZone: 'Europe/Berlin' }, started('2026-10-24T00:30:00Z')), '2026-10-25T00:30:00Z'],
    ['comes once on the day on which 02:30 comes twice', next({ timeZone: 'Europe/Berlin' }, started('2026-10-25T00:30:00Z')), '2026-10-26T01:30:00Z'],
    ['is in a week', next({ everyDays: 7 }, started('2026-11-22T02:30:00Z')), '2026-11-29T02:30:00Z'],
    ['is none when the schedule is off', next({ enabled: false }, started('2026-11-28T02:30:00Z')), undefined],
    ['of a new resource is at the next time of day', next({}, {}), '2026-11-02T02:30:00Z'],
    ['of a resource made before the time of day is on the same day', next({}, {}, '2026-11-01T01:00:00Z'), '2026-11-01T02:30:00Z'],
    ['after a failure is an hour later', next({}, started('2026-11-28T02:30:00Z', 1)), '2026-11-28T03:30:00Z'],
    ['after the third failure is an hour later, too', next({}, started('2026-11-28T04:30:00Z', 3)), '2026-11-28T05:30:00Z'],
    ["after the fourth failure is the schedule's", next({}, started('2026-11-28T05:30:00Z', 4)), '2026-11-29T02:30:00Z'],
    ["after a failure shortly before is the schedule's", next({}, started('2026-11-28T23:55:00Z', 1), CREATED), '2026-11-29T00:55:00Z'],
    ['after a failure is none when the schedule is off', next({ enabled: false }, started('2026-11-28T02:30:00Z', 1)), undefined],
  ])('%s', (_, found, expected) => expect(found).toBe(expected));
});

describe('the maintenance of partitions', () => {
  const end = (time: string) => maintenanceEnd(new Date(`2026-11-29T${time}Z`))?.toISOString();
  it.each([['04:29:59', undefined], ['04:30:00', '2026-11-29T05:30:00.000Z'], ['05:29:59', '2026-11-29T05:30:00.000Z'], ['05:30:00', undefined], ['17:00:00', undefined]])('at %s is over at %s', (time, expected) => {
    expect(end(time)).toBe(expected);
  });
});

it('a daily copy may be a day and a half old', () => expect(oldestAllowed({ everyDays: 1 })).toBe(36 * 3_600_000));
