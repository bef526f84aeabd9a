// The gateway's front over a spool in memory, with a small server in GlitchTip's place; requests are made over real sockets.
import { createServer, request as connect, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IngestLimiter, type IngestLimits } from '../../../../gateway/core/ingest-limits.js';
import { itemPolicy } from '../../../../gateway/core/item-policy.js';
import type { KeyVerdict } from '../../../../gateway/core/project-keys.js';
import { ProjectShares } from '../../../../gateway/core/project-shares.js';
import { decodeHeader, type RecordHeader } from '../../../../gateway/core/record.js';
import { TrustedProxies } from '../../../../gateway/front/forwarded.js';
import { Ingest, type IngestCount } from '../../../../gateway/front/ingest.js';
import { MemoryBudget } from '../../../../gateway/front/memory-budget.js';
import { Proxy } from '../../../../gateway/front/proxy.js';
import { createFront } from '../../../../gateway/front/server.js';
import { MOST_REQUESTS } from '../../../../gateway/move/old-delivery.js';
import { OldSender } from '../../../../gateway/move/old-sender.js';
import { Moving } from '../../../../gateway/move/moving.js';
import { GLITCHTIP, OLD_SENTRY } from '../../../../gateway/spool/destination-numbers.js';
import { Spool } from '../../../../gateway/spool/spool.js';
import { FailingFiles } from '../spool/failing-files.js';

export const KEY = 'abcdefabcdefabcdefabcdefabcdefab';
export const NEW = 'c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2';
const PLENTY = { events: { rate: 1e6, burst: 1e6 }, bytes: { rate: 1e9, burst: 1e9 } };

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string | readonly Buffer[];
}

