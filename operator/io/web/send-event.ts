// Sends an event to GlitchTip as a Sentry SDK does.
import { request } from 'node:http';

import type { Canary } from '../../controllers/ports.js';
import { withDeadline } from '../../runtime/deadline.js';

/** GlitchTip itself ends a request after 60 s; a web that needs longer than this is not well. Milliseconds. */
const TIMEOUT = 15_000;

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Resolves to the status code, which proves nothing: only the stored event does. @throws when there is no answer */
export function sendEvent({ host, port }: Address, { canary: { project, key }, id }: { readonly canary: Canary; readonly id: string }, signal: AbortSignal): Promise<number> {
  const body = envelope(id);
  const headers = {
    'content-type': 'application/x-sentry-envelope',
    'content-length': Buffer.byteLength(body),
    // Always among ALLOWED_HOSTS, whatever the Service is called.
    host: 'localhost',
  };
  return withDeadline(signal, TIMEOUT, (limited) => new Promise((resolve, reject) => {
    const sent = request({ host, port, method: 'POST', path: `/api/${project}/envelope/?sentry_key=${key}`, headers, signal: limited }, (response) => {
      response.on('error', reject).on('end', () => resolve(response.statusCode ?? 0)).resume();
    });
    sent.on('error', reject);
    sent.end(body);
  }));
}

/** https://develop.sentry.dev/sdk/data-model/envelopes/ One text and one fingerprint: all of them are one issue. */
function envelope(id: string): string {
  const event = { event_id: id, level: 'info', message: 'glitchkeeper: proof of storage', fingerprint: ['glitchkeeper'] };
  return `${JSON.stringify({ event_id: id })}\n${JSON.stringify({ type: 'event' })}\n${JSON.stringify(event)}\n`;
}
