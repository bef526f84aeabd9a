// What messages say, and the forms that channels give them: nothing is cut in two, nothing is taken for markup.
import { describe, expect, it } from '@jest/globals';

import { HEALTH_REASONS } from '../../../../../operator/api/health-reasons.js';
import { renderTelegram, renderWebhook, TELEGRAM_LONGEST } from '../../../../../operator/core/alerts/message-formats.js';
import { headline } from '../../../../../operator/core/alerts/headlines.js';
import { buildMessage, buildTestMessage, formatSpan, type Message } from '../../../../../operator/core/alerts/message-texts.js';
import type { Notification } from '../../../../../operator/core/alerts/alert-state.js';
import { parseMarkdown } from '../../../../support/alerts/telegram-markdown.js';
import { DATABASE_DOWN, Watch, WEB_DOWN, specOf } from './alert-scenarios.js';

const SENDER = { name: 'glitchtip', namespace: 'errors' };
const plainOf = (notification: Notification | undefined, dropped = 0) => (notification ? renderTelegram(buildMessage(notification, SENDER, dropped)).plain : '');

describe('a message', () => {
  const watch = new Watch().times(3, [WEB_DOWN]).check([DATABASE_DOWN], { seconds: 60, repairTexts: { 'DatabaseDown/postgres': 'waits for Postgres and restarts nothing.' } }).times(2, []);
  const [open, edit, resolved] = watch.notifications;

  it('of an incident says what, where, what to do, and since when', () => expect(plainOf(open)).toBe([
    '🔴 Web is down · glitchtip in errors',
    'web was found wanting.',
    'What to do: Look at its log.',
    'The operator: repairs nothing here by itself; it keeps checking.',
    'Critical since 2026-06-01 02:14 UTC. WebDown, web, incident 20260601T021410Z-1.',
  ].join('\n\n')));

  it('that has grown says what it explains, what is done about it, and as of when', () => expect(plainOf(edit)).toBe([
    '🔴 Postgres does not answer · glitchtip in errors',
    'Postgres at postgres:5432 does not answer.',
    'Only because of it: web answers 500; events are not stored.',
    'What to do: Look at its log.',
    'The operator: waits for Postgres and restarts nothing.',
    'Critical since 2026-06-01 02:14 UTC, as of 2026-06-01 02:15 UTC. DatabaseDown, postgres, incident 20260601T021410Z-1.',
  ].join('\n\n')));

  it('of its end says how long it took', () => expect(plainOf(resolved)).toBe([
    '✅ Over after 90 s: Postgres does not answer · glitchtip in errors',
    'From 2026-06-01 02:14 UTC to 2026-06-01 02:15 UTC.',
    'DatabaseDown, postgres, incident 20260601T021410Z-1.',
  ].join('\n\n')));

  it('sent again says for how long it has been', () => {
    const again = new Watch().times(3, [WEB_DOWN]).check([WEB_DOWN], { seconds: 4 * 3_600 }).notifications.at(-1);
    expect(plainOf(again)).toContain('Critical since 2026-06-01 02:14 UTC, for 4 h now.');
  });

  it('says how many before it were dropped', () => {
    expect(plainOf(open, 1)).toMatch(/1 older message could not be sent in time and was dropped\.$/);
    expect(plainOf(open, 7)).toMatch(/7 older messages could not be sent in time and were dropped\.$/);
  });

  it('how old the newest copy is', () => {
    const report = new Watch(specOf({ alerts: { reportHours: 6 } })).check([]).check([], { seconds: 21_600, backup: {} }).notifications.at(-1);
    expect(report && buildMessage(report, { name: 'gt', namespace: 'gt' }, 0).paragraphs.at(-1)).toEqual({ label: 'Backups', text: 'There is no copy that is known to restore.' });
  });

  it('that all is well wakes nobody', () => {
    const report = new Watch(specOf({ alerts: { reportHours: 6 } })).check([]).check([], { seconds: 21_600 }).notifications.at(-1);
    expect(report && buildMessage(report, { name: 'gt', namespace: 'gt' }, 0)).toEqual({ title: '📋 All is well · gt', paragraphs: [{ text: 'And was for the last 6 h.' }], silent: true });
  });
});

