// The gateway's door: one HTTP server for people and SDKs. Events are taken in, everything else is passed on.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { corsHeaders, preflight, type Answer } from '../core/ingest-answers.js';
import { ingestTarget } from '../core/ingest-request.js';
import { INGEST_KINDS, type IngestKind } from '../core/item-policy.js';
import { LARGEST_UNPACKED } from '../encoding/unpack.js';
import { forwardedOf, type TrustedProxies } from './forwarded.js';
import type { Ingest } from './ingest.js';
import type { Proxy } from './proxy.js';

export interface FrontOptions {
  readonly ingest: Pick<Ingest, 'take' | 'isMoved'>;
  readonly proxy: Pick<Proxy, 'pass'>;
  readonly trusted: TrustedProxies;
  /** Told of each request of a proxy that said https and is not believed. */
  readonly onDisbelieved: (address: string) => void;
  /** Endpoints for events that the release has. */
  readonly endpoints: readonly IngestKind[];
}

/** Until a request's headers are there. Milliseconds. */
const HEADERS_TIMEOUT = 15_000;
/** Until a connection on which nothing moves is ended; an upload may take hours, as long as it goes on. Milliseconds. */
const IDLE_TIMEOUT = 60_000;
/** Longer than proxies keep theirs, so that they end it first. Milliseconds. */
const KEEP_ALIVE = 75_000;
const MOST_CONNECTIONS = 1_000;
/**
 * What is left of a body that is refused is read on, as much as is ever taken of one. Who closes the connection while the other still sends takes
 * its own answer back: Traefik 3.7 made 502 of 413 and 429, in most tries with a body of 10 MB, and the SDK saw no Retry-After. Bytes.
 */
const WORTH_READING = LARGEST_UNPACKED;

export function createFront(options: FrontOptions): Server {
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT, requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE, noDelay: true }, (request, response) => {
    handle(request, response, options);
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = IDLE_TIMEOUT;
  return server;
}

function handle(request: IncomingMessage, response: ServerResponse, { ingest, proxy, trusted, endpoints, onDisbelieved }: FrontOptions): void {
  const [path = '/', text] = (request.url ?? '/').split(/\?(.*)/s, 2);
  const [target, query] = [ingestTarget(path, INGEST_KINDS), new URLSearchParams(text)];
  const forwarded = forwardedOf(request, trusted);
  if (forwarded.disbelieved !== undefined) onDisbelieved(forwarded.disbelieved);
  if (!target || !(endpoints.includes(target.kind) || ingest.isMoved(request, target, query))) { proxy.pass(request, response, forwarded); return; }
  const { origin } = request.headers;
  if (request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined) { send(request, response, preflight(origin)); return; }
  ingest.take(request, target, query, { address: forwarded.client, plainHost: forwarded.plainHost }).then(
    (answer) => send(request, response, { ...answer, headers: { ...answer.headers, ...corsHeaders(origin) } }),
    // The client went away: nobody is there to be answered.
    () => response.destroy(),
  );
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  const isRead = request.complete || request.readableEnded;
  const isWorthReading = isRead || Number(request.headers['content-length'] ?? 0) <= WORTH_READING;
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body), ...(isWorthReading ? {} : { connection: 'close' }) });
  // Node.js closes with the answer's end a connection that the client wants for one request: not while there is something worth reading.
  if (isRead || !isWorthReading) response.end(body);
  else {
    response.write(body);
    request.once('close', () => response.end());
  }
  if (!isRead) discard(request);
}

/** Of a body without a length nobody knows how much comes. */
function discard(request: IncomingMessage): void {
  let left = WORTH_READING;
  request.on('data', (piece: Buffer) => {
    left -= piece.length;
    if (left < 0) request.destroy();
  });
  request.resume();
}
