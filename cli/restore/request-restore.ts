// What `glitchkeeper restore` asks the operator for, which restore it follows, or why it does neither: pure.
import * as z from 'zod';
import { RESTORE_ANNOTATION } from '../../operator/api/object-names.js';
import type { RestoreProgress } from '../../operator/api/restore-fields.js';
import { parseRestoreRequest } from '../../operator/core/restore/restore-request.js';
import { NO_BACKUPS } from '../backup/request-backup.js';
import type { Resource } from '../glitchtip-resource-access.js';

/** As they were written. */
export interface RestoreArguments {
  /** Name of a copy, or latest. */
  readonly copy?: string;
  readonly at?: string;
  readonly reason?: string;
  readonly save: boolean;
  readonly intoNewDatabase?: boolean;
  readonly identityFile?: string;
  readonly confirm: boolean;
  readonly undo: boolean;
  readonly follow: boolean;
}

export type Wanted = RestoreProgress['wanted'];

/** Of the restore that is under way. */
type Turn = 'confirm' | 'undo' | 'follow';

export type Wish =
  | { readonly kind: 'show' }
  | { readonly kind: Turn }
  | { readonly kind: 'begin'; readonly wanted: Wanted }
  | { readonly kind: 'not understood'; readonly message: string };

/** What identifies the restore that is followed, and the turn of it. */
export interface Request {
  readonly kind: 'begin' | 'confirm' | 'undo' | 'follow';
  /** Of the annotation; undefined: nothing is asked for. */
  readonly value?: string;
  /** Undefined: the one that is begun for the request, which is none of `known`. */
  readonly id?: string;
  readonly known: readonly string[];
  /** Whether nothing but a database to look at is wanted. */
  readonly intoNewDatabase?: boolean;
  /** Which database was to be live before. */
  readonly direction?: RestoreProgress['direction'];
}

export type RequestPlan =
  | { readonly kind: 'ask'; readonly request: Request & { readonly value: string } }
  | { readonly kind: 'follow'; readonly request: Request }
  | { readonly kind: 'refused'; readonly message: string; readonly usage?: boolean };

const timeSchema = z.iso.datetime({ offset: true });

const TURNS: readonly Turn[] = ['confirm', 'undo', 'follow'];

export function wishOf(args: RestoreArguments): Wish {
  const turns = TURNS.filter((each) => args[each]);
  const isBegun = args.copy !== undefined || args.at !== undefined;
  if (turns.length + Number(isBegun) > 1) return notUnderstood('expected one of a copy, --confirm, --undo and --follow, found several');
  if (isBegun) return wishOfBeginning(args);
  const [turn] = turns;
  if (!belongsToBeginning(args)) return { kind: turn ?? 'show' };
  return notUnderstood(turn === undefined
    ? 'expected the name of a copy, latest or --at TIME: glitchkeeper backups lists the copies'
    : `expected --${turn} without --reason, --identity-file, --into-new-database and --no-save, which belong to the beginning of a restore`);
}

function belongsToBeginning({ reason, identityFile, save, intoNewDatabase }: RestoreArguments): boolean {
  return reason !== undefined || identityFile !== undefined || !save || intoNewDatabase === true;
}

function wishOfBeginning({ copy = 'latest', at, reason, save, intoNewDatabase }: RestoreArguments): Wish {
  if (at !== undefined && !timeSchema.safeParse(at).success) return notUnderstood(`--at: expected a time with its zone, such as 2026-11-29T02:30:00Z, found ${at}`);
  if (intoNewDatabase === true && !save) return notUnderstood('expected --into-new-database without --no-save: it replaces nothing, and so there is nothing to save');
  const wanted: Wanted = { copy, save, ...(intoNewDatabase === true ? { intoNewDatabase } : {}), ...(at === undefined ? {} : { notAfter: at }), ...(reason === undefined ? {} : { reason }) };
  // The operator's own words for what it would refuse.
  const parsed = parseRestoreRequest(JSON.stringify(wanted));
  return parsed.kind === 'invalid' ? notUnderstood(parsed.message.replace(`Annotation ${RESTORE_ANNOTATION}: `, '')) : { kind: 'begin', wanted };
}

