/**
 * The second port. For the kubelet and Prometheus without a word: is it alive, does it take events, its figures. For whoever has the
 * token: what it is doing, the hold, its records. It never shares a port with what SDKs and people reach.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../../operator/core/error-message.js';
import { unpackerFor } from '../encoding/unpack.js';
import { GATEWAY_HEADER } from './control-answers.js';
import { refused, type ControlAnswer } from './control-answer.js';
import type { ControlRoutes } from './control-routes.js';
import type { ControlToken } from './control-token.js';
import type { FoundRecord } from './records.js';

export interface ControlPorts {
  /** Name of this gateway. */
  readonly name: string;
  /** Undefined: it can write down events. */
  readonly problem: () => string | undefined;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly token: Pick<ControlToken, 'admits'>;
  readonly routes: Pick<ControlRoutes, 'answer'>;
  readonly log: (message: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** Until a request is there, with its body. Milliseconds. */
const REQUEST_TIMEOUT = 10_000;
/** Until a connection on which nothing moves is ended; longer than a request to GlitchTip, which a hold waits for. Milliseconds. */
const IDLE_TIMEOUT = 90_000;
const MOST_CONNECTIONS = 64;
/** Of a request's body: usually, and with a table of pairs. Bytes. */
const LARGEST_BODY = { usual: 4_096, move: 2 ** 20 };

export function createControl(ports: ControlPorts): Server {
  const server = createServer({ headersTimeout: REQUEST_TIMEOUT, requestTimeout: REQUEST_TIMEOUT }, (request, response) => {
    handle(request, response, ports).catch((error: unknown) => fail(response, error, ports));
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = IDLE_TIMEOUT;
  return server;
}

async function handle(request: IncomingMessage, response: ServerResponse, ports: ControlPorts): Promise<void> {
  const [path = '/', query] = (request.url ?? '/').split(/\?(.*)/s, 2);
  const text = (status: number, body: string, type = 'text/plain') => response.writeHead(status, { 'content-type': type }).end(body);
  switch (path) {
    case '/healthz': text(200, 'ok\n'); return;
    case '/readyz': text(ports.problem() === undefined ? 200 : 503, `${ports.problem() ?? 'ok'}\n`); return;
    case '/metrics': { const { contentType, body } = await ports.metrics(); text(200, body, contentType); return; }
  }
  response.setHeader(GATEWAY_HEADER, ports.name);
  const isAdmitted = ports.token.admits(request.headers.authorization);
  if (!isAdmitted) response.setHeader('www-authenticate', 'Bearer');
  const answer = isAdmitted ? await answerTo(request, response, { path, query: new URLSearchParams(query), ports }) : refused(401, 'expected Authorization: Bearer TOKEN, with the token of the Secret');
  await send(request, response, answer);
}

async function answerTo(request: IncomingMessage, response: ServerResponse, { path, query, ports }: { readonly path: string; readonly query: URLSearchParams; readonly ports: ControlPorts }): Promise<ControlAnswer> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const largest = path === '/move' ? LARGEST_BODY.move : LARGEST_BODY.usual;
  const body = await readBody(request, largest);
  return body ? ports.routes.answer({ method: request.method ?? '', path, query, body, signal: gone.signal }) : refused(413, `expected a body of at most ${largest} bytes`);
}

/** Undefined: it is larger than it may be. @throws when the client goes away */
function readBody(request: IncomingMessage, largest: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let size = 0;
    request.on('data', (piece: Buffer) => {
      size += piece.length;
      if (size <= largest) pieces.push(piece);
      else resolve(undefined);
    });
    request.on('end', () => resolve(Buffer.concat(pieces)));
    request.on('error', reject);
  });
}

async function send(request: IncomingMessage, response: ServerResponse, answer: ControlAnswer): Promise<void> {
  // What was not read of a body would be taken for the next request.
  if (!request.complete) response.setHeader('connection', 'close');
  switch (answer.kind) {
    case 'json': {
      if (answer.allow !== undefined) response.setHeader('allow', answer.allow);
      response.writeHead(answer.status, answer.body ? { 'content-type': 'application/json' } : {});
      response.end(answer.body && `${JSON.stringify(answer.body)}\n`);
      return;
    }
    case 'lines': {
      response.writeHead(200, { 'content-type': 'application/jsonl' });
      await pipeline(Readable.from(asLines(answer.lines)), response);
      return;
    }
    case 'record': await sendRecord(response, answer.record);
  }
}

async function* asLines(values: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const value of values) yield `${JSON.stringify(value)}\n`;
}

/** A line of JSON, then the body, unpacked piece by piece: what is small here may be large there. */
async function sendRecord(response: ServerResponse, { head, header, body }: FoundRecord): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  response.write(`${JSON.stringify(head)}\n`);
  const packed = Readable.from([body]);
  if (header.encoding === undefined) await pipeline(packed, response);
  else await pipeline(packed, unpackerFor(header.encoding, body), response);
}

/** Half an answer must not look like a whole one. */
function fail(response: ServerResponse, error: unknown, { log }: ControlPorts): void {
  if (response.destroyed) return;
  const why = messageOf(error);
  log('a request to the control port failed', { why });
  if (response.headersSent) { response.destroy(); return; }
  const isFull = error instanceof Error && error.name === 'SpoolFullError';
  response.writeHead(isFull ? 503 : 500, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ detail: why })}\n`);
}
