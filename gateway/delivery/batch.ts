// Several records in one request: what GlitchTip does for each request costs its web more than what it does for each event.
import { composeEnvelope } from '../core/accepted-envelope.js';
import { EnvelopeReader, type Envelope, type EnvelopeItem } from '../core/envelope-reader.js';
import type { ItemPolicy } from '../core/item-policy.js';
import type { RecordHeader } from '../core/record.js';
import { eventId } from '../core/uuid.js';
import { unpackWhole } from '../encoding/unpack.js';

/** Events and unpacked bytes of one request. */
const MOST_EVENTS = 25;
const MOST_BYTES = 256 * 1024;
/** So late the time at which an event is given says nothing of when it happened. Milliseconds. */
const WAITED = 10_000;

export interface BatchRecord {
  readonly header: RecordHeader;
  readonly body: Buffer;
}

/** What one request to GlitchTip says. */
export interface UpstreamRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Whether a record may go in one request with others: all of the same project, key and client. */
export function mayJoin(first: RecordHeader, next: RecordHeader, together: { readonly events: number; readonly bytes: number }): boolean {
  return [first, next].every(({ kind, events }) => kind === 'envelope' && events.length > 0)
    && first.project === next.project && first.key === next.key && first.client === next.client
    && together.events + next.events.length <= MOST_EVENTS && together.bytes + next.size <= MOST_BYTES;
}

/**
 * One record goes as it came; several are one envelope, each item with its id in it, for the envelope's is nobody's then. An event that says
 * no time has that at which GlitchTip takes it: one that waited gets the time at which it was received.
 * @param now milliseconds of Unix time
 */
export function composeRequest(records: readonly [BatchRecord, ...BatchRecord[]], policy: ItemPolicy, now: number): UpstreamRequest {
  const [{ header, body }] = records;
  const { path, headers } = addressed(header);
  if (records.length === 1 && !hasWaited(header, now)) return { path, body, headers: { ...headers, ...(header.encoding === undefined ? {} : { 'content-encoding': header.encoding }) } };
  if (header.kind !== 'envelope') return { path, headers, body: completeEvent(unpackWhole(body, header.encoding), { receivedAt: header.receivedAt }) };
  const read = records.map((record) => ({ header: record.header, envelope: envelopeOf(record, policy) }));
  const items = read.flatMap(({ header: own, envelope }) => envelope.items.map((item) => complete(item, { id: eventId(envelope.header['event_id']), ...(hasWaited(own, now) ? { receivedAt: own.receivedAt } : {}) })));
  return { path, headers: { ...headers, 'content-type': 'application/x-sentry-envelope' }, body: composeEnvelope(records.length === 1 ? read[0]?.envelope.header ?? {} : {}, items) };
}

function addressed({ kind, project, key, contentType, userAgent, client }: RecordHeader): Pick<UpstreamRequest, 'path' | 'headers'> {
  const [path, usual] = kind === 'logs' ? ['/v1/logs', 'application/x-protobuf'] : [`/api/${project}/${kind}/`, 'application/x-sentry-envelope'];
  const headers = {
    'content-type': contentType ?? usual,
    'x-sentry-auth': `Sentry sentry_version=7, sentry_key=${key}`,
    ...(userAgent === undefined ? {} : { 'user-agent': userAgent }),
    ...(client === undefined ? {} : { 'x-forwarded-for': client }),
  };
  return { path, headers };
}

/** Reports, logs and minidumps have their time in them, or none that GlitchTip reads. */
function hasWaited({ kind, receivedAt }: RecordHeader, now: number): boolean {
  return (kind === 'envelope' || kind === 'store') && now - receivedAt >= WAITED;
}

/** What an event of a record may lack. */
interface Missing {
  /** That of its envelope. */
  readonly id?: string | undefined;
  /** Milliseconds of Unix time. */
  readonly receivedAt?: number;
}

function complete(item: EnvelopeItem, missing: Missing): EnvelopeItem {
  if (item.type !== 'event' || (missing.id === undefined && missing.receivedAt === undefined)) return item;
  return { ...item, payload: completeEvent(item.payload, missing) };
}

/** With a time alone the rest of the text stays as it is. */
function completeEvent(event: Buffer, { id, receivedAt }: Missing): Buffer {
  const text = event.toString('utf8');
  const body = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const timestamp = receivedAt === undefined || 'timestamp' in body ? undefined : new Date(receivedAt).toISOString();
  if (id !== undefined && eventId(body['event_id']) === undefined) return Buffer.from(JSON.stringify({ ...(timestamp === undefined ? {} : { timestamp }), ...body, event_id: id }));
  if (timestamp === undefined) return event;
  const [begin, comma] = [text.indexOf('{') + 1, Object.keys(body).length === 0 ? '' : ','];
  return Buffer.from(`${text.slice(0, begin)}"timestamp":"${timestamp}"${comma}${text.slice(begin)}`);
}

function envelopeOf({ header, body }: BatchRecord, policy: ItemPolicy): Envelope {
  const reader = new EnvelopeReader(policy);
  reader.push(unpackWhole(body, header.encoding));
  const result = reader.end();
  if (result.kind === 'refused') throw new RangeError(`record ${header.id} was taken as an envelope, and is none: ${result.detail}`);
  return result.envelope;
}