function notUnderstood(message: string): Wish {
  return { kind: 'not understood', message };
}

/** @param hasIdentity whether an identity of age was given */
export function planRequest(resource: Resource, wish: Exclude<Wish, { kind: 'show' | 'not understood' }>, hasIdentity: boolean): RequestPlan {
  const { annotations, status: { restore: { current, last } = {} } } = resource;
  const known = [current, last].flatMap((each) => (each === undefined ? [] : [each.id]));
  const pending = annotations[RESTORE_ANNOTATION];
  if (wish.kind === 'follow') return planFollow(current, known, pending);
  const impediment = impedimentOf(resource, pending);
  if (impediment !== undefined) return refused(impediment);
  return wish.kind === 'begin' ? planBeginning(resource, wish.wanted, { hasIdentity, known }) : planTurn(wish.kind, current, known);
}

function impedimentOf({ spec, problems }: Resource, pending: string | undefined): string | undefined {
  if (problems.length > 0) return `the resource is not valid, and the operator leaves it alone until it is: ${problems.join('; ')}`;
  if (spec.suspend) return 'spec.suspend is true: the operator changes nothing until it is false';
  return pending === undefined ? undefined : `"${pending}" is asked for already, and not seen by the operator yet: glitchkeeper restore --follow shows what becomes of it`;
}

function planTurn(turn: 'confirm' | 'undo', current: RestoreProgress | undefined, known: readonly string[]): RequestPlan {
  if (current === undefined) return refused(`there is no restore to ${turn}`);
  if (turn === 'confirm' && current.wanted.intoNewDatabase === true) return refused('nothing was exchanged, and so there is nothing to confirm: glitchkeeper restore --undo drops the database of the copy');
  if (turn === 'confirm' && current.phase !== 'Unconfirmed') return refused(`there is nothing to confirm yet: the restore is ${current.phase}; glitchkeeper restore --follow shows it`);
  return { kind: 'ask', request: { kind: turn, value: turn, id: current.id, known, direction: current.direction } };
}

function planFollow(current: RestoreProgress | undefined, known: readonly string[], pending: string | undefined): RequestPlan {
  if (current !== undefined) return { kind: 'follow', request: { kind: 'follow', id: current.id, known } };
  return pending === undefined ? refused('no restore is under way') : { kind: 'follow', request: { kind: 'follow', value: pending, known } };
}

function planBeginning({ spec, status: { restore: { current } = {} } }: Resource, wanted: Wanted, { hasIdentity, known }: { readonly hasIdentity: boolean; readonly known: readonly string[] }): RequestPlan {
  if (spec.backup === undefined) return refused(NO_BACKUPS);
  if (current !== undefined) return refused(`restore ${current.id} is under way (${current.phase}): glitchkeeper restore --follow shows it, --undo takes it back`);
  if (spec.backup.store === 's3' && !hasIdentity) {
    return { kind: 'refused', usage: true, message: 'copies in a bucket are encrypted, and nothing in the cluster can read them: pass --identity-file with the file of age-keygen, or - to read it from standard input' };
  }
  return { kind: 'ask', request: { kind: 'begin', value: valueOf(wanted), known, ...(wanted.intoNewDatabase === true ? { intoNewDatabase: true } : {}) } };
}

/** In a word where one says it. */
function valueOf({ copy, notAfter, save, intoNewDatabase, reason }: Wanted): string {
  return save && notAfter === undefined && intoNewDatabase === undefined && reason === undefined ? copy : JSON.stringify({ copy, notAfter, save, intoNewDatabase, reason });
}

function refused(message: string): RequestPlan {
  return { kind: 'refused', message };
}
