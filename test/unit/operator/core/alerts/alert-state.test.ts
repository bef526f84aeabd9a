// The book as its ConfigMap holds it, and the outbox in it.
import { describe, expect, it } from '@jest/globals';

import { HEALTH_REASONS as R } from '../../../../../operator/api/health-reasons.js';
import { withoutAhead } from '../../../../../operator/core/alerts/future-alert-dates.js';
import { foundChannels, readChannels } from '../../../../../operator/core/alerts/channels.js';
import { LETTERS_KEPT, nextLetter, recordDelivery, resume, setChannels, type ChannelFound, type Delivery } from '../../../../../operator/core/alerts/outbox.js';
import { channelStatuses, decodeWatchbook, emptyWatchbook, encodeWatchbook, recordRepair, type Watchbook } from '../../../../../operator/core/alerts/alert-state.js';
import type { Cause } from '../../../../../operator/core/health/root-cause.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { toSeconds } from '../../../../../operator/core/timestamps.js';
import { cause, DATABASE_DOWN, specOf, START, Watch, WEB_DOWN } from './alert-scenarios.js';

const BOTH: readonly ChannelFound[] = [{ name: 'telegram' }, { name: 'webhook' }];
const after = (seconds: number) => new Date(START.getTime() + seconds * 1_000);
const outboxOf = (book: Watchbook, channel = 'telegram') => book.outbox.filter((letter) => letter.channel === channel).map(({ event, edit, incident }) => `${edit ? 'edit' : event} ${incident?.reason ?? ''}`.trim());

const FILLING = cause(R.QueueFilling, 'valkey', { severity: 'warning' });
/** What was opened was tried once by each channel, and nobody knows what came of it. */
function triedWatch(causes: readonly Cause[]): Watch {
  const watch = new Watch(specOf(), false).times(3, causes);
  watch.book = { ...watch.book, outbox: watch.book.outbox.map((letter) => ({ ...letter, attempts: 1 })) };
  return watch;
}

describe('a book', () => {
  it.each<[string, Watchbook]>([
    ['that is empty', emptyWatchbook()],
    ['with incidents and letters', new Watch(specOf(), false).times(3, [WEB_DOWN]).check([DATABASE_DOWN]).times(3, []).book],
    ['with everything', recordRepair({ ...setChannels(new Watch(specOf({ alerts: { reportHours: 6 } }), false).times(3, [WEB_DOWN]).book, BOTH, '7', START), alertTest: { id: 'a', at: 'b', results: [{ channel: 'telegram', error: 'c' }] }, threads: [{ incident: 'i', message: 5, place: 'abcd' }] }, { at: 'now', healing: 'migrate', reason: 'r', message: 'm' })],
  ])('%s is read as it was written', (_, book) => {
    expect(decodeWatchbook(encodeWatchbook(book))).toEqual({ kind: 'valid', book: JSON.parse(JSON.stringify(book)) as unknown });
  });

  it.each([
    ['is empty', '', 'it is not JSON'], ['is cut off', encodeWatchbook(emptyWatchbook()).slice(0, -5), 'it is not JSON'], ['is JSON of something else', '[]', 'all of it'],
    ['is of another version', JSON.stringify({ ...emptyWatchbook(), version: 2 }), 'version'], ['lacks its outbox', JSON.stringify({ ...emptyWatchbook(), outbox: undefined }), 'outbox'],
    ['speaks of an unknown reason', encodeWatchbook(new Watch().check([WEB_DOWN]).book).replace('WebDown', 'Moonlit'), 'followed.0.reason'],
  ])('that %s is invalid, and it is said where', (_, text, why) => expect(decodeWatchbook(text)).toEqual({ kind: 'invalid', why: expect.stringContaining(why) }));

  it('keeps the last ten repairs, newest first', () => {
    const book = [...Array(12).keys()].reduce((each, at) => recordRepair(each, { at: String(at), healing: 'migrate', reason: 'r', message: 'm' }), emptyWatchbook());
    expect(book.repairs.map(({ at }) => at)).toEqual(['11', '10', '9', '8', '7', '6', '5', '4', '3', '2']);
  });
});

