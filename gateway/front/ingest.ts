// Takes events in: the key, the limits, the body, the disk, the answer, in this order. It asks nobody but the spool.
import { gzipSync } from 'node:zlib';
import type { IncomingMessage } from 'node:http';
import { acceptEnvelope, composeEnvelope } from '../core/accepted-envelope.js';
import { EnvelopeReader, type EnvelopeResult } from '../core/envelope-reader.js';
import { accepted, refused, type Answer, type Refusal } from '../core/ingest-answers.js';
import type { IngestLimiter } from '../core/ingest-limits.js';
import { dsnKey, type IngestTarget } from '../core/ingest-request.js';
import type { IngestKind, ItemPolicy } from '../core/item-policy.js';
import { MOST_VALUES, ORJSON, hasTooManyValues, parseJson, repairObject } from '../core/json.js';
import type { KeyVerdict } from '../core/project-keys.js';
import type { ProjectShares } from '../core/project-shares.js';
import { encodeHeader, type Encoding, type RecordHeader } from '../core/record.js';
import { isSecurityReport } from '../core/security-report.js';
import { storableEvent } from '../core/storable-event.js';
import { eventId, looseUuid } from '../core/uuid.js';
import type { MemoryBudget } from './memory-budget.js';
import { encodingOf, unpack, type Unpacked } from '../encoding/unpack.js';
import type { Spool } from '../spool/spool.js';
import { sizeOf } from '../spool/segment.js';

/** A body that is written anew is packed from this size on. Bytes. */
const PACK_FROM = 4_096;
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
  readonly spool: Pick<Spool, 'append' | 'liveBytes'>;
  /** Events that come by plain http through a proxy are taken and counted until then, and led to https afterwards; undefined: none come that way. Milliseconds of Unix time. */
  readonly plainUntil: number | undefined;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
  readonly count: (what: IngestCount) => void;
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

/** What a request is about, and who asks with which key. */
interface Asked {
  readonly target: IngestTarget;
  readonly key: string;
  readonly client: Client;
}

interface Body {
  readonly bytes: Buffer;
  readonly encoding: Encoding | undefined;
  readonly size: number;
}

type Read =
  | { readonly kind: 'refusal'; readonly refusal: Refusal }
  | { readonly kind: 'record'; readonly events: RecordHeader['events']; readonly body: Body; readonly answerId: string | undefined; readonly ignored?: ReadonlyMap<string, number> };

export class Ingest {
  constructor(private readonly ports: IngestPorts) {}

  /** Resolves to the answer, once what it answers for is on the disk. @throws when the client goes away */
  async take(request: IncomingMessage, target: IngestTarget, query: URLSearchParams, client: Client): Promise<Answer> {
    const refuse = (refusal: Refusal): Answer => {
      this.ports.count({ kind: 'refused', why: refusal.kind, project: target.project });
      return refused(target.kind, refusal);
    };
    if (request.method !== 'POST') return refuse({ kind: 'wrong method' });
    const key = dsnKey(query, request.headers);
    if (key.kind !== 'key') return refuse({ kind: key.kind === 'none' ? 'no key' : 'malformed key' });
    const refusal = await this.#judge(request, { target, key: key.key, client });
    if (refusal) return refuse(refusal);
    const give = await this.ports.memory.take(this.#memoryFor(request));
    try {
      const read = await this.#read(request, target);
      if (read.kind === 'refusal') return refuse(read.refusal);
      this.#countIgnored(target.project, read.ignored);
      // Nothing that GlitchTip would keep: it would answer 200 and forget it.
      if (read.events.length === 0 && read.body.size === 0) return accepted(target.kind, read.answerId);
      const header = this.#header(request, { target, key: key.key, client }, read);
      const failure = await this.#store(target.project, header, read.body.bytes);
      if (failure) return refuse(failure);
      this.ports.count({ kind: 'taken', project: target.project, events: read.events.length, bytes: read.body.bytes.length });
      return accepted(target.kind, read.answerId);
    } finally {
      give();
    }
  }

  async #judge(request: IncomingMessage, { target: { project }, key, client }: Asked): Promise<Refusal | undefined> {
    const verdict = await this.ports.keys.judge(project, key);
    if (verdict === 'unknown') return { kind: 'unknown key' };
    // 403 would have the SDK give up; that a key is unknown has to be proven first.
    if (verdict === 'unchecked') return { kind: 'not now', seconds: AGAIN_IN.unchecked };
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

  #memoryFor(request: IncomingMessage): number {
    const length = lengthOf(request);
    return length > 0 && length <= SHORT ? SHORT_UNPACKED : this.ports.policy.largestEnvelope;
  }

