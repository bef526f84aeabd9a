// When a cause becomes an incident, when it is resolved, and what is notified: one outage, one message.
import { describe, expect, it } from '@jest/globals';
import type { BackupStatus } from '../../../../../operator/api/backup-fields.js';
import { HEALTH_REASONS as R } from '../../../../../operator/api/health-reasons.js';
import { failing, openIncidents, track } from '../../../../../operator/core/alerts/incidents.js';
import { encodeAlertState, recordRepair } from '../../../../../operator/core/alerts/alert-state.js';
import type { Cause } from '../../../../../operator/core/health/root-cause.js';
import { cause, DATABASE_DOWN, NOT_STORED, specOf, WEB_DOWN, Watch } from './alert-scenarios.js';

const CRASHES = cause(R.CrashLoop, 'web');
const OUT_OF_MEMORY = cause(R.OutOfMemory, 'web');
const FILLING = cause(R.QueueFilling, 'valkey', { severity: 'warning' });
const FULL = cause(R.QueueFull, 'valkey');
const RUNNING_OUT = cause(R.PartitionsRunningOut, 'postgres', { severity: 'warning' });
const BLIND = cause(R.KubernetesUnreachable, 'node');
const BACKLOG = cause(R.Backlog, 'worker', { severity: 'warning' });
const LEAK = cause(R.MemoryLeak, 'worker', { severity: 'warning' });

describe('an incident', () => {
  it.each<[string, number, string[]]>([
    ['is none after two failed checks', 2, []],
    ['is notified at the third', 3, ['open DatabaseDown']],
    ['is not notified again while nothing changes', 60, ['open DatabaseDown']],
  ])('%s', (_, checks, events) => expect(new Watch().times(checks, [DATABASE_DOWN]).events).toEqual(events));

  it('needs failures in a row', () => {
    expect(new Watch().times(2, [WEB_DOWN]).check([]).times(2, [WEB_DOWN]).check([]).events).toEqual([]);
  });

  it.each<[string, number, string[]]>([['one check without its cause leaves open', 1, ['open WebDown']], ['two close, and that is notified', 2, ['open WebDown', 'resolved WebDown']]])('%s', (_, checks, events) => {
    expect(new Watch().times(5, [WEB_DOWN]).times(checks, []).events).toEqual(events);
  });

  it('lasted from its first failed check to its first good one', () => {
    const { notifications } = new Watch().times(3, [WEB_DOWN]).times(69, [WEB_DOWN]).times(2, []);
    expect([notifications[1]?.incident?.since, notifications[1]?.endedAt]).toEqual(['2026-06-01T02:14:10Z', '2026-06-01T02:26:10Z']);
  });

  it('obeys the spec: opened by one failure, closed by three successes', () => {
    const watch = new Watch(specOf({ health: { failuresToOpen: 1, successesToClose: 3 } }));
    expect(watch.check([WEB_DOWN]).events).toEqual(['open WebDown']);
    expect(watch.times(2, []).events).toHaveLength(1);
    expect(watch.check([]).events).toEqual(['open WebDown', 'resolved WebDown']);
  });

  it('is what the status shows, while it is open', () => {
    const watch = new Watch().check([DATABASE_DOWN]);
    expect([openIncidents(watch.alerts), failing(watch.alerts)]).toEqual([[], true]);
    watch.times(2, [DATABASE_DOWN], { seconds: 10 });
    expect(openIncidents(watch.alerts)).toEqual([{
      id: '20260601T021410Z-1', reason: 'DatabaseDown', part: 'postgres', severity: 'critical', since: '2026-06-01T02:14:10Z', message: DATABASE_DOWN.message, advice: DATABASE_DOWN.advice,
      explains: DATABASE_DOWN.explains,
    }]);
    watch.times(2, []);
    expect([openIncidents(watch.alerts), failing(watch.alerts)]).toEqual([[], false]);
  });

  it('beside another one has a message of its own', () => {
    expect(new Watch().times(3, [WEB_DOWN, LEAK]).times(2, [LEAK]).events).toEqual(['open WebDown', 'open MemoryLeak', 'resolved WebDown']);
  });

  it('changes the alert state with no check that brings nothing new, so that nothing is written', () => {
    const watch = new Watch().times(3, [DATABASE_DOWN, LEAK]);
    const { alerts } = watch;
    expect(track(alerts, { causes: [DATABASE_DOWN, LEAK], repairTexts: new Map(), now: new Date(watch.now.getTime() + 600_000), spec: watch.spec })).toBe(alerts);
    const quiet = new Watch().check([]).alerts;
    expect(track(quiet, { causes: [], repairTexts: new Map(), now: watch.now, spec: watch.spec })).toBe(quiet);
  });

  it('goes on through a restart between any two checks, and is notified once', () => {
    const watch = new Watch();
    for (const causes of [[WEB_DOWN], [WEB_DOWN], [WEB_DOWN], [DATABASE_DOWN], [DATABASE_DOWN], [], []]) watch.check(causes).restart();
    expect(watch.events).toEqual(['open WebDown', 'edit DatabaseDown', 'resolved DatabaseDown']);
  });
});

