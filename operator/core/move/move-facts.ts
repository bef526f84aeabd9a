// What is seen of the world before each step of a move, and what a step may do to it.
import type { Seen } from '../seen.js';
import type { OldDsn, Pair } from './dsn-table.js';

/** Whose events are never dropped: the other one follows. */
export type Leader = 'old' | 'glitchtip';

/** What the gateway is to do: durable on its volume, one for all gateways of it. */
export interface WantedMove {
  readonly leads: Leader;
  /** Percent of the spool for what only the follower waits for. */
  readonly share: number;
  /** Undefined: those that it has. */
  readonly pairs: readonly Pair[] | undefined;
}

/** What it says of it. */
export interface GatewayMove {
  readonly leads: Leader;
  readonly share: number;
  readonly pairs: readonly Pair[];
  readonly progress: DeliveryToOld;
}

/** Of the old one. */
export interface DeliveryToOld {
  readonly waiting: { readonly records: number; readonly bytes: number; readonly oldest?: string | undefined };
  readonly sent: number;
  /** By status of its answers. */
  readonly refused: Readonly<Record<string, number>>;
  /** When it refused one last, since the gateway started. */
  readonly refusedAt?: string | undefined;
  /** For it or for GlitchTip, whichever follows: its share was full. */
  readonly dropped: number;
  /** Why nothing is sent at present. */
  readonly closed?: { readonly why: string; readonly until?: string | undefined } | undefined;
  /** When the first event was taken under the one that leads. */
  readonly ledAt?: string | undefined;
}

export type ImportEnd =
  | { readonly kind: 'done'; readonly summary: string }
  /** `again`: another attempt may end otherwise. */
  | { readonly kind: 'failed'; readonly why: string; readonly again: boolean };

export type ImportJob =
  | { readonly kind: 'absent' }
  | { readonly kind: 'running' }
  | { readonly kind: 'ended'; readonly end: ImportEnd };

export interface MoveFacts {
  /** Of the recorded lock and of what else is under way. */
  readonly lock: { readonly kind: 'ours' } | { readonly kind: 'free' } | { readonly kind: 'taken'; readonly why: string };
  /** Of the Secret. */
  readonly table: Seen<readonly OldDsn[]>;
  /** Projects here by the keys of old DSNs; looked for when the import has ended. */
  readonly projects: Seen<ReadonlyMap<string, number>>;
  readonly job: Seen<ImportJob>;
  /** Why no Job can be made now; undefined: nothing keeps it from being made. */
  readonly noJob: string | undefined;
  /** Undefined in it: there is no move there. */
  readonly gateway: Seen<GatewayMove | undefined>;
}

export type MoveAction =
  | { readonly kind: 'take lock' | 'release lock' }
  | { readonly kind: 'create job'; readonly name: string }
  | { readonly kind: 'write table'; readonly rows: readonly OldDsn[] }
  | { readonly kind: 'tell gateway'; readonly wanted: WantedMove }
  /** What only the old one waited for is done. */
  | { readonly kind: 'let go of old' }
  | { readonly kind: 'drop request'; readonly rejected?: string };

/** For the log; no key is in it. */
export function describeMoveAction(action: MoveAction): string {
  switch (action.kind) {
    case 'create job': return `create job ${action.name}`;
    case 'tell gateway': return `gateway: ${action.wanted.leads} leads${action.wanted.pairs === undefined ? ', by the pairs that it has' : `, ${action.wanted.pairs.length} pairs`}`;
    case 'drop request': return action.rejected === undefined ? 'drop request' : `refuse request: ${action.rejected}`;
    default: return action.kind;
  }
}
