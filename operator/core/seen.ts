// What may not have been seen, and then says why: unobserved is neither well nor absent.

/** A figure or a list that may not have been seen. */
export type Seen<T> = { readonly kind: 'seen'; readonly value: T } | { readonly kind: 'unseen'; readonly why: string };

export function asSeen<T>(value: T): Seen<T> {
  return { kind: 'seen', value };
}

export function ifSeen<T>(fact: Seen<T>): T | undefined {
  return fact.kind === 'seen' ? fact.value : undefined;
}

export function mapSeen<T, R>(fact: Seen<T>, change: (value: T) => R): Seen<R> {
  return fact.kind === 'seen' ? asSeen(change(fact.value)) : fact;
}