it.each(Object.values(HEALTH_REASONS))('%s has a headline that fits a locked telephone', (reason) => {
  const text = headline({ reason, part: 'web' });
  expect(text).toMatch(/^[A-Z][^{}.]{8,60}$/);
});

it.each([[0, '0 s'], [119_400, '119 s'], [120_000, '2 min'], [3_599_000, '59 min'], [3_600_000, '1 h'], [11_100_000, '3 h 5 min'], [187_200_000, '2 d 4 h'], [-5, '0 s']])('%d ms read as %s', (milliseconds, text) => {
  expect(formatSpan(milliseconds)).toBe(text);
});

describe('Telegram', () => {
  const message = (title: string, text: string): Message => ({ title, paragraphs: [{ text }], silent: false });

  it.each([
    ['every reserved character', '_*[]()~`>#+-=|{}.!\\'],
    ['a command', 'Run `kubectl -n glitchtip logs postgres-0 | grep -E "a.b*"` and read.'],
    ['a command with a backslash', 'Run `grep "\\.err"`.'],
    ['an odd backtick', 'It\'s ` odd ``. And `.'],
    ['a backslash at the end', 'C:\\'],
    ['what looks like markup', '*bold* [link](http://x) ||spoiler|| __u__ > quote\n> quote'],
    ['emoji', '👩‍👩‍👧 🔴'],
  ])('reads %s as it was written', (_, text) => {
    const { markdown, plain } = renderTelegram(message(`A *title* (1.0): ${text}`, text));
    expect(parseMarkdown(markdown)).toMatchObject({ ok: true, text: plain });
    expect(plain.replaceAll('`', '')).toBe(`A *title* (1.0): ${text}\n\n${text}`.replaceAll('`', ''));
  });

  it.each([...Array(40).keys()])('takes a text that is too long by one more character each time, whole in each of its characters (%d)', (extra) => {
    const long = message('T.', 'x'.repeat(TELEGRAM_LONGEST - 24 + extra) + '🔴.`-🔴-`.🔴!'.repeat(20));
    const { markdown, plain } = renderTelegram(long);
    const parsed = parseMarkdown(markdown);
    expect(parsed).toMatchObject({ ok: true, text: plain });
    expect(plain.length).toBeLessThanOrEqual(TELEGRAM_LONGEST);
    expect(plain.length).toBeGreaterThan(TELEGRAM_LONGEST - 3);
    expect(plain).not.toMatch(/\p{Cs}/u);
    expect(plain.endsWith('…')).toBe(true);
  });

  it('makes the title and the words before paragraphs bold, and commands code', () => {
    const { markdown } = renderTelegram({ title: 'T', paragraphs: [{ label: 'What to do', text: 'Run `ls -l`.' }], silent: false });
    expect(markdown).toBe('*T*\n\n*What to do:* Run `ls -l`\\.');
  });
});

describe('a webhook', () => {
  it('gets what Slack shows, and fields for programs beside it', () => {
    const [notification] = new Watch().times(3, [{ ...DATABASE_DOWN, message: 'Pods <none> & more.' }]).notifications;
    if (!notification) throw new Error('nothing was sent');
    const body = renderWebhook({ notification, id: notification.id, message: buildMessage(notification, SENDER, 0), sender: SENDER });
    expect(body).toMatchObject({
      event: 'open', id: notification.id, glitchtip: SENDER, text: expect.stringContaining('Pods &lt;none&gt; &amp; more.'),
      incident: { id: '20260601T021410Z-1', reason: 'DatabaseDown', part: 'postgres', severity: 'critical', message: 'Pods <none> & more.', explains: DATABASE_DOWN.explains },
    });
  });

  it('gets how long it lasted when it is over', () => {
    const notification = new Watch().times(3, [WEB_DOWN]).times(2, []).notifications.at(-1);
    if (!notification) throw new Error('nothing was sent');
    expect(renderWebhook({ notification, id: notification.id, message: buildMessage(notification, SENDER, 0), sender: SENDER })).toMatchObject({ event: 'resolved', incident: { since: '2026-06-01T02:14:10Z', endedAt: '2026-06-01T02:14:40Z' } });
  });

  it('gets a test as such', () => {
    expect(renderWebhook({ id: 'test-1', message: buildTestMessage(SENDER, '1'), sender: SENDER })).toMatchObject({ event: 'test', id: 'test-1', text: expect.stringContaining('Nothing is wrong') });
  });
});
