// The notification controller with a local Telegram, a webhook and a heartbeat: what is due arrives, once, through crashes and outages.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { NotificationController, type DeliveryContext } from '../../../../../operator/controllers/alerts/notification-controller.js';
import { HEALTH_REASONS as R } from '../../../../../operator/api/health-reasons.js';
import { openIncidents, track } from '../../../../../operator/core/alerts/incidents.js';
import { channelStatuses, decodeAlertState, emptyAlertState, encodeAlertState, type AlertState } from '../../../../../operator/core/alerts/alert-state.js';
import type { ObservedSecret } from '../../../../../operator/core/credentials/observed.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { sha256Hex } from '../../../../../operator/io/crypto.js';
import { openNotifiers } from '../../../../../operator/io/connect-ports.js';
import type { Cause } from '../../../../../operator/core/health/root-cause.js';
import { Receiver } from '../../../../support/alerts/receiver.js';
import { TelegramServer } from '../../../../support/alerts/telegram-server.js';
import { cause, DATABASE_DOWN, specOf, START, WEB_DOWN } from '../../core/alerts/alert-scenarios.js';

const TOKEN = '123456:canary-token';
const CHAT = '5550777';
const never = new AbortController().signal;

let now = START.getTime();
let telegram: TelegramServer;
let webhook: Receiver;
let heartbeat: Receiver;
let secret: ObservedSecret;
/** What the ConfigMap holds. */
let stored: string;
let controller: NotificationController;
const spec = specOf();
const clock = { now: () => now, monotonic: () => now, after: (milliseconds: number, callback: () => void) => { now += milliseconds; setImmediate(callback); return () => undefined; } };

const holds = (data: Readonly<Record<string, string>>, version = '1'): ObservedSecret =>
  ({ kind: 'present', data: new Map(Object.entries(data).map(([key, value]) => [key, new Sensitive(value)])), undecodable: [], resourceVersion: version });
const everything = () => ({ 'telegram-api': telegram.url, 'telegram-token': TOKEN, 'telegram-chat': CHAT, 'webhook-url': `${webhook.url}/hook`, 'heartbeat-url': `${heartbeat.url}/ping` });
/** A process that has just started. */
const start = (budget?: number) => { controller = new NotificationController({ budget, cluster: { observeSecret: () => Promise.resolve(secret) }, notifiers: openNotifiers(), clock, namespace: 'errors', digest: sha256Hex }); };
const read = (): AlertState => {
  const decoded = decodeAlertState(stored);
  if (decoded.kind === 'invalid') throw new Error(decoded.why);
  return decoded.alerts;
};
const save = (alerts: AlertState) => { stored = encodeAlertState(alerts); return Promise.resolve(true); };
const observe = (causes: readonly Cause[]) => { stored = encodeAlertState(track(read(), { causes, repairTexts: new Map(), now: new Date(now), spec })); };
const deliver = async (more: Partial<DeliveryContext> = {}) => { stored = encodeAlertState(await controller.deliver(read(), { name: 'glitchtip', spec, healthy: false, save, ...more }, never)); };
/** A check as the health controller makes it, 10 s after the last. */
const check = async (causes: readonly Cause[], more: Partial<DeliveryContext> = {}) => {
  now += 10_000;
  observe(causes);
  await deliver(more);
};
const titles = () => telegram.messages().map(({ text }) => text.split(' · ')[0]);
const events = () => webhook.received().map(({ body }) => (JSON.parse(body) as { event: string }).event);
const statusOf = (channel: string) => channelStatuses(read()).find(({ name }) => name === channel);

beforeEach(async () => {
  now = START.getTime();
  telegram = new TelegramServer({ token: TOKEN, chat: CHAT, now: () => now });
  [webhook, heartbeat] = [new Receiver(), new Receiver()];
  await Promise.all([telegram.start(), webhook.start(), heartbeat.start()]);
  secret = holds(everything());
  stored = encodeAlertState(emptyAlertState());
  start();
});
afterEach(async () => {
  // Whatever else holds: what is written down names no address and no token.
  expect(stored).not.toMatch(/canary|5550777|127\.0\.0\.1/);
  await Promise.all([telegram.stop(), webhook.stop(), heartbeat.stop()]);
});

