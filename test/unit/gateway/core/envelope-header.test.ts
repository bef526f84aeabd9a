// The headers of envelopes and of items: what GlitchTip 5.2 was seen to take and to refuse.
import { describe, expect, it } from '@jest/globals';
import { parseEnvelopeHeader, parseItemHeader } from '../../../../gateway/core/envelope-header.js';

const ID = '"0123456789abcdef0123456789abcdef"';
const sdk = (more: string) => `{"sdk":{"name":"a","version":"1"${more}}}`;

describe("an envelope's header", () => {
  it.each<string>([
    '{}', '{"event_id":null,"dsn":null,"sdk":null}', `{"event_id":${ID},"dsn":"https://a@b/1","sent_at":"2026-06-01T02:14:00Z","trace":{"a":1}}`, '{"dsn":5}', '{"dsn":NaN}', '{"sdk":{"name":null,"version":null}}', '{"sdk":{"name":1,"version":2.5}}',
    sdk(',"packages":[{"name":"b","version":"1"}],"integrations":["c",null,5]'), sdk(',"packages":{"name":"b"}'), sdk(',"packages":[{},"b"]'), '{"sent_at":1780000000.5}', ' {} ',
  ])('%s is taken', (text) => expect(parseEnvelopeHeader(Buffer.from(text))).toBeDefined());

  it.each<string>(['[]', '[1]', '5', '"text"', 'null', 'true'])('%s is read as one without fields', (text) => expect(parseEnvelopeHeader(Buffer.from(text))).toEqual({}));

  it.each<string>([
    '', ' ', 'no', '{', '{"event_id":"mine"}', '{"event_id":5}', '{"event_id":""}', '{"event_id":null,"event_id":5}', `{"event_id":{"a":${ID}}}`, '{"dsn":true}', '{"dsn":[]}', '{"sdk":"a"}', '{"sdk":[]}', '{"sdk":{"name":"a"}}', '{"sdk":{"version":"1"}}',
    '{"sdk":{"name":true,"version":"1"}}', sdk(',"packages":"b"'), sdk(',"packages":[{"name":[]}]'), sdk(',"integrations":{}'), sdk(',"integrations":[[]]'), '{"sent_at":null}', '{"sent_at":"soon"}', '{"a":"\\ud83d"}',
  ])('%s is refused', (text) => expect(parseEnvelopeHeader(Buffer.from(text))).toBeUndefined());
});

describe("an item's header", () => {
  it.each<[string, { type: string; length: number | undefined; isPlain: boolean }]>([
    ['{"type":"event"}', { type: 'event', length: undefined, isPlain: true }],
    ['{"type":"event","length":null}', { type: 'event', length: undefined, isPlain: true }],
    ['{"type":"event","length":7}', { type: 'event', length: 7, isPlain: true }],
    ['{"type":"event","length":7.0}', { type: 'event', length: 7, isPlain: true }],
    ['{"type":"event","length":"7"}', { type: 'event', length: 7, isPlain: true }],
    ['{"type":"event","length":-1}', { type: 'event', length: undefined, isPlain: true }],
    ['{"type":"event","content_type":5}', { type: 'event', length: undefined, isPlain: true }],
    ['{"type":"event","content_type":[]}', { type: 'event', length: undefined, isPlain: false }],
    ['{"type":"event","type":"session"}', { type: 'session', length: undefined, isPlain: true }],
  ])('%s is read', (text, expected) => expect(parseItemHeader(Buffer.from(text))).toMatchObject(expected));

  it.each<string>(['', 'no', '{}', '[]', '"event"', '{"type":5}', '{"type":null}', '{"type":["event"]}', '{"type":"event","length":7.5}', '{"type":"event","length":"all"}', '{"type":"event","length":[]}', '{"type":"event","length":NaN}', '{"type":"event","a":"\\ud83d"}'])('%s ends the envelope', (text) => {
    expect(parseItemHeader(Buffer.from(text))).toBeUndefined();
  });
});
