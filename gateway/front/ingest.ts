// Takes events in: the key, the limits, the body, the disk, the answer, in this order. It asks nobody but the spool.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { messageOf } from '../../operator/core/error-message.js';
import { COPY_MARK } from '../core/copy-mark.js';
import { accepted, reasonOf, refused, type Answer, type Refusal, type RefusalReason } from '../core/ingest-answers.js';
import type { IngestLimiter } from '../core/ingest-limits.js';
import { dsnKey, type IngestTarget } from '../core/ingest-request.js';
import type { IngestKind, ItemPolicy } from '../core/item-policy.js';
import type { KeyVerdict } from '../core/project-keys.js';
import type { ProjectShares } from '../core/project-shares.js';
import { itemTypeName } from '../core/item-types.js';
import { TappedSource } from '../encoding/tapped-source.js';
import { encodingOf } from '../encoding/unpack.js';
import type { Move, Routed } from '../move/move.js';
import type { MoveCount } from '../move/move-counts.js';
import { GLITCHTIP } from '../spool/destination-numbers.js';
import { isDiskFull } from '../spool/files.js';
import { sizeOf } from '../spool/place.js';
import { SpoolFullError, type Appended, type Spool } from '../spool/spool.js';
import type { MemoryBudget } from './memory-budget.js';
import { copyForOld, LARGEST_ORIGINAL, type Body, type OldCopy } from './old-copy.js';
import { recordsOf } from './records-of-request.js';
import { RequestReader, contentTypeOf, type Read, type ReadFor } from './request-reader.js';

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
  readonly keys: {
    /** @param project undefined: whichever the key opens */
    judge(project: number | undefined, key: string): Promise<KeyVerdict>;
    /** Of a key that was judged to be known. */
    projectOf(key: string): number | undefined;
  };
  readonly shares: ProjectShares;
  readonly spool: Pick<Spool, 'appendAll' | 'liveBytes'>;
  readonly move: Pick<Move, 'route' | 'current' | 'isOwnCopy'>;
  /** Events that come by plain http through a proxy are taken and counted until then, and led to https afterwards; undefined: none come that way. Milliseconds of Unix time. */
  readonly plainUntil: number | undefined;
  /** Milliseconds of Unix time. */
  readonly now: () => number;
  /** 32 hexadecimal digits. */
  readonly newId: () => string;
  readonly count: (what: IngestCount) => void;
  readonly countMove: (what: MoveCount) => void;
  /** An event could not be written, for another reason than that the spool is full. */
  readonly failed: (error: unknown) => void;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

export type IngestCount =
  | { readonly kind: 'taken'; readonly project: number; readonly events: number; readonly bytes: number }
  /** `project`: undefined where neither the request nor its key says it. */
  | { readonly kind: 'refused'; readonly why: RefusalReason; readonly project: number | undefined }
  | { readonly kind: 'ignored'; readonly project: number; readonly type: string; readonly items: number }
  /** `at`: milliseconds of Unix time. */
  | { readonly kind: 'plain'; readonly project: number; readonly at: number; readonly isRefused: boolean };

/** Who asks, as far as the proxies that are trusted say. */
export interface Client {
  readonly address: string | undefined;
  /** Host that it asked by plain http, through a proxy. */
  readonly plainHost?: string | undefined;
}

/** Whose request it is, once that is known. */
interface Asked {
  readonly target: IngestTarget & { readonly project: number };
  /** GlitchTip's, 32 hexadecimal digits. */
  readonly key: string;
  readonly client: Client;
  /** Undefined: it has nothing to do with a move. */
  readonly routed: Routed | undefined;
}

/** Why whoever asks is not let in. */
interface Turned {
  readonly target: IngestTarget;
  readonly refusal: Refusal;
}

export class Ingest {
  readonly #reader: RequestReader;

  constructor(private readonly ports: IngestPorts) {
    this.#reader = new RequestReader(ports.policy, ports.newId);
  }

