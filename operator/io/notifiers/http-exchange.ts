// One HTTP exchange of a notifier: bounded in time and size; its failures never name the address.
import { request as requestHttp, type IncomingHttpHeaders } from 'node:http';
import { request as requestHttps } from 'node:https';

import { startDeadline } from '../../runtime/deadline.js';
import { outwardAgent } from '../../runtime/outward-agent.js';
import { lookupPrivate, PUBLIC_ADDRESS, refusePublicLiteral } from './private-address.js';

/** The whole exchange, from the name's look-up to the last byte. Milliseconds. */
const TIMEOUT = 10_000;
/** Nobody answers with more that has a meaning. Bytes. */
const LONGEST_ANSWER = 65_536;

export interface Question {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** Sent as JSON. */
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Answer =
  | { readonly kind: 'answer'; readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string }
  | { readonly kind: 'none'; readonly why: string };

/** Never throws. Certificates are verified, redirects are not followed, and nothing goes to a public address without TLS: a token goes where a person sent it. */
export async function exchange(question: Question, signal: AbortSignal, timeout = TIMEOUT): Promise<Answer> {
  const deadline = startDeadline(signal, timeout);
  try {
    return await send(question, deadline.signal);
  } catch (error) {
    if (deadline.isExpired) return { kind: 'none', why: `no answer within ${timeout / 1_000} s` };
    return { kind: 'none', why: signal.aborted ? 'no answer in time' : reasonOf(error) };
  } finally {
    deadline.release();
  }
}

function send({ url, method, body, headers }: Question, signal: AbortSignal): Promise<Answer> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const isSafe = url.startsWith('https:');
  const start = isSafe ? requestHttps : requestHttp;
  const own = { 'user-agent': 'glitchkeeper', ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }) };
  return new Promise((resolve, reject) => {
    if (!isSafe) refusePublicLiteral(new URL(url));
    // A connection of its own: the next one comes after minutes or hours. Without TLS to a private address, so that no proxy is asked.
    const sent = start(url, { method, headers: { ...own, ...headers }, signal, ...(isSafe ? { agent: outwardAgent('https:') } : { agent: false, lookup: lookupPrivate }) }, (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length <= LONGEST_ANSWER) chunks.push(chunk);
        else response.destroy(new Error('an answer without end'));
      });
      response.on('error', reject);
      response.on('end', () => resolve({ kind: 'answer', status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }));
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  ENETUNREACH: 'the network does not reach it',
  EHOSTUNREACH: 'the network does not reach it',
  [PUBLIC_ADDRESS]: 'its address is public, and without TLS everybody on the way could read it: use https',
  ETIMEDOUT: 'the connection timed out',
  EPROTO: 'it does not speak TLS',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by nobody that is trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by nobody that is trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by nobody that is trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/** By the code: Node's own messages name the host. A host with several addresses fails with one error for each. */
function reasonOf(error: unknown): string {
  const { code, errors } = (typeof error === 'object' && error !== null ? error : {}) as { readonly code?: unknown; readonly errors?: readonly unknown[] };
  if (typeof code !== 'string') return errors?.[0] === undefined ? 'the answer was cut or is no HTTP' : reasonOf(errors[0]);
  return REASONS[code] ?? `the connection failed (${code})`;
}
