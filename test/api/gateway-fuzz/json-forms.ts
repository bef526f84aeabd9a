// JSON as it is and as it should not be: ids, times, payloads. Each form has a name, and its text once an id is there.

/** How an id is written. */
export const ID_FORMS = [
  'fresh', 'absent', 'null', 'in capitals', 'with hyphens', 'in braces', 'in braces without hyphens', 'a URN', 'a URN without hyphens', 'with hyphens anywhere', 'in quotes', 'behind a space',
  'too short', 'too long', 'a word', 'a number', 'empty', 'a list', 'true',
] as const;
export type IdForm = (typeof ID_FORMS)[number];

/** The JSON of an id; undefined: it is not there. @param id 32 hexadecimal digits */
export function idText(form: IdForm, id: string): string | undefined {
  const hyphenated = id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const texts: Readonly<Record<IdForm, string | undefined>> = {
    'fresh': `"${id}"`, 'absent': undefined, 'null': 'null', 'in capitals': `"${id.toUpperCase()}"`, 'with hyphens': `"${hyphenated}"`, 'in braces': `"{${hyphenated}}"`,
    'in braces without hyphens': `"{${id}}"`, 'a URN': `"urn:uuid:${hyphenated}"`, 'a URN without hyphens': `"urn:uuid:${id}"`, 'with hyphens anywhere': `"${id.replace(/^(.{3})(.{20})/, '$1-$2-')}"`,
    'in quotes': `"\\"${id}\\""`, 'behind a space': `" ${id}"`, 'too short': `"${id.slice(1)}"`, 'too long': `"${id}0"`, 'a word': '"mine"', 'a number': '5', 'empty': '""', 'a list': '[]', 'true': 'true',
  };
  return texts[form];
}

/** What an item, or the store endpoint, is given. The first ones are what SDKs send. */
export const PAYLOAD_FORMS = [
  'an event', 'an exception', 'a transaction', 'an event without anything', 'a list', 'a list of an event', 'a number', 'a text', 'null', 'true', 'empty', 'a space', 'no JSON', 'cut off', 'not closed', 'in single quotes',
  'an event with a byte order mark', 'bytes that are no text', 'an event with a byte that is no text', 'an event with half a character', 'an event with NaN', 'an event with a NUL', 'a release with a NUL', 'a release that is too long', 'an event twice named', 'an event on several lines',
  'an event deeper than 200', 'a level that is a list', 'a logger that is true', 'a transaction name that is an object', 'numbers for texts', 'tags that are a text', 'an exception that is a text', 'a user that is a text',
  'a transaction without a time', 'a transaction without contexts', 'a transaction of long ago', 'a transaction without a name', 'a transaction without a trace', 'a transaction with a long operation',
] as const;
export type PayloadForm = (typeof PAYLOAD_FORMS)[number];

/** What is known of a payload before it is written. */
export interface PayloadParts {
  /** The JSON of event_id; undefined: it is not there. */
  readonly id: string | undefined;
  /** Found again in what is kept of it. */
  readonly marker: string;
  /** Seconds of Unix time. */
  readonly now: number;
}

export function payloadBytes(form: PayloadForm, parts: PayloadParts): Buffer {
  const text = TEXTS[form];
  const bytes = Buffer.from(text(parts, (more = '') => object(parts, more)));
  if (form === 'bytes that are no text') return Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x7b, 0x7d]);
  return form === 'an event with a byte that is no text' ? Buffer.concat([bytes.subarray(0, -2), Buffer.from([0xe9]), bytes.subarray(-2)]) : bytes;
}

function object({ id, marker }: PayloadParts, more: string): string {
  return `{${[...(id === undefined ? [] : [`"event_id":${id}`]), `"server_name":"${marker}"`, ...(more === '' ? [] : [more])].join(',')}}`;
}

type Text = (parts: PayloadParts, object: (more?: string) => string) => string;
const times = ({ now }: PayloadParts) => `"start_timestamp":${now - 1},"timestamp":${now}`;

const TEXTS: Readonly<Record<PayloadForm, Text>> = {
  'an event': (_, event) => event('"message":"it broke","level":"warning","platform":"node"'),
  'an exception': (_, event) => event('"exception":{"values":[{"type":"Error","value":"it broke"}]},"tags":{"a":"b"},"contexts":{"os":{"name":"Linux"}}'),
  'a transaction': (parts, event) => event(`"type":"transaction","transaction":"GET /","contexts":{"trace":{"trace_id":"${'a'.repeat(32)}","span_id":"${'b'.repeat(16)}","op":"http.server"}},"spans":[],${times(parts)}`),
  'an event without anything': (_, event) => event(),
  'a list': () => '[]',
  'a list of an event': (_, event) => `[${event()}]`,
  'a number': () => '5',
  'a text': () => '"text"',
  'null': () => 'null',
  'true': () => 'true',
  'empty': () => '',
  'a space': () => ' ',
  'no JSON': () => 'nonsense',
  'cut off': (_, event) => event('"message":"it broke"').slice(0, -3),
  'not closed': () => '{',
  'in single quotes': () => "{'message':'it broke'}",
  'an event with a byte order mark': (_, event) => `\ufeff${event()}`,
  'bytes that are no text': () => '',
  'an event with a byte that is no text': (_, event) => event('"message":"it broke"'),
  'an event with half a character': (_, event) => event('"message":"it broke \\ud83d"'),
  'an event with NaN': (_, event) => event('"extra":{"a":NaN,"b":-Infinity}'),
  'an event with a NUL': (_, event) => event('"message":"it\\u0000broke"'),
  'a release with a NUL': (_, event) => event('"release":"a\\u0000b"'),
  'a release that is too long': (_, event) => event(`"release":"${'r'.repeat(300)}"`),
  'an event twice named': (_, event) => event('"level":"error","level":"warning"'),
  'an event on several lines': (_, event) => event('\n"message":\n"it broke"\n'),
  'an event deeper than 200': (_, event) => event(`"extra":{"a":${'['.repeat(250)}${']'.repeat(250)}}`),
  'a level that is a list': (_, event) => event('"level":[]'),
  'a logger that is true': (_, event) => event('"logger":true'),
  'a transaction name that is an object': (_, event) => event('"transaction":{}'),
  'numbers for texts': (_, event) => event('"release":5,"environment":1.5'),
  'tags that are a text': (_, event) => event('"tags":"a"'),
  'an exception that is a text': (_, event) => event('"exception":"it broke"'),
  'a user that is a text': (_, event) => event('"user":"me"'),
  'a transaction without a time': (_, event) => event('"type":"transaction","transaction":"GET /","contexts":{}'),
  'a transaction without contexts': (parts, event) => event(`"type":"transaction","transaction":"GET /",${times(parts)}`),
  'a transaction of long ago': (_, event) => event('"type":"transaction","transaction":"GET /","contexts":{},"start_timestamp":1000000000,"timestamp":1000000001'),
  'a transaction without a trace': (parts, event) => event(`"type":"transaction","transaction":"GET /","contexts":{"os":{}},${times(parts)}`),
  'a transaction with a long operation': (parts, event) => event(`"type":"transaction","transaction":"GET /","contexts":{"trace":{"trace_id":"${'a'.repeat(32)}","op":"${'o'.repeat(300)}"}},${times(parts)}`),
  'a transaction without a name': (parts, event) => event(`"type":"transaction","contexts":{},${times(parts)}`),
};
