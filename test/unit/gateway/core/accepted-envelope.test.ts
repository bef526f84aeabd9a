// What is kept of an envelope, under which ids, and what is answered.
import { describe, expect, it } from '@jest/globals';
import { acceptEnvelope, composeEnvelope, type AcceptedEnvelope } from '../../../../gateway/core/accepted-envelope.js';
import { EnvelopeReader } from '../../../../gateway/core/envelope-reader.js';
import { itemPolicy } from '../../../../gateway/core/item-policy.js';

const ID = 'a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0';
const OTHER = 'b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1';
const NEW = 'c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2';

function verdictOn(text: string) {
  const reader = new EnvelopeReader(itemPolicy('5.2'));
  reader.push(Buffer.from(text));
  const result = reader.end();
  if (result.kind === 'refused') throw new Error(result.detail);
  return acceptEnvelope(result.envelope, () => NEW);
}

function accept(text: string): AcceptedEnvelope {
  const verdict = verdictOn(text);
  if (verdict.kind === 'refused') throw new Error(verdict.detail);
  return verdict.accepted;
}

const envelope = (header: object, ...items: readonly (readonly [type: string, payload: object | string])[]) =>
  [JSON.stringify(header), ...items.flatMap(([type, payload]) => [JSON.stringify({ type }), typeof payload === 'string' ? payload : JSON.stringify(payload)])].join('\n');

describe('an accepted envelope', () => {
  it.each<[string, string, object]>([
    ["an event's own id", envelope({ event_id: OTHER }, ['event', { event_id: ID }]), { answerId: OTHER, events: [{ type: 'event', id: ID }], isUnchanged: true }],
    ["the envelope's for an event without one", envelope({ event_id: ID }, ['event', {}]), { answerId: ID, events: [{ type: 'event', id: ID }], isUnchanged: true }],
    ['a new one where there is none', envelope({}, ['event', { x: 1 }]), { answerId: undefined, events: [{ type: 'event', id: NEW }], isUnchanged: false }],
    ['a new one for a transaction without one, as GlitchTip makes it', envelope({ event_id: ID }, ['transaction', {}]), { answerId: ID, events: [{ type: 'transaction', id: NEW }], isUnchanged: false }],
    ["the envelope's in place of one that GlitchTip would refuse the event for", envelope({ event_id: ID }, ['event', { event_id: 'mine' }]), { events: [{ type: 'event', id: ID }], isUnchanged: false }],
    ['an id with hyphens and capitals', envelope({}, ['event', { event_id: 'A0A0A0A0-A0A0-A0A0-A0A0-A0A0A0A0A0A0' }]), { events: [{ type: 'event', id: ID }], isUnchanged: true }],
    ['no NULs, which would cost all others of its batch their rows', envelope({}, ['event', { event_id: ID, message: 'a\0b' }]), { events: [{ type: 'event', id: ID }], items: [{ payload: Buffer.from(JSON.stringify({ event_id: ID, message: 'ab' })) }], isUnchanged: false }],
    ['each event of several', envelope({}, ['event', { event_id: ID }], ['transaction', { event_id: OTHER }]), { events: [{ type: 'event', id: ID }, { type: 'transaction', id: OTHER }], isUnchanged: true }],
    ['nothing of a session', envelope({}, ['session', {}]), { events: [], items: [], isUnchanged: false }],
    ['nothing of an event that is no JSON', envelope({}, ['event', 'no'], ['event', { event_id: ID }]), { events: [{ type: 'event', id: ID }], unreadable: 1, isUnchanged: false }],
  ])('has %s', (_, text, expected) => expect(accept(text)).toMatchObject(expected));

  it('is written with the id that its row will have, and read again the same', () => {
    const { header, items } = accept(envelope({ sdk: { name: 'a', version: '1' } }, ['event', { message: 'ä\nö' }], ['session', {}]));
    const again = accept(composeEnvelope(header, items).toString());
    expect(again).toMatchObject({ events: [{ type: 'event', id: NEW }], isUnchanged: true });
    expect(JSON.parse(again.items[0]?.payload.toString() ?? '')).toEqual({ message: 'ä\nö', event_id: NEW });
  });

  it.each<[string, object]>([
    ['an id that is none', { event_id: 'mine' }], ['a DSN that is a list', { dsn: [] }], ['an SDK without a version', { sdk: { name: 'a' } }], ['an SDK that is a text', { sdk: 'a' }], ['a time that is none', { sent_at: 'soon' }],
  ])('whose header has %s is refused with 400', (_, header) => {
    expect(verdictOn(envelope(header, ['event', {}]))).toEqual({ kind: 'refused', status: 400, detail: 'Invalid envelope header' });
  });

  it.each<[string, object]>([
    ['nothing', {}], ['nulls', { event_id: null, dsn: null, sdk: null }], ['a version that is a number', { sdk: { name: 'a', version: 1 } }], ['times', { sent_at: '2026-06-01T02:14:00.123Z' }], ['seconds', { sent_at: 1_780_000_000.5 }], ['what nobody knows', { trace: { x: 1 } }],
  ])('whose header has %s is taken', (_, header) => expect(verdictOn(envelope(header, ['event', {}])).kind).toBe('accepted'));
});
