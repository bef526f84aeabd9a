// What an answer of the old Sentry means for a record.
import { LEADS_BACK } from './ingest-answers.js';

export type OldVerdict =
  /** It has it. */
  | { readonly kind: 'taken' }
  /** Not now: the project, or everybody, sends too much. */
  | { readonly kind: 'limited' }
  /** It will never take this one. */
  | { readonly kind: 'refused' }
  /** It is away, or says so: again, later. */
  | { readonly kind: 'away'; readonly why: string };

/** 404 is what a proxy answers while no Sentry is behind it; Sentry itself refuses a project that it does not know with 403. */
const AWAY: readonly number[] = [404, 408, 421, 425];

/** Pure. */
export function judgeOldStatus(status: number): OldVerdict {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  if (status === 429) return { kind: 'limited' };
  if (status === LEADS_BACK) return { kind: 'away', why: `its address leads back to this gateway (${status})` };
  return status >= 500 || AWAY.includes(status) ? { kind: 'away', why: `it answered ${status}` } : { kind: 'refused' };
}
