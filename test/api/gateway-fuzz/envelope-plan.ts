// Envelopes as SDKs write them, and with one thing or another wrong.
import fc from 'fast-check';
import { idText, payloadBytes, ID_FORMS, PAYLOAD_FORMS, type IdForm, type PayloadForm } from './json-forms.js';

/** JSON of the fields of an envelope's header; the first of each is what SDKs send. */
const DSNS = ['', '"https://KEY@localhost/1"', 'null', '5', 'true', '[]', '{}'] as const;
const SDKS = [
  '', '{"name":"sentry.javascript.node","version":"11.12.0"}', 'null', '{"name":null,"version":null}', '{"name":1,"version":2.5}', '{"name":"a"}', '{"version":"1"}', '"a"', '[]', '5', '{"name":[],"version":"1"}', '{"name":true,"version":"1"}',
  '{"name":"a","version":"1","packages":[{"name":"npm:a","version":"1"}],"integrations":["Http",null]}', '{"name":"a","version":"1","packages":{"name":"a"}}', '{"name":"a","version":"1","packages":[{}]}', '{"name":"a","version":"1","packages":"a"}',
  '{"name":"a","version":"1","packages":["a"]}', '{"name":"a","version":"1","packages":[{"name":[]}]}', '{"name":"a","version":"1","integrations":{}}', '{"name":"a","version":"1","integrations":[5]}', '{"name":"a","version":"1","integrations":[[]]}',
] as const;
const TIMES = [
  '', '"2026-06-01T02:14:00.123Z"', '"2026-06-01T02:14:00.123456789Z"', '"2026-06-01T02:14:00+02:00"', '"2026-06-01T02:14:00+0200"', '"2026-06-01T02:14:00+02"', '"2026-06-01T02:14:00"', '"2026-06-01 02:14:00"', '"2026-06-01_02:14:00"', '"2026-06-01T02:14"',
  '"2026-06-01T02:14:00,5Z"', '"2026-06-01t02:14:00z"', '"2026-06-01T02:14:00 Z"', '"2026-06-01"', '"2026-06"', '"2026-6-1"', '"2026"', '"2026-13-01T00:00:00Z"', '"2026-02-30T00:00:00Z"', '"2026-06-01T24:00:00Z"', '"2026-06-01T02:60:00Z"',
  '"2026-06-01T02:14:60Z"', '"2026-06-01T02:14:00+24:00"', '"Mon, 01 Jun 2026 02:14:00 GMT"', '"June 1, 2026"', '"soon"', '""', '" "', '" 1780000000"', '"1780000000"', '"1780000000.5"', '"-5"', '"+5"', '"1e5"', '"0x5"', '1780000000', '1780000000.5', '1780000000123', '-1', '1e20', '-1e20', '"99999999999999999999"',
  '1e5', 'null', 'true', '[]', '{}',
] as const;
/** Whole headers that are none, or say nothing. */
const HEADERS = ['{}', '', ' ', '[]', '[1]', '5', '"text"', 'null', 'true', 'no', '{', "{'a':1}", '{"a":NaN}', '{"a":1,}', '\ufeff{}', '{"a":"\\ud83d"}', '{"a":"half \\udc00"}', '{"event_id":null,"event_id":5}', '{"a":1}{"b":2}', ' {"a":1} ', `{"a":${'['.repeat(250)}${']'.repeat(250)}}`, '{"a":"\t"}', '{"a":"\u0001"}'] as const;

const KNOWN = ['event', 'transaction', 'session', 'sessions', 'client_report', 'attachment', 'user_report', 'check_in', 'profile', 'replay_event', 'replay_recording', 'span', 'log'] as const;
const TYPES = [...KNOWN.map((type) => `"${type}"`), '"feedback"', '"statsd"', '"otel_log"', '"profile_chunk"', '"Event"', '""', '5', 'null', '["event"]', 'true', ''] as const;
const LENGTHS = ['right', 'absent', 'null', 'shorter', 'longer', 'zero', 'right and .0', 'right and .5', 'right as a text', 'right as a text with .0', 'a word', 'negative', 'true', 'huge', 'beyond all numbers', 'a list'] as const;
const CONTENT_TYPES = ['', '"application/json"', 'null', '5', '[]', 'true'] as const;
/** Whole lines in place of an item's header. */
const LINES = ['no', '', ' ', '{', '{}', '[]', '"event"', '5', 'null', '{"type":"event"', '{"type":"event","type":"session"}', '{"type":"event","a":NaN}', '{"type":"event","a":"\\ud83d"}'] as const;
const ENDS = ['\n', '', '\n\n', '\r\n', 'more\n', '\n \n'] as const;

export interface ItemPlan {
  readonly line: string | undefined;
  readonly type: string;
  readonly contentType: string;
  readonly length: (typeof LENGTHS)[number];
  readonly id: IdForm;
  readonly payload: PayloadForm;
  readonly end: (typeof ENDS)[number];
}

export interface EnvelopePlan {
  readonly header: { readonly whole: string | undefined; readonly id: IdForm; readonly dsn: string; readonly sdk: string; readonly sentAt: string; readonly hasMore: boolean };
  readonly lineEnd: '\n' | '\r\n';
  readonly items: readonly ItemPlan[];
  /** Without what would end the last line. */
  readonly isCut: boolean;
  /** Not even a header. */
  readonly isEmpty: boolean;
}

