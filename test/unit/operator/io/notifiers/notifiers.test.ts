// The notifiers against a local Telegram and local receivers: what each answer means, and that nothing of it names an address or a token.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import type { TelegramMessage } from '../../../../../operator/controllers/ports.js';
import type { Delivery } from '../../../../../operator/core/alerts/outbox.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { exchange } from '../../../../../operator/io/notifiers/http-exchange.js';
import { openNotifiers } from '../../../../../operator/io/connect-ports.js';
import { Listener, type Reply } from '../../../../support/alerts/listener.js';
import { Receiver } from '../../../../support/alerts/receiver.js';
import { TelegramServer } from '../../../../support/alerts/telegram-server.js';

const TOKEN = '123456:canary-token';
const CHAT = '-100777';
const never = new AbortController().signal;
const text = (words: string): TelegramMessage => ({ text: { markdown: words.replace(/[.\-!]/g, '\\$&'), plain: words }, silent: false });

/** The description of a failure must not say where the message was sent to. */
function isDiscreet(delivery: Delivery): Delivery {
  expect(JSON.stringify(delivery)).not.toMatch(/canary|100777|127\.0\.0\.1|http/);
  return delivery;
}

describe('Telegram', () => {
  let now = 1_000_000;
  let server: TelegramServer;
  let notifiers = openNotifiers();
  beforeEach(async () => {
    notifiers = openNotifiers();
    server = new TelegramServer({ token: TOKEN, chat: CHAT, now: () => now });
    await server.start();
  });
  afterEach(() => server.stop());

  const to = (more: { token?: string; chat?: string } = {}) => ({ api: server.url, token: new Sensitive(more.token ?? TOKEN), chat: new Sensitive(more.chat ?? CHAT) });
  const send = async (message = text('Well.'), place = to(), signal = never) => isDiscreet(await notifiers.sendTelegram(place, message, signal));
  const edit = async (about: number, words: string) => isDiscreet(await notifiers.editTelegram(to(), { ...text(words), about }, never));

  it('takes a message, an edit of it, and an answer to it', async () => {
    expect(await send()).toEqual({ kind: 'delivered', message: 101 });
    expect(await edit(101, 'Better.')).toEqual({ kind: 'delivered', message: 101 });
    now += 1_000;
    expect(await send({ ...text('Best.'), about: 101, silent: true })).toEqual({ kind: 'delivered', message: 102 });
    expect(server.messages()).toMatchObject([
      { id: 101, text: 'Better.', silent: false, edits: [{ before: 'Well.' }] }, { id: 102, text: 'Best.', silent: true, replyTo: 101, edits: [] },
    ]);
  });

  it.each<[string, () => Promise<Delivery>, Delivery]>([
    ['an edit that changes nothing: fine', async () => { await send(); return edit(101, 'Well.'); }, { kind: 'delivered' }],
    ['a message that is gone: it has to be sent anew', () => edit(55, 'Well.'), { kind: 'gone' }],
    ['an answer to a message that is gone: sent all the same', () => send({ ...text('Well.'), about: 55 }), { kind: 'delivered', message: 101 }],
    ['another token: refused', () => send(text('Well.'), to({ token: '1:canary-other' })), { kind: 'refused', why: 'Telegram does not know the token (401)' }],
    ['a chat that it does not know: refused', () => send(text('Well.'), to({ chat: '100777' })), { kind: 'refused', why: 'Telegram: Bad Request: chat not found (400)' }],
    ['a person who blocked the bot: refused', () => { server.setBlocked(true); return send(); }, { kind: 'refused', why: 'Telegram: Forbidden: bot was blocked by the user (403)' }],
    ['a second message within a second: later, when it says', async () => { await send(); return send(); }, { kind: 'later', why: 'Telegram: too many messages, it asks to wait', afterSeconds: 1 }],
    ['a busy time: later, when it says', () => { server.beBusyFor(37); return send(); }, { kind: 'later', why: expect.any(String) as unknown as string, afterSeconds: 37 }],
    ['nobody listens: later', async () => { await server.setBehaviour('down'); return send(); }, { kind: 'later', why: 'Telegram: the connection was refused' }],
    ['something else answers: later', async () => { await server.setBehaviour('garbage'); return send(); }, { kind: 'later', why: 'Telegram: what answers (200) does not speak the Bot API' }],
    ['markup that it cannot read: sent without markup', () => send({ text: { markdown: 'a.b', plain: 'a.b' }, silent: false }), { kind: 'delivered', message: 101 }],
    ['a text that is too long: this notification is not taken', () => send(text('x'.repeat(4_097))), { kind: 'unacceptable', why: 'Telegram: Bad Request: message is too long (400)' }],
  ])('%s', async (_, work, delivery) => expect(await work()).toEqual(delivery));

  it('is given no longer than it was to', async () => {
    await server.setBehaviour('silent');
    expect(await send(text('Well.'), to(), AbortSignal.timeout(50))).toEqual({ kind: 'later', why: 'Telegram: no answer in time' });
  });

  it('is followed to the supergroup that a group became, from then on at once', async () => {
    server.moveChat('-100888');
    expect(await send()).toEqual({ kind: 'delivered', message: 101 });
    now += 1_000;
    expect(await send()).toEqual({ kind: 'delivered', message: 102 });
    expect(server.calls.map(({ status }) => status)).toEqual([400, 200, 200]);
    expect(server.messages().map(({ chat }) => chat)).toEqual(['-100888', '-100888']);
  });

  it('in a group takes twenty messages a minute', async () => {
    const outcomes: string[] = [];
    for (let turn = 0; turn < 21; turn += 1) {
      outcomes.push((await send()).kind);
      now += 1_000;
    }
    expect(outcomes).toEqual([...Array<string>(20).fill('delivered'), 'later']);
  });
});

