// A heartbeat: one GET of the address of an outside checker, such as https://healthchecks.io/docs/http_api/, which misses it when it stays away.
import type { Delivery } from '../../core/alerts/outbox.js';
import type { Sensitive } from '../../core/sensitive.js';
import { exchange } from './http-exchange.js';

export async function beat(url: Sensitive, signal: AbortSignal): Promise<Delivery> {
  const answer = await exchange({ url: url.reveal(), method: 'GET' }, signal);
  if (answer.kind === 'none') return { kind: 'later', why: `heartbeat: ${answer.why}` };
  if (answer.status >= 200 && answer.status < 300) return { kind: 'delivered' };
  return { kind: 'later', why: `heartbeat: it answers ${answer.status}` };
}
