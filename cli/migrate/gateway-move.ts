// What the gateway says of a move, by its control port.
import * as z from 'zod';
import { Failure } from '../failure.js';
import type { Place } from '../glitchtip-resource-access.js';
import { understood, withGateway } from '../spool/gateway-connection.js';

const state = z.looseObject({
  leads: z.string(),
  waiting: z.looseObject({ records: z.number(), bytes: z.number(), oldest: z.string().optional() }).optional(),
  sent: z.number().default(0),
  refused: z.record(z.string(), z.number()).default({}),
  dropped: z.number().default(0),
  closed: z.looseObject({ why: z.string(), until: z.string().optional() }).optional(),
  ledAt: z.string().optional(),
});
const found = z.looseObject({ move: state, pairs: z.array(z.looseObject({ project: z.number(), key: z.string(), old: z.string() })).default([]) });
export type GatewayMove = z.output<typeof found>;

const sides = z.looseObject({ glitchtip: z.number().default(0), old: z.number().default(0) }).prefault({});
/** Of a project in an hour. Events, but for the last two, which are requests. */
const compared = z.looseObject({
  project: z.number(), hour: z.string(), taken: z.number(), stored: z.number(), sent: z.number(), lacks: sides, waiting: sides,
  onlyOld: z.number().default(0), cut: z.number().default(0),
  /** A gateway was killed in this hour. */
  mayLack: z.boolean().default(false),
});
const lacked = z.looseObject({ project: z.number(), event: z.string(), side: z.string(), why: z.string() });
const comparison = z.looseObject({ hours: z.array(compared), lacked: z.array(lacked).default([]), notNamed: z.number().default(0) });
export type Comparison = z.output<typeof comparison>;

/** Undefined: it has none. @throws Failure where there is no gateway, or it does not answer */
export async function readGatewayMove(place: Place): Promise<GatewayMove | undefined> {
  const answer = await withGateway(place, (gateway) => gateway.ask('GET', '/move').catch(asAbsent));
  return answer && understood(found, answer.body);
}

/** @throws Failure, of kind not found where it has none */
export async function readComparison(place: Place, between: { readonly from?: string | undefined; readonly to?: string | undefined }): Promise<Comparison> {
  const query = new URLSearchParams(Object.entries(between).flatMap(([name, value]): [string, string][] => (typeof value === 'string' ? [[name, value]] : []))).toString();
  return understood(comparison, (await withGateway(place, (gateway) => gateway.ask('GET', `/move/compare${query === '' ? '' : `?${query}`}`))).body);
}

/** Of the gateway's own answer. */
function asAbsent(error: unknown): undefined {
  if (error instanceof Failure && error.kind === 'not found') return undefined;
  throw error;
}