export class RunningGateway {
  readonly counts: IngestCount[] = [];
  /** Address of each request of a proxy that said https and is not trusted. */
  readonly disbelieved: string[] = [];
  /** Why something could not be written. */
  readonly failures: unknown[] = [];
  verdict: KeyVerdict | undefined;
  /** Each request that came to GlitchTip. */
  readonly passedOn: { readonly url: string; readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  readonly files: FailingFiles;
  readonly spool: Spool;
  readonly moving: Moving;
  /** Milliseconds of Unix time. */
  now = 1_780_000_000_000;
  readonly #oldSender = new OldSender(MOST_REQUESTS);
  readonly #front: Server;
  readonly #glitchtip: Server;

  private constructor({ limits, trusted, maxBytes, room, newId, release, spansToTransactions, logs, plainUntil, answersWithin }: GatewayOptions, upstreamPort: number, glitchtip: Server) {
    this.files = new FailingFiles(undefined, room);
    const shares = new ProjectShares(maxBytes ?? 2 ** 26);
    this.moving = new Moving({ files: this.files, root: '/spool', name: 'a', shares, send: (request) => this.#oldSender.send(request), now: () => this.now, failed: () => undefined });
    this.spool = Spool.open({ files: this.files, folder: '/spool/a', maxBytes: maxBytes ?? 2 ** 26, destinations: [0, 1], defer: setImmediate, onDamage: () => undefined, onDrop: (record) => this.moving.dropped(record) });
    this.moving.begin(this.spool);
    this.#glitchtip = glitchtip;
    const policy = itemPolicy(release ?? '5.2', { ...(spansToTransactions === undefined ? {} : { spansToTransactions }), ...(logs === undefined ? {} : { logs }) });
    const ingest = new Ingest({
      policy, limiter: new IngestLimiter(limits ?? { perProject: PLENTY, total: PLENTY }, 0), memory: new MemoryBudget(16 * 2 ** 20), spool: this.spool,
      shares, move: this.moving.move, countMove: (what) => this.moving.count(what), plainUntil,
      keys: { judge: (project, key) => Promise.resolve(this.verdict ?? ((project ?? 1) === 1 && key === KEY ? 'known' : 'unknown')), projectOf: (key) => (key === KEY ? 1 : undefined) },
      now: () => this.now, newId: newId ?? (() => NEW), count: (what) => this.counts.push(what), failed: (error) => this.failures.push(error), log: () => undefined,
    });
    this.#front = createFront({ ingest, proxy: new Proxy({ host: '127.0.0.1', port: upstreamPort }, () => undefined, answersWithin), trusted: new TrustedProxies(trusted ?? []), endpoints: policy.endpoints, onDisbelieved: (address) => this.disbelieved.push(address) });
  }

  static async open(options: GatewayOptions = {}): Promise<RunningGateway> {
    let gateway = undefined as RunningGateway | undefined;
    const glitchtip = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        gateway?.passedOn.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(pieces).toString() });
        (options.answer ?? ((_, reply) => reply.end('hello')))(request, response);
      });
    });
    await listen(glitchtip);
    gateway = new RunningGateway(options, portOf(glitchtip), glitchtip);
    await listen(gateway.#front);
    return gateway;
  }

  async close(): Promise<void> {
    await this.stopGlitchTip();
    this.#front.closeAllConnections();
    await new Promise((resolve) => this.#front.close(resolve));
    this.#oldSender.close();
  }

  async stopGlitchTip(): Promise<void> {
    this.#glitchtip.closeAllConnections();
    if (this.#glitchtip.listening) await new Promise((resolve) => this.#glitchtip.close(resolve));
  }

  /** Where SDKs send to. */
  get port(): number {
    return portOf(this.#front);
  }

  /** Where GlitchTip listens. */
  get upstream(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: portOf(this.#glitchtip) };
  }

  send(sent: Sent): Promise<Reply> {
    return sendTo(this.#front, sent);
  }

  /** An envelope to project 1. */
  envelope(body: Sent['body'], headers: Readonly<Record<string, string>> = {}, query = `?sentry_key=${KEY}`): Promise<Reply> {
    return this.send({ path: `/api/1/envelope/${query}`, headers, body });
  }

  /** What a process that starts now finds in the spool. */
  get stored(): StoredRecord[] {
    return this.storedFor(GLITCHTIP);
  }

  /** As `stored`, for one destination; what it has let go is not among them. */
  storedFor(destination: number): StoredRecord[] {
    const spool = Spool.open({ files: this.files.after('none'), folder: '/spool/a', maxBytes: 2 ** 26, destinations: [GLITCHTIP, OLD_SENTRY], defer: setImmediate, onDamage: () => undefined });
    const found: StoredRecord[] = [];
    let cursor = spool.start;
    for (let read = spool.read(cursor); read.kind !== 'end'; read = spool.read(cursor)) {
      cursor = read.next;
      if (read.kind !== 'record' || spool.isDone(read.place, destination)) continue;
      const [header, body] = [decodeHeader(read.header), spool.body(read.place)];
      if (header && body) found.push({ header, body });
    }
    return found;
  }
}

export interface StoredRecord {
  readonly header: RecordHeader;
  readonly body: Buffer;
}

export interface GatewayOptions {
  readonly answer?: RequestListener;
  readonly limits?: IngestLimits;
  readonly trusted?: readonly string[];
  readonly maxBytes?: number;
  /** Bytes that the disk has. */
  readonly room?: number;
  /** @default 5.2 */
  readonly release?: string;
  readonly spansToTransactions?: boolean;
  readonly logs?: boolean;
  /** Milliseconds. @default 30 s */
  readonly answersWithin?: number;
  /** Milliseconds of Unix time; its clock stands at 1_780_000_000_000. */
  readonly plainUntil?: number;
  /** @default always NEW */
  readonly newId?: () => string;
}

/** A request over a connection of its own. */
export function sendTo(server: Server, { method = 'POST', path, headers = {}, body = '' }: Sent): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = connect({ host: '127.0.0.1', port: portOf(server), method, path, headers, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces).toString() }));
      response.on('error', reject);
    });
    request.on('error', reject);
    for (const piece of Array.isArray(body) ? (body as readonly Buffer[]) : []) request.write(piece);
    request.end(Array.isArray(body) ? undefined : (body as Buffer | string));
  });
}

export function listen(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
