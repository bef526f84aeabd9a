// How far the restore is that is followed: pure, from the resource's status.
import { RESTORE_ANNOTATION } from '../../operator/api/object-names.js';
import type { RestoreEnd, RestorePhase, RestoreProgress, RestoreStatus } from '../../operator/api/restore-fields.js';
import type { Resource } from '../glitchtip-resource-access.js';
import type { Request } from './request-restore.js';

export type Progress =
  /** The operator has not seen the request. */
  | { readonly kind: 'queued'; readonly message: string }
  | { readonly kind: 'phase'; readonly id: string; readonly phase: RestorePhase; readonly message: string }
  /** Done, and a person says confirm or undo. */
  | { readonly kind: 'unconfirmed'; readonly restore: RestoreProgress; readonly message: string }
  | { readonly kind: 'ended'; readonly run: RestoreEnd; readonly message: string }
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

/** Of each request, the phases that it goes through when all is well. */
const WAYS: Readonly<Record<Request['kind'], readonly RestorePhase[]>> = {
  begin: ['Waiting', 'Checking', 'Stopping', 'Restoring', 'Saving', 'Swapping', 'Migrating', 'Starting', 'Proving'],
  undo: ['Stopping', 'Swapping', 'Migrating', 'Starting', 'Proving'],
  confirm: ['Cleaning'],
  follow: ['Waiting', 'Checking', 'Stopping', 'Restoring', 'Saving', 'Swapping', 'Migrating', 'Starting', 'Proving'],
};

/** Of one that replaces nothing. */
const WAY_ASIDE: readonly RestorePhase[] = ['Waiting', 'Checking', 'Loading'];

/** A restore that is taken back before the databases changed names has one phase left. */
export function phasesOf({ kind, intoNewDatabase }: Pick<Request, 'kind' | 'intoNewDatabase'>, progress: Progress): readonly RestorePhase[] {
  const way = intoNewDatabase === true ? WAY_ASIDE : WAYS[kind];
  return progress.kind === 'phase' && !way.includes(progress.phase) ? [progress.phase] : way;
}

export function isPast(progress: Progress, phase: string, phases: readonly string[]): boolean {
  if (progress.kind === 'unconfirmed') return true;
  if (progress.kind === 'ended') return progress.run.result !== 'Failed';
  return progress.kind === 'phase' && phases.indexOf(progress.phase) > phases.indexOf(phase);
}

export function judgeProgress(request: Request, { annotations, status: { restore = {} } }: Pick<Resource, 'annotations' | 'status'>): Progress {
  // Recorded in the status before it is gone.
  if (request.value !== undefined && annotations[RESTORE_ANNOTATION] === request.value) return { kind: 'queued', message: 'the operator has not seen the request yet' };
  const refusal = refusalOf(request, restore);
  if (refusal !== undefined && !isTakenUp(request, restore)) return { kind: 'refused', message: refusal };
  const id = idOf(request, restore);
  const { current, last } = restore;
  if (current !== undefined && current.id === id) return underWay(request, current);
  if (last !== undefined && last.id === id) return { kind: 'ended', run: last, message: describeResult(last) };
  return { kind: 'lost', message: 'nothing of the request is in the status: the operator does not run, or is of an older version' };
}

/** Of the restore that is followed; undefined: none was begun for the request. */
function idOf({ id, known }: Request, { current, last }: RestoreStatus): string | undefined {
  return id ?? [current?.id, last?.id].find((each) => each !== undefined && !known.includes(each));
}

/** The status has the beginning of a long request alone. */
const REPEATED = 90;

/** It may be of a request of before, in the same words. */
function refusalOf({ value }: Request, { refused }: RestoreStatus): string | undefined {
  return refused !== undefined && value?.startsWith(refused.request.slice(0, REPEATED)) === true ? refused.why : undefined;
}

/** What is taken up changes the status in the same moment. */
function isTakenUp(request: Request, restore: RestoreStatus): boolean {
  const id = idOf(request, restore);
  const current = restore.current?.id === id ? restore.current : undefined;
  if (current === undefined) return id !== undefined;
  switch (request.kind) {
    case 'confirm': return current.phase !== 'Unconfirmed';
    case 'undo': return current.direction !== request.direction || current.phase === 'Returning';
    default: return true;
  }
}

function underWay({ kind, direction }: Request, current: RestoreProgress): Progress {
  const isDone = current.phase === 'Unconfirmed' && (kind === 'begin' || kind === 'follow' || (kind === 'undo' && current.direction !== direction));
  const isLoaded = current.phase === 'Aside' && (kind === 'begin' || kind === 'follow');
  if (isDone || isLoaded) return { kind: 'unconfirmed', restore: current, message: describeUnconfirmed(current) };
  return { kind: 'phase', id: current.id, phase: current.phase, message: describePhase(current) };
}

const DOES: Readonly<Record<RestorePhase, string>> = {
  Waiting: 'waits for its turn',
  Checking: 'fetches the copy, compares and decrypts it; nothing is stopped yet',
  Stopping: 'the gateway holds; web and worker end',
  Restoring: 'loads the copy into a new database, counts it, and puts the uploads where they belong',
  Saving: 'copies what is live once more',
  Swapping: 'the two databases exchange their names',
  Migrating: "makes today's partitions, sets today's password",
  Starting: 'sessions end, web and worker start',
  Proving: 'an event has to be stored',
  Unconfirmed: 'a person looks at it',
  Cleaning: 'drops the database that is not live',
  Returning: 'starts everything again as it was',
  Loading: 'loads the copy into a database of its own and counts it; nothing is stopped',
  Aside: 'a person looks at the database of the copy',
};

export function describePhase({ phase, attempt, why, waitsFor }: RestoreProgress): string {
  const tried = attempt > 1 ? `attempt ${attempt}: ` : '';
  // The operator says its phase before what it waits for.
  const message = waitsFor === undefined ? DOES[phase] : waitsFor.replace(`${phase}: `, '').replace(/\.$/, '');
  return `${tried}${message}${why === undefined ? '' : ` (${why})`}`;
}

function describeUnconfirmed({ copy, direction, phase }: RestoreProgress): string {
  if (phase === 'Aside') return `copy ${copy ?? ''} is in a database of its own, and the live one is as it was`;
  return direction === 'forth' ? `copy ${copy ?? ''} is live, and an event was stored in it` : 'the database of before is live again, and an event was stored in it';
}

export function describeResult({ id, result, copy, why }: RestoreEnd): string {
  const reason = why === undefined ? '' : `: ${why}`;
  switch (result) {
    case 'Confirmed': return `restore ${id} is confirmed: copy ${copy ?? ''} is live, and the database of before is gone`;
    case 'Undone': return `restore ${id} was undone: the database of before is live, and the restored one is gone`;
    case 'Canceled': return `restore ${id} was taken back before anything changed: everything is as it was`;
    case 'Failed': return `restore ${id} failed, and everything is as it was${reason}`;
  }
}
