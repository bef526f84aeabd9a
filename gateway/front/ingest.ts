// Takes events in: the key, the limits, the body, the disk, the answer, in this order. It asks nobody but the spool.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { acceptEnvelope, composeEnvelope } from '../core/accepted-envelope.js';
import { dsnOf } from '../core/dsn.js';
import { EnvelopeReader, type EnvelopeItem, type EnvelopeResult } from '../core/envelope-reader.js';
import { accepted, refused, type Answer, type Refusal } from '../core/ingest-answers.js';
import type { IngestLimiter } from '../core/ingest-limits.js';
import { dsnKey, type IngestTarget } from '../core/ingest-request.js';
import type { IngestKind, ItemPolicy } from '../core/item-policy.js';
import { MOST_VALUES, ORJSON, hasTooManyValues, parseJson, repairObject, type Json } from '../core/json.js';
import type { KeyVerdict } from '../core/project-keys.js';
import type { ProjectShares } from '../core/project-shares.js';
import { itemTypeName } from '../core/item-types.js';
import type { Encoding, RecordHeader } from '../core/record.js';
import { isSecurityReport } from '../core/security-report.js';
import { storableEvent } from '../core/storable-event.js';
import { eventId, looseUuid } from '../core/uuid.js';
import { TappedSource } from '../encoding/tapped-source.js';
import { encodingOf, unpack, type PieceSource } from '../encoding/unpack.js';
import type { Move, Routed } from '../move/move.js';
import type { MoveCount } from '../move/move-counts.js';
import { GLITCHTIP } from '../spool/destination-numbers.js';
import { sizeOf } from '../spool/place.js';
import type { Appended, Spool } from '../spool/spool.js';
import type { MemoryBudget } from './memory-budget.js';
import { copyForOld, LARGEST_ORIGINAL, packed, type Body, type OldCopy } from './old-copy.js';
import { recordsOf } from './records-of-request.js';

/** A request whose body is longer, or of unknown length, is read piece by piece and may hold the largest item. Bytes. */
const SHORT = 64 * 1024;
/** What a short body may unpack to while it is looked at. Bytes. */
const SHORT_UNPACKED = 2 ** 20;
/** Seconds until a client may try again that could not be served now. */
const AGAIN_IN = { full: 60, unchecked: 5, failed: 10 };

/** What the ingest needs of the world. */
export interface IngestPorts {
  readonly policy: ItemPolicy;
  readonly limiter: IngestLimiter;
  readonly memory: MemoryBudget;
  readonly keys: { judge(project: number, key: string): Promise<KeyVerdict> };
  readonly shares: ProjectShares;
  readonly spool: Pick<Spool, 'appendAll' | 'liveBytes'>;
  readonly move: Pick<Move, 'route' | 'current'>;
  /** Events that come by plain http through a proxy are taken and counted until then, and led to https afterwards; undefined: none come that way. Milliseconds of Unix time. */
  readonly plainUntil: number | undefined;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
  readonly count: (what: IngestCount) => void;
  readonly countMove: (what: MoveCount) => void;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

export type IngestCount =
  | { readonly kind: 'taken'; readonly project: number; readonly events: number; readonly bytes: number }
  | { readonly kind: 'refused'; readonly why: Refusal['kind']; readonly project: number }
  | { readonly kind: 'ignored'; readonly project: number; readonly type: string; readonly items: number }
  /** `at`: milliseconds of Unix time. */
  | { readonly kind: 'plain'; readonly project: number; readonly at: number; readonly isRefused: boolean };

/** Who asks, as far as the proxies that are trusted say. */
export interface Client {
  readonly address: string | undefined;
  /** Host that it asked by plain http, through a proxy. */
  readonly plainHost?: string | undefined;
}

type Read =
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  | {
    readonly kind: 'record'; readonly events: RecordHeader['events']; readonly body: Body; readonly answerId: string | undefined; readonly ignored?: ReadonlyMap<string, number>;
    /** The body says the same as what came. */
    readonly isSame: boolean;
    /** As it came, with the items that are kept. */
    readonly envelope?: { readonly header: Json; readonly items: readonly EnvelopeItem[] };
  };

/** Whose request it is, once that is known. */
interface Asked {
  readonly target: IngestTarget;
  /** GlitchTip's, 32 hexadecimal digits. */
  readonly key: string;
  readonly client: Client;
  /** Undefined: it has nothing to do with a move. */
  readonly routed: Routed | undefined;
}

export class Ingest {
  constructor(private readonly ports: IngestPorts) {}