describe('one outage', () => {
  it('is one message that is edited, and a second one that it is over', async () => {
    for (const causes of [[WEB_DOWN], [WEB_DOWN], [WEB_DOWN], [DATABASE_DOWN], [], []]) await check(causes);
    expect(titles()).toEqual(['🔴 Postgres does not answer', '✅ Over after 40 s: Postgres does not answer']);
    const [first, second] = telegram.messages();
    expect(first?.edits.map(({ before }) => before.split(' · ')[0])).toEqual(['🔴 Web is down']);
    expect(second?.replyTo).toBe(first?.id);
    expect(events()).toEqual(['open', 'update', 'resolved']);
    expect(read().outbox).toEqual([]);
    expect(statusOf('telegram')).toEqual({ name: 'telegram', lastSentAt: '2026-06-01T02:15:00Z', waiting: 0 });
  });

  it('goes on in its message after a restart', async () => {
    for (const causes of [[WEB_DOWN], [WEB_DOWN], [WEB_DOWN], [DATABASE_DOWN], [], []]) {
      start();
      await check(causes);
    }
    expect(titles()).toEqual(['🔴 Postgres does not answer', '✅ Over after 40 s: Postgres does not answer']);
  });

  it('has a new message when a person deleted the first', async () => {
    for (const causes of [[WEB_DOWN], [WEB_DOWN], [WEB_DOWN]]) await check(causes);
    telegram.deleteMessages();
    await check([DATABASE_DOWN]);
    expect(titles()).toEqual(['🔴 Postgres does not answer']);
  });

  it('is sent anew in another chat, and no message there is edited by mistake', async () => {
    for (const causes of [[WEB_DOWN], [WEB_DOWN], [WEB_DOWN]]) await check(causes);
    telegram.moveChat('6660777');
    secret = holds({ ...everything(), 'telegram-chat': '6660777' }, '2');
    await check([DATABASE_DOWN]);
    expect(telegram.messages().map(({ chat, edits }) => [chat, edits.length])).toEqual([[CHAT, 0], ['6660777', 0]]);
  });
});

