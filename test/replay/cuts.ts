// Which cuts of a rotation are made, and in how many rotations: a table of its decisive writes becomes a table of cuts. Pure.
//
// An operator remembers nothing: each look of the harness is a new controller's, and of the status, which is not counted, a plan
// reads only dates. So what follows a cut depends on what is written in the cluster and in the servers, and on nothing else:
//
// - `error` at k: the write is not made and the look ends, as if the process had died: `before` k.
// - `unheard` at k: it is made and the look ends: `lost` at k.
// - `before` k: whoever holds a write back for `late` died before it, and was looked at then: `before` is a part of `late`.
// - Cuts in one rotation: the successor of a cut finishes the look that was cut, and then finds the world that a single operator
//   would have come to. The next cut is in a later look. Two cuts in one look are in two rotations: begun again it may need fewer
//   writes (Valkey's users are as wanted before they are saved for the second time).
// - `late` at k lands in the world of the end, whoever else is held back: they are let go one by one, each after everything that the
//   one before it did was looked at and put right.
//
// So a rotation whose looks make at most m writes needs 2m of them. In one that is undone the same holds; only the clock differs,
// which the harness moves past the deadline while the pods are stuck, whichever operator looks then.
//
// The soak makes each kind at each write, in a rotation of its own.
import type { Fault } from '../api/operator-ports.js';

export type How = Fault['how'];

export const HOWS = ['before', 'lost', 'error', 'unheard', 'late'] as const satisfies readonly How[];

/** Labels of the decisive writes of a rotation without a fault, by the look that made them. */
export type Looks = readonly (readonly string[])[];

export interface Cut {
  readonly how: How;
  readonly label: string;
  readonly look: number;
  /** Number of the write in its look, from 0. */
  readonly at: number;
}

export interface Cuts {
  /** The cuts of one rotation, in the order of its writes: at each an operator ends, and the next goes on. */
  readonly rotations: readonly (readonly Cut[])[];
  /** Cuts that are not made by themselves, each with the one that makes the same world. */
  readonly merged: readonly (readonly [merged: Cut, into: Cut])[];
}

export type Mode = 'default' | 'soak';

export function chooseCuts(looks: Looks, mode: Mode): Cuts {
  const of = (how: How): readonly Cut[] => looks.flatMap((writes, look) => writes.map((label, at) => ({ how, label, look, at })));
  if (mode === 'soak') return { rotations: HOWS.flatMap((how) => of(how).map((cut) => [cut])), merged: [] };
  const into = { before: 'late', error: 'late', unheard: 'lost' } as const;
  const merged = (['before', 'error', 'unheard'] as const).flatMap((how) => of(how).map((cut) => [cut, { ...cut, how: into[how] }] as const));
  const places = Array.from({ length: Math.max(...looks.map(({ length }) => length)) }, (_, at) => at);
  return { rotations: (['lost', 'late'] as const).flatMap((how) => places.map((place) => of(how).filter(({ at }) => at === place))), merged };
}

/** The fault of an operator whose first look is number `from`. */
export function faultOf({ how, label, look, at }: Cut, looks: Looks, from: number): Fault {
  const passed = [...looks.slice(from, look).flat(), ...(looks[look] ?? []).slice(0, at)];
  return { how, label, decisiveOnly: true, at: passed.filter((other) => other === label).length };
}

/** Whether the look that was cut has to be taken again: not when its last write was made. */
export function isUnfinished({ how, look, at }: Cut, looks: Looks): boolean {
  return (how !== 'lost' && how !== 'unheard') || at + 1 < (looks[look]?.length ?? 0);
}

/**
 * What becomes of a write that comes late. Refused: by the version of the object, or by the journal's, which is asked for under a
 * lock. Undefined: it depends on whether its login still works.
 */
export function outcomeOf(label: string): 'made' | 'refused' | undefined {
  // Nobody takes a lock that was left behind before the next rotation does: until then it is still ours to release.
  if (label === 'cluster.writeLock released') return undefined;
  if (/^(cluster\.|postgres\.(openLogin|closeLogin|replaceOperatorPassword|setAdministratorPassword)$)/.test(label)) return 'refused';
  return /^(workloads\.|web\.|valkey \d)/.test(label) ? 'made' : undefined;
}
