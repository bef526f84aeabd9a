// What `glitchkeeper restore` asks the operator for, which restore it follows, or why it does neither: pure.
import { z } from 'zod';
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
  readonly identityFile?: string;
  readonly confirm: boolean;
  readonly undo: boolean;
  readonly follow: boolean;
}

export type Wanted = RestoreProgress['wanted'];

export type Wish =
  | { readonly kind: 'show' | 'follow' | 'confirm' | 'undo' }
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
  /** Which database was to be live before. */
  readonly direction?: RestoreProgress['direction'];
}

export type RequestPlan =
  | { readonly kind: 'ask'; readonly request: Request & { readonly value: string } }
  | { readonly kind: 'follow'; readonly request: Request }
  | { readonly kind: 'refused'; readonly message: string; readonly usage?: boolean };

const timeSchema = z.iso.datetime({ offset: true });

export function wishOf({ copy, at, reason, save, identityFile, confirm, undo, follow }: RestoreArguments): Wish {
  const turns = [...(confirm ? ['confirm'] as const : []), ...(undo ? ['undo'] as const : []), ...(follow ? ['follow'] as const : [])];
  const isBegun = copy !== undefined || at !== undefined;
  if (turns.length > 1 || (turns.length === 1 && isBegun)) return notUnderstood('expected one of a copy, --confirm, --undo and --follow, found several');
  const [turn] = turns;
  const isAboutBeginning = reason !== undefined || identityFile !== undefined || !save;
  if (turn !== undefined) return isAboutBeginning ? notUnderstood(`expected --${turn} without --reason, --identity-file and --no-save, which belong to the beginning of a restore`) : { kind: turn };
  if (!isBegun) return isAboutBeginning ? notUnderstood('expected the name of a copy, latest or --at TIME: glitchkeeper backups lists the copies') : { kind: 'show' };
  return wishOfBeginning({ copy: copy ?? 'latest', at, reason, save });
}

function wishOfBeginning({ copy, at, reason, save }: { readonly copy: string; readonly at: string | undefined; readonly reason: string | undefined; readonly save: boolean }): Wish {
  if (at !== undefined && !timeSchema.safeParse(at).success) return notUnderstood(`--at: expected a time with its zone, such as 2026-11-29T02:30:00Z, found ${at}`);
  const wanted: Wanted = { copy, save, ...(at === undefined ? {} : { notAfter: at }), ...(reason === undefined ? {} : { reason }) };
  // The operator's own words for what it would refuse.
  const parsed = parseRestoreRequest(JSON.stringify(wanted));
  return parsed.kind === 'invalid' ? notUnderstood(parsed.message.replace(`Annotation ${RESTORE_ANNOTATION}: `, '')) : { kind: 'begin', wanted };
}

function notUnderstood(message: string): Wish {
  return { kind: 'not understood', message };
}

/** @param hasIdentity whether an identity of age was given */
export function planRequest(resource: Resource, wish: Exclude<Wish, { kind: 'show' | 'not understood' }>, hasIdentity: boolean): RequestPlan {
  const { spec, problems, annotations, status: { restore: { current, last } = {} } } = resource;
  if (problems.length > 0) return refused(`the resource is not valid, and the operator leaves it alone until it is: ${problems.join('; ')}`);
  if (spec.suspend && wish.kind !== 'follow') return refused('spec.suspend is true: the operator changes nothing until it is false');
  const known = [current, last].flatMap((each) => (each === undefined ? [] : [each.id]));
  const pending = annotations[RESTORE_ANNOTATION];
  if (wish.kind === 'follow') return planFollow(current, known, pending);
  if (pending !== undefined) return refused(`"${pending}" is asked for already, and not seen by the operator yet: glitchkeeper restore --follow shows what becomes of it`);
  if (wish.kind === 'begin') return planBeginning(resource, wish.wanted, { hasIdentity, known });
  if (current === undefined) return refused(`there is no restore to ${wish.kind}`);
  if (wish.kind === 'confirm' && current.phase !== 'Unconfirmed') return refused(`there is nothing to confirm yet: the restore is ${current.phase}; glitchkeeper restore --follow shows it`);
  return { kind: 'ask', request: { kind: wish.kind, value: wish.kind, id: current.id, known, direction: current.direction } };
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
  return { kind: 'ask', request: { kind: 'begin', value: valueOf(wanted), known } };
}

/** In a word where one says it. */
function valueOf({ copy, notAfter, save, reason }: Wanted): string {
  return save && notAfter === undefined && reason === undefined ? copy : JSON.stringify({ copy, notAfter, save, reason });
}

function refused(message: string): RequestPlan {
  return { kind: 'refused', message };
}
