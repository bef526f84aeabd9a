// Between an SDK and the server that it sends to: passes on every request as it is, and notes what was in it and how it was answered.
import { once } from 'node:events';
import { createServer, request as connect, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';

/** One request and its answer. */
export interface Exchange {
  readonly method: string;
  /** Types of the envelope's items; none for a preflight. */
  readonly items: readonly Item[];
  readonly status: number;
  readonly answer: IncomingHttpHeaders;
  /** When it was answered. Milliseconds of Unix time. */
  readonly at: number;
}

export interface Item {
  readonly type: string;
  readonly payload: Buffer;
}

export class Wire {
  /** In the order in which they were answered. */
  readonly exchanges: Exchange[] = [];
  readonly #server: Server;

  private constructor(private readonly target: number) {
    this.#server = createServer((request, response) => void this.#pass(request, response));
  }

  /** @param target port of the server on loopback */
  static async to(target: number): Promise<Wire> {
    const wire = new Wire(target);
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await collect(request);
    const outgoing = connect({ host: '127.0.0.1', port: this.target, method: request.method, path: request.url, headers: withLength(request.headers, body), agent: false });
    outgoing.on('error', () => response.destroy());
    outgoing.on('response', (incoming) => {
      void collect(incoming).then((answer) => {
        const { statusCode: status = 0, headers } = incoming;
        this.exchanges.push({ method: request.method ?? '', items: itemsOf(unpacked(body, request.headers['content-encoding'])), status, answer: headers, at: Date.now() });
        response.writeHead(status, headers).end(answer);
      });
    });
    outgoing.end(body);
  }
}

async function collect(stream: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** It was collected, so a body that came in chunks has a length now. */
function withLength({ 'transfer-encoding': chunked, ...headers }: IncomingHttpHeaders, body: Buffer): IncomingHttpHeaders {
  return chunked === undefined ? headers : { ...headers, 'content-length': String(body.length) };
}

function unpacked(body: Buffer, encoding: string | undefined): Buffer {
  switch (encoding) {
    case 'gzip': return gunzipSync(body);
    case 'br': return brotliDecompressSync(body);
    case 'deflate': return inflateSync(body);
    default: return body;
  }
}

/** https://develop.sentry.dev/sdk/foundations/transport/envelopes/: a header, then for each item its header and its payload. */
function itemsOf(envelope: Buffer): Item[] {
  const items: Item[] = [];
  let at = envelope.indexOf('\n') + 1;
  while (at > 0 && at < envelope.length) {
    const end = endOfLine(envelope, at);
    const { type, length } = JSON.parse(envelope.toString('utf8', at, end) || '{}') as { type?: string; length?: number };
    const stop = length === undefined ? endOfLine(envelope, end + 1) : end + 1 + length;
    if (type !== undefined) items.push({ type, payload: envelope.subarray(end + 1, stop) });
    at = stop + 1;
  }
  return items;
}

function endOfLine(text: Buffer, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}
