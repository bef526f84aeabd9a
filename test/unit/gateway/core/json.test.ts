// JSON as GlitchTip reads it, and what is made of JSON that it would refuse.
import { describe, expect, it } from '@jest/globals';
import { MOST_VALUES, ORJSON, PYDANTIC, hasTooManyValues, parseJson, repairObject } from '../../../../gateway/core/json.js';

const nested = (levels: number) => `{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`;

describe('JSON', () => {
  it.each<[string, string | Buffer]>([
    ['an object', '{"a":1}'], ['a list', '[]'], ['a text', '"a"'], ['null', 'null'], ['spaces around it', ' {} \r'], ['NaN', '{"a":NaN,"b":[-Infinity,Infinity]}'], ['whole characters as escapes', '{"a":"\\ud83d\\ude00"}'],
    ['what looks like half a character', '{"a":"\\\\ud83d"}'], ['a name twice', '{"a":1,"a":2}'], ['200 levels', nested(199)],
  ])('is %s', (_, text) => expect(parseJson(Buffer.from(text))).toBeDefined());

  it.each<[string, string | Buffer]>([
    ['nothing', ''], ['a word', 'no'], ['cut off', '{"a"'], ['in single quotes', "{'a':1}"], ['two objects', '{}{}'], ['with a comma too many', '{"a":1,}'], ['behind a byte order mark', '\ufeff{}'],
    ['with half a character', '{"a":"\\ud83d"}'], ['with the other half', '{"a":"\\udc00"}'], ['with a byte that is no UTF-8', Buffer.from([0x22, 0xe9, 0x22])], ['deeper than 200', nested(250)], ['a text of NaN that does not end', '{"a":NaN,"b":"c'],
  ])('is not %s', (_, text) => expect(parseJson(Buffer.from(text))).toBeUndefined());

  it('is another thing to the parser of the other endpoints', () => {
    const texts = ['{"a":NaN}', nested(250)];
    expect(texts.map((text) => [PYDANTIC, ORJSON].map((reader) => parseJson(Buffer.from(text), reader) !== undefined))).toEqual([[true, false], [false, true]]);
  });
});

describe('an object', () => {
  it.each<[string, string | Buffer, object]>([
    ['half a character', '{"a":"b\\ud83d","c":"\\udc00"}', { a: 'b\ufffd', c: '\ufffd' }],
    ['half a character in a name', '{"\\ud83d":1}', { '\ufffd': 1 }],
    ['a NUL', '{"a":"b\\u0000c","d\\u0000":"e"}', { a: 'bc', d: 'e' }],
    ['a byte that is no UTF-8', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xe9]), Buffer.from('"}')]), { a: '\ufffd' }],
    ['a byte order mark', '\ufeff{"a":1}', { a: 1 }],
    ['NaN', '{"a":NaN,"b":[-Infinity,"NaN"]}', { a: null, b: [null, 'NaN'] }],
    ['half a character, a NUL and what looks like them', '{"a":"\\ud83d\\u0000\\\\ud83d\\\\u0000\\ud83d\\ude00"}', { a: '\ufffd\\ud83d\\u0000\u{1f600}' }],
  ])('with %s is made whole', (_, text, expected) => {
    const { body, isRepaired } = repairObject(Buffer.from(text)) ?? {};
    expect([JSON.parse(JSON.stringify(body)), isRepaired]).toEqual([expected, true]);
  });

  it.each<[string, string]>([['plain', '{"a":"b"}'], ['with whole characters', '{"a":"\u{1f600}\\ud83d\\ude00"}'], ['with what looks like half a character, and a NUL', '{"a":"\\\\ud83d\\\\u0000"}']])('that is %s stays as it is', (_, text) => {
    expect(repairObject(Buffer.from(text))).toEqual({ body: JSON.parse(text) as object, isRepaired: false });
  });

  it.each<[string, string]>([['a list', '[]'], ['a text', '"a"'], ['null', 'null'], ['no JSON', 'no'], ['nothing', ''], ['deeper than 200', nested(250)]])('is nothing that is %s', (_, text) => expect(repairObject(Buffer.from(text))).toBeUndefined());
});

describe('a text with more values than it may have', () => {
  const list = (values: number, value: string) => Buffer.from(`[${Array.from({ length: values }, () => value).join(',')}]`);

  it.each<[string, Buffer, boolean]>([
    ['of as many as may be', list(MOST_VALUES, '1'), false],
    ['of one more', list(MOST_VALUES + 1, '1'), true],
    ['of fewer, each of which is a list', list(MOST_VALUES / 2 + 1, '[]'), true],
    ['that is long and has few', Buffer.from(JSON.stringify({ message: 'x'.repeat(2_000_000) })), false],
  ])('%s: %#', (_, bytes, expected) => expect(hasTooManyValues(bytes)).toBe(expected));
});
