// One request and its answer, byte for byte as they are.
import { Agent, request as connect, type IncomingHttpHeaders } from 'node:http';
import type { RenderedRequest } from './rendered-request.js';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Server {
  readonly host: string;
  readonly port: number;
  readonly agent: Agent;
}

/** No answer within this time is a failure. Milliseconds. */
const ANSWER_WITHIN = 30_000;
/** uWSGI ends the connection under what it has not read; who sent that may not get the answer. */
const TRIES = 3;

/** @throws when there is no answer */
export async function exchange(server: Server, request: RenderedRequest): Promise<Reply> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await once(server, request);
    } catch (error) {
      if (tried === TRIES || (error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
    }
  }
}

function once(server: Server, { method, target, headers, body, isChunked }: RenderedRequest): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = connect({ ...server, method, path: target, headers, timeout: ANSWER_WITHIN }, (incoming) => {
      const pieces: Buffer[] = [];
      // uWSGI sends a body to HEAD, which is an error behind an answer that is whole.
      if (method === 'HEAD') resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: '' });
      incoming.on('data', (piece: Buffer) => pieces.push(piece));
      incoming.on('error', reject);
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(pieces).toString() }));
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${method} ${target}`)));
    outgoing.on('error', reject);
    if (isChunked) for (let start = 0; start < body.length; start += PIECE) outgoing.write(body.subarray(start, start + PIECE));
    else outgoing.write(body);
    outgoing.end();
  });
}

/** Of a body in chunks. Bytes. */
const PIECE = 97;