  #read(request: IncomingMessage, { kind, project }: IngestTarget): Promise<Read> {
    return kind === 'envelope' ? this.#readEnvelope(request, project) : this.#readWhole(request, kind);
  }

  async #readEnvelope(request: IncomingMessage, project: number): Promise<Read> {
    const reader = new EnvelopeReader(this.ports.policy, project);
    const encoding = encodingOf(request.headers['content-encoding']);
    let size = 0;
    const { state, original } = await unpack(request, encoding, (piece) => {
      size += piece.length;
      reader.push(piece);
      return !reader.isOver;
    });
    return this.#judgeEnvelope(state, reader.end(), original && { bytes: original, encoding, size });
  }

  #judgeEnvelope(state: Unpacked, result: EnvelopeResult, original: Body | undefined): Read {
    if (state === 'too large') return { kind: 'refusal', refusal: { kind: 'too large', detail: 'expected a body of at most 100 MiB, unpacked' } };
    if (result.kind === 'refused') return { kind: 'refusal', refusal: { kind: result.status === 413 ? 'too large' : 'broken', detail: result.detail } };
    const { events, answerId, header, items, isUnchanged, unreadable } = acceptEnvelope(result.envelope, this.ports.newId);
    const ignored = new Map(unreadable > 0 ? [...result.envelope.ignored, ['unreadable', unreadable]] : result.envelope.ignored);
    if (items.length === 0) return { kind: 'record', events: [], body: NOTHING, answerId, ignored };
    const body = isUnchanged && original ? original : packed(composeEnvelope(header, items));
    return { kind: 'record', events: [...events], body, answerId, ignored };
  }

  async #readWhole(request: IncomingMessage, kind: Exclude<IngestKind, 'envelope'>): Promise<Read> {
    const pieces: Buffer[] = [];
    let size = 0;
    const { state } = await unpack(request, encodingOf(request.headers['content-encoding']), (piece) => {
      size += piece.length;
      if (size <= this.ports.policy.largestItem) pieces.push(piece);
      return size <= this.ports.policy.largestItem;
    });
    if (state === 'too large' || size > this.ports.policy.largestItem) return { kind: 'refusal', refusal: { kind: 'too large', detail: `expected a body of at most ${this.ports.policy.largestItem} bytes` } };
    const bytes = Buffer.concat(pieces);
    if (kind !== 'minidump' && hasTooManyValues(bytes)) return { kind: 'refusal', refusal: { kind: 'too large', detail: `expected a body of at most ${MOST_VALUES} values` } };
    switch (kind) {
      case 'minidump': return { kind: 'record', events: [], body: packed(bytes), answerId: undefined };
      case 'security': return this.#judgeReport(bytes);
      case 'store': return this.#judgeEvent(bytes);
    }
  }

  #judgeReport(bytes: Buffer): Read {
    const parsed = bytes.length === 0 ? { value: undefined } : parseJson(bytes, ORJSON);
    if (!parsed) return UNREADABLE;
    return isSecurityReport(parsed.value) ? { kind: 'record', events: [], body: packed(bytes), answerId: undefined } : unfit('expected a csp-report');
  }

  /** GlitchTip refuses one without an id. It gets one here, for it is lost otherwise. */
  #judgeEvent(bytes: Buffer): Read {
    const repaired = repairObject(bytes, ORJSON);
    const body = repaired && storableEvent('event', repaired.body);
    if (!body) return bytes.length === 0 || parseJson(bytes, ORJSON) ? unfit('expected an event') : UNREADABLE;
    const own = eventId(body['event_id']);
    const id = own ?? looseUuid(body['event_id']) ?? this.ports.newId();
    const isPlain = own !== undefined && !repaired.isRepaired && body === repaired.body;
    return { kind: 'record', events: [{ type: 'event', id }], body: packed(isPlain ? bytes : Buffer.from(JSON.stringify({ ...body, event_id: id }))), answerId: id };
  }

  #header({ headers }: IncomingMessage, { target, key, client }: Asked, { events, body }: Extract<Read, { kind: 'record' }>): Buffer {
    const [contentType, userAgent] = [headers['content-type'], headers['user-agent']];
    return encodeHeader({
      id: this.ports.newId(), receivedAt: this.ports.now(), project: target.project, kind: target.kind, key, events, size: body.size,
      ...(body.encoding === undefined ? {} : { encoding: body.encoding }),
      ...(client.address === undefined ? {} : { client: client.address }),
      ...(contentType === undefined ? {} : { contentType: contentType.slice(0, 200) }),
      ...(userAgent === undefined ? {} : { userAgent: userAgent.slice(0, 500) }),
    });
  }

  async #store(project: number, header: Buffer, body: Buffer): Promise<Refusal | undefined> {
    try {
      this.ports.shares.took(project, sizeOf(await this.ports.spool.append(header, body)));
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

function packed(bytes: Buffer): Body {
  const size = bytes.length;
  return size < PACK_FROM ? { bytes, encoding: undefined, size } : { bytes: gzipSync(bytes, { level: 1 }), encoding: 'gzip', size };
}

/** Bytes as the client says; 0 where it does not. */
function lengthOf({ headers }: IncomingMessage): number {
  const length = Number(headers['content-length'] ?? 0);
  return Number.isSafeInteger(length) ? length : 0;
}
