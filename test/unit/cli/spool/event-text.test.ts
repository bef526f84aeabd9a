// A record as text: its events' titles as people know them from GlitchTip, whatever the form, and nothing that a terminal obeys.
import { describe, expect, it } from '@jest/globals';
import { plain } from '../../../../cli/output.js';
import { renderRecord } from '../../../../cli/spool/event-text.js';

const NOW = new Date('2026-06-01T12:00:00Z');
const ID = 'a'.repeat(32);
const show = (body: string | Buffer, more: object = {}) => renderRecord({ id: ID, state: 'set-aside', kind: 'envelope', events: [], ...more }, Buffer.from(body), NOW, plain);
const envelopeOf = (...items: readonly (readonly [type: string, event: object])[]) => `{}\n${items.map(([type, event]) => `${JSON.stringify({ type })}\n${JSON.stringify(event)}\n`).join('')}`;
/** What follows the head of the record. */
const sections = (text: string) => text.split('\n\n').slice(1);

describe('a record', () => {
  it('begins with what came with it', () => {
    expect(show(envelopeOf(), { why: 'GlitchTip answered 400', setAsideAt: '2026-06-01T11:00:00Z', receivedAt: '2026-06-01T09:00:00Z', project: 3, attempts: 3, size: 2048, client: '203.0.113.7', userAgent: 'sdk/1' }).split('\n')).toEqual([
      `record      ${ID}`, 'state       set-aside: GlitchTip answered 400', 'set aside   2026-06-01 11:00 UTC (60 min ago)', 'received    2026-06-01 09:00 UTC (3 h ago)', 'project     3', 'endpoint    envelope',
      'given       3 times', 'size        2Ki', 'client      203.0.113.7', 'user agent  sdk/1',
    ]);
  });

  it('has an exception with its place, the innermost first', () => {
    const frames = [{ function: 'main', filename: 'app.js', lineno: 1 }, { function: 'load', module: 'app.orders', lineno: 20 }, {}];
    expect(sections(show(envelopeOf(['event', { event_id: ID, level: 'error', environment: 'production', release: '1.2', sdk: { name: 'sentry.python', version: '2' }, exception: { values: [{ type: 'Cause', value: 'x' }, { type: 'KeyError', value: 'order', stacktrace: { frames } }] } }])))).toEqual([
      ['KeyError: order', `  id           ${ID}`, '  level        error', '  environment  production', '  release      1.2', '  sdk          sentry.python 2', '  at           ?', '               load (app.orders:20)', '               main (app.js:1)'].join('\n'),
    ]);
  });

  it.each<[string, string, object, string]>([
    ['of a message', 'event', { message: 'it broke' }, 'it broke'],
    ['of a message with parameters', 'event', { logentry: { message: 'it %s', formatted: 'it broke' } }, 'it broke'],
    ['of a message that is an object', 'event', { message: { formatted: 'it broke' } }, 'it broke'],
    ['of a list of exceptions', 'event', { exception: [{ type: 'Error' }] }, 'Error'],
    ['of a transaction', 'transaction', { transaction: 'GET /orders' }, 'GET /orders'],
    ['of nothing', 'event', {}, 'event without a title'],
    ['of what is no event at all', 'event', { exception: 'no', message: ['no'], sdk: 1 }, 'event without a title'],
    ['that would move the cursor', 'event', { message: 'a\u001b[2Jb\r\n\u009bm' }, 'a\\u{1b}[2Jb\\u{d}\\u{a}\\u{9b}m'],
    ['of a megabyte', 'event', { message: 'x'.repeat(1_000_000) }, `${'x'.repeat(500)}... (1000000 characters)`],
  ])('has a title %s', (_, type, event, title) => {
    expect(sections(show(envelopeOf([type, event])))[0]?.split('\n')[0]).toBe(title);
  });

  it('has each of several events, and counts what is no event', () => {
    expect(sections(show(envelopeOf(['event', { message: 'one' }], ['event', { message: 'two' }], ['\u001bx', {}])))).toEqual(['one', 'two', '1 of type \\u{1b}x']);
  });

  it('obeys nothing of its own headers either', () => {
    const text = show(envelopeOf(), { userAgent: '\u001b]0;x\u0007', client: '\u202E1', why: '\r' });
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it.each<[string, string, string | Buffer, string]>([
    ['an event of the old endpoint', 'store', '{"message":"it broke"}', 'it broke'],
    ['a report of a browser', 'security', '{"csp-report":{"blocked-uri":"x"}}', 'security\n  csp-report  {"blocked-uri":"x"}'],
    ['what is no text', 'minidump', Buffer.from('MDMP\u00ff'), '6 bytes that are no JSON'],
    ['what is no envelope', 'envelope', 'no\n', '3 bytes that are no envelope: Invalid envelope header'],
  ])('is shown as %s', (_, kind, body, text) => {
    expect(sections(show(body, { kind }))).toEqual([text]);
  });
});
