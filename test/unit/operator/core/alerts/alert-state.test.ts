// The alert state as its ConfigMap holds it, and the outbox in it.
import { describe, expect, it } from '@jest/globals';

import { HEALTH_REASONS as R } from '../../../../../operator/api/health-reasons.js';
import { withoutAhead } from '../../../../../operator/core/alerts/future-alert-dates.js';
import { foundChannels, readChannels } from '../../../../../operator/core/alerts/channels.js';
import { NOTIFICATIONS_KEPT, nextNotification, recordDelivery, resume, setChannels, type ChannelFound, type Delivery } from '../../../../../operator/core/alerts/outbox.js';
import { channelStatuses, decodeAlertState, emptyAlertState, encodeAlertState, recordRepair, type AlertState } from '../../../../../operator/core/alerts/alert-state.js';
import type { Cause } from '../../../../../operator/core/health/root-cause.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { toSeconds } from '../../../../../operator/core/timestamps.js';
import { cause, DATABASE_DOWN, specOf, START, Watch, WEB_DOWN } from './alert-scenarios.js';

const BOTH: readonly ChannelFound[] = [{ name: 'telegram' }, { name: 'webhook' }];
const after = (seconds: number) => new Date(START.getTime() + seconds * 1_000);
const outboxOf = (alerts: AlertState, channel = 'telegram') => alerts.outbox.filter((notification) => notification.channel === channel).map(({ event, edit, incident }) => `${edit ? 'edit' : event} ${incident?.reason ?? ''}`.trim());

const FILLING = cause(R.QueueFilling, 'valkey', { severity: 'warning' });
/** What was opened was tried once by each channel, and nobody knows what came of it. */
function triedWatch(causes: readonly Cause[]): Watch {
  const watch = new Watch(specOf(), false).times(3, causes);
  watch.alerts = { ...watch.alerts, outbox: watch.alerts.outbox.map((notification) => ({ ...notification, attempts: 1 })) };
  return watch;
}

describe('an alert state', () => {
  it.each<[string, AlertState]>([
    ['that is empty', emptyAlertState()],
    ['with incidents and notifications', new Watch(specOf(), false).times(3, [WEB_DOWN]).check([DATABASE_DOWN]).times(3, []).alerts],
    ['with everything', recordRepair({ ...setChannels(new Watch(specOf({ alerts: { reportHours: 6 } }), false).times(3, [WEB_DOWN]).alerts, BOTH, '7', START), alertTest: { id: 'a', at: 'b', results: [{ channel: 'telegram', error: 'c' }] }, threads: [{ incident: 'i', message: 5, place: 'abcd' }] }, { at: 'now', healing: 'migrate', reason: 'r', message: 'm' })],
  ])('%s is read as it was written', (_, alerts) => {
    expect(decodeAlertState(encodeAlertState(alerts))).toEqual({ kind: 'valid', alerts: JSON.parse(JSON.stringify(alerts)) as unknown });
  });

  it.each([
    ['is empty', '', 'it is not JSON'], ['is cut off', encodeAlertState(emptyAlertState()).slice(0, -5), 'it is not JSON'], ['is JSON of something else', '[]', 'all of it'],
    ['is of another version', JSON.stringify({ ...emptyAlertState(), version: 2 }), 'version'], ['lacks its outbox', JSON.stringify({ ...emptyAlertState(), outbox: undefined }), 'outbox'],
    ['speaks of an unknown reason', encodeAlertState(new Watch().check([WEB_DOWN]).alerts).replace('WebDown', 'Moonlit'), 'followed.0.reason'],
  ])('that %s is invalid, and it is said where', (_, text, why) => expect(decodeAlertState(text)).toEqual({ kind: 'invalid', why: expect.stringContaining(why) }));

  it('keeps the last ten repairs, newest first', () => {
    const alerts = [...Array(12).keys()].reduce((each, at) => recordRepair(each, { at: String(at), healing: 'migrate', reason: 'r', message: 'm' }), emptyAlertState());
    expect(alerts.repairs.map(({ at }) => at)).toEqual(['11', '10', '9', '8', '7', '6', '5', '4', '3', '2']);
  });
});

