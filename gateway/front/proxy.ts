// Passes on to GlitchTip what is no event: as a stream, in both directions, with nothing changed but who the client is.
import { Agent, request as connect, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import type { Address } from '../environment.js';
import type { Forwarded } from './forwarded.js';

/** Of one connection only (RFC 9110, 7.6.1), and what is said anew. */
const NOT_PASSED_ON = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'forwarded', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'x-forwarded-port', 'x-real-ip'];
/** Seconds until a page, or a program, tries again. */
const AGAIN_IN = 5;

export class Proxy {
  /** uWSGI ends a connection after each answer: one that is kept would be reset under the next request. */
  readonly #agent = new Agent({ keepAlive: false });

  constructor(private readonly upstream: Address, private readonly onAway: (why: string) => void) {}

  pass(request: IncomingMessage, response: ServerResponse, forwarded: Forwarded): void {
    const headers: OutgoingHttpHeaders = { ...withoutHopByHop(request.headers), ...forwarded.headers };
    const outgoing = connect({ ...this.upstream, agent: this.#agent, method: request.method, path: request.url, headers });
    outgoing.on('response', (incoming) => this.#answer(incoming, response));
    // The error of the connection comes to the response's handler too, once there is a response.
    pipeline(request, outgoing, (error) => {
      if (!error) return;
      if (!response.headersSent && !response.destroyed) this.#away(request, response, error);
      else response.destroy();
    });
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
