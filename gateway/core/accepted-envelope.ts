// What is kept of an envelope, and what GlitchTip would answer to it.
import type { Envelope, EnvelopeItem } from './envelope-reader.js';
import { isStoredType, type StoredType } from './item-policy.js';
import { repairObject, type RepairedObject } from './json.js';
import { isTextOrNothing } from './schema-values.js';
import { storableEvent } from './storable-event.js';
import { eventId, looseUuid } from './uuid.js';

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
  /**
   * Items of a kept type that are left out: no JSON object, which GlitchTip reads past or makes an event without anything of, and
   * transactions that it cannot store.
   */
  readonly unreadable: number;
}

/**
 * Each event gets the id that GlitchTip would give it: its own, else (an event's, not a transaction's) the envelope's, else a new one,
 * which is written into it, so that its row can be found. What GlitchTip would refuse an event for, and can be made whole, is.
 * @param newId 32 hexadecimal digits
 */
export function acceptEnvelope({ header, items, ignored, isComplete, isRewritten }: Envelope, newId: () => string): AcceptedEnvelope {
  const envelopeId = eventId(header['event_id']);
  const identified = items.map((item) => identify(item, envelopeId, newId));
  const readable = identified.filter((each) => each !== undefined);
  return {
    answerId: envelopeId, header,
    events: readable.flatMap(({ event }) => (event ? [event] : [])),
    items: readable.map(({ item }) => item),
    unreadable: identified.length - readable.length,
    isUnchanged: isComplete && !isRewritten && ignored.size === 0 && identified.every((each) => each !== undefined && !each.isChanged),
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
  const stored = storable(type, payload);
  if (!stored) return undefined;
  const { body, isRepaired } = stored;
  const inherited = type === 'event' ? envelopeId : undefined;
  const given = givenId(body['event_id'], inherited);
  if (given !== undefined && !isRepaired) return { item, event: { type, id: given }, isChanged: false };
  // What is no id to GlitchTip, which would refuse the event for it, may be one to people.
  const id = given ?? looseUuid(body['event_id']) ?? inherited ?? newId();
  return { item: { ...item, payload: Buffer.from(JSON.stringify({ ...body, event_id: id })) }, event: { type, id }, isChanged: true };
}

/** Undefined for what GlitchTip could not store. */
function storable(type: StoredType, payload: Buffer): RepairedObject | undefined {
  const repaired = repairObject(payload);
  const body = repaired && storableEvent(type, repaired.body);
  return body && { body, isRepaired: repaired.isRepaired || body !== repaired.body };
}

/** The id that GlitchTip stores an event under. Undefined: it makes one, or refuses the event for what is there. */
function givenId(own: unknown, inherited: string | undefined): string | undefined {
  return eventId(own) ?? (isAbsent(own) ? inherited : undefined);
}

/** The envelope that GlitchTip is given, unpacked. */
export function composeEnvelope(header: Readonly<Record<string, unknown>>, items: readonly EnvelopeItem[]): Buffer {
  const parts = items.flatMap((item) => [Buffer.from(`${itemHeader(item)}\n`), item.payload, NEWLINE]);
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...parts]);
}

const NEWLINE = Buffer.from('\n');

/** Without what GlitchTip would stop at. */
function itemHeader({ header, payload }: EnvelopeItem): string {
  const { content_type: contentType, ...others } = header;
  return JSON.stringify({ ...others, content_type: isTextOrNothing(contentType) ? contentType : undefined, length: payload.length });
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
