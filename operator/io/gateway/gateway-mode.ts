/**
 * What the gateway gives to GlitchTip and what it lets go of, by its control port: `holds` is its hold with what was stored kept, `keeps` is
 * what is left of that when the hold has ended. With the end of a hold it looks for everything that it keeps in the database that is live
 * then, and gives again what that lacks (gateway/delivery/keep.ts).
 */
import * as z from 'zod/mini';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { Seen } from '../../core/seen.js';
import type { GatewayMode } from '../../core/operations/away-steps.js';
import { readJson } from '../../core/json-text.js';
import type { Sensitive } from '../../core/sensitive.js';
import { codeOf } from '../web/web-observer.js';
import { ask, type Asked } from './gateway-control.js';

/** PUT /hold answers when no gateway gives any more: GlitchTip has 30 s for a request. Milliseconds. */
const HOLD_TIMEOUT = 45_000;

/** Of gateway/control/control-answers.ts, what is needed: a newer gateway may say more. */
const status = z.object({
  hold: z.optional(z.object({ why: z.string() })),
  keep: z.optional(z.object({ why: z.string() })),
  records: z.object({ underWay: z.number() }),
});

interface Found {
  readonly mode: GatewayMode;
  /** Given to GlitchTip a moment ago. What is not seen stored after half a minute is in limbo: to wait for it is of no use, for after a restore that is all that was kept. */
  readonly underWay: number;
}

/** @param token undefined: its Secret does not say */
export async function observeGatewayMode({ gateway }: Pick<GlitchTipSpec, 'gateway'>, token: Sensitive | undefined, signal: AbortSignal): Promise<Seen<Found>> {
  if (!gateway) return unseen('there is none');
  if (!token) return unseen('its token is not known');
  try {
    const answer = await ask(gateway, token, { path: '/status' }, signal);
    const parsed = status.safeParse(readJson(answer.text));
    if (answer.status !== 200 || !parsed.success) return unseen(`it answered ${answer.status}`);
    const { hold, keep, records: { underWay } } = parsed.data;
    return { kind: 'seen', value: { mode: modeOf(hold !== undefined, keep !== undefined), underWay } };
  } catch (error) {
    signal.throwIfAborted();
    return unseen(codeOf(error));
  }
}

/** One that is held and keeps nothing, as a person or an older gateway does, is in none of the three: it is set once more. */
function modeOf(isHeld: boolean, keeps: boolean): GatewayMode {
  if (isHeld) return keeps ? 'holds' : 'holds without keeping';
  return keeps ? 'keeps' : 'gives';
}

function unseen(why: string): Seen<never> {
  return { kind: 'unseen', why: `the gateway cannot be seen (${why})` };
}

/** @throws when it does not answer, or refuses */
export async function setGatewayMode({ gateway }: Pick<GlitchTipSpec, 'gateway'>, token: Sensitive, { mode, why }: { readonly mode: GatewayMode; readonly why: string }, signal: AbortSignal): Promise<void> {
  if (!gateway) return;
  for (const asked of STEPS[mode](why)) {
    const { status: code } = await ask(gateway, token, asked, signal);
    if (code === 404) throw new Error(`the gateway does not know ${asked.path}: it is of an older release than this operator`);
    if (code >= 300) throw new Error(`the gateway answered ${code} to ${asked.method ?? 'GET'} ${asked.path}`);
  }
}

const ENDED: Asked = { method: 'DELETE', path: '/hold' };
const held = (why: string, keep: boolean): Asked => ({ method: 'PUT', path: '/hold', body: JSON.stringify({ why, keep }), timeout: HOLD_TIMEOUT });

const STEPS: Readonly<Record<GatewayMode, (why: string) => readonly Asked[]>> = {
  holds: (why) => [held(why, true)],
  'holds without keeping': (why) => [held(why, false)],
  keeps: (why) => [held(why, true), ENDED],
  // In this order: while it is held nobody can say what may go.
  gives: () => [ENDED, { method: 'DELETE', path: '/keep' }],
};
