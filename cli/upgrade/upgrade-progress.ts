// How far the upgrade is that is followed, or its import of old events: pure, from the resource's status.
import { UPGRADE_ANNOTATION } from '../../operator/api/object-names.js';
import { UPGRADE_PHASES, type LegacyImport, type UpgradeEnd, type UpgradePhase, type UpgradeProgress, type UpgradeStatus } from '../../operator/api/upgrade-fields.js';
import { describeEnd, describeImport } from '../../operator/core/upgrade/upgrade-report.js';
import type { Resource } from '../glitchtip-resource-access.js';
import type { Request } from './request-upgrade.js';

export type Progress =
  /** The operator has not seen the request. */
  | { readonly kind: 'queued'; readonly message: string }
  | { readonly kind: 'phase'; readonly id: string; readonly phase: UpgradePhase | 'Importing'; readonly message: string }
  /** The next release runs, and a person says confirm or undo. */
  | { readonly kind: 'unconfirmed'; readonly upgrade: UpgradeProgress; readonly message: string }
  | { readonly kind: 'ended'; readonly run: UpgradeEnd; readonly message: string }
  | { readonly kind: 'imported'; readonly run: LegacyImport; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string }
  /** How it ended is not to be found out. */
  | { readonly kind: 'lost'; readonly message: string }
  | { readonly kind: 'timed out'; readonly message: string }
  /** Ctrl-C. */
  | { readonly kind: 'left'; readonly message: string };

export type End = Exclude<Progress, { kind: 'queued' | 'phase' }>;

export function isEnd(progress: Progress): progress is End {
  return progress.kind !== 'queued' && progress.kind !== 'phase';
}

const FORTH: readonly UpgradePhase[] = UPGRADE_PHASES.slice(0, UPGRADE_PHASES.indexOf('Unconfirmed'));
/** Of each request, the phases that it goes through when all is well. */
const WAYS: Readonly<Record<Request['kind'], readonly string[]>> = {
  begin: FORTH, follow: FORTH, stay: ['Migrating', 'Starting', 'Proving'], undo: ['Undoing'], confirm: ['Cleaning'], import: ['Importing'],
};

/** One that is taken back before anything was migrated has one phase left. */
export function phasesOf({ kind }: Pick<Request, 'kind'>, progress: Progress): readonly string[] {
  const way = WAYS[kind];
  return progress.kind === 'phase' && !way.includes(progress.phase) ? [progress.phase] : way;
}

export function isPast(progress: Progress, phase: string, phases: readonly string[]): boolean {
  switch (progress.kind) {
    case 'unconfirmed': return true;
    case 'imported': return progress.run.end?.result === 'Imported';
    case 'ended': return progress.run.result !== 'Failed';
    case 'phase': return phases.indexOf(progress.phase) > phases.indexOf(phase);
    default: return false;
  }
}

export function judgeProgress(request: Request, { annotations, status: { upgrade = {} } }: Pick<Resource, 'annotations' | 'status'>): Progress {
  // Recorded in the status before it is gone.
  if (request.value !== undefined && annotations[UPGRADE_ANNOTATION] === request.value) return { kind: 'queued', message: 'the operator has not seen the request yet' };
  const { refused } = upgrade;
  if (refused !== undefined && refused.at !== request.refusedAt && refused.request === request.value) return { kind: 'refused', message: refused.why };
  return request.kind === 'import' ? judgeImport(request, upgrade) : judgeUpgrade(request, upgrade);
}

function judgeImport({ known }: Request, { legacyImport }: UpgradeStatus): Progress {
  if (legacyImport === undefined || known.includes(legacyImport.id)) return LOST;
  if (legacyImport.end !== undefined) return { kind: 'imported', run: legacyImport, message: describeImport(legacyImport) };
  return { kind: 'phase', id: legacyImport.id, phase: 'Importing', message: legacyImport.waitsFor ?? 'GlitchTip brings them, the newest first' };
}

const LOST: Progress = { kind: 'lost', message: 'nothing of the request is in the status: the operator does not run, or is of an older version' };

function judgeUpgrade(request: Request, { current, last }: UpgradeStatus): Progress {
  const isIt = (id: string) => (request.id === undefined ? !request.known.includes(id) : id === request.id);
  if (current !== undefined && isIt(current.id)) {
    // What was so before the turn was taken is not what became of it.
    const isBefore = request.value !== undefined && request.kind !== 'begin' && current.since === request.since;
    if (current.phase === 'Unconfirmed' && !isBefore) return { kind: 'unconfirmed', upgrade: current, message: `GlitchTip ${current.to} runs, and has stored an event` };
    return { kind: 'phase', id: current.id, phase: current.phase, message: describePhase(current) };
  }
  return last !== undefined && isIt(last.id) ? { kind: 'ended', run: last, message: describeEnd(last) } : LOST;
}

const DOES: Readonly<Record<UpgradePhase, string>> = {
  Waiting: 'waits for its turn',
  Draining: 'the gateway holds, and the worker empties its queue',
  Stopping: 'web and worker end',
  Saving: 'copies the database, and restores the copy: it is the way back',
  Ready: 'waits for the manifests of the next release',
  Migrating: 'the migrate Job of the next release runs',
  Starting: 'web and worker of the next release start',
  Proving: 'an event has to be stored',
  Unconfirmed: 'a person looks at it',
  Cleaning: 'the gateway lets go of what it kept',
  Returning: 'starts everything again as it was',
  Undoing: 'restores the backup',
};

export function describePhase({ phase, attempt, why, waitsFor }: UpgradeProgress): string {
  const tried = attempt > 1 ? `attempt ${attempt}: ` : '';
  // The operator says its phase before what it waits for.
  const message = waitsFor === undefined ? DOES[phase] : waitsFor.replace(`${phase}: `, '').replace(/\.$/, '');
  return `${tried}${message}${why === undefined ? '' : ` (${why})`}`;
}