  /** Resolves to the answer, once what it answers for is on the disk. @throws when the client goes away */
  async take(request: IncomingMessage, named: IngestTarget, query: URLSearchParams, client: Client): Promise<Answer> {
    const asked = this.#whoAsks(request, named, query, client);
    const refuse = (refusal: Refusal): Answer => {
      this.ports.count({ kind: 'refused', why: refusal.kind, project: asked.target.project });
      return refused(named.kind, refusal);
    };
    if ('refusal' in asked) return refuse(asked.refusal);
    const refusal = await this.#judge(request, asked);
    if (refusal) return refuse(refusal);
    const give = await this.ports.memory.take(this.#memoryFor(request, asked));
    try {
      const answer = await this.#takeIn(request, asked);
      return 'refusal' in answer ? refuse(answer.refusal) : answer;
    } finally {
      give();
    }
  }

  /** Whether it names a project and key of a move: the old one may have endpoints that GlitchTip has not. */
  isMoved({ headers }: Pick<IncomingMessage, 'headers'>, { project }: IngestTarget, query: URLSearchParams): boolean {
    const given = dsnKey(query, headers);
    return given.kind !== 'none' && this.ports.move.route(project, given.kind === 'key' ? given.key : given.text) !== undefined;
  }

  /** During a move the project and key may be the old one's. */
  #whoAsks({ method, headers }: IncomingMessage, target: IngestTarget, query: URLSearchParams, client: Client): Asked | Pick<Asked, 'target'> & { readonly refusal: Refusal } {
    if (method !== 'POST') return { target, refusal: { kind: 'wrong method' } };
    const given = dsnKey(query, headers);
    if (given.kind === 'none') return { target, refusal: { kind: 'no key' } };
    const routed = this.ports.move.route(target.project, given.kind === 'key' ? given.key : given.text);
    if (routed) return { target: { ...target, project: routed.project }, key: routed.key, client, routed };
    return given.kind === 'key' ? { target, key: given.key, client, routed } : { target, refusal: { kind: 'malformed key' } };
  }

  async #takeIn(request: IncomingMessage, asked: Asked): Promise<Answer | { readonly refusal: Refusal }> {
    const { target: { kind, project }, routed } = asked;
    const old = routed && { dsn: routed.pair.old.text, tapped: new TappedSource(request, LARGEST_ORIGINAL) };
    const read = await this.#read(old?.tapped ?? request, request.headers, asked);
    const given = this.ports.policy.endpoints.includes(kind) ? givenOf(read) : undefined;
    const copy = old && copyForOld(await cameAs(old.tapped, request.headers, read, given), old.dsn);
    const failure = await this.#store(request.headers, asked, read, { given, copy });
    // What GlitchTip would refuse is refused, whatever the old one makes of it.
    if (read.kind === 'refusal') return read;
    if (failure) return { refusal: failure };
    this.#countIgnored(project, read.ignored);
    if (given) this.ports.count({ kind: 'taken', project, events: read.events.length, bytes: given.bytes.length });
    return accepted(kind, read.answerId);
  }