  /** Resolves to the answer, once what it answers for is on the disk. @throws when the client goes away */
  async take(request: IncomingMessage, named: IngestTarget, query: URLSearchParams, client: Client): Promise<Answer> {
    const asked = await this.#whoAsks(request, named, query, client);
    const refuse = (refusal: Refusal): Answer => {
      this.ports.count({ kind: 'refused', why: reasonOf(refusal), project: asked.target.project });
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
  isMoved({ headers }: Pick<IncomingMessage, 'headers'>, { kind, project }: IngestTarget, query: URLSearchParams): boolean {
    const given = dsnKey(query, headers, kind);
    return given.kind !== 'none' && project !== undefined && this.ports.move.route(project, given.kind === 'key' ? given.key : given.text) !== undefined;
  }

  /** During a move the project and key may be the old one's. */
  async #whoAsks({ method, headers }: IncomingMessage, target: IngestTarget, query: URLSearchParams, client: Client): Promise<Asked | Turned> {
    const { kind, project } = target;
    if (method !== 'POST') return { target, refusal: { kind: 'wrong method' } };
    if (this.ports.move.isOwnCopy(headers[COPY_MARK])) return { target, refusal: { kind: 'own copy' } };
    const given = dsnKey(query, headers, kind);
    if (given.kind === 'none') return { target, refusal: { kind: 'no key' } };
    const routed = project === undefined ? undefined : this.ports.move.route(project, given.kind === 'key' ? given.key : given.text);
    if (routed) return { target: { kind, project: routed.project }, key: routed.key, client, routed };
    if (given.kind === 'malformed') return { target, refusal: { kind: 'malformed key' } };
    return project === undefined ? this.#whoseKey(target, given.key, client) : { target: { kind, project }, key: given.key, client, routed };
  }

  /** Of a request that names no project. It is nothing to a move: the old one may not have the endpoint, and Sentry has another. */
  async #whoseKey(target: IngestTarget, key: string, client: Client): Promise<Asked | Turned> {
    const refusal = this.#judgeKey(await this.ports.keys.judge(undefined, key));
    if (refusal) return { target, refusal };
    const project = this.ports.keys.projectOf(key);
    return project === undefined ? { target, refusal: { kind: 'unknown key' } } : { target: { kind: target.kind, project }, key, client, routed: undefined };
  }

  async #takeIn(request: IncomingMessage, asked: Asked): Promise<Answer | { readonly refusal: Refusal }> {
    const { target: { kind, project }, routed } = asked;
    const readBefore = request.socket.bytesRead;
    const old = routed && { dsn: routed.pair.old.text, tapped: new TappedSource(request, LARGEST_ORIGINAL) };
    const read = await this.#reader.read(old?.tapped ?? request, request.headers, readFor(asked));
    this.#charge(request, project, read, request.socket.bytesRead - readBefore);
    const given = this.ports.policy.endpoints.includes(kind) ? givenOf(read) : undefined;
    const copy = old && copyForOld(await cameAs(old.tapped, request.headers, read, given), old.dsn);
    const failure = await this.#store(request.headers, asked, read, { given, copy });
    // What GlitchTip would refuse is refused, whatever the old one makes of it.
    if (read.kind === 'refusal') return read;
    if (failure) return { refusal: failure };
    this.#countIgnored(project, read.ignored);
    if (given) this.ports.count({ kind: 'taken', project, events: read.events.length, bytes: given.bytes.length });
    return accepted(kind, read.answerId, contentTypeOf(request.headers));
  }

  async #judge(request: IncomingMessage, { target: { project }, key, client, routed }: Asked): Promise<Refusal | undefined> {
    const refusal = this.#judgeKey(await this.ports.keys.judge(project, key), routed);
    if (refusal) return refusal;
    if (!this.ports.shares.admits(project, this.ports.spool.liveBytes)) return { kind: 'not now', why: 'share of the spool', seconds: AGAIN_IN.full };
    const seconds = this.ports.limiter.admit(project, lengthOf(request), this.ports.now());
    return seconds === undefined ? this.#judgePlain(request, project, client) : { kind: 'not now', why: 'rate limit', seconds };
  }

  /** One event and the length that it said were paid for when it came. @param arrived bytes since its headers: of a body in pieces nobody says how many there are, and the first may have come with them */
  #charge(request: IncomingMessage, project: number, read: Read, arrived: number): void {
    const [events, kept] = read.kind === 'record' ? [read.events.length, read.body.bytes.length] : [0, 0];
    const isInPieces = request.headers['transfer-encoding'] !== undefined;
    this.ports.limiter.charge(project, { events: Math.max(0, events - 1), bytes: isInPieces ? Math.max(arrived, kept) : 0 });
  }

  /** 403 would have the SDK give up; that a key is unknown has to be proven first. A pair of the move's table was known when it was made. */
  #judgeKey(verdict: KeyVerdict, routed?: Routed): Refusal | undefined {
    if (verdict === 'unknown' && this.ports.move.current !== 'damaged') return { kind: 'unknown key' };
    return verdict === 'unknown' || (verdict === 'unchecked' && !routed) ? { kind: 'not now', why: 'key not checked', seconds: AGAIN_IN.unchecked } : undefined;
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
      if (error instanceof SpoolFullError) return { kind: 'not now', why: error.why, seconds: AGAIN_IN.full };
      this.ports.failed(error);
      this.ports.log('an event could not be written', { error: messageOf(error) });
      return { kind: 'not now', why: isDiskFull(error) ? 'disk full' : 'disk error', seconds: AGAIN_IN.failed };
    }
  }

  #countIgnored(project: number, ignored: ReadonlyMap<string, number> = new Map()): void {
    for (const [type, items] of ignored) this.ports.count({ kind: 'ignored', project, type, items });
  }
}

function readFor({ target, key, routed }: Asked): ReadFor {
  return { ...target, key, isOld: routed?.isOld ?? false };
}

/** What GlitchTip is given. Undefined: nothing that it would keep, for it would answer 200 and forget it; or what it would refuse. */
function givenOf(read: Read): Body | undefined {
  return read.kind === 'refusal' || (read.events.length === 0 && read.body.size === 0) ? undefined : read.body;
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
