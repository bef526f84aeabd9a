// One request to the gateway's control port, by the token of its Secret.
import { request } from 'node:http';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { Sensitive } from '../../core/sensitive.js';
import { withDeadline } from '../../runtime/deadline.js';

/** Milliseconds. */
const TIMEOUT = 5_000;
/** An answer names at most a few hundred projects. Bytes. */
const MOST_BYTES = 1_048_576;

export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: string;
  /** Milliseconds. @default 5 s */
  readonly timeout?: number;
}

type Place = Pick<NonNullable<GlitchTipSpec['gateway']>, 'controlHost' | 'controlPort'>;

/** @throws when it does not answer in time */
export function ask({ controlHost: host, controlPort: port }: Place, token: Sensitive, { method = 'GET', path, body, timeout = TIMEOUT }: Asked, signal: AbortSignal): Promise<{ readonly status: number; readonly text: string }> {
  return withDeadline(signal, timeout, (limited) => new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token.reveal()}`, connection: 'close', ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }) };
    const sent = request({ host, port, method, path, headers, agent: false, signal: limited }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MOST_BYTES) response.destroy(new Error('the answer is too long'));
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  }));
}
