// Tells the gateway which of the two servers leads, and asks it what became of the events of both.
import * as z from 'zod/mini';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import { readJson } from '../../core/json-text.js';
import type { GatewayMove, WantedMove } from '../../core/move/move-facts.js';
import type { Seen } from '../../core/seen.js';
import type { Sensitive } from '../../core/sensitive.js';
import { codeOf } from '../web/web-observer.js';
import { ask, type Asked } from './gateway-control.js';

type Place = Pick<GlitchTipSpec, 'gateway'>;

/** Of gateway/control/control-answers.ts, what is needed: a newer gateway may say more. */
export const moveState = z.object({
  leads: z.enum(['old', 'glitchtip']),
  waiting: z._default(z.object({ records: z.number(), bytes: z.number(), oldest: z.optional(z.string()) }), { records: 0, bytes: 0 }),
  sent: z._default(z.number(), 0),
  refused: z._default(z.record(z.string(), z.number()), {}),
  refusedAt: z.optional(z.string()),
  dropped: z._default(z.number(), 0),
  closed: z.optional(z.object({ why: z.string(), until: z.optional(z.string()) })),
  ledAt: z.optional(z.string()),
});
const answer = z.object({
  move: moveState,
  share: z.number(),
  pairs: z.array(z.object({ project: z.number(), key: z.string(), old: z.string() })),
});

/** @param token undefined: its Secret does not say */
export async function observeGatewayMove({ gateway }: Place, token: Sensitive | undefined, signal: AbortSignal): Promise<Seen<GatewayMove | undefined>> {
  if (!gateway) return unseen('there is none');
  if (!token) return unseen('its token is not known');
  try {
    const { status, text } = await ask(gateway, token, { path: '/move' }, signal);
    if (status === 404) return { kind: 'seen', value: undefined };
    const parsed = answer.safeParse(readJson(text));
    if (status !== 200 || !parsed.success) return unseen(`it answered ${status}`);
    const { move: { leads, ...progress }, share, pairs } = parsed.data;
    return { kind: 'seen', value: { leads, share, pairs, progress } };
  } catch (error) {
    signal.throwIfAborted();
    return unseen(codeOf(error));
  }
}

function unseen(why: string): Seen<never> {
  return { kind: 'unseen', why: `the gateway cannot be seen (${why})` };
}

export async function tellGatewayMove(place: Place, token: Sensitive, wanted: WantedMove, signal: AbortSignal): Promise<void> {
  await change(place, token, { method: 'PUT', path: '/move', body: JSON.stringify(wanted) }, signal);
}

/** There is none: then it is done. */
export async function endGatewayMove(place: Place, token: Sensitive, signal: AbortSignal): Promise<void> {
  await change(place, token, { method: 'DELETE', path: '/move' }, signal);
}

/** @throws when it does not answer, or refuses */
async function change({ gateway }: Place, token: Sensitive, asked: Asked, signal: AbortSignal): Promise<void> {
  if (!gateway) throw new Error('there is no gateway');
  const { status, text } = await ask(gateway, token, asked, signal);
  if (status < 300 || (asked.method === 'DELETE' && status === 404)) return;
  if (status === 404) throw new Error(`the gateway does not know ${asked.path}: it is of an older release than this operator`);
  throw new Error(`the gateway answered ${status} to ${asked.method ?? 'GET'} ${asked.path}${detailOf(text)}`);
}

/** Without what was found: it may be a DSN, and this goes into the log. */
function detailOf(text: string): string {
  const parsed = z.object({ detail: z.string() }).safeParse(readJson(text));
  return parsed.success ? ` (${parsed.data.detail.replace(/, found .*$/s, '')})` : '';
}