  async #judge(request: IncomingMessage, { target: { project }, key, client, routed }: Asked): Promise<Refusal | undefined> {
    const verdict = await this.ports.keys.judge(project, key);
    // 403 would have the SDK give up; that a key is unknown has to be proven first. A pair of the move's table was known when it was made.
    if (verdict === 'unknown' && this.ports.move.current !== 'damaged') return { kind: 'unknown key' };
    if (verdict === 'unknown' || (verdict === 'unchecked' && !routed)) return { kind: 'not now', seconds: AGAIN_IN.unchecked };
    if (!this.ports.shares.admits(project, this.ports.spool.liveBytes)) return { kind: 'not now', seconds: AGAIN_IN.full };
    const seconds = this.ports.limiter.admit(project, lengthOf(request), this.ports.now());
    return seconds === undefined ? this.#judgePlain(request, project, client) : { kind: 'not now', seconds };
  }

  /** Counted whether its time is over or not: after the key was looked at, so that nobody makes up projects. */
  #judgePlain({ url: path = '/' }: IncomingMessage, project: number, { plainHost: host }: Client): Refusal | undefined {
    const { plainUntil, now, count } = this.ports;
    if (plainUntil === undefined || host === undefined) return undefined;
    const at = now();
    const isRefused = at >= plainUntil;
    count({ kind: 'plain', project, at, isRefused });
    return isRefused ? { kind: 'plain http', host, path } : undefined;
  }

  #memoryFor(request: IncomingMessage, { routed }: Asked): number {
    const length = lengthOf(request);
    const original = routed ? LARGEST_ORIGINAL : 0;
    return length > 0 && length <= SHORT ? SHORT_UNPACKED : this.ports.policy.largestEnvelope + original;
  }

  #read(source: PieceSource, headers: IncomingHttpHeaders, asked: Asked): Promise<Read> {
    const { kind } = asked.target;
    const encoding = encodingOf(headers['content-encoding']);
    return kind === 'envelope' ? this.#readEnvelope(source, encoding, asked) : this.#readWhole(source, encoding, kind);
  }

  async #readEnvelope(source: PieceSource, encoding: Encoding | undefined, asked: Asked): Promise<Read> {
    const reader = new EnvelopeReader(this.ports.policy, asked.target.project);
    let size = 0;
    const { state, original } = await unpack(source, encoding, (piece) => {
      size += piece.length;
      reader.push(piece);
      return !reader.isOver;
    });
    if (state === 'too large') return { kind: 'refusal', refusal: { kind: 'too large', detail: 'expected a body of at most 100 MiB, unpacked' } };
    return this.#judgeEnvelope(reader.end(), original && { bytes: original, encoding, size }, asked);
  }

  #judgeEnvelope(result: EnvelopeResult, original: Body | undefined, { key, target, routed }: Asked): Read {
    if (result.kind === 'refused') return { kind: 'refusal', refusal: { kind: result.status === 413 ? 'too large' : 'broken', detail: result.detail } };
    const { events, answerId, header, items, isUnchanged, unreadable } = acceptEnvelope(result.envelope, this.ports.newId);
    const ignored = new Map(unreadable > 0 ? [...result.envelope.ignored, ['unreadable', unreadable]] : result.envelope.ignored);
    const own = routed?.isOld ? withDsn(header, { project: target.project, key }) : header;
    const isSame = isUnchanged && own === header;
    const envelope = { header, items };
    if (items.length === 0) return { kind: 'record', events: [], body: NOTHING, answerId, ignored, isSame, envelope };
    const body = isSame && original ? original : packed(composeEnvelope(own, items));
    return { kind: 'record', events: [...events], body, answerId, ignored, isSame, envelope };
  }

  async #readWhole(source: PieceSource, encoding: Encoding | undefined, kind: Exclude<IngestKind, 'envelope'>): Promise<Read> {
    const pieces: Buffer[] = [];
    let size = 0;
    const { state } = await unpack(source, encoding, (piece) => {
      size += piece.length;
      if (size <= this.ports.policy.largestItem) pieces.push(piece);
      return size <= this.ports.policy.largestItem;
    });
    if (state === 'too large' || size > this.ports.policy.largestItem) return { kind: 'refusal', refusal: { kind: 'too large', detail: `expected a body of at most ${this.ports.policy.largestItem} bytes` } };
    const bytes = Buffer.concat(pieces);
    if (kind !== 'minidump' && hasTooManyValues(bytes)) return { kind: 'refusal', refusal: { kind: 'too large', detail: `expected a body of at most ${MOST_VALUES} values` } };
    switch (kind) {
      case 'minidump': return { kind: 'record', events: [], body: packed(bytes), answerId: undefined, isSame: true };
      case 'security': return this.#judgeReport(bytes);
      case 'store': return this.#judgeEvent(bytes);
    }
  }

  #judgeReport(bytes: Buffer): Read {
    const parsed = bytes.length === 0 ? { value: undefined } : parseJson(bytes, ORJSON);
    if (!parsed) return UNREADABLE;
    return isSecurityReport(parsed.value) ? { kind: 'record', events: [], body: packed(bytes), answerId: undefined, isSame: true } : unfit('expected a csp-report');
  }

  /** GlitchTip refuses one without an id. It gets one here, for it is lost otherwise. */
  #judgeEvent(bytes: Buffer): Read {
    const repaired = repairObject(bytes, ORJSON);
    const body = repaired && storableEvent('event', repaired.body);
    if (!body) return bytes.length === 0 || parseJson(bytes, ORJSON) ? unfit('expected an event') : UNREADABLE;
    const own = eventId(body['event_id']);
    const id = own ?? looseUuid(body['event_id']) ?? this.ports.newId();
    const isPlain = own !== undefined && !repaired.isRepaired && body === repaired.body;
    return { kind: 'record', events: [{ type: 'event', id }], body: packed(isPlain ? bytes : Buffer.from(JSON.stringify({ ...body, event_id: id }))), answerId: id, isSame: isPlain };
  }

  /** Resolves to why it could not be. */
  async #store(headers: IncomingHttpHeaders, { target, key, client, routed }: Asked, read: Read, { given, copy }: { readonly given: Body | undefined; readonly copy: OldCopy | undefined }): Promise<Refusal | undefined> {
    const events = read.kind === 'record' ? read.events : [];
    const move = routed && { since: routed.move, project: routed.pair.old.project, key: routed.pair.old.key, types: typesOf(target.kind, read) };
    const about = { receivedAt: this.ports.now(), project: target.project, key, kind: target.kind, events, move, client: client.address, headers };
    const records = recordsOf(about, given, copy, this.ports.newId);
    const failure = records.length > 0 ? await this.#append(target.project, records) : undefined;
    if (!failure && copy && move && (records.length > 0 || copy.isCut)) this.ports.countMove({ kind: 'came', record: { ...about, move }, isOnlyOld: !given && copy.kind === 'own', isCut: copy.isCut });
    return failure;
  }

  async #append(project: number, records: readonly Appended[]): Promise<Refusal | undefined> {
    try {
      const places = await this.ports.spool.appendAll(records);
      // What only the old Sentry is given is let go by nobody who gives room back here.
      for (const [index, place] of places.entries()) if (records[index]?.destinations?.includes(GLITCHTIP)) this.ports.shares.took(project, sizeOf(place));
      return undefined;
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      if (name === 'SpoolFullError') return { kind: 'not now', seconds: AGAIN_IN.full };
      this.ports.log('an event could not be written', { error: error instanceof Error ? error.message : String(error) });
      return { kind: 'not now', seconds: AGAIN_IN.failed };
    }
  }

  #countIgnored(project: number, ignored: ReadonlyMap<string, number> = new Map()): void {
    for (const [type, items] of ignored) this.ports.count({ kind: 'ignored', project, type, items });
  }
}

