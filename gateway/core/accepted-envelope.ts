// What is kept of an envelope, and what GlitchTip would answer to it.
import { parseObject, type Envelope, type EnvelopeItem } from './envelope-reader.js';
import { isStoredType, type StoredType } from './item-policy.js';
import { withoutNuls } from './nul-characters.js';
import { normalizeUuid } from './uuid.js';

export interface StoredEvent {
  readonly type: StoredType;
  /** 32 hexadecimal digits. */
  readonly id: string;
}

export interface AcceptedEnvelope {
  /** The `id` of the answer; undefined: GlitchTip answers `{}`. */
  readonly answerId: string | undefined;
  readonly events: readonly StoredEvent[];
  /** Items that are given to GlitchTip, ids included. */
  readonly items: readonly EnvelopeItem[];
  readonly header: Readonly<Record<string, unknown>>;
  /** The body as it came says the same: it need not be written anew. */
  readonly isUnchanged: boolean;
  /** Items of a kept type that hold no JSON object, which GlitchTip reads past. */
  readonly unreadable: number;
}

export type EnvelopeVerdict = { readonly kind: 'accepted'; readonly accepted: AcceptedEnvelope } | { readonly kind: 'refused'; readonly status: 400; readonly detail: string };

/**
 * Each event gets the id that GlitchTip would give it: its own, else (an event's, not a transaction's) the envelope's, else a new one,
 * which is written into it, so that its row can be found.
 * @param newId 32 hexadecimal digits
 */
export function acceptEnvelope({ header, items, ignored, isComplete, isRewritten }: Envelope, newId: () => string): EnvelopeVerdict {
  if (!isValidHeader(header)) return { kind: 'refused', status: 400, detail: 'Invalid envelope header' };
  const envelopeId = normalizeUuid(header['event_id']);
  const identified = items.map((item) => identify(item, envelopeId, newId));
  const readable = identified.filter((each) => each !== undefined);
  return {
    kind: 'accepted',
    accepted: {
      answerId: envelopeId, header,
      events: readable.flatMap(({ event }) => (event ? [event] : [])),
      items: readable.map(({ item }) => item),
      unreadable: identified.length - readable.length,
      isUnchanged: isComplete && !isRewritten && ignored.size === 0 && identified.every((each) => each !== undefined && !each.isChanged),
    },
  };
}

interface Identified {
  readonly item: EnvelopeItem;
  readonly event: StoredEvent | undefined;
  readonly isChanged: boolean;
}

function identify(item: EnvelopeItem, envelopeId: string | undefined, newId: () => string): Identified | undefined {
  const { type, payload } = item;
  if (!isStoredType(type)) return { item, event: undefined, isChanged: false };
  const read = parseObject(payload);
  if (!read) return undefined;
  const body = withoutNuls(read, payload);
  const kept = body === read ? { item, isChanged: false } : { item: { ...item, payload: Buffer.from(JSON.stringify(body)) }, isChanged: true };
  const own = normalizeUuid(body['event_id']);
  if (own !== undefined) return { ...kept, event: { type, id: own } };
  const inherited = type === 'event' ? envelopeId : undefined;
  if (inherited !== undefined && isAbsent(body['event_id'])) return { ...kept, event: { type, id: inherited } };
  // None, or one that GlitchTip would refuse the event for.
  const id = inherited ?? newId();
  return { item: { ...item, payload: Buffer.from(JSON.stringify({ ...body, event_id: id })) }, event: { type, id }, isChanged: true };
}

/** The envelope that GlitchTip is given, unpacked. */
export function composeEnvelope(header: Readonly<Record<string, unknown>>, items: readonly EnvelopeItem[]): Buffer {
  const parts = items.flatMap((item) => [Buffer.from(`${JSON.stringify({ ...item.header, length: item.payload.length })}\n`), item.payload, NEWLINE]);
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...parts]);
}

const NEWLINE = Buffer.from('\n');

/** GlitchTip's EnvelopeHeaderSchema (5.2): what is there has to be of its kind. */
function isValidHeader({ event_id: id, dsn, sdk, sent_at: sentAt }: Readonly<Record<string, unknown>>): boolean {
  return (isAbsent(id) || normalizeUuid(id) !== undefined) && (isAbsent(dsn) || isText(dsn)) && (isAbsent(sdk) || isSdk(sdk)) && (sentAt === undefined || isTime(sentAt));
}

function isSdk(sdk: unknown): boolean {
  if (typeof sdk !== 'object' || sdk === null || Array.isArray(sdk)) return false;
  const { name, version } = sdk as Readonly<Record<string, unknown>>;
  return [name, version].every((each) => each === null || isText(each));
}

/** A number, or a date as RFC 3339 writes it, more or less: pydantic takes many forms. */
function isTime(value: unknown): boolean {
  return typeof value === 'number' || (typeof value === 'string' && (!Number.isNaN(Date.parse(value)) || /^\d+(\.\d+)?$/.test(value)));
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** pydantic makes numbers into texts here. */
function isText(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number';
}
