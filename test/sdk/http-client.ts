// One HTTP request with the answer in full: no redirect is followed, cookies stay visible, errors keep their code.
import * as http from 'node:http';
import * as https from 'node:https';

export interface HttpRequest {
  readonly url: string;
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds for the whole exchange. @default 30000 */
  readonly timeoutMs?: number;
  /** @default a connection of its own, closed after the answer */
  readonly agent?: http.Agent;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** The request got no answer. `code` is Node's (ECONNREFUSED, ECONNRESET, ENOTFOUND, ...) or ETIMEDOUT. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  constructor(
    readonly url: string,
    readonly code: string,
    cause: unknown,
  ) {
    super(`${url}: no answer (${code})`, { cause });
  }
}

/** Sends one request. @throws NoAnswer when the connection fails or the time is over; any status is an answer. */
export function send(request: HttpRequest): Promise<HttpAnswer> {
  const url = new URL(request.url);
  const { request: start } = url.protocol === 'https:' ? https : http;
  const body = request.body === undefined ? undefined : Buffer.from(request.body);
  const timeoutMs = request.timeoutMs ?? 30_000;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(new NoAnswer(request.url, codeOf(error), error));
    };
    const outgoing = start(url, {
      method: request.method ?? 'GET',
      agent: request.agent ?? false,
      headers: { ...request.headers, ...(body && { 'content-length': String(body.length) }) },
    });
    const timer = setTimeout(() => outgoing.destroy(timedOut(timeoutMs)), timeoutMs);
    outgoing.on('error', fail);
    outgoing.on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('error', fail);
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        clearTimeout(timer);
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.end(body);
  });
}

function timedOut(milliseconds: number): Error {
  return Object.assign(new Error(`no answer in ${milliseconds} ms`), { code: 'ETIMEDOUT' });
}

/** The code of a connection error; a host with several addresses fails with an AggregateError of one code each. */
function codeOf(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) {
    const inner: unknown = error.errors[0];
    if (inner instanceof Error) return codeOf(inner);
  }
  return error.name;
}