describe('one outage is one message', () => {
  it.each<[string, readonly (readonly Cause[])[], string[]]>([
    ['the root cause is found at the fourth check', [[WEB_DOWN], [WEB_DOWN], [WEB_DOWN], [DATABASE_DOWN]], ['open WebDown', 'edit DatabaseDown']],
    ['it is found before anything was notified', [[WEB_DOWN], [WEB_DOWN], [DATABASE_DOWN]], ['open DatabaseDown']],
    ['it becomes more exact within one part', [[WEB_DOWN], [WEB_DOWN], [CRASHES], [OUT_OF_MEMORY]], ['open CrashLoop', 'edit OutOfMemory']],
    ['it is known to explain the first, whatever its words say', [...Array<Cause[]>(3).fill([cause(R.WorkerDown, 'worker')]), [cause(R.QueueDown, 'valkey')]], ['open WorkerDown', 'edit QueueDown']],
    ['it explains two incidents', [...Array<Cause[]>(3).fill([WEB_DOWN, NOT_STORED]), [DATABASE_DOWN]], ['open WebDown', 'open EventsNotStored', 'edit DatabaseDown', 'part EventsNotStored']],
    ['it is seen less exactly for one check', [...Array<Cause[]>(3).fill([OUT_OF_MEMORY]), [CRASHES], [OUT_OF_MEMORY]], ['open OutOfMemory']],
    ['it is seen less exactly from then on', [...Array<Cause[]>(3).fill([OUT_OF_MEMORY]), [CRASHES], [CRASHES], [CRASHES], [CRASHES]], ['open OutOfMemory', 'edit CrashLoop']],
    ['late events turn out to be a long queue', [...Array<Cause[]>(3).fill([NOT_STORED]), [BACKLOG], [BACKLOG]], ['open EventsNotStored', 'edit Backlog']],
    ['what it explained goes on after it', [...Array<Cause[]>(3).fill([DATABASE_DOWN]), [WEB_DOWN], [WEB_DOWN], [WEB_DOWN], [], []], ['open DatabaseDown', 'edit WebDown', 'resolved WebDown']],
    ['it is not seen while the API server is away', [...Array<Cause[]>(3).fill([OUT_OF_MEMORY]), ...Array<Cause[]>(2).fill([BLIND]), [OUT_OF_MEMORY]], ['open OutOfMemory']],
  ])('when %s', (_, checks, events) => {
    const watch = new Watch();
    for (const causes of checks) watch.check(causes);
    expect(watch.events).toEqual(events);
  });

  it('keeps its id and its beginning under its new name', () => {
    const watch = new Watch().times(3, [WEB_DOWN]);
    const [before] = openIncidents(watch.alerts);
    const [after] = openIncidents(watch.check([DATABASE_DOWN]).alerts);
    expect(after).toMatchObject({ id: before?.id, since: before?.since, reason: 'DatabaseDown' });
  });

  it.each<[string, Cause, Cause, string[]]>([
    ['another part fails after it', DATABASE_DOWN, cause(R.ImageNotFound, 'worker'), ['open DatabaseDown', 'resolved DatabaseDown', 'open ImageNotFound']],
    ['only a warning is left', OUT_OF_MEMORY, cause(R.MemoryLeak, 'web', { severity: 'warning' }), ['open OutOfMemory', 'resolved OutOfMemory', 'open MemoryLeak']],
  ])('but not when %s', (_, first, second, events) => expect(new Watch().times(3, [first]).times(3, [second]).events).toEqual(events));

  it('and it is notified anew when a warning becomes what it warned of', () => {
    expect(new Watch().times(3, [FILLING]).times(3, [FULL]).times(2, []).events).toEqual(['open QueueFilling', 'update QueueFull', 'resolved QueueFull']);
  });

  it('it stays critical until it is over: one that is so at every other check is not notified each time', () => {
    const [mild, severe] = [cause(R.TimeoutTooShort, 'web', { severity: 'warning' }), cause(R.TimeoutTooShort, 'web')];
    const watch = new Watch().times(3, [mild]);
    for (let turn = 0; turn < 4; turn += 1) watch.check([severe]).check([mild]);
    expect(openIncidents(watch.alerts)[0]?.severity).toBe('critical');
    expect(watch.times(2, []).events).toEqual(['open TimeoutTooShort', 'update TimeoutTooShort', 'resolved TimeoutTooShort']);
  });

  it('a warning is not over because the database that knows of it is down', () => {
    const watch = new Watch().times(3, [RUNNING_OUT]).times(10, [DATABASE_DOWN]).times(3, [RUNNING_OUT]);
    expect(watch.events).toEqual(['open PartitionsRunningOut', 'open DatabaseDown', 'resolved DatabaseDown']);
  });

  it('its words change at most once a minute, and what the operator does about it at once', () => {
    const grown = (lost: number) => cause(R.IngestRefused, 'ingest', { message: `${lost} events were refused.` });
    const watch = new Watch();
    for (let lost = 1; lost <= 15; lost += 1) watch.check([grown(lost)]);
    expect(watch.events).toEqual(['open IngestRefused', 'edit IngestRefused', 'edit IngestRefused']);
    watch.check([grown(16)], { repairTexts: { 'IngestRefused/ingest': 'is restarting the worker.' } });
    expect(watch.notifications.at(-1)?.incident).toMatchObject({ healing: 'is restarting the worker.', message: '16 events were refused.' });
  });
});

