// A record of the spool for a person: what came with it, and what the events in it say. Everything in it was written by others. Pure.
import { EnvelopeReader } from '../../gateway/core/envelope-reader.js';
import { itemPolicy } from '../../gateway/core/item-policy.js';
import { repairObject } from '../../gateway/core/json.js';
import { formatBoth } from '../moments.js';
import type { Paint } from '../output.js';
import { size } from '../report/bars.js';
import { aligned } from '../report/columns.js';
import { visible } from '../safe-text.js';
import type { SpoolRecordHead } from './gateway-answers.js';
import { times } from './spool-text.js';

type Json = Readonly<Record<string, unknown>>;

/** Innermost frames of an exception. */
const FRAMES_SHOWN = 5;
/** Of a text in an event; the rest is in the JSON. Characters. */
const LONGEST = 500;
/** Every type that any release of GlitchTip keeps, however large: it is in the record already. */
const ALL = { ...itemPolicy('6.2', { spansToTransactions: false, logs: true }), largestItem: Number.POSITIVE_INFINITY };

export function renderRecord(head: SpoolRecordHead, body: Buffer, now: Date, paint: Paint): string {
  const sections = [aligned(headRows(head, now)), ...describeBody(head, body).map(({ title, rows }) => [paint('bold', title), ...aligned(rows).map((row) => `  ${row}`)])];
  return sections.map((lines) => lines.join('\n')).join('\n\n');
}

function headRows(head: SpoolRecordHead, now: Date): string[][] {
  const rows: readonly (readonly [string, string | number | undefined])[] = [
    ['record', head.id], ['state', head.why === undefined ? head.state : `${head.state}: ${head.why}`], ['set aside', moment(head.setAsideAt, now)], ['received', moment(head.receivedAt, now)],
    ['project', head.project], ['key', head.key], ['endpoint', head.kind], ['given', head.attempts === undefined ? undefined : times(head.attempts)],
    ['size', head.size === undefined ? undefined : size(head.size)], ['client', head.client], ['user agent', head.userAgent], ['content type', head.contentType],
  ];
  return toRows(rows);
}

interface Section {
  readonly title: string;
  readonly rows: string[][];
}

function describeBody({ kind }: Pick<SpoolRecordHead, 'kind'>, body: Buffer): Section[] {
  if (kind === 'envelope') return describeEnvelope(body);
  const event = repairObject(body)?.body;
  if (!event) return [{ title: `${body.length} bytes that are no JSON`, rows: [] }];
  return [kind === 'store' ? describeEvent('event', event) : { title: kind ?? 'event', rows: toRows(Object.entries(event).map(([name, value]) => [name, JSON.stringify(value)])) }];
}

function describeEnvelope(body: Buffer): Section[] {
  const reader = new EnvelopeReader(ALL);
  reader.push(body);
  const result = reader.end();
  if (result.kind === 'refused') return [{ title: `${body.length} bytes that are no envelope: ${visible(result.detail)}`, rows: [] }];
  const { items, ignored } = result.envelope;
  const others = [...ignored].map(([type, count]): Section => ({ title: `${count} of type ${visible(type)}`, rows: [] }));
  return [...items.map(({ type, payload }) => describeEvent(type, repairObject(payload)?.body ?? {})), ...others];
}

function describeEvent(type: string, event: Json): Section {
  const exception = lastOf(event['exception']);
  const { name: sdk, version } = objectOf(event['sdk']);
  const rows: readonly (readonly [string, unknown])[] = [
    ['id', event['event_id']], ['level', event['level']], ['time', event['timestamp']], ['platform', event['platform']], ['environment', event['environment']], ['release', event['release']],
    ['transaction', type === 'transaction' ? undefined : event['transaction']], ['server', event['server_name']], ['sdk', sdk === undefined ? undefined : [sdk, version].map(textOf).join(' ')],
    ...framesOf(exception).map((frame, index) => [index === 0 ? 'at' : '', frame] as const),
  ];
  return { title: shortened(visible(titleOf(type, event, exception))), rows: toRows(rows) };
}

/** As GlitchTip calls the issue, more or less. */
function titleOf(type: string, event: Json, exception: Json): string {
  if (exception['type'] !== undefined || exception['value'] !== undefined) return [exception['type'], exception['value']].map(textOf).filter((text) => text !== '').join(': ');
  const entry = objectOf(event['logentry']);
  const message = [event['message'], objectOf(event['message'])['formatted'], entry['formatted'], entry['message'], event['transaction']].map(textOf).find((text) => text !== '');
  return message ?? `${type} without a title`;
}

/** `exception` is a list, or an object with one. */
function lastOf(exception: unknown): Json {
  const values = Array.isArray(exception) ? exception : objectOf(exception)['values'];
  return objectOf(Array.isArray(values) ? values.at(-1) : undefined);
}

function framesOf(exception: Json): string[] {
  const { frames } = objectOf(exception['stacktrace']);
  return (Array.isArray(frames) ? frames : []).slice(-FRAMES_SHOWN).reverse().map(objectOf).map(({ function: name, filename, module, lineno }) => {
    const [place] = [filename, module].map(textOf).filter((text) => text !== '');
    const line = textOf(lineno) === '' ? '' : `:${textOf(lineno)}`;
    return `${textOf(name) === '' ? '?' : textOf(name)}${place === undefined ? '' : ` (${place}${line})`}`;
  });
}

function toRows(rows: readonly (readonly [string, unknown])[]): string[][] {
  return rows.filter(([, value]) => textOf(value) !== '').map(([name, value]) => [visible(name), shortened(visible(textOf(value)))]);
}

function moment(instant: string | undefined, now: Date): string | undefined {
  return instant === undefined ? undefined : formatBoth(instant, now);
}

/** Empty for what is no text and no number. */
function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function shortened(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}... (${text.length} characters)`;
}
