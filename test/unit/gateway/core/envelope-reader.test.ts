// Envelopes, in one piece and in pieces of every size, as GlitchTip reads them.
import { describe, expect, it } from '@jest/globals';
import { EnvelopeReader, type EnvelopeResult } from '../../../../gateway/core/envelope-reader.js';
import { itemPolicy, type ItemPolicy } from '../../../../gateway/core/item-policy.js';

const POLICY: ItemPolicy = { endpoints: [], kept: new Set(['event', 'transaction']), minidumps: false, proven: new Set(['event']), largestItem: 100, largestEnvelope: 200 };

function read(text: string | Buffer, size = Number.POSITIVE_INFINITY, policy = POLICY): EnvelopeResult {
  const [reader, bytes] = [new EnvelopeReader(policy), Buffer.from(text)];
  for (let at = 0; at < bytes.length; at += Math.min(size, bytes.length)) reader.push(bytes.subarray(at, at + size));
  return reader.end();
}

const brief = (result: EnvelopeResult) => (result.kind === 'refused'
  ? `${result.status} ${result.detail}`
  : `${JSON.stringify(result.envelope.header)} ${result.envelope.items.map(({ type, payload }) => `${type}:${payload.toString()}`).join(' ')}${
    [...result.envelope.ignored].map(([type, count]) => ` -${type}x${count}`).join('')}${result.envelope.isComplete ? '' : ' ...'}`);

const EVENT = '{"a":1}';

describe('an envelope', () => {
  it.each<[string, string, string]>([
    ['with a length', `{}\n{"type":"event","length":7}\n${EVENT}\n`, '{} event:{"a":1}'],
    ['with a length and nothing behind it', `{}\n{"type":"event","length":7}\n${EVENT}`, '{} event:{"a":1}'],
    ['without a length', `{}\n{"type":"event"}\n${EVENT}\n`, '{} event:{"a":1}'],
    ['without a length and a newline', `{}\n{"type":"event"}\n${EVENT}`, '{} event:{"a":1}'],
    ['with a length that is null', `{}\n{"type":"event","length":null}\n${EVENT}`, '{} event:{"a":1}'],
    ['of two items', `{}\n{"type":"event","length":7}\n${EVENT}\n{"type":"transaction"}\n{}\n`, '{} event:{"a":1} transaction:{}'],
    ['with newlines in a payload', '{}\n{"type":"event","length":5}\n{\n\n\n}\n{"type":"event"}\n{}', '{} event:{\n\n\n} event:{}'],
    ['with an empty payload', '{}\n{"type":"event","length":0}\n\n{"type":"event"}\n{}', '{} event: event:{}'],
    ['with items that are not kept', `{}\n{"type":"attachment","length":3}\nabc\n{"type":"event"}\n${EVENT}\n{"type":"session"}\n{}\n{"type":"session"}\n{}`, '{} event:{"a":1} -attachmentx1 -sessionx2'],
    ['with an attachment that is larger than an item may be', `{}\n{"type":"attachment","length":500}\n${'x'.repeat(500)}\n{"type":"event"}\n${EVENT}`, '{} event:{"a":1} -attachmentx1'],
    ['of a header alone', '{"dsn":"x"}', '{"dsn":"x"} '],
    ['of a header and a newline', '{"dsn":"x"}\n', '{"dsn":"x"} '],
    ['with a length that is a text', `{}\n{"type":"event","length":"7"}\n${EVENT}\n`, '{} event:{"a":1}'],
    ['with a length that is negative', `{}\n{"type":"event","length":-1}\n${EVENT}\n{"type":"event"}\n{}`, '{} event:{"a":1} event:{}'],
    ['with more behind a payload than its length', `{}\n{"type":"event","length":7}\n${EVENT}more\n{"type":"event"}\n{}`, '{} event:{"a":1} event:{}'],
    ['whose header is a list', '[]\n{"type":"event"}\n{}', '{} event:{}'],
    ['whose lines end as on Windows', '{}\r\n{"type":"event"}\r\n{}\r\n', '{} event:{}\r'],
    ['whose payload is cut off', `{}\n{"type":"event","length":70}\n${EVENT}`, '{}  ...'],
    ['whose item header is no JSON', `{}\n{"type":"event","length":7}\n${EVENT}\nno\n{"type":"event"}\n${EVENT}`, '{} event:{"a":1} ...'],
    ['whose item has no type', `{}\n{"length":7}\n${EVENT}\n{"type":"event"}\n${EVENT}`, '{}  ...'],
    ['whose length is no number of bytes', `{}\n{"type":"event","length":7.5}\n${EVENT}`, '{}  ...'],
    ['that is empty', '', '400 Empty request body'],
    ['whose header is empty', `\n{"type":"event"}\n${EVENT}`, '400 Invalid envelope header'],
    ['whose header is no JSON', 'no\n', '400 Invalid envelope header'],
    ['whose id is none', '{"event_id":"x"}\n', '400 Invalid envelope header'],
    ['whose header has no end', `{"a":"${'x'.repeat(70_000)}"}`, '413 expected a header of at most 65536 bytes'],
    ['whose event is too large', `{}\n{"type":"event","length":101}\n${'x'.repeat(101)}`, '413 expected an item of at most 100 bytes'],
    ['whose events are too large together', `{}\n${`{"type":"event","length":90}\n${'x'.repeat(90)}\n`.repeat(3)}`, '413 expected items of at most 200 bytes together'],
    ['whose event without a length is too large', `{}\n{"type":"event"}\n${'x'.repeat(101)}`, '413 expected an item of at most 100 bytes'],
  ])('%s is read the same in pieces of any size', (_, text, expected) => {
    for (const size of [1, 2, 3, 7, 64, 1_000, Number.POSITIVE_INFINITY]) expect(`${size}: ${brief(read(text, size))}`).toBe(`${size}: ${expected}`);
  });

  it('holds nothing of what is not kept', () => {
    const reader = new EnvelopeReader(POLICY);
    reader.push(Buffer.from('{}\n{"type":"attachment","length":104857600}\n'));
    const piece = Buffer.alloc(2 ** 20);
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 100; count += 1) reader.push(piece);
    reader.push(Buffer.from(`\n{"type":"event"}\n${EVENT}`));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
    expect(brief(reader.end())).toBe('{} event:{"a":1} -attachmentx1');
  });

  it('says when what comes later changes nothing, so that it need not be read', () => {
    const reader = new EnvelopeReader(POLICY);
    reader.push(Buffer.from('{}\n'));
    expect(reader.isOver).toBe(false);
    reader.push(Buffer.from('no\n'));
    expect(reader.isOver).toBe(true);
  });
});

