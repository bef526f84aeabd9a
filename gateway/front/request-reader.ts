/**
 * Reads the body of a request as far as GlitchTip reads it, and judges it as GlitchTip would: what of it the record is made of, what is left out,
 * and what is answered.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { acceptEnvelope, composeEnvelope } from '../core/accepted-envelope.js';
import { dsnOf } from '../core/dsn.js';
import { EnvelopeReader, type EnvelopeItem, type EnvelopeResult } from '../core/envelope-reader.js';
import type { Refusal } from '../core/ingest-answers.js';
import type { IngestKind, ItemPolicy } from '../core/item-policy.js';
import { MOST_VALUES, ORJSON, hasTooManyValues, parseJson, repairObject, type Json } from '../core/json.js';
import { countLogRecords } from '../core/otlp-logs.js';
import type { Encoding, RecordHeader } from '../core/record.js';
import { isSecurityReport } from '../core/security-report.js';
import { storableEvent } from '../core/storable-event.js';
import { eventId, looseUuid } from '../core/uuid.js';
import { encodingOf, unpack, type PieceSource, type Unpacked } from '../encoding/unpack.js';
import { packed, type Body } from './old-copy.js';

/** Whose request it is, and by which endpoint it came. */
export interface ReadFor {
  readonly kind: IngestKind;
  /** GlitchTip's, as the key. */
  readonly project: number;
  /** 32 hexadecimal digits. */
  readonly key: string;
  /** It names the project and key of the old Sentry of a move. */
  readonly isOld: boolean;
}

export type Read =
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  | {
    readonly kind: 'record'; readonly events: RecordHeader['events']; readonly body: Body; readonly answerId: string | undefined; readonly ignored?: ReadonlyMap<string, number>;
    /** The body says the same as what came. */
    readonly isSame: boolean;
    /** As it came, with the items that are kept. */
    readonly envelope?: { readonly header: Json; readonly items: readonly EnvelopeItem[] };
  };

export class RequestReader {
  /** @param newId 32 hexadecimal digits */
  constructor(private readonly policy: ItemPolicy, private readonly newId: () => string) {}

  /** @throws when the connection breaks */
  read(source: PieceSource, headers: IncomingHttpHeaders, asked: ReadFor): Promise<Read> {
    const encoding = encodingOf(headers['content-encoding']);
    return asked.kind === 'envelope' ? this.#readEnvelope(source, encoding, asked) : this.#readWhole(source, encoding, { kind: asked.kind, contentType: contentTypeOf(headers) });
  }

