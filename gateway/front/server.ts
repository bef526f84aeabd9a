// The gateway's door: one HTTP server for people and SDKs. Events are taken in, everything else is passed on.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { corsHeaders, preflight, type Answer } from '../core/ingest-answers.js';
import { ingestTarget } from '../core/ingest-request.js';
import { INGEST_KINDS, type IngestKind } from '../core/item-policy.js';
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
/** What is left of a body that was not read is read for the sake of the connection, if it is no more. Bytes. */
const WORTH_READING = 256 * 1024;

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
  const length = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY);
  const isWorthReading = isRead || length <= WORTH_READING;
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body), ...(isWorthReading ? {} : { connection: 'close' }) });
  response.end(body);
  if (!isRead) request.resume();
}