describe('a container of streamed spans', () => {
  const policy = itemPolicy('5.2');
  const HEADER = '{"type":"span","content_type":"application/vnd.sentry.items.span.v2+json"}';
  const root = (more: object = {}) => JSON.stringify({ trace_id: '0'.repeat(32), span_id: '000000000000000a', name: 'N', is_segment: true, start_timestamp: 1, end_timestamp: 2, ...more });
  const CHILD = '{"is_segment":false,"name":"S"}';
  const made = (result: EnvelopeResult) => (result.kind === 'refused' ? result.detail : [
    ...result.envelope.items.map(({ payload }) => (JSON.parse(payload.toString()) as { transaction?: string }).transaction), ...[...result.envelope.ignored].flat(), ...(result.envelope.isComplete ? [] : ['...']),
  ].join(' '));

  it.each<[string, string, string]>([
    ['of a root and a child', `{"version":2,"items":[${CHILD},${root()}]}`, 'N child span 1'],
    ['of two roots, written for people', `{\n "version": 2,\n "items": [\n  ${root()} ,\n  ${root({ name: 'M' })}\n ]\n}`, 'N M'],
    ['with brackets, quotes and other letters in its texts', `{"items":[${root({ name: '}]{["\\é日\\' })}]}`, '}]{["\\é日\\'],
    ['with objects and lists in its spans', `{"items":[${root({ links: [{ attributes: { a: [{}] } }], attributes: { a: { value: ['[', '{'] } } })}]}`, 'N'],
    ['with objects and lists beside its spans', `{"ingest_settings":{"a":{"is_segment":true}},"lists":[[${root()}]],"items":[${root()}]}`, 'N'],
    ['that is empty', '{"items":[]}', ''],
    ['without spans', '{"version":2}', ''],
    ['that is no JSON', 'no', ''],
    ['that is a list', `[${root()}]`, ''],
    ['with what is no span', `{"items":[1,"a",null,[${root()}],{},{"is_segment":true},${root()}]}`, 'N child span 1 span 1'],
    ['with a span that is no JSON', `{"items":[{"is_segment":true,},${root()}]}`, 'N span 1'],
    ['with a span that is longer than one may be', `{"items":[${root({ name: 'x'.repeat(300_000) })},${root()}]}`, 'N span 1'],
    ['that is cut off', `{"items":[${root()},{"is_segment":`, 'N'],
  ])('%s is read the same in pieces of any size', (_, payload, expected) => {
    const text = `{}\n${HEADER.replace('}', `,"length":${Buffer.byteLength(payload)}}`)}\n${payload}`;
    for (const size of [...(payload.length > 10_000 ? [] : [1, 2, 3]), 64, 1_000, Number.POSITIVE_INFINITY]) expect(`${size}: ${made(read(text, size, policy))}`).toBe(`${size}: ${expected}`);
  });

  it('that is cut off in the envelope gives the spans that are whole', () => {
    expect(made(read(`{}\n${HEADER.replace('}', ',"length":5000}')}\n{"items":[${root()},${root()}`, 7, policy))).toBe('N N ...');
  });

  it('may be larger than an item, and is never held', () => {
    const reader = new EnvelopeReader(policy);
    reader.push(Buffer.from(`{}\n${HEADER}\n{"items":[`));
    const piece = Buffer.from(`${CHILD},`.repeat(30_000));
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 20; count += 1) reader.push(piece);
    reader.push(Buffer.from(`${root()}]}`));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * 2 ** 20);
    expect(made(reader.end())).toBe('N child span 600000');
  });

  it.each<[string, string, ItemPolicy]>([
    ['of another content type, as SDKs 8 to 10 send it beside transactions', '{"type":"span"}', policy],
    ['where the settings say so', HEADER, itemPolicy('5.2', { spansToTransactions: false })],
  ])('%s is left out', (_, header, own) => expect(made(read(`{}\n${header}\n{"items":[${root()}]}`, 100, own))).toBe('span 1'));
});

