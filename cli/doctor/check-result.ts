// What a check of `glitchkeeper doctor` says, and what it is given: facts, or the reason why they were not seen.

/** `not seen`: the rights of whoever asks do not allow it. */
export type Level = 'ok' | 'warning' | 'failure' | 'not seen';

export interface Finding {
  readonly check: string;
  readonly level: Level;
  readonly found: string;
  /** What to do about it; absent where nothing is to be done. */
  readonly remedy?: string;
}

/** Something of the cluster, or why it could not be read. */
export type Seen<T> = { readonly seen: true; readonly value: T } | { readonly seen: false; readonly why: string };

export const seen = <T>(value: T): Seen<T> => ({ seen: true, value });
export const notSeen = (why: string): { readonly seen: false; readonly why: string } => ({ seen: false, why });

export const ok = (check: string, found: string): Finding => ({ check, level: 'ok', found });
export const warning = (check: string, found: string, remedy: string): Finding => ({ check, level: 'warning', found, remedy });
export const failure = (check: string, found: string, remedy: string): Finding => ({ check, level: 'failure', found, remedy });

/** The findings on what was seen, or the one that it was not. */
export function onSight<T>(check: string, fact: Seen<T>, judge: (value: T) => Finding | readonly Finding[]): readonly Finding[] {
  if (!fact.seen) return [{ check, level: 'not seen', found: fact.why }];
  return [judge(fact.value)].flat();
}

/** One finding for many: all well, or each problem on a line of its own. */
export function oneOrEach(good: Finding, problems: readonly Finding[]): readonly Finding[] {
  return problems.length === 0 ? [good] : problems;
}
