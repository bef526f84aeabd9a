// What `glitchkeeper backup now` asks the operator for, which run it follows, or why it does neither: pure.
import { BACKUP_ANNOTATION } from '../../operator/api/object-names.js';
import { toSeconds } from '../../operator/core/timestamps.js';
import type { Resource } from '../glitchtip-resource-access.js';

/** What identifies the run that is followed. */
export interface Request {
  /** Of the annotation; the status repeats it beside the copy that was begun for it. */
  readonly value?: string;
  /** The copy of a run that was under way already. */
  readonly copy?: string;
  /** Copies of runs of before. */
  readonly known: readonly string[];
}

export type RequestPlan =
  | { readonly kind: 'ask'; readonly request: Request; readonly value: string }
  /** One is under way, or asked for already. */
  | { readonly kind: 'follow'; readonly request: Request; readonly note: string }
  | { readonly kind: 'refused'; readonly message: string };

export const NO_BACKUPS = 'this GlitchTip makes no backups: set backup.store in settings.yaml to s3 or volume, then npm run synth && kubectl apply -f dist/ (docs/backups.md)';

export function planRequest(resource: Resource, now: Date): RequestPlan {
  const { spec, problems, annotations, status: { backup = {} } } = resource;
  if (problems.length > 0) return refused(`the resource is not valid, and the operator leaves it alone until it is: ${problems.join('; ')}`);
  if (spec.backup === undefined) return refused(NO_BACKUPS);
  if (spec.suspend) return refused('spec.suspend is true: the operator changes nothing until it is false');
  const request = { known: knownCopies(resource) };
  const { current } = backup;
  if (current !== undefined) return { kind: 'follow', request: { ...request, copy: current.copy }, note: `backup ${current.copy} runs already (${current.trigger}), and is followed` };
  const pending = annotations[BACKUP_ANNOTATION];
  if (pending !== undefined) return { kind: 'follow', request: { ...request, value: pending }, note: 'a backup is asked for already, and is followed' };
  const value = toSeconds(now);
  return { kind: 'ask', request: { ...request, value }, value };
}

function refused(message: string): RequestPlan {
  return { kind: 'refused', message };
}

/** Of runs that are under way or have ended. */
export function knownCopies({ status: { backup = {} } }: Pick<Resource, 'status'>): string[] {
  const { current, lastVerified, lastFailure } = backup;
  return [current, lastVerified, lastFailure].flatMap((run) => (run === undefined ? [] : [run.copy]));
}
