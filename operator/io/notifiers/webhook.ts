// A webhook: one POST of JSON a message, as Slack's incoming webhooks and their like take it.
import type { Delivery } from '../../core/alerts/outbox.js';
import type { Sensitive } from '../../core/sensitive.js';
import { exchange } from './http-exchange.js';

/** Nobody is there, or lets us in, until a person changes something: Slack says 403, 404 or 410 of what was taken back. */
const REFUSALS = [401, 403, 404, 410];
/** What is there does not like this body. */
const UNACCEPTABLE = [400, 413, 415, 422];
/** The longest that anything but 429 may ask to wait: a proxy that stands in for what is down does not know how long. Seconds. */
const LONGEST_WISH = 900;

export async function postWebhook(url: Sensitive, { id, body }: { readonly id: string; readonly body: object }, signal: AbortSignal): Promise<Delivery> {
  const answer = await exchange({ url: url.reveal(), method: 'POST', body, headers: { 'idempotency-key': id } }, signal);
  if (answer.kind === 'none') return { kind: 'later', why: `webhook: ${answer.why}` };
  const { status, headers } = answer;
  const why = `webhook: it answers ${status}`;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status >= 300 && status < 400) return { kind: 'refused', why: `${why}, a redirect, which is not followed` };
  if (REFUSALS.includes(status)) return { kind: 'refused', why };
  if (UNACCEPTABLE.includes(status)) return { kind: 'unacceptable', why };
  const seconds = Number(headers['retry-after']);
  if (!(seconds > 0)) return { kind: 'later', why };
  return { kind: 'later', why, afterSeconds: Math.min(Math.ceil(seconds), status === 429 ? Infinity : LONGEST_WISH) };
}