describe('a repair that is announced', () => {
  const announced = (seconds: number) => ({ repairTexts: { 'WebDown/web': `restarting is tried in ${seconds} s` } });

  it('is not edited at each check because its countdown goes on, but once a minute', () => {
    const watch = new Watch().times(3, [WEB_DOWN]);
    for (let seconds = 118; seconds > 20; seconds -= 10) watch.check([WEB_DOWN], announced(seconds));
    expect(watch.events).toEqual(['open WebDown', 'edit WebDown', 'edit WebDown']);
    const before = encodeAlertState(watch.alerts);
    expect(encodeAlertState(watch.check([WEB_DOWN], announced(2)).alerts)).toBe(before);
  });

  it('is reported at once when it was made', () => {
    const watch = new Watch().times(3, [WEB_DOWN]).check([WEB_DOWN], announced(5)).check([WEB_DOWN], { repairTexts: { 'WebDown/web': 'is restarted' } });
    expect(watch.notifications.map(({ incident }) => incident?.healing)).toEqual([undefined, 'restarting is tried in 5 s', 'is restarted']);
  });
});

describe('a suspicion', () => {
  it.each<[string, number, string[]]>([
    ['that is seen again hours later is a new one', 5 * 3_600, []], ['that is seen again within minutes is the same', 170, ['open WebDown']],
  ])('%s', (_, seconds, events) => expect(new Watch().times(2, [WEB_DOWN]).restart().check([WEB_DOWN], { seconds }).events).toEqual(events));

  it('that another cause hid for long begins anew', () => {
    const watch = new Watch().times(2, [WEB_DOWN]).times(30, [BLIND]).check([WEB_DOWN]);
    expect(watch.events).toEqual(['open KubernetesUnreachable']);
    expect(watch.times(2, [WEB_DOWN]).notifications.at(-1)?.incident).toMatchObject({ reason: 'WebDown', since: '2026-06-01T02:19:30Z' });
  });

  it('from an older alerts, which did not say when it was seen, counts from its beginning', () => {
    const watch = new Watch().times(2, [WEB_DOWN]);
    watch.alerts = { ...watch.alerts, followed: watch.alerts.followed.map((each) => ({ ...each, seenAt: undefined })) };
    expect(watch.check([WEB_DOWN], { seconds: 600 }).events).toEqual([]);
  });
});

