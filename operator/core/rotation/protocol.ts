// The protocol that all credentials share: what holds in each phase. A phase ends when the observed state matches its row.
//
// Read downwards: both values are accepted before either is published, published before a pod is rolled, and the old one is
// revoked only after a stored event proved the new one. So a crash between any two steps leaves values that work.
import type { Phase } from '../../api/rotation-fields.js';

export type ValueSet = 'previous' | 'next';

/** What a phase observes beside the pods and the Secrets: each costs requests and logins. */
export type Observation = 'jobs' | 'room' | 'logins' | 'sessions' | 'event' | 'administrator';

export interface Row {
  /** Which values Postgres and Valkey accept. */
  readonly accepted: ValueSet | 'both';
  /** Which values the application's Secret holds. */
  readonly published: ValueSet;
  /** Which values the pods were started with; undefined: they are left alone. */
  readonly pods?: ValueSet;
  readonly observes: readonly Observation[];
  /** When a phase that has not ended is undone. Milliseconds. Without it there is no rollback, and it is retried for ever. */
  readonly deadline?: number;
  /** The phase that follows; undefined: the rotation has ended. */
  readonly then?: Phase;
}

const MINUTE = 60_000;

export const PROTOCOL: Readonly<Record<Phase, Row>> = {
  /** Recorded, and held back until the preconditions are met. */
  Waiting: { accepted: 'previous', published: 'previous', observes: ['jobs', 'room'], then: 'Altering' },
  /** The idle login gets its password, Valkey's users their second one, and each is tried. */
  Altering: { accepted: 'both', published: 'previous', observes: ['logins'], deadline: 5 * MINUTE, then: 'Publishing' },
  Publishing: { accepted: 'both', published: 'next', observes: ['logins'], deadline: 5 * MINUTE, then: 'Rolling' },
  /** Web with a surge, then the worker. Pulling nothing, a small host takes 30 s to 2 minutes; both values were tried, and are again in Proving. */
  Rolling: { accepted: 'both', published: 'next', pods: 'next', observes: [], deadline: 10 * MINUTE, then: 'Proving' },
  /** An event is accepted and stored, and no pod of ours is left on the old login. */
  Proving: { accepted: 'both', published: 'next', pods: 'next', observes: ['logins', 'sessions', 'event'], deadline: 5 * MINUTE, then: 'Retiring' },
  /** The old values are revoked; what has only one value at a time (the operator's own login, the administrator) is replaced. */
  Retiring: { accepted: 'next', published: 'next', pods: 'next', observes: ['jobs', 'logins', 'sessions', 'administrator'] },

  /** The rollback: the previous values, which never ceased to work, are published and the pods go back to them. */
  Returning: { accepted: 'both', published: 'previous', pods: 'previous', observes: ['sessions'], then: 'Dropping' },
  /** The new values are revoked. */
  Dropping: { accepted: 'previous', published: 'previous', pods: 'previous', observes: ['logins', 'sessions'] },
};

/** One condition of a row, as it was found. */
export type Step<Action> =
  | { readonly kind: 'met' }
  /** Something is to be done, in this order; then everything is observed again. */
  | { readonly kind: 'act'; readonly actions: readonly Action[] }
  /** Nothing can be done but to observe again. */
  | { readonly kind: 'wait'; readonly why: string };

export const MET = { kind: 'met' } as const;
export const wait = (why: string): { readonly kind: 'wait'; readonly why: string } => ({ kind: 'wait', why });
export const act = <Action>(...actions: readonly Action[]): { readonly kind: 'act'; readonly actions: readonly Action[] } => ({ kind: 'act', actions });

/** The first condition that is not met. */
export function firstUnmet<Action>(steps: readonly (() => Step<Action>)[]): Step<Action> {
  for (const look of steps) {
    const step = look();
    if (step.kind !== 'met') return step;
  }
  return MET;
}

/** A pause before the next attempt: 5 minutes, doubling, at most 6 hours. Milliseconds. */
export function pauseAfter(attempt: number): number {
  return Math.min(5 * MINUTE * 2 ** Math.min(attempt - 1, 10), 360 * MINUTE);
}
