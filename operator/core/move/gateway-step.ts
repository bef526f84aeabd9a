// Whether the gateway does what the phase of a move wants, and what it has to be told. Pure.
import type { MovePhase } from '../../api/move-fields.js';
import { canonical } from '../canonical-json.js';
import { pairsOf, reachedBy } from './dsn-table.js';
import type { GatewayMove, Leader, MoveAction, WantedMove } from './move-facts.js';
import type { UnderWay } from './next-step.js';

const LEADERS: Readonly<Partial<Record<MovePhase, Leader>>> = { Parallel: 'old', Cutover: 'glitchtip' };

export type Unmet = { readonly kind: 'act'; readonly action: MoveAction } | { readonly kind: 'wait'; readonly why: string };

/** Undefined: it does. */
export function unmetByGateway({ facts: { gateway, table }, current: { phase }, share, reach }: UnderWay): Unmet | undefined {
  if (gateway.kind === 'unseen') return { kind: 'wait', why: gateway.why };
  const leads = LEADERS[phase];
  if (leads === undefined) return gateway.value === undefined ? undefined : { kind: 'act', action: { kind: 'let go of old' } };
  const pairs = wantedPairs(table, reach);
  // Of a table that is gone, or emptied, nothing is taken from the gateway.
  const wanted: WantedMove = { leads, share, pairs: pairs.length === 0 ? undefined : pairs };
  if (isDone(gateway.value, wanted)) return undefined;
  if (gateway.value === undefined && wanted.pairs === undefined) return { kind: 'wait', why: `the gateway has no pairs of DSNs any more, and the table has none${table.kind === 'unseen' ? `: ${table.why}` : ''}` };
  return { kind: 'act', action: { kind: 'tell gateway', wanted } };
}

function wantedPairs(table: UnderWay['facts']['table'], reach: UnderWay['reach']): GatewayMove['pairs'] {
  const known = table.kind === 'seen' ? pairsOf(table.value) : [];
  return reach ? reachedBy(known, reach) : known;
}

/** What is not known of the table is taken to be as the gateway has it. */
function isDone(found: GatewayMove | undefined, { leads, share, pairs }: WantedMove): boolean {
  if (found?.leads !== leads || found.share !== share) return false;
  return pairs === undefined || canonical(sorted(pairs)) === canonical(sorted(found.pairs));
}

function sorted(pairs: GatewayMove['pairs']): GatewayMove['pairs'] {
  return pairs.map(({ project, key, old }) => ({ project, key, old })).sort((one, other) => (one.old < other.old ? -1 : 1));
}