  async #readEnvelope(source: PieceSource, encoding: Encoding | undefined, asked: ReadFor): Promise<Read> {
    const reader = new EnvelopeReader(this.policy, asked.project);
    let size = 0;
    const { state, original } = await unpack(source, encoding, (piece) => {
      size += piece.length;
      reader.push(piece);
      return !reader.isOver;
    });
    if (state === 'too large') return { kind: 'refusal', refusal: { kind: 'too large', detail: 'expected a body of at most 100 MiB, unpacked' } };
    return this.#judgeEnvelope(reader.end(), original && { bytes: original, encoding, size }, asked);
  }

  #judgeEnvelope(result: EnvelopeResult, original: Body | undefined, { project, key, isOld }: ReadFor): Read {
    if (result.kind === 'refused') return { kind: 'refusal', refusal: { kind: result.status === 413 ? 'too large' : 'broken', detail: result.detail } };
    const { events, answerId, header, items, isUnchanged, unreadable } = acceptEnvelope(result.envelope, this.newId);
    const ignored = new Map(unreadable > 0 ? [...result.envelope.ignored, ['unreadable', unreadable]] : result.envelope.ignored);
    const own = isOld ? withDsn(header, { project, key }) : header;
    const isSame = isUnchanged && own === header;
    const envelope = { header, items };
    if (items.length === 0) return { kind: 'record', events: [], body: NOTHING, answerId, ignored, isSame, envelope };
    const body = isSame && original ? original : packed(composeEnvelope(own, items));
    return { kind: 'record', events: [...events], body, answerId, ignored, isSame, envelope };
  }

  async #readWhole(source: PieceSource, encoding: Encoding | undefined, { kind, contentType }: { readonly kind: Exclude<IngestKind, 'envelope'>; readonly contentType: string }): Promise<Read> {
    const pieces: Buffer[] = [];
    let size = 0;
    const { state } = await unpack(source, encoding, (piece) => {
      size += piece.length;
      if (size <= this.policy.largestItem) pieces.push(piece);
      return size <= this.policy.largestItem;
    });
    if (state === 'too large' || size > this.policy.largestItem) return { kind: 'refusal', refusal: { kind: 'too large', detail: `expected a body of at most ${this.policy.largestItem} bytes` } };
    const bytes = Buffer.concat(pieces);
    if (kind === 'logs') return judgeLogs(bytes, state, contentType);
    if (kind !== 'minidump' && hasTooManyValues(bytes)) return tooManyValues();
    switch (kind) {
      case 'minidump': return asItCame(bytes);
      case 'security': return this.#judgeReport(bytes);
      case 'store': return this.#judgeEvent(bytes);
    }
  }

  #judgeReport(bytes: Buffer): Read {
    const parsed = bytes.length === 0 ? { value: undefined } : parseJson(bytes, ORJSON);
    if (!parsed) return UNREADABLE;
    return isSecurityReport(parsed.value) ? asItCame(bytes) : unfit('expected a csp-report');
  }

  /** GlitchTip refuses one without an id. It gets one here, for it is lost otherwise. */
  #judgeEvent(bytes: Buffer): Read {
    const repaired = repairObject(bytes, ORJSON);
    const body = repaired && storableEvent('event', repaired.body);
    if (!body) return bytes.length === 0 || parseJson(bytes, ORJSON) ? unfit('expected an event') : UNREADABLE;
    const own = eventId(body['event_id']);
    const id = own ?? looseUuid(body['event_id']) ?? this.newId();
    const isPlain = own !== undefined && !repaired.isRepaired && body === repaired.body;
    return { kind: 'record', events: [{ type: 'event', id }], body: packed(isPlain ? bytes : Buffer.from(JSON.stringify({ ...body, event_id: id }))), answerId: id, isSame: isPlain };
  }
}

/** As GlitchTip says it. */
const UNREADABLE = broken('Cannot parse request body');

/** What is cut off may be a whole request with fewer records. Without any nothing is kept. */
function judgeLogs(bytes: Buffer, state: Unpacked, contentType: string): Read {
  if (state === 'broken') return broken('Invalid compressed body');
  if (contentType.includes('json') && hasTooManyValues(bytes)) return tooManyValues();
  const records = countLogRecords(bytes, contentType);
  if (records === undefined) return broken('Malformed OTLP logs payload');
  return records === 0 ? { kind: 'record', events: [], body: NOTHING, answerId: undefined, isSame: true } : asItCame(bytes);
}

function asItCame(bytes: Buffer): Read {
  return { kind: 'record', events: [], body: packed(bytes), answerId: undefined, isSame: true };
}

function broken(detail: string): Read {
  return { kind: 'refusal', refusal: { kind: 'broken', detail } };
}

function tooManyValues(): Read {
  return { kind: 'refusal', refusal: { kind: 'too large', detail: `expected a body of at most ${MOST_VALUES} values` } };
}

function unfit(detail: string): Read {
  return { kind: 'refusal', refusal: { kind: 'unfit', detail } };
}

const NOTHING: Body = { bytes: Buffer.alloc(0), encoding: undefined, size: 0 };

/** What names the project and key of the old one names ours. */
function withDsn(header: Json, pair: { readonly project: number; readonly key: string }): Json {
  const { dsn } = header;
  return typeof dsn === 'string' ? { ...header, dsn: dsnOf(dsn, pair) } : header;
}

/** As Django reads it: in small letters, without what follows a semicolon. */
export function contentTypeOf(headers: IncomingHttpHeaders): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