describe('the outbox', () => {
  it('holds one letter a channel, and its text grows while it waits', () => {
    const { book } = new Watch(specOf(), false).times(3, [WEB_DOWN]).times(10, [DATABASE_DOWN], { seconds: 70 });
    expect([outboxOf(book), outboxOf(book, 'webhook')]).toEqual([['open DatabaseDown'], ['open DatabaseDown']]);
  });

  it('keeps the beginning and the end of an incident that nobody could be told of', () => {
    expect(outboxOf(new Watch(specOf(), false).times(3, [WEB_DOWN]).times(2, []).book)).toEqual(['open WebDown', 'resolved WebDown']);
  });

  it('tells a webhook of another cause, and not of other words', () => {
    const watch = new Watch().times(3, [WEB_DOWN]);
    const words = new Watch(watch.spec, false);
    words.book = watch.book;
    words.now = watch.now;
    expect(outboxOf(words.check([{ ...WEB_DOWN, message: 'Other words.' }], { seconds: 120 }).book, 'webhook')).toEqual([]);
    expect(outboxOf(words.book)).toEqual(['edit WebDown']);
    expect(outboxOf(words.check([DATABASE_DOWN]).book, 'webhook')).toEqual(['edit DatabaseDown']);
    expect(outboxOf(words.book)).toEqual(['edit DatabaseDown']);
  });

  it('is capped, the oldest go, and it is counted how many', () => {
    const watch = new Watch(specOf(), false);
    watch.book = setChannels(watch.book, BOTH, '1', START);
    for (let turn = 0; turn < LETTERS_KEPT; turn += 1) watch.times(3, [cause(R.VolumeFull, `volume-${turn}`)]).times(2, []);
    expect(watch.book.outbox).toHaveLength(2 * LETTERS_KEPT);
    expect(watch.book.channels.map(({ dropped }) => dropped)).toEqual([LETTERS_KEPT, LETTERS_KEPT]);
    expect(watch.book.outbox.at(-1)).toMatchObject({ event: 'resolved', incident: { part: `volume-${LETTERS_KEPT - 1}` } });
  });

  it('of a channel that is not set up keeps what is open, for the moment that it is', () => {
    const watch = new Watch(specOf(), false).times(3, [WEB_DOWN]).times(2, []).times(3, [DATABASE_DOWN]);
    expect(outboxOf(setChannels(watch.book, [], '', START))).toEqual(['open DatabaseDown']);
  });

  const waiting = () => setChannels(new Watch(specOf(), false).times(3, [WEB_DOWN]).times(2, []).book, BOTH, '1', START);
  const tried = (book: Watchbook, delivery: Delivery, now = after(100)): Watchbook => {
    const letter = nextLetter(book, 'telegram', now);
    if (!letter) throw new Error('nothing is due');
    return recordDelivery(book, { letter, place: 'abcd' }, delivery, now);
  };
  const statusOf = (book: Watchbook) => channelStatuses(book).find(({ name }) => name === 'telegram');

  it.each<[string, Delivery, number | undefined]>([
    ['after what Telegram asks for', { kind: 'later', why: 'w', afterSeconds: 37 }, 37],
    ['after 5 s when it gives no time', { kind: 'later', why: 'w' }, 5],
    ['after half an hour when only a person can help', { kind: 'refused', why: 'w' }, 1_800],
    ['after 5 s when the letter is not taken', { kind: 'unacceptable', why: 'w' }, 5],
  ])('tries again %s', (_, delivery, seconds) => {
    const book = tried(waiting(), delivery);
    expect(nextLetter(book, 'telegram', after(100 + (seconds ?? 0) - 1))).toBeUndefined();
    expect(nextLetter(book, 'telegram', after(100 + (seconds ?? 0)))).toMatchObject({ event: 'open', attempts: 1 });
    expect(statusOf(book)).toEqual({ name: 'telegram', error: 'w', waiting: 2 });
    expect(nextLetter(book, 'webhook', after(100))).toBeDefined();
  });

  it('waits longer each time, up to 5 minutes', () => {
    let book = waiting();
    const waits: number[] = [];
    for (let now = 100; waits.length < 9;) {
      book = tried(book, { kind: 'later', why: 'w' }, after(now));
      const until = (Date.parse(book.channels.find(({ name }) => name === 'telegram')?.pause?.until ?? '') - START.getTime()) / 1_000;
      waits.push(until - now);
      now = until;
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300]);
  });

  it('gives a letter up that a working channel refuses thrice, and counts it', () => {
    let book = waiting();
    for (const now of [100, 200, 300]) book = tried(book, { kind: 'unacceptable', why: 'w' }, after(now));
    expect([outboxOf(book), book.channels[0]?.dropped]).toEqual([['resolved WebDown'], 1]);
    expect(nextLetter(book, 'telegram', after(300))).toMatchObject({ event: 'resolved' });
  });

  it('waits no longer once a test showed that the channel works', () => {
    const book = tried(waiting(), { kind: 'refused', why: 'w' });
    expect(nextLetter(book, 'telegram', after(101))).toBeUndefined();
    expect(nextLetter(resume(book, 'telegram', toSeconds(after(101))), 'telegram', after(101))).toMatchObject({ attempts: 1 });
  });

  it('has one less when it was delivered, and knows its message', () => {
    const book = tried({ ...waiting(), channels: [{ name: 'telegram', version: '1', dropped: 3, error: 'w' }] }, { kind: 'delivered', message: 7 });
    expect([outboxOf(book), book.threads]).toEqual([['resolved WebDown'], [{ incident: expect.any(String), message: 7, place: 'abcd' }]]);
    expect([statusOf(book), book.channels[0]?.dropped]).toEqual([{ name: 'telegram', lastSentAt: '2026-06-01T02:15:40Z', waiting: 1 }, 0]);
  });

  it('has the channel wait, and not the letter alone: neither what takes its place nor what comes after it is sent earlier', () => {
    const watch = new Watch(specOf(), false).times(3, [WEB_DOWN]);
    watch.book = { ...setChannels(watch.book, BOTH, '1', START), outbox: [] };
    const words = (message: string) => watch.check([{ ...WEB_DOWN, message }], { seconds: 120 });
    words('Other words.');
    const now = watch.now;
    watch.book = tried(watch.book, { kind: 'later', why: 'w', afterSeconds: 600 }, now);
    words('Still other words.');
    expect(outboxOf(watch.book)).toEqual(['edit WebDown']);
    expect(nextLetter(watch.book, 'telegram', new Date(now.getTime() + 599_000))).toBeUndefined();
    expect(nextLetter(watch.book, 'telegram', new Date(now.getTime() + 600_000))).toMatchObject({ attempts: 0 });
  });

  it('does not wait for hours when the clock was set back, and repairs and incidents are as of now', () => {
    const ahead = tried(waiting(), { kind: 'later', why: 'w' }, after(7_200));
    const book = recordRepair({ ...ahead, followed: new Watch().times(3, [WEB_DOWN]).book.followed }, { at: '2026-06-01T04:00:00Z', healing: 'migrate', reason: 'r', message: 'm' });
    const set = withoutAhead(book, after(-100));
    expect(nextLetter(book, 'telegram', after(-100))).toBeUndefined();
    expect(nextLetter(set, 'telegram', after(-100))).toMatchObject({ event: 'open', attempts: 1 });
    const now = toSeconds(after(-100));
    expect([set.repairs[0]?.at, set.followed[0]?.since, set.followed[0]?.openings]).toEqual([now, now, [now]]);
    expect(withoutAhead(set, after(-100))).toBe(set);
  });

  it('does not wait when the Secret was changed', () => {
    const book = tried(waiting(), { kind: 'refused', why: 'w' });
    expect(nextLetter(setChannels(book, BOTH, '1', START), 'telegram', after(101))).toBeUndefined();
    expect(nextLetter(setChannels(book, BOTH, '2', START), 'telegram', after(101))).toMatchObject({ attempts: 1 });
    expect(statusOf(setChannels(book, BOTH, '2', START))).toEqual({ name: 'telegram', waiting: 2 });
  });

  it.each<[string, readonly Cause[], string[], string[]]>([
    ['a worse cause is a letter of its own', [cause(R.QueueFull, 'valkey')], ['open QueueFilling', 'update QueueFull'], ['open QueueFilling', 'update QueueFull']],
    ['other words are an edit', [{ ...FILLING, message: 'Other words.' }], ['open QueueFilling', 'edit QueueFilling'], ['open QueueFilling']],
    ['the newest of two changes is told', [{ ...FILLING, message: 'Other words.' }, cause(R.QueueFull, 'valkey')], ['open QueueFilling', 'update QueueFull'], ['open QueueFilling', 'update QueueFull']],
  ])('does not change a letter that may have arrived: %s', (_, causes, telegram, webhook) => {
    const watch = triedWatch([FILLING]);
    for (const each of causes) watch.check([each], { seconds: 120 });
    expect([outboxOf(watch.book), outboxOf(watch.book, 'webhook')]).toEqual([telegram, webhook]);
    expect(new Set(watch.book.outbox.map(({ id }) => id)).size).toBe(watch.book.outbox.length);
  });

  it('does not take back a letter that may have arrived: that it was part of another incident is told', () => {
    const watch = triedWatch([WEB_DOWN, cause(R.EventsNotStored, 'ingest')]);
    watch.check([DATABASE_DOWN]);
    expect(outboxOf(watch.book)).toEqual(['open WebDown', 'open EventsNotStored', 'edit DatabaseDown', 'edit EventsNotStored']);
  });

  it('survives a Secret that is deleted and made again, with what it knows of the channels', () => {
    const book = { ...waiting(), channels: waiting().channels.map((state) => ({ ...state, dropped: 3 })) };
    const gone = setChannels(book, [], '', START);
    expect([outboxOf(gone), channelStatuses(gone), setChannels(gone, [], '', after(10))]).toEqual([['open WebDown', 'resolved WebDown'], [], gone]);
    const back = setChannels(gone, BOTH, '2', after(599));
    expect([outboxOf(back), back.channels.map(({ dropped, absentSince }) => [dropped, absentSince])]).toEqual([['open WebDown', 'resolved WebDown'], [[3, undefined], [3, undefined]]]);
    expect(setChannels(gone, [], '', after(600))).toMatchObject({ outbox: [], channels: [] });
  });

  it('says of every channel that the Secret cannot be read, when none is known', () => {
    expect(channelStatuses({ ...emptyWatchbook(), unreadable: 'w' })).toEqual(['telegram', 'webhook', 'heartbeat'].map((name) => ({ name, error: 'w', waiting: 0 })));
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
