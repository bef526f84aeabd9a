// What an answer of the old Sentry means for a record.

export type OldVerdict =
  /** It has it. */
  | { readonly kind: 'taken' }
  /** Not now: the project, or everybody, sends too much. */
  | { readonly kind: 'limited' }
  /** It will never take this one. */
  | { readonly kind: 'refused' }
  /** It is away, or says so: again, later. */
  | { readonly kind: 'away' };

/** 404 is what a proxy answers while no Sentry is behind it; Sentry itself refuses a project that it does not know with 403. */
const AWAY: readonly number[] = [404, 408, 421, 425];

/** Pure. */
export function judgeOldStatus(status: number): OldVerdict {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  if (status === 429) return { kind: 'limited' };
  return { kind: status >= 500 || AWAY.includes(status) ? 'away' : 'refused' };
}
