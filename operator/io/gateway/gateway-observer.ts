// Asks the gateway, on its control port, what waits on its disk and what keeps it from giving it to GlitchTip; and tells it what it cannot see.
import * as z from 'zod/mini';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { GatewayFacts, ObservedGateway } from '../../core/health/health-facts.js';
import { readJson } from '../../core/json-text.js';
import type { Sensitive } from '../../core/sensitive.js';
import { codeOf } from '../web/web-observer.js';
import { ask } from './gateway-control.js';
import { moveState } from './gateway-move.js';

/** Of gateway/control/control-answers.ts, what is needed: a newer gateway may say more. */
const status = z.object({
  spool: z.object({ liveBytes: z.number(), limitBytes: z.number(), oldestSeconds: z.optional(z.number()), waitingSeconds: z.optional(z.number()) }),
  records: z._default(z.object({ largestBytes: z.optional(z.number()) }), {}),
  window: z.object({ closed: z.optional(z.string()) }),
  setAside: z.number(),
  setAsideDropped: z._default(z.number(), 0),
  damaged: z._default(z.number(), 0),
  ignored: z._default(z.array(z.object({ project: z.number(), type: z.string(), items: z.number() })), []),
  plain: z.optional(z.object({ until: z.string(), projects: z.array(z.object({ project: z.number(), requests: z.number(), refused: z.number(), lastAt: z.string() })) })),
  disbelieved: z.optional(z.object({ address: z.string(), requests: z.number() })),
  keep: z.optional(z.object({ dropped: z._default(z.number(), 0) })),
  hold: z.optional(z.object({ why: z.string() })),
  workerStartedAt: z.optional(z.string()),
  move: z.optional(moveState),
});

/** @param token undefined: its Secret does not say */
export async function observeGateway({ gateway }: Pick<GlitchTipSpec, 'gateway'>, token: Sensitive | undefined, signal: AbortSignal): Promise<ObservedGateway> {
  if (!gateway) return { kind: 'none' };
  if (!token) return { kind: 'not observed', why: 'its token is not known' };
  try {
    const answer = await ask(gateway, token, { path: '/status' }, signal);
    if (answer.status === 401) return { kind: 'refused' };
    const parsed = status.safeParse(readJson(answer.text));
    if (answer.status !== 200 || !parsed.success) return { kind: 'not observed', why: `it answered ${answer.status}, and nothing that can be understood` };
    return { kind: 'seen', value: factsOf(parsed.data) };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'unreachable', why: codeOf(error) };
  }
}

function factsOf({ spool, records, window, setAside, setAsideDropped, damaged, ignored, plain, disbelieved, hold, keep, workerStartedAt, move }: z.output<typeof status>): GatewayFacts {
  return {
    ...spool, setAside, setAsideDropped, damaged, ignored, keptDropped: keep?.dropped ?? 0,
    ...(records.largestBytes === undefined ? {} : { largestBytes: records.largestBytes }),
    ...(window.closed === undefined ? {} : { closed: window.closed }),
    ...(plain ? { plain: { until: new Date(plain.until), projects: plain.projects.map((one) => ({ ...one, lastAt: new Date(one.lastAt) })) } } : {}),
    ...(disbelieved ? { disbelieved } : {}),
    ...(hold ? { held: hold.why } : {}),
    ...(workerStartedAt === undefined ? {} : { workerStartedAt: new Date(workerStartedAt) }),
    ...(move === undefined ? {} : { move }),
  };
}

/** @throws when it does not answer, or refuses */
export async function tellWorkerStart({ gateway }: Pick<GlitchTipSpec, 'gateway'>, token: Sensitive, at: Date, signal: AbortSignal): Promise<void> {
  if (!gateway) return;
  const { status: code } = await ask(gateway, token, { method: 'POST', path: '/worker-restarted', body: JSON.stringify({ at: at.toISOString() }) }, signal);
  if (code >= 300) throw new Error(`the gateway answered ${code}`);
}