describe('an attachment that is the memory of a process', () => {
  const envelope = (type: string) => `{}\n{"type":"attachment","attachment_type":"${type}","length":4}\nMDMP\n{"type":"attachment","length":1}\na`;

  it.each([
    ['6.2', 'event.minidump', '{} attachment:MDMP -attachmentx1'],
    ['6.2', 'event.attachment', '{}  -attachmentx2'],
    ['5.2', 'event.minidump', '{}  -attachmentx2'],
  ])('GlitchTip %s, %s: %s', (release, type, expected) => expect(brief(read(envelope(type), 3, itemPolicy(release)))).toBe(expected));
});

it('an envelope of GlitchTip 6.2 is at most 5 MB together, which is what it unpacks', () => {
  const item = `{"type":"event","length":2600000}\n${'x'.repeat(2_600_000)}\n`;
  expect([1, 2].map((count) => brief(read(`{}\n${item.repeat(count)}`, 100_000, itemPolicy('6.2'))).slice(0, 12))).toEqual(['{} event:xxx', '413 expected']);
});

it('a release that is not offered has no policy', () => {
  expect(() => itemPolicy('7.0')).toThrow(RangeError);
  expect([...itemPolicy('5.2').kept]).toEqual(['event', 'transaction']);
});

it.each<[string, boolean, readonly string[]]>([
  ['6.2', true, ['log', 'otel_log']], ['6.2', false, []], ['5.2', true, []],
])('of logs GlitchTip %s, told to keep them: %s, is given %j', (release, logs, expected) => {
  expect(['log', 'otel_log'].filter((type) => itemPolicy(release, { logs }).kept.has(type))).toEqual(expected);
});
