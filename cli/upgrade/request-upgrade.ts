// What `glitchkeeper upgrade` asks the operator for, which upgrade it follows, or why it does neither: pure.
import { specRelease } from '../../operator/api/glitchtip-resource.js';
import { UPGRADE_ANNOTATION } from '../../operator/api/object-names.js';
import type { UpgradeProgress } from '../../operator/api/upgrade-fields.js';
import { parseUpgradeRequest } from '../../operator/core/upgrade/upgrade-request.js';
import { NO_BACKUPS } from '../backup/request-backup.js';
import type { Resource } from '../glitchtip-resource-access.js';

/** As they were written. */
export interface UpgradeArguments {
  readonly version?: string;
  readonly confirm: boolean;
  readonly undo: boolean;
  readonly stay: boolean;
  readonly importLegacy: boolean;
  readonly follow: boolean;
  readonly identityFile?: string;
}

/** Of the upgrade that is under way. */
export type Turn = 'confirm' | 'undo' | 'stay' | 'import' | 'follow';

export type Wish =
  | { readonly kind: 'show' }
  | { readonly kind: Turn }
  | { readonly kind: 'begin'; readonly version: string }
  | { readonly kind: 'not understood'; readonly message: string };

/** What identifies the upgrade that is followed, or its import of old events, and the turn of it. */
export interface Request {
  readonly kind: 'begin' | Turn;
  /** Of the annotation; undefined: nothing is asked for. */
  readonly value?: string;
  /** Of upgrades, or imports, of before, and of the one that is under way: the one of the request is none of them. */
  readonly known: readonly string[];
  /** Of the upgrade that is under way. */
  readonly id?: string;
  /** When its phase began. */
  readonly since?: string;
  /** Of the last request that was refused. */
  readonly refusedAt?: string | undefined;
  /** The release whose manifests are to be applied for it; undefined: none are. */
  readonly manifestsOf?: string;
}

export type RequestPlan =
  | { readonly kind: 'ask'; readonly request: Request & { readonly value: string } }
  | { readonly kind: 'follow'; readonly request: Request }
  | { readonly kind: 'refused'; readonly message: string };

export function wishOf({ version, confirm, undo, stay, importLegacy, follow, identityFile }: UpgradeArguments): Wish {
  const turns = ([['confirm', confirm], ['undo', undo], ['stay', stay], ['import', importLegacy], ['follow', follow]] as const).flatMap(([turn, is]) => (is ? [turn] : []));
  if (turns.length + Number(version !== undefined) > 1) return notUnderstood('expected one of a release, --confirm, --undo, --stay, --import-legacy and --follow, found several');
  if (identityFile !== undefined && !undo) return notUnderstood('--identity-file: expected it with --undo, which restores the backup');
  if (version !== undefined) return { kind: 'begin', version };
  return { kind: turns[0] ?? 'show' };
}

function notUnderstood(message: string): Wish {
  return { kind: 'not understood', message };
}

export function planRequest(resource: Resource, wish: Exclude<Wish, { kind: 'show' | 'not understood' }>): RequestPlan {
  const { annotations, status: { upgrade: { current, last, legacyImport, refused: refusedLast } = {} } } = resource;
  const pending = annotations[UPGRADE_ANNOTATION];
  const upgrades = [current, last].flatMap((each) => (each === undefined ? [] : [each.id]));
  if (wish.kind === 'follow') return planFollow(current, upgrades, pending);
  const impediment = impedimentOf(resource, pending);
  if (impediment !== undefined) return refused(impediment);
  const refusedAt = refusedLast?.at;
  switch (wish.kind) {
    case 'begin': return planBeginning(resource, wish.version, upgrades);
    case 'import': return { kind: 'ask', request: { kind: 'import', value: 'import', known: legacyImport ? [legacyImport.id] : [], refusedAt } };
    default: return planTurn(wish.kind, current, { known: upgrades, refusedAt });
  }
}

function planFollow(current: UpgradeProgress | undefined, known: readonly string[], pending: string | undefined): RequestPlan {
  if (current === undefined) return pending === undefined ? refused('no upgrade is under way') : { kind: 'follow', request: { kind: 'follow', known } };
  const { id, since, phase, from, to } = current;
  return { kind: 'follow', request: { kind: 'follow', known: [], id, since, manifestsOf: phase === 'Undoing' ? from : to } };
}

function planTurn(turn: 'confirm' | 'undo' | 'stay', current: UpgradeProgress | undefined, before: Pick<Request, 'known' | 'refusedAt'>): RequestPlan {
  if (current === undefined) return refused(`there is no upgrade to ${turn}`);
  const { id, since, phase, from, to } = current;
  if (turn === 'confirm' && phase !== 'Unconfirmed') return refused(`there is nothing to confirm yet: the upgrade is ${phase}; glitchkeeper upgrade --follow shows it`);
  const manifests = { undo: { manifestsOf: from }, stay: { manifestsOf: to }, confirm: {} }[turn];
  return { kind: 'ask', request: { kind: turn, value: turn, ...before, id, since, ...manifests } };
}

function planBeginning({ spec, status: { upgrade: { current, refused: refusedLast } = {}, restore } }: Resource, version: string, known: readonly string[]): RequestPlan {
  if (current !== undefined) return refused(`an upgrade is under way (${current.id}, ${current.phase}): glitchkeeper upgrade --follow shows it`);
  if (restore?.current !== undefined) return refused(`restore ${restore.current.id} is ${restore.current.phase}: confirm or undo it first`);
  if (spec.backup === undefined) return refused(NO_BACKUPS);
  const asked = parseUpgradeRequest(version, specRelease(spec));
  if (asked.kind !== 'begin') return refused(asked.kind === 'invalid' ? asked.message.replace(`Annotation ${UPGRADE_ANNOTATION}: `, '') : `expected a release, found ${version}`);
  return { kind: 'ask', request: { kind: 'begin', value: asked.to, known, refusedAt: refusedLast?.at, manifestsOf: asked.to } };
}

function impedimentOf({ spec, problems }: Resource, pending: string | undefined): string | undefined {
  if (problems.length > 0) return `the resource is not valid, and the operator leaves it alone until it is: ${problems.join('; ')}`;
  if (spec.suspend) return 'spec.suspend is true: the operator changes nothing until it is false';
  return pending === undefined ? undefined : `"${pending}" is asked for already, and not seen by the operator yet: glitchkeeper upgrade --follow shows what becomes of it`;
}

function refused(message: string): RequestPlan {
  return { kind: 'refused', message };
}
