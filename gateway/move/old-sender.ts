// Gives a request to the old Sentry, by a proxy where there is one, and says what became of it. Connections are few, and kept.
import { request as connectPlain, type Agent, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as connectSecure } from 'node:https';
import { outwardAgent } from '../../operator/runtime/outward-agent.js';
import { limitsOf, type RateLimit } from '../core/rate-limits.js';

export interface OldRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type OldAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly limits: readonly RateLimit[] }
  /** `isStale`: a kept connection that the other side had just ended. */
  | { readonly kind: 'away'; readonly why: string; readonly isStale: boolean };

/** Until an answer has to begin, and from one sign of life to the next. Milliseconds. */
const TIMEOUT = 15_000;
/** Of a connection that nobody uses. Shorter than what proxies have (nginx 75 s, AWS 60 s). Milliseconds. */
const IDLE = 30_000;

const ENDED: readonly (string | undefined)[] = ['ECONNRESET', 'EPIPE'];

export class OldSender {
  readonly #agents: { readonly http: Agent; readonly https: Agent };

  /** @param connections at most */
  constructor(connections: number, private readonly timeout = TIMEOUT) {
    const options = { keepAlive: true, maxSockets: connections, timeout: IDLE };
    this.#agents = { http: outwardAgent('http:', options), https: outwardAgent('https:', options) };
  }

  /** Never rejects. */
  send({ url, headers, body }: OldRequest): Promise<OldAnswer> {
    return new Promise((resolve) => {
      const isSecure = url.protocol === 'https:';
      const options: RequestOptions = { method: 'POST', agent: isSecure ? this.#agents.https : this.#agents.http, headers: { ...headers, 'content-length': body.length } };
      const outgoing = (isSecure ? connectSecure : connectPlain)(url, options, (incoming) => {
        incoming.resume();
        incoming.on('close', () => resolve(answerOf(incoming)));
      });
      const late = setTimeout(() => outgoing.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })), this.timeout);
      outgoing.on('close', () => clearTimeout(late));
      outgoing.on('error', (error: NodeJS.ErrnoException) => resolve({ kind: 'away', why: error.code ?? error.message, isStale: outgoing.reusedSocket && ENDED.includes(error.code) }));
      outgoing.end(body);
    });
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}

function answerOf({ statusCode: status = 0, headers }: IncomingMessage): OldAnswer {
  const limits = headers['x-sentry-rate-limits'];
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return { kind: 'answered', status, limits: limitsOf({ status, rateLimits: Array.isArray(limits) ? limits.join(',') : limits, retryAfter: Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined }) };
}