/** As GlitchTip says it. */
const UNREADABLE: Read = { kind: 'refusal', refusal: { kind: 'broken', detail: 'Cannot parse request body' } };

function unfit(detail: string): Read {
  return { kind: 'refusal', refusal: { kind: 'unfit', detail } };
}

const NOTHING: Body = { bytes: Buffer.alloc(0), encoding: undefined, size: 0 };

/** What GlitchTip is given. Undefined: nothing that it would keep, for it would answer 200 and forget it; or what it would refuse. */
function givenOf(read: Read): Body | undefined {
  return read.kind === 'refusal' || (read.events.length === 0 && read.body.size === 0) ? undefined : read.body;
}

/** What names the project and key of the old one names ours. */
function withDsn(header: Json, pair: { readonly project: number; readonly key: string }): Json {
  const { dsn } = header;
  return typeof dsn === 'string' ? { ...header, dsn: dsnOf(dsn, pair) } : header;
}

async function cameAs(tapped: TappedSource, headers: IncomingHttpHeaders, read: Read, given: Body | undefined): Promise<Parameters<typeof copyForOld>[0]> {
  const [envelope, isSame] = read.kind === 'record' ? [read.envelope, read.isSame] : [undefined, false];
  return { raw: await tapped.whole(), encoding: encodingOf(headers['content-encoding']), envelope, given, isSame };
}

function typesOf(kind: IngestKind, read: Read): string[] {
  if (kind === 'store') return ['event'];
  if (kind !== 'envelope') return [kind];
  return read.kind === 'record' ? [...new Set([...(read.envelope?.items ?? []).map(({ type }) => type), ...(read.ignored?.keys() ?? [])])].map(itemTypeName) : [];
}

/** Bytes as the client says; 0 where it does not. */
function lengthOf({ headers }: IncomingMessage): number {
  const length = Number(headers['content-length'] ?? 0);
  return Number.isSafeInteger(length) ? length : 0;
}
