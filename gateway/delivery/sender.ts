// Gives a request to GlitchTip's web, and says what became of it.
import { Agent, request as connect } from 'node:http';
import type { UpstreamAnswer } from '../core/upstream-answer.js';
import type { Address } from '../environment.js';
import type { UpstreamRequest } from './batch.js';

/** uWSGI ends a request after 60 s (harakiri); its first one after a start takes 1 to 2 s. Milliseconds. */
const TIMEOUT = 65_000;
/** Nothing arrived for certain: there was no connection. */
const NOT_SENT: readonly (string | undefined)[] = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN'];

/** Always among ALLOWED_HOSTS, whatever the Service is called. */
const HOST = 'localhost';

export class Sender {
  /** uWSGI ends each connection after its answer. */
  readonly #agent = new Agent({ keepAlive: false });

  constructor(private readonly upstream: Address) {}

  /** Never rejects. */
  send({ path, headers, body }: UpstreamRequest): Promise<UpstreamAnswer> {
    return new Promise((resolve) => {
      const outgoing = connect({ ...this.upstream, agent: this.#agent, method: 'POST', path, timeout: TIMEOUT, headers: { ...headers, host: HOST, 'content-length': body.length } }, (incoming) => {
        incoming.resume();
        incoming.on('close', () => resolve(answerOf(incoming.statusCode ?? 0, incoming.headers['retry-after'])));
      });
      outgoing.on('timeout', () => outgoing.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })));
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        const why = error.code ?? error.message;
        resolve(NOT_SENT.includes(error.code) && !outgoing.reusedSocket ? { kind: 'not sent', why } : { kind: 'unknown', why });
      });
      outgoing.end(body);
    });
  }

  /**
   * Whether web, its database and its queue answer: an envelope for a project that does not exist is refused with 403 only after
   * both were asked, and blocks nobody. Never rejects.
   */
  async probe(): Promise<boolean> {
    const answer = await this.send({ path: `/api/${NO_PROJECT}/envelope/`, headers: { 'content-type': 'application/x-sentry-envelope', 'x-sentry-auth': `Sentry sentry_key=${'0'.repeat(32)}` }, body: Buffer.from('{}\n') });
    return answer.kind === 'answered' && answer.status === 403;
  }
}

/** Larger than any sequence has come to, and still a bigint. */
const NO_PROJECT = '999999999999999';

function answerOf(status: number, retryAfter: string | undefined): UpstreamAnswer {
  const seconds = Number(retryAfter);
  return { kind: 'answered', status, ...(retryAfter !== undefined && Number.isFinite(seconds) ? { retryAfter: seconds } : {}) };
}
