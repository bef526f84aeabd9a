// Asks cloudflared whether it is connected: GET /ready, which answers 503 while it is not.
import { request } from 'node:http';
import * as z from 'zod/mini';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { TunnelFacts } from '../../core/health/health-facts.js';
import { readJson } from '../../core/json-text.js';
import { withDeadline } from '../../runtime/deadline.js';
import { codeOf } from './web-observer.js';

/** Milliseconds. */
const TIMEOUT = 5_000;
/** It answers with a line. Bytes. */
const MOST_BYTES = 4_096;

/** metrics/readiness.go of cloudflared; a newer one says more. */
const readiness = z.object({ readyConnections: z.number() });

export async function observeTunnel(tunnel: GlitchTipSpec['tunnel'], signal: AbortSignal): Promise<TunnelFacts> {
  if (tunnel === undefined) return { kind: 'none' };
  const { host, port } = tunnel;
  try {
    const text = await withDeadline(signal, TIMEOUT, (limited) => ask({ host, port }, limited));
    const parsed = readiness.safeParse(readJson(text));
    return parsed.success ? { kind: 'seen', connections: parsed.data.readyConnections } : { kind: 'silent', code: 'nothing that can be understood' };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'silent', code: codeOf(error) };
  }
}

function ask(place: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...place, path: '/ready', headers: { connection: 'close' }, agent: false, signal }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MOST_BYTES) response.destroy(new Error('the answer is too long'));
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}
