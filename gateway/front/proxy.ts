// Passes on to GlitchTip what is no event: as a stream, in both directions, with nothing changed but who the client is.
import { Agent, request as connect, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import type { Address } from '../environment.js';
import type { Forwarded } from './forwarded.js';

/** Of one connection only (RFC 9110, 7.6.1), and what is said anew. */
const NOT_PASSED_ON = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'x-real-ip'];
/** Seconds until a page, or a program, tries again. */
const AGAIN_IN = 5;
/**
 * Until the answer to a request without a body begins: web may be frozen, or have no thread free. Longer than any page of GlitchTip takes at its
 * limit, shorter than a browser or a proxy waits. What has a body may be an upload, and ends with its idle connection. Milliseconds.
 */
const ANSWERS_WITHIN = 30_000;
const WITHOUT_BODY: readonly (string | undefined)[] = ['GET', 'HEAD'];

export class Proxy {
  /** uWSGI ends a connection after each answer: one that is kept would be reset under the next request. */
  readonly #agent = new Agent({ keepAlive: false });

  /** @param answersWithin milliseconds */
  constructor(private readonly upstream: Address, private readonly onAway: (why: string) => void, private readonly answersWithin = ANSWERS_WITHIN) {}

  pass(request: IncomingMessage, response: ServerResponse, forwarded: Forwarded): void {
    const headers: OutgoingHttpHeaders = { ...withoutHopByHop(request.headers), ...forwarded.headers };
    const outgoing = connect({ ...this.upstream, agent: this.#agent, method: request.method, path: request.url, headers });
    const late = WITHOUT_BODY.includes(request.method) ? setTimeout(() => outgoing.destroy(new Error('web does not answer in time')), this.answersWithin) : undefined;
    outgoing.on('response', (incoming) => {
      clearTimeout(late);
      this.#answer(incoming, response);
    });
    outgoing.on('close', () => clearTimeout(late));
    // Once the request is written whole, the pipeline hears of no error any more; once there is a response, that has its own.
    const fail = (error: NodeJS.ErrnoException) => {
      if (response.writableEnded) return;
      if (response.headersSent || response.destroyed) response.destroy();
      else this.#away(request, response, error);
    };
    outgoing.on('error', (error) => { if (!response.headersSent) fail(error); });
    pipeline(request, outgoing, (error) => { if (error) fail(error); });
    response.on('close', () => {
      if (!response.writableFinished) outgoing.destroy();
    });
  }

  #answer(incoming: IncomingMessage, response: ServerResponse): void {
    response.writeHead(incoming.statusCode ?? 502, incoming.statusMessage, withoutHopByHop(incoming.headers));
    pipeline(incoming, response, (error) => {
      // Half an answer must not look like a whole one.
      if (error) response.destroy();
    });
  }

  #away(request: IncomingMessage, response: ServerResponse, error: NodeJS.ErrnoException): void {
    this.onAway(error.code ?? error.message);
    const wantsPage = (request.headers.accept ?? '').includes('text/html');
    const [type, body] = wantsPage ? ['text/html; charset=utf-8', PAGE] : ['application/json', JSON.stringify({ detail: 'GlitchTip is not available at the moment.' })];
    response.writeHead(503, { 'content-type': type, 'content-length': Buffer.byteLength(body), 'retry-after': String(AGAIN_IN), 'cache-control': 'no-store', connection: 'close' });
    response.end(body);
  }
}

function withoutHopByHop(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_PASSED_ON.includes(name) && !named.includes(name)));
}

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="${AGAIN_IN}"><title>GlitchTip is starting</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;padding:0 1rem;color:#333}</style></head>
<body><h1>GlitchTip is not available at the moment</h1><p>It is starting, being updated, or restarting. This page reloads by itself.</p>
<p>No event is lost meanwhile: what your applications send is kept, and shown when GlitchTip is back.</p></body></html>
`;
