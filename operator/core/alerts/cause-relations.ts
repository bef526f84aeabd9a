// How one cause is related to another: whether it is the same outage, seen more exactly, or one that hides the other.
import { explains as explainsByRule } from '../health/cause-precedence.js';
import type { Severity } from '../../api/health-fields.js';
import { HEALTH_REASONS as R, type HealthReason } from '../../api/health-reasons.js';

/** A cause, or a tracked incident. */
export interface Named {
  readonly reason: HealthReason;
  readonly part: string;
  readonly severity: Severity;
  readonly explains: readonly string[];
}

/** Names an incident. */
export function keyOf({ reason, part }: Pick<Named, 'reason' | 'part'>): string {
  return `${reason}/${part}`;
}

/** Parts of KubernetesUnreachable, beside `node`: it refuses the operator; it answers and takes no writes; its certificate is not accepted. */
export const API_PARTS = { access: 'access', writes: 'writes', certificate: 'certificate' } as const;

/** Reasons that say that something is wrong, and not why: 0; why, and not yet the root: 1. All others: 2. */
const VAGUE: ReadonlyMap<HealthReason, number> = new Map([
  [R.PartDown, 0], [R.WebDown, 0], [R.WorkerDown, 0], [R.GatewayDown, 0], [R.IngestRefused, 0], [R.EventsNotStored, 0],
  [R.CrashLoop, 1], [R.RolloutStuck, 1], [R.WorkerStuck, 1], [R.Backlog, 1],
]);

/** A warning and what it warns of. */
const ESCALATIONS: ReadonlyMap<HealthReason, HealthReason> = new Map([
  [R.QueueFilling, R.QueueFull], [R.PartitionsRunningOut, R.PartitionsMissing], [R.MemoryLeak, R.OutOfMemory], [R.CertificateExpiring, R.CertificateExpired],
  [R.BackupFailed, R.BackupTooOld],
]);

/** What is found first, and the less severe cause that it turns out to be: events are late before the queue is seen to be long. */
const CALMER: ReadonlyMap<HealthReason, HealthReason> = new Map([[R.EventsNotStored, R.Backlog]]);

/** Names of parts in texts for people. */
const WORDS: Readonly<Record<string, string>> = {
  ingest: 'ingest|events?', gateway: 'gateway|spool', postgres: 'postgres|database', valkey: 'valkey|queue',
};

/** `later` is what `earlier`, which is not seen any more, turned out to be: one outage, one message. */
export function isSameOutage(later: Named, earlier: Named): boolean {
  const samePart = later.part === earlier.part;
  // No answer, a refusal and failing writes are one outage of the API server.
  if (later.reason === R.KubernetesUnreachable && earlier.reason === R.KubernetesUnreachable) return true;
  if (samePart && ESCALATIONS.get(earlier.reason) === later.reason) return true;
  if (CALMER.get(earlier.reason) === later.reason) return true;
  if (later.severity !== earlier.severity) return false;
  return mentions(later, earlier) || (samePart && exactness(later) >= exactness(earlier));
}

/** While `present` is seen, not seeing `absent` proves nothing. */
export function hides(present: Named, absent: Named): boolean {
  // An API server that takes no writes can still be read.
  if (present.reason === R.KubernetesUnreachable) return present.part !== API_PARTS.writes;
  if (present.severity !== 'critical') return false;
  return mentions(present, absent) || (present.part === absent.part && absent.severity === 'warning');
}

/** `left` is what is still wrong after the cause of `earlier` is gone: for whoever uses GlitchTip the same outage goes on. */
export function isLeftOver(left: Named, earlier: Named): boolean {
  return left.severity === earlier.severity && (left.part === earlier.part || mentions(earlier, left));
}

function exactness({ reason }: Named): number {
  return VAGUE.get(reason) ?? 2;
}

/** Whether `cause` explains `other`: by diagnose's own table, or by what it says of the part or the reason of `other`. */
function mentions(cause: Named, other: Named): boolean {
  const { part, reason } = other;
  if (explainsByRule(cause, other)) return true;
  const words = new RegExp(`(^|[^\\w-])(${WORDS[part] ?? escapeRegExp(part)}|${reason})([^\\w-]|$)`, 'i');
  return cause.explains.some((text) => words.test(text));
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
