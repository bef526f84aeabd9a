// What is kept of an envelope, under which ids, and what is answered.
import { describe, expect, it } from '@jest/globals';
import { acceptEnvelope, composeEnvelope, type AcceptedEnvelope } from '../../../../gateway/core/accepted-envelope.js';
import { EnvelopeReader } from '../../../../gateway/core/envelope-reader.js';
import { itemPolicy } from '../../../../gateway/core/item-policy.js';

const ID = 'a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0';
const OTHER = 'b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b1';
const NEW = 'c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2';
const TRANSACTION = { transaction: 'GET /', start_timestamp: 1, timestamp: 2, contexts: { trace: { trace_id: ID } } };

function read(text: string | Buffer) {
  const reader = new EnvelopeReader(itemPolicy('5.2'));
  reader.push(Buffer.from(text));
  return reader.end();
}

function accept(text: string | Buffer): AcceptedEnvelope {
  const result = read(text);
  if (result.kind === 'refused') throw new Error(result.detail);
  return acceptEnvelope(result.envelope, () => NEW);
}

const envelope = (header: object, ...items: readonly (readonly [type: string, payload: object | string])[]) =>
  [JSON.stringify(header), ...items.flatMap(([type, payload]) => [JSON.stringify({ type }), typeof payload === 'string' ? payload : JSON.stringify(payload)])].join('\n');

describe('an accepted envelope', () => {
  it.each<[string, string, object]>([
    ["an event's own id", envelope({ event_id: OTHER }, ['event', { event_id: ID }]), { answerId: OTHER, events: [{ type: 'event', id: ID }], isUnchanged: true }],
    ["the envelope's for an event without one", envelope({ event_id: ID }, ['event', {}]), { answerId: ID, events: [{ type: 'event', id: ID }], isUnchanged: true }],
    ['a new one where there is none', envelope({}, ['event', { x: 1 }]), { answerId: undefined, events: [{ type: 'event', id: NEW }], isUnchanged: false }],
    ['a new one for a transaction without one, as GlitchTip makes it', envelope({ event_id: ID }, ['transaction', TRANSACTION]), { answerId: ID, events: [{ type: 'transaction', id: NEW }], isUnchanged: false }],
    ["the envelope's in place of one that GlitchTip would refuse the event for", envelope({ event_id: ID }, ['event', { event_id: 'mine' }]), { events: [{ type: 'event', id: ID }], isUnchanged: false }],
    ['an id with hyphens and capitals', envelope({}, ['event', { event_id: 'A0A0A0A0-A0A0-A0A0-A0A0-A0A0A0A0A0A0' }]), { events: [{ type: 'event', id: ID }], isUnchanged: true }],
    ['no NULs, which would cost all others of its batch their rows', envelope({}, ['event', { event_id: ID, message: 'a\0b' }]), { events: [{ type: 'event', id: ID }], items: [{ payload: Buffer.from(JSON.stringify({ event_id: ID, message: 'ab' })) }], isUnchanged: false }],
    ['each event of several', envelope({}, ['event', { event_id: ID }], ['transaction', { ...TRANSACTION, event_id: OTHER }]), { events: [{ type: 'event', id: ID }, { type: 'transaction', id: OTHER }], isUnchanged: true }],
    ['the id that people would read where GlitchTip reads none', envelope({ event_id: OTHER }, ['event', { event_id: `{${ID}}` }]), { events: [{ type: 'event', id: ID }], isUnchanged: false }],
    ['a new id in place of one that GlitchTip would refuse the transaction for', envelope({ event_id: ID }, ['transaction', { ...TRANSACTION, event_id: null }]), { events: [{ type: 'transaction', id: NEW }], isUnchanged: false }],
    ['an event with half a character, made whole', `{}\n{"type":"event"}\n{"event_id":"${ID}","a":"b\\ud83d"}`, { events: [{ type: 'event', id: ID }], isUnchanged: false, items: [{ payload: Buffer.from(`{"event_id":"${ID}","a":"b\ufffd"}`) }] }],
    ['an event with a release that is too long, cut', envelope({}, ['event', { event_id: ID, release: 'r'.repeat(300) }]), { isUnchanged: false, items: [{ payload: Buffer.from(JSON.stringify({ event_id: ID, release: 'r'.repeat(255) })) }] }],
    ['what comes behind an item of a type that nobody knows', envelope({}, ['statsd', 'a'], ['event', { event_id: ID }]), { events: [{ type: 'event', id: ID }], isUnchanged: false }],
    ['nothing of a transaction that GlitchTip cannot store', envelope({}, ['transaction', { ...TRANSACTION, contexts: {} }]), { events: [], unreadable: 1, isUnchanged: false }],
    ['nothing of an event that is a list', envelope({}, ['event', '[]']), { events: [], unreadable: 1, isUnchanged: false }],
    ['nothing of a session', envelope({}, ['session', {}]), { events: [], items: [], isUnchanged: false }],
    ['nothing of an event that is no JSON', envelope({}, ['event', 'no'], ['event', { event_id: ID }]), { events: [{ type: 'event', id: ID }], unreadable: 1, isUnchanged: false }],
  ])('has %s', (_, text, expected) => expect(accept(text)).toMatchObject(expected));

  it('is written with the id that its row will have, and read again the same', () => {
    const { header, items } = accept(envelope({ sdk: { name: 'a', version: '1' } }, ['event', { message: 'ä\nö' }], ['session', {}]));
    const again = accept(composeEnvelope(header, items).toString());
    expect(again).toMatchObject({ events: [{ type: 'event', id: NEW }], isUnchanged: true });
    expect(JSON.parse(again.items[0]?.payload.toString() ?? '')).toEqual({ message: 'ä\nö', event_id: NEW });
  });

  it('is written without what GlitchTip would stop at', () => {
    const { header, items, isUnchanged } = accept(`{}\n{"type":"event","content_type":[],"length":"2"}\n{}\n`);
    expect([isUnchanged, composeEnvelope(header, items).toString()]).toEqual([false, `{}\n{"type":"event","length":${`{"event_id":"${NEW}"}`.length}}\n{"event_id":"${NEW}"}\n`]);
  });
});