describe('a 400 of Telegram', () => {
  let description = '';
  const listener = new Listener(() => ({ status: 400, body: JSON.stringify({ ok: false, error_code: 400, description: `Bad Request: ${description}` }) }));
  beforeAll(() => listener.start());
  afterAll(() => listener.stop());

  it.each<[string, Delivery['kind']]>([
    ['TOPIC_CLOSED', 'refused'], ['CHAT_WRITE_FORBIDDEN', 'refused'], ['CHAT_RESTRICTED', 'refused'], ['PEER_ID_INVALID', 'refused'], ['chat not found', 'refused'],
    ['not enough rights to send text messages to the chat', 'refused'], ['message thread not found', 'refused'], ['something new', 'refused'],
    ['message is too long', 'unacceptable'], ['message text is empty', 'unacceptable'], ['text must be non-empty', 'unacceptable'], ['can\'t parse entities: unexpected end', 'unacceptable'], ['ENTITY_BOUNDS_INVALID', 'unacceptable'],
    ['strings must be encoded in UTF-8', 'unacceptable'],
  ])('that says %s: %s', async (said, kind) => {
    description = said;
    const place = { api: listener.url, token: new Sensitive(TOKEN), chat: new Sensitive(CHAT) };
    expect((await openNotifiers().sendTelegram(place, text('Well.'), never)).kind).toBe(kind);
  });
});

describe('the local Telegram', () => {
  const server = new TelegramServer({ token: TOKEN, chat: CHAT });
  beforeAll(() => server.start());
  afterAll(() => server.stop());
  const call = async (path: string, body?: object) => {
    const answer = await exchange({ url: `${server.url}${path}`, method: body ? 'POST' : 'GET', body }, never);
    return answer.kind === 'answer' ? [answer.status, JSON.parse(answer.body) as unknown] : [0, answer.why];
  };

  it.each<[string, string, object | undefined, [number, object]]>([
    ['who it is', `/bot${TOKEN}/getMe`, undefined, [200, { ok: true, result: { is_bot: true } }]],
    ['a method without a bot', '/sendMessage', undefined, [404, { ok: false, error_code: 404, description: 'Not Found' }]],
    ['a method that there is not', `/bot${TOKEN}/sendRose`, undefined, [404, { description: 'Not Found: method not found' }]],
    ['an empty text', `/bot${TOKEN}/sendMessage`, { chat_id: CHAT, text: ' ' }, [400, { description: 'Bad Request: message text is empty' }]],
    ['a reserved character', `/bot${TOKEN}/sendMessage`, { chat_id: CHAT, text: 'a.', parse_mode: 'MarkdownV2' }, [400, { description: 'Bad Request: can\'t parse entities: Character \'.\' is reserved and must be escaped with the preceding \'\\\'' }]],
    ['bold without an end', `/bot${TOKEN}/sendMessage`, { chat_id: CHAT, text: 'a *b', parse_mode: 'MarkdownV2' }, [400, { description: 'Bad Request: can\'t parse entities: Can\'t find end of Bold entity at byte offset 2' }]],
    ['a query instead of a body', `/bot${TOKEN}/sendMessage?chat_id=${CHAT}&text=hello`, undefined, [200, { result: { text: 'hello', chat: { id: Number(CHAT) } } }]],
  ])('answers %s as the real one', async (_, path, body, said) => expect(await call(path, body)).toMatchObject(said));
});