describe('the outbox', () => {
  it('holds one notification a channel, and its text grows while it waits', () => {
    const { alerts } = new Watch(specOf(), false).times(3, [WEB_DOWN]).times(10, [DATABASE_DOWN], { seconds: 70 });
    expect([outboxOf(alerts), outboxOf(alerts, 'webhook')]).toEqual([['open DatabaseDown'], ['open DatabaseDown']]);
  });

  it('keeps the beginning and the end of an incident that could not be notified', () => {
    expect(outboxOf(new Watch(specOf(), false).times(3, [WEB_DOWN]).times(2, []).alerts)).toEqual(['open WebDown', 'resolved WebDown']);
  });

  it('posts another cause to a webhook, and not another text', () => {
    const watch = new Watch().times(3, [WEB_DOWN]);
    const words = new Watch(watch.spec, false);
    words.alerts = watch.alerts;
    words.now = watch.now;
    expect(outboxOf(words.check([{ ...WEB_DOWN, message: 'Other words.' }], { seconds: 120 }).alerts, 'webhook')).toEqual([]);
    expect(outboxOf(words.alerts)).toEqual(['edit WebDown']);
    expect(outboxOf(words.check([DATABASE_DOWN]).alerts, 'webhook')).toEqual(['edit DatabaseDown']);
    expect(outboxOf(words.alerts)).toEqual(['edit DatabaseDown']);
  });

  it('is capped, the oldest go, and it is counted how many', () => {
    const watch = new Watch(specOf(), false);
    watch.alerts = setChannels(watch.alerts, BOTH, '1', START);
    for (let turn = 0; turn < NOTIFICATIONS_KEPT; turn += 1) watch.times(3, [cause(R.VolumeFull, `volume-${turn}`)]).times(2, []);
    expect(watch.alerts.outbox).toHaveLength(2 * NOTIFICATIONS_KEPT);
    expect(watch.alerts.channels.map(({ dropped }) => dropped)).toEqual([NOTIFICATIONS_KEPT, NOTIFICATIONS_KEPT]);
    expect(watch.alerts.outbox.at(-1)).toMatchObject({ event: 'resolved', incident: { part: `volume-${NOTIFICATIONS_KEPT - 1}` } });
  });

  it('of a channel that is not set up keeps what is open, for the moment that it is', () => {
    const watch = new Watch(specOf(), false).times(3, [WEB_DOWN]).times(2, []).times(3, [DATABASE_DOWN]);
    expect(outboxOf(setChannels(watch.alerts, [], '', START))).toEqual(['open DatabaseDown']);
  });

  const waiting = () => setChannels(new Watch(specOf(), false).times(3, [WEB_DOWN]).times(2, []).alerts, BOTH, '1', START);
  const tried = (alerts: AlertState, delivery: Delivery, now = after(100)): AlertState => {
    const notification = nextNotification(alerts, 'telegram', now);
    if (!notification) throw new Error('nothing is due');
    return recordDelivery(alerts, { notification, place: 'abcd' }, delivery, now);
  };
  const statusOf = (alerts: AlertState) => channelStatuses(alerts).find(({ name }) => name === 'telegram');

  it.each<[string, Delivery, number | undefined]>([
    ['after what Telegram asks for', { kind: 'later', why: 'w', afterSeconds: 37 }, 37],
    ['after 5 s when it gives no time', { kind: 'later', why: 'w' }, 5],
    ['after half an hour when only a person can help', { kind: 'refused', why: 'w' }, 1_800],
    ['after 5 s when the notification is not taken', { kind: 'unacceptable', why: 'w' }, 5],
  ])('tries again %s', (_, delivery, seconds) => {
    const alerts = tried(waiting(), delivery);
    expect(nextNotification(alerts, 'telegram', after(100 + (seconds ?? 0) - 1))).toBeUndefined();
    expect(nextNotification(alerts, 'telegram', after(100 + (seconds ?? 0)))).toMatchObject({ event: 'open', attempts: 1 });
    expect(statusOf(alerts)).toEqual({ name: 'telegram', error: 'w', waiting: 2 });
    expect(nextNotification(alerts, 'webhook', after(100))).toBeDefined();
  });

  it('waits longer each time, up to 5 minutes', () => {
    let alerts = waiting();
    const waits: number[] = [];
    for (let now = 100; waits.length < 9;) {
      alerts = tried(alerts, { kind: 'later', why: 'w' }, after(now));
      const until = (Date.parse(alerts.channels.find(({ name }) => name === 'telegram')?.pause?.until ?? '') - START.getTime()) / 1_000;
      waits.push(until - now);
      now = until;
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
  });

  it('gives a notification up that a working channel refuses thrice, and counts it', () => {
    let alerts = waiting();
    for (const now of [100, 200, 300]) alerts = tried(alerts, { kind: 'unacceptable', why: 'w' }, after(now));
    expect([outboxOf(alerts), alerts.channels[0]?.dropped]).toEqual([['resolved WebDown'], 1]);
    expect(nextNotification(alerts, 'telegram', after(300))).toMatchObject({ event: 'resolved' });
  });

  it('waits no longer once a test showed that the channel works', () => {
    const alerts = tried(waiting(), { kind: 'refused', why: 'w' });
    expect(nextNotification(alerts, 'telegram', after(101))).toBeUndefined();
    expect(nextNotification(resume(alerts, 'telegram', toSeconds(after(101))), 'telegram', after(101))).toMatchObject({ attempts: 1 });
  });

  it('has one less when it was delivered, and knows its message', () => {
    const alerts = tried({ ...waiting(), channels: [{ name: 'telegram', version: '1', dropped: 3, error: 'w' }] }, { kind: 'delivered', message: 7 });
    expect([outboxOf(alerts), alerts.threads]).toEqual([['resolved WebDown'], [{ incident: expect.any(String), message: 7, place: 'abcd' }]]);
    expect([statusOf(alerts), alerts.channels[0]?.dropped]).toEqual([{ name: 'telegram', lastSentAt: '2026-06-01T02:15:40Z', waiting: 1 }, 0]);
  });

  it('has the channel wait, and not the notification alone: neither what takes its place nor what comes after it is sent earlier', () => {
    const watch = new Watch(specOf(), false).times(3, [WEB_DOWN]);
    watch.alerts = { ...setChannels(watch.alerts, BOTH, '1', START), outbox: [] };
    const words = (message: string) => watch.check([{ ...WEB_DOWN, message }], { seconds: 120 });
    words('Other words.');
    const now = watch.now;
    watch.alerts = tried(watch.alerts, { kind: 'later', why: 'w', afterSeconds: 600 }, now);
    words('Still other words.');
    expect(outboxOf(watch.alerts)).toEqual(['edit WebDown']);
    expect(nextNotification(watch.alerts, 'telegram', new Date(now.getTime() + 599_000))).toBeUndefined();
    expect(nextNotification(watch.alerts, 'telegram', new Date(now.getTime() + 600_000))).toMatchObject({ attempts: 0 });
  });

  it('does not wait for hours when the clock was set back, and repairs and incidents are as of now', () => {
    const ahead = tried(waiting(), { kind: 'later', why: 'w' }, after(7_200));
    const alerts = recordRepair({ ...ahead, followed: new Watch().times(3, [WEB_DOWN]).alerts.followed }, { at: '2026-06-01T04:00:00Z', healing: 'migrate', reason: 'r', message: 'm' });
    const set = withoutAhead(alerts, after(-100));
    expect(nextNotification(alerts, 'telegram', after(-100))).toBeUndefined();
    expect(nextNotification(set, 'telegram', after(-100))).toMatchObject({ event: 'open', attempts: 1 });
    const now = toSeconds(after(-100));
    expect([set.repairs[0]?.at, set.followed[0]?.since, set.followed[0]?.openings]).toEqual([now, now, [now]]);
    expect(withoutAhead(set, after(-100))).toBe(set);
  });

  it('does not wait when the Secret was changed', () => {
    const alerts = tried(waiting(), { kind: 'refused', why: 'w' });
    expect(nextNotification(setChannels(alerts, BOTH, '1', START), 'telegram', after(101))).toBeUndefined();
    expect(nextNotification(setChannels(alerts, BOTH, '2', START), 'telegram', after(101))).toMatchObject({ attempts: 1 });
    expect(statusOf(setChannels(alerts, BOTH, '2', START))).toEqual({ name: 'telegram', waiting: 2 });
  });

  it.each<[string, readonly Cause[], string[], string[]]>([
    ['a worse cause is a notification of its own', [cause(R.QueueFull, 'valkey')], ['open QueueFilling', 'update QueueFull'], ['open QueueFilling', 'update QueueFull']],
    ['other words are an edit', [{ ...FILLING, message: 'Other words.' }], ['open QueueFilling', 'edit QueueFilling'], ['open QueueFilling']],
    ['the newest of two changes is sent', [{ ...FILLING, message: 'Other words.' }, cause(R.QueueFull, 'valkey')], ['open QueueFilling', 'update QueueFull'], ['open QueueFilling', 'update QueueFull']],
  ])('does not change a notification that may have arrived: %s', (_, causes, telegram, webhook) => {
    const watch = triedWatch([FILLING]);
    for (const each of causes) watch.check([each], { seconds: 120 });
    expect([outboxOf(watch.alerts), outboxOf(watch.alerts, 'webhook')]).toEqual([telegram, webhook]);
    expect(new Set(watch.alerts.outbox.map(({ id }) => id)).size).toBe(watch.alerts.outbox.length);
  });

  it('does not take back a notification that may have arrived: that it was part of another incident is sent', () => {
    const watch = triedWatch([WEB_DOWN, cause(R.EventsNotStored, 'ingest')]);
    watch.check([DATABASE_DOWN]);
    expect(outboxOf(watch.alerts)).toEqual(['open WebDown', 'open EventsNotStored', 'edit DatabaseDown', 'edit EventsNotStored']);
  });

  it('survives a Secret that is deleted and made again, with what it knows of the channels', () => {
    const alerts = { ...waiting(), channels: waiting().channels.map((state) => ({ ...state, dropped: 3 })) };
    const gone = setChannels(alerts, [], '', START);
    expect([outboxOf(gone), channelStatuses(gone), setChannels(gone, [], '', after(10))]).toEqual([['open WebDown', 'resolved WebDown'], [], gone]);
    const back = setChannels(gone, BOTH, '2', after(599));
    expect([outboxOf(back), back.channels.map(({ dropped, absentSince }) => [dropped, absentSince])]).toEqual([['open WebDown', 'resolved WebDown'], [[3, undefined], [3, undefined]]]);
    expect(setChannels(gone, [], '', after(600))).toMatchObject({ outbox: [], channels: [] });
  });

  it('says of every channel that the Secret cannot be read, when none is known', () => {
    expect(channelStatuses({ ...emptyAlertState(), unreadable: 'w' })).toEqual(['telegram', 'webhook', 'heartbeat'].map((name) => ({ name, error: 'w', waiting: 0 })));
  });
});

describe('channels of a Secret', () => {
  const GOOD = { 'telegram-token': '123:abc', 'telegram-chat': '-100', 'webhook-url': 'https://hooks.example.com/x', 'heartbeat-url': 'https://hc.example.com/y' };
  const found = (data: Readonly<Record<string, string>>) => foundChannels(readChannels(new Map(Object.entries(data).map(([key, value]) => [key, new Sensitive(value)]))));

  it.each<[string, Readonly<Record<string, string>>, readonly ChannelFound[]]>([
    ['that is empty: none', {}, []],
    ['with everything: all', GOOD, [{ name: 'telegram' }, { name: 'webhook' }, { name: 'heartbeat' }]],
    ['with newlines, as files end: all the same', Object.fromEntries(Object.entries(GOOD).map(([key, value]) => [key, `${value}\n`])), [{ name: 'telegram' }, { name: 'webhook' }, { name: 'heartbeat' }]],
    ['without a chat', { 'telegram-token': '123:abc' }, [{ name: 'telegram', problem: 'telegram-chat is missing in the Secret' }]],
    ['without a token', { 'telegram-chat': '5' }, [{ name: 'telegram', problem: 'telegram-token is missing in the Secret' }]],
    ['with a token that is none', { ...GOOD, 'telegram-token': 'hunter2/../', 'webhook-url': '', 'heartbeat-url': ' ' }, [{ name: 'telegram', problem: expect.stringContaining('telegram-token is not') as unknown as string }]],
    ['with the public name of a channel', { 'telegram-token': '123:abc', 'telegram-chat': '@alerts' }, [{ name: 'telegram' }]],
    ['with addresses that are none', { 'webhook-url': 'hooks.example.com', 'heartbeat-url': 'file:///etc/passwd' }, [{ name: 'webhook', problem: 'webhook-url is no http or https address' }, { name: 'heartbeat', problem: 'heartbeat-url is no http or https address' }]],
  ])('%s', (_, data, channels) => {
    expect(found(data)).toEqual(channels);
    expect(JSON.stringify(found(data))).not.toContain('hunter2');
  });
});