describe('what comes and goes', () => {
  const comeAndGo = (watch: Watch, times: number): Watch => {
    for (let turn = 0; turn < times; turn += 1) watch.times(3, [WEB_DOWN]).times(3, []);
    return watch;
  };

  it('is notified as flapping the third time, and then not each time', () => {
    expect(comeAndGo(new Watch(), 8).events).toEqual(['open WebDown', 'resolved WebDown', 'open WebDown', 'resolved WebDown', 'open WebDown (3 times)']);
  });

  it('is resolved after 15 minutes without it, and that is notified', () => {
    const watch = comeAndGo(new Watch(), 5).times(80, []);
    expect(watch.events).toHaveLength(5);
    expect(watch.times(10, []).events.at(-1)).toBe('resolved WebDown (5 times)');
  });

  it('needs no hurry while it is quiet', () => expect(failing(comeAndGo(new Watch(), 3).alerts)).toBe(false));

  it('is not that when it came thrice in a day', () => {
    const watch = new Watch();
    for (let turn = 0; turn < 4; turn += 1) watch.times(3, [WEB_DOWN]).times(3, []).check([], { seconds: 3_600 });
    expect(watch.events).toEqual(Array<string[]>(4).fill(['open WebDown', 'resolved WebDown']).flat());
  });
});

describe('time', () => {
  it('an incident that goes on is notified again after 4 hours, and then after 4 more', () => {
    const watch = new Watch().times(3, [DATABASE_DOWN]);
    expect(watch.times(239, [DATABASE_DOWN], { seconds: 60 }).events).toHaveLength(1);
    expect(watch.times(241, [DATABASE_DOWN], { seconds: 60 }).events).toEqual(['open DatabaseDown', 'update DatabaseDown', 'update DatabaseDown']);
  });

  it('a report every 6 hours says what is wrong, what is over, and what was repaired', () => {
    const watch = new Watch(specOf({ alerts: { reportHours: 6 } })).times(3, [LEAK, WEB_DOWN]).times(2, [LEAK]);
    watch.alerts = recordRepair(watch.alerts, { at: '2026-06-01T03:00:00Z', healing: 'migrate', reason: 'MigrationsPending', message: 'Migrations were run.' });
    watch.check([LEAK], { seconds: 6 * 3_600 });
    expect(watch.notifications.at(-1)).toMatchObject({ event: 'report', report: { since: '2026-06-01T02:14:10Z', resolved: 1, repairs: ['Migrations were run.'], incidents: [{ reason: 'MemoryLeak' }] } });
    expect(watch.check([LEAK], { seconds: 3_600 }).notifications.at(-1)?.event).not.toBe('open');
    expect(watch.events.filter((line) => line === 'report')).toHaveLength(1);
  });

  it('a report says how old the newest copy is, where that is known', () => {
    const backup: BackupStatus = { lastVerified: { copy: '20260601T021410Z', at: '2026-06-01T02:14:10Z', bytes: 44_040_192, seconds: 1, how: 'counts', where: 's3' }, copies: [{ name: '20260601T021410Z', bytes: 1, damaged: false }] };
    const reported = (known: { backup?: BackupStatus }) => new Watch(specOf({ alerts: { reportHours: 6 } })).check([], known).check([], { seconds: 6 * 3_600, ...known }).notifications.at(-1)?.report;
    expect(reported({ backup })?.backups).toBe('One copy; the newest is 6.0 h old (42Mi), was restored.');
    expect(reported({})).not.toHaveProperty('backups');
  });

  it('no report is sent where none is asked for', () => expect(new Watch().times(100, [], { seconds: 3_600 }).events).toEqual([]));

  it('the alert state stays small, whatever is found', () => {
    const watch = new Watch(specOf(), false);
    const many = (turn: number) => Array.from({ length: 40 }, (_, index) => cause(R.VolumeFull, `volume-${turn}-${index}`, { message: 'ü'.repeat(5_000), advice: '🔴'.repeat(5_000), explains: Array<string>(50).fill('é'.repeat(500)) }));
    for (let turn = 0; turn < 8; turn += 1) watch.times(4, many(turn), { seconds: 70 });
    expect(Buffer.byteLength(encodeAlertState(watch.alerts))).toBeLessThan(700_000);
  });
});