describe('a webhook', () => {
  const receiver = new Receiver();
  const notifiers = openNotifiers();
  beforeAll(() => receiver.start());
  afterAll(() => receiver.stop());
  const post = async () => isDiscreet(await notifiers.postWebhook(new Sensitive(`${receiver.url}/canary`), { id: '7', body: { text: 'ü' } }, never));

  it.each<[number, Delivery['kind']]>([
    [200, 'delivered'], [204, 'delivered'], [301, 'refused'], [400, 'unacceptable'], [401, 'refused'], [403, 'refused'], [404, 'refused'], [408, 'later'], [410, 'refused'], [413, 'unacceptable'],
    [429, 'later'], [500, 'later'], [503, 'later'],
  ])('that answers %d: %s', async (status, kind) => {
    receiver.answerWith(status);
    expect((await post()).kind).toBe(kind);
  });

  it.each([[429, '12', 12], [429, '86400', 86_400], [503, '12', 12], [503, '86400', 900]])('that answers %d and asks for %s s is waited for, but not for ever', async (status, asks, afterSeconds) => {
    receiver.answerWith(status, { 'retry-after': asks });
    expect(await post()).toEqual({ kind: 'later', why: `webhook: it answers ${status}`, afterSeconds });
  });

  it('gets JSON, and the same key for each try', () => {
    expect(receiver.received().at(-1)).toMatchObject({ method: 'POST', path: '/canary', idempotencyKey: '7', body: '{"text":"ü"}' });
  });
});

describe('a heartbeat', () => {
  const receiver = new Receiver();
  const notifiers = openNotifiers();
  beforeAll(() => receiver.start());
  afterAll(() => receiver.stop());

  it.each<[number, Delivery]>([[200, { kind: 'delivered' }], [404, { kind: 'later', why: 'heartbeat: it answers 404' }], [503, { kind: 'later', why: 'heartbeat: it answers 503' }]])('that answers %d', async (status, delivery) => {
    receiver.answerWith(status);
    expect(isDiscreet(await notifiers.beat(new Sensitive(`${receiver.url}/canary`), never))).toEqual(delivery);
    expect(receiver.received().at(-1)).toMatchObject({ method: 'GET', path: '/canary' });
  });
});

describe('an exchange', () => {
  let answer: () => Reply = () => ({ status: 200 });
  const listener = new Listener(() => answer());
  beforeAll(() => listener.start());
  afterAll(() => listener.stop());

  it('ends in time', async () => {
    await listener.setBehaviour('silent');
    expect(await exchange({ url: listener.url, method: 'GET' }, never, 100)).toEqual({ kind: 'none', why: 'no answer within 0.1 s' });
    await listener.setBehaviour('well');
  });

  it('does not read an answer without end', async () => {
    answer = () => ({ status: 200, body: 'x'.repeat(70_000) });
    expect(await exchange({ url: listener.url, method: 'GET' }, never)).toMatchObject({ kind: 'none' });
  });

  it.each([['https://localhost:1/canary', 'the connection was refused'], ['http://canary.invalid/', 'its name'], ['https://127.0.0.1:PORT/', 'the connection failed|TLS']])('with %s says why, and not where', async (url, why) => {
    const said = await exchange({ url: url.replace('PORT', listener.url.split(':').at(-1) ?? ''), method: 'GET' }, never);
    expect(said).toMatchObject({ kind: 'none', why: expect.stringMatching(why) });
    expect(JSON.stringify(said)).not.toMatch(/canary|localhost|127/);
  });
});