describe('a crash', () => {
  const ready = async () => {
    for (const causes of [[WEB_DOWN], [WEB_DOWN]]) await check(causes);
    now += 10_000;
    observe([WEB_DOWN]);
  };

  it('between saving and sending loses nothing', async () => {
    await ready();
    start();
    await check([WEB_DOWN]);
    expect([titles(), events()]).toEqual([['🔴 Web is down'], ['open']]);
  });

  it('between sending and saving repeats that one message and no other, by a webhook with the same key', async () => {
    await ready();
    await controller.deliver(read(), { name: 'glitchtip', spec, healthy: false }, never);
    start();
    await check([WEB_DOWN]);
    await check([WEB_DOWN]);
    expect(titles()).toEqual(['🔴 Web is down', '🔴 Web is down']);
    expect(new Set(webhook.received().map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
  });

  it('after any of several notifications repeats that one, once', async () => {
    await telegram.setBehaviour('down');
    for (const part of ['a', 'b', 'c']) for (const found of [true, true, true, false, false]) await check(found ? [cause(R.VolumeFull, part)] : []);
    await telegram.setBehaviour('well');
    for (let turn = 0; turn < 12; turn += 1) {
      now += 300_000;
      let notifications = 0;
      // The process dies at its second save: what it had saved before is what the next one finds.
      const dying = (alerts: AlertState) => { notifications += 1; return notifications === 2 ? Promise.reject(new Error('killed')) : save(alerts); };
      await deliver({ save: dying }).catch(() => start());
    }
    expect(read().outbox).toEqual([]);
    const sent = titles();
    expect([...new Set(sent)]).toEqual(['a', 'b', 'c'].flatMap((part) => [`🔴 Volume ${part} is nearly full`, `✅ Over after 30 s: volume ${part} is nearly full`]));
    for (const title of sent) expect(sent.filter((each) => each === title).length).toBeLessThanOrEqual(2);
  });

  it('of the API server in the middle sends nothing more than was saved', async () => {
    await telegram.setBehaviour('down');
    for (const part of ['a', 'b']) for (const found of [true, true, true, false, false]) await check(found ? [cause(R.VolumeFull, part)] : []);
    await telegram.setBehaviour('well');
    now += 300_000;
    await deliver({ save: () => Promise.resolve(false) });
    expect(titles()).toHaveLength(1);
  });
});

describe('a channel that fails', () => {
  it('down for ten minutes gets everything afterwards, in its order, once', async () => {
    await telegram.setBehaviour('down');
    for (let turn = 0; turn < 60; turn += 1) await check(turn < 30 ? [DATABASE_DOWN] : []);
    expect(statusOf('telegram')).toEqual({ name: 'telegram', error: 'Telegram: the connection was refused', waiting: 2 });
    expect(events()).toEqual(['open', 'resolved']);
    await telegram.setBehaviour('well');
    for (let turn = 0; turn < 60; turn += 1) await check([]);
    expect(titles()).toEqual(['🔴 Postgres does not answer', '✅ Over after 5 min: Postgres does not answer']);
    expect(statusOf('telegram')).toMatchObject({ waiting: 0 });
    expect(statusOf('telegram')?.error).toBeUndefined();
  });

  it.each<[string, () => Promise<void> | void, string]>([
    ['answers 429', () => telegram.beBusyFor(65), 'it asks to wait'], ['answers garbage', () => telegram.setBehaviour('garbage'), 'does not speak the Bot API'],
  ])('that %s is tried again when it may be', async (_, fail, why) => {
    await check([WEB_DOWN]);
    await fail();
    for (let turn = 0; turn < 4; turn += 1) await check([WEB_DOWN]);
    expect(statusOf('telegram')).toMatchObject({ error: expect.stringContaining(why), waiting: 1 });
    await telegram.setBehaviour('well');
    const tries = telegram.calls.length;
    for (let turn = 0; turn < 20; turn += 1) await check([WEB_DOWN]);
    expect([titles(), telegram.calls.length - tries]).toEqual([['🔴 Web is down'], 1]);
  });

  it('for good is tried rarely, and at once when the Secret was changed', async () => {
    secret = holds({ ...everything(), 'telegram-token': '1:canary-wrong' });
    for (let turn = 0; turn < 60; turn += 1) await check([WEB_DOWN]);
    expect(telegram.calls).toHaveLength(1);
    expect(statusOf('telegram')).toMatchObject({ error: 'Telegram does not know the token (401)', waiting: 1 });
    secret = holds(everything(), '2');
    await check([WEB_DOWN]);
    expect(titles()).toEqual(['🔴 Web is down']);
  });

  it('without a sound holds nobody up for longer than the budget, nor the other channels', async () => {
    await telegram.setBehaviour('silent');
    for (let turn = 0; turn < 2; turn += 1) await check([WEB_DOWN]);
    const started = Date.now();
    start(300);
    await check([WEB_DOWN]);
    expect(Date.now() - started).toBeLessThan(3_000);
    expect([events(), statusOf('telegram')?.error]).toEqual([['open'], expect.stringMatching(/^Telegram: no answer/)]);
  });

  it('is not blamed when it is the operator that ends', async () => {
    for (const causes of [[WEB_DOWN], [WEB_DOWN]]) await check(causes);
    now += 10_000;
    observe([WEB_DOWN]);
    await telegram.setBehaviour('silent');
    const alerts = await controller.deliver(read(), { name: 'glitchtip', spec, healthy: false }, AbortSignal.timeout(100));
    expect(alerts.outbox.find(({ channel }) => channel === 'telegram')).toMatchObject({ event: 'open', attempts: 0 });
  });
});

describe('the Secret', () => {
  it('that is absent means no channel; once it is there, what is still open is sent', async () => {
    secret = { kind: 'absent' };
    for (let turn = 0; turn < 10; turn += 1) await check([DATABASE_DOWN]);
    expect([channelStatuses(read()), openIncidents(read()).length]).toEqual([[], 1]);
    secret = holds(everything());
    await check([DATABASE_DOWN]);
    expect([titles(), events()]).toEqual([['🔴 Postgres does not answer'], ['open']]);
  });

  it('that cannot be read keeps notifications waiting, and says so', async () => {
    secret = { kind: 'unreadable', why: '503' };
    for (let turn = 0; turn < 3; turn += 1) await check([WEB_DOWN]);
    expect(statusOf('webhook')).toEqual({ name: 'webhook', error: 'Secret glitchtip-alerts cannot be read: 503', waiting: 1 });
    secret = holds(everything());
    await check([WEB_DOWN]);
    expect([titles(), statusOf('webhook')?.error]).toEqual([['🔴 Web is down'], undefined]);
  });

  it('that cannot be read any more is used as it was: the API server may be what is down', async () => {
    await check([WEB_DOWN]);
    secret = { kind: 'unreadable', why: 'ECONNREFUSED' };
    for (let turn = 0; turn < 2; turn += 1) await check([WEB_DOWN]);
    expect([titles(), statusOf('telegram')?.error]).toEqual([['🔴 Web is down'], expect.stringContaining('cannot be read')]);
  });

  it('with a mistake says what it is', async () => {
    secret = holds({ ...everything(), 'telegram-chat': '' });
    for (let turn = 0; turn < 3; turn += 1) await check([WEB_DOWN]);
    expect([statusOf('telegram'), events()]).toEqual([{ name: 'telegram', error: 'telegram-chat is missing in the Secret', waiting: 1 }, ['open']]);
  });
});

describe('the heartbeat', () => {
  it('goes out once a minute while the deep check passes, and costs no write each time', async () => {
    const states = new Set<string>();
    for (let turn = 0; turn < 24; turn += 1) {
      await check([], { healthy: true });
      states.add(stored);
    }
    expect(heartbeat.received()).toHaveLength(4);
    expect(states.size).toBe(1);
    expect(statusOf('heartbeat')).toEqual({ name: 'heartbeat', lastSentAt: '2026-06-01T02:14:10Z', waiting: 0 });
  });

  it('stays away while it does not', async () => {
    for (let turn = 0; turn < 12; turn += 1) await check([WEB_DOWN]);
    expect(heartbeat.received()).toEqual([]);
  });

  it('goes on when the clock is set back', async () => {
    await check([], { healthy: true });
    now -= 3_600_000;
    for (let turn = 0; turn < 6; turn += 1) await check([], { healthy: true });
    expect(heartbeat.received()).toHaveLength(2);
  });

  it('that fails is reported, and tried again soon', async () => {
    heartbeat.answerWith(500);
    await check([], { healthy: true });
    expect(statusOf('heartbeat')).toMatchObject({ error: 'heartbeat: it answers 500' });
    heartbeat.answerWith(200);
    for (let turn = 0; turn < 2; turn += 1) await check([], { healthy: true });
    expect([heartbeat.received().length, statusOf('heartbeat')?.error]).toEqual([2, undefined]);
  });
});

describe('a test', () => {
  it('goes to each channel once, and what came of it is recorded', async () => {
    heartbeat.answerWith(503);
    for (let turn = 0; turn < 3; turn += 1) await check([], { healthy: true, alertTest: 'a1' });
    expect(read().alertTest).toEqual({
      id: 'a1', at: '2026-06-01T02:14:10Z', results: [{ channel: 'telegram' }, { channel: 'webhook' }, { channel: 'heartbeat', error: 'heartbeat: it answers 503' }],
    });
    expect([titles(), events()]).toEqual([['🔔 Test'], ['test']]);
  });

  it.each<[string, string, RegExp]>([['that names itself plainly has it in its key', '2026-06-01T02:14:00Z', /^test-2026-06-01T02:14:00Z$/], ['with a line break in its name', 'a\nb', /^test-[0-9a-f]{64}$/], ['in another script', 'проба', /^test-[0-9a-f]{64}$/], ['that is endless', 'x'.repeat(5_000), /^test-[0-9a-f]{64}$/]])('%s', async (_, alertTest, key) => {
    await check([], { alertTest });
    expect(read().alertTest?.results).toContainEqual({ channel: 'webhook' });
    expect(webhook.received().map(({ idempotencyKey }) => idempotencyKey)).toEqual([expect.stringMatching(key)]);
  });

  it('beats no heart while GlitchTip is not well', async () => {
    await check([], { alertTest: 'a1' });
    expect(read().alertTest?.results.at(-1)).toEqual({ channel: 'heartbeat', error: expect.stringContaining('not sent') });
    expect(heartbeat.received()).toEqual([]);
  });

  it.each<[string, () => ObservedSecret, unknown]>([
    ['without a Secret has no result', () => ({ kind: 'absent' }), []],
    ['with a mistake in it says which', () => holds({ 'webhook-url': 'nonsense' }), [{ channel: 'webhook', error: 'webhook-url is no http or https address' }]],
  ])('%s', async (_, found, results) => {
    secret = found();
    await check([], { alertTest: 'a2' });
    expect(read().alertTest).toMatchObject({ id: 'a2', results });
  });

  it('waits while the Secret cannot be read', async () => {
    secret = { kind: 'unreadable', why: '503' };
    await check([], { alertTest: 'a3' });
    expect(read().alertTest).toBeUndefined();
  });
});