function mostly<T>(share: number, usual: readonly [T, ...T[]], all: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: share, arbitrary: fc.constantFrom(...usual) }, { weight: 100 - share, arbitrary: fc.constantFrom(...all) });
}

const header = fc.record({
  whole: mostly<string | undefined>(95, [undefined], HEADERS), id: mostly<IdForm>(87, ['fresh', 'absent'], ID_FORMS), dsn: mostly<string>(94, [DSNS[0], DSNS[1]], DSNS),
  sdk: mostly<string>(90, [SDKS[0], SDKS[1]], SDKS), sentAt: mostly<string>(86, [TIMES[0], TIMES[1]], TIMES), hasMore: fc.boolean(),
});

const what = fc.oneof(
  { weight: 45, arbitrary: fc.record({ type: fc.constant<string>(TYPES[0]), payload: mostly<PayloadForm>(75, ['an event', 'an exception'], PAYLOAD_FORMS) }) },
  { weight: 25, arbitrary: fc.record({ type: fc.constant<string>(TYPES[1]), payload: mostly<PayloadForm>(85, ['a transaction'], PAYLOAD_FORMS) }) },
  { weight: 30, arbitrary: fc.record({ type: fc.constantFrom<string>(...TYPES), payload: fc.constantFrom(...PAYLOAD_FORMS) }) },
);
const how: fc.Arbitrary<Omit<ItemPlan, 'type' | 'payload'>> = fc.record({
  line: mostly<string | undefined>(97, [undefined], LINES), contentType: mostly<string>(92, [CONTENT_TYPES[0], CONTENT_TYPES[1]], CONTENT_TYPES),
  length: mostly<ItemPlan['length']>(82, ['right', 'absent'], LENGTHS), end: mostly<ItemPlan['end']>(94, ['\n'], ENDS), id: mostly<IdForm>(78, ['fresh', 'absent'], ID_FORMS),
});
const item: fc.Arbitrary<ItemPlan> = fc.tuple(what, how).map(([left, right]) => ({ ...left, ...right }));

export const envelopePlan: fc.Arbitrary<EnvelopePlan> = fc.record({
  header, lineEnd: mostly<EnvelopePlan['lineEnd']>(95, ['\n'], ['\n', '\r\n']), items: fc.array(item, { maxLength: 4 }), isCut: fc.boolean(), isEmpty: mostly(98, [false], [true]),
});

export interface EnvelopeParts {
  readonly key: string;
  /** 32 hexadecimal digits, another each time. */
  readonly newId: () => string;
  /** Of each item. */
  readonly marker: (item: number) => string;
  /** Seconds of Unix time. */
  readonly now: number;
}

/** The bytes of a plan. */
export function envelopeBytes(plan: EnvelopePlan, parts: EnvelopeParts): Buffer {
  if (plan.isEmpty) return Buffer.alloc(0);
  const lines = [Buffer.from(`${headerText(plan.header, parts)}${plan.lineEnd}`), ...plan.items.flatMap((each, number) => itemBytes(each, plan.lineEnd, { ...parts, marker: () => parts.marker(number) }))];
  const all = Buffer.concat(lines);
  return plan.isCut && all.at(-1) === 0x0a ? all.subarray(0, -1) : all;
}

function headerText({ whole, id, dsn, sdk, sentAt, hasMore }: EnvelopePlan['header'], { key, newId }: EnvelopeParts): string {
  if (whole !== undefined) return whole;
  return fields([['event_id', idText(id, newId()) ?? ''], ['dsn', dsn.replace('KEY', key)], ['sdk', sdk], ['sent_at', sentAt], ['trace', hasMore ? '{"sampled":"true"}' : '']]);
}

function itemBytes({ line, type, contentType, length, id, payload, end }: ItemPlan, lineEnd: string, { newId, marker, now }: EnvelopeParts): Buffer[] {
  const bytes = payloadBytes(payload, { id: idText(id, newId()), marker: marker(0), now });
  const head = line ?? fields([['type', type], ['content_type', contentType], ['length', lengthText(length, bytes.length)]]);
  return [Buffer.from(`${head}${lineEnd}`), bytes, Buffer.from(end)];
}

function fields(pairs: readonly (readonly [name: string, text: string])[]): string {
  return `{${pairs.filter(([, text]) => text !== '').map(([name, text]) => `"${name}":${text}`).join(',')}}`;
}

function lengthText(form: ItemPlan['length'], right: number): string {
  const texts: Readonly<Record<ItemPlan['length'], string>> = {
    'right': String(right), 'absent': '', 'null': 'null', 'shorter': String(Math.max(0, right - 1)), 'longer': String(right + 9), 'zero': '0', 'right and .0': `${right}.0`, 'right and .5': `${right}.5`, 'right as a text': `"${right}"`,
    'right as a text with .0': `"${right}.0"`, 'a word': '"all"', 'negative': '-1', 'true': 'true', 'huge': '5000000', 'beyond all numbers': '1e30', 'a list': '[]',
  };
  return texts[form];
}
