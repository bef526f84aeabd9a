// What `glitchkeeper migrate` asks the operator for, or why it does not: pure.
import { MOVE_ANNOTATION } from '../../operator/api/object-names.js';
import type { MovePhase } from '../../operator/api/move-fields.js';
import type { Resource } from '../glitchtip-resource-access.js';

export type Turn = 'cutover' | 'rollback' | 'finish';

/** What is asked for, and what was there before: by both the progress is told. */
export interface MoveRequest {
  readonly kind: 'start' | Turn;
  /** Of the annotation. */
  readonly value: string;
  /** In which it ends. */
  readonly target: MovePhase;
  /** Ids of moves of before. */
  readonly known: readonly string[];
  /** When the last refusal of before was. */
  readonly refusedAt: string | undefined;
}

export type MovePlan = { readonly kind: 'ask'; readonly request: MoveRequest } | { readonly kind: 'refused'; readonly message: string };

const TARGETS: Readonly<Record<MoveRequest['kind'], MovePhase>> = { start: 'Parallel', cutover: 'Cutover', rollback: 'Parallel', finish: 'Finished' };
/** From which phase each is asked for. */
const FROM: Readonly<Record<Turn, readonly MovePhase[]>> = { cutover: ['Parallel'], rollback: ['Cutover', 'Importing'], finish: ['Cutover'] };
const IS: Readonly<Record<MovePhase, string>> = {
  Importing: 'projects are being imported', Parallel: 'the old one leads', Cutover: 'GlitchTip leads', Finished: 'the move has finished, and the old one was let go: glitchkeeper migrate start begins again',
};

export const NO_MOVE = 'there is no old server: set move.from and move.organization in settings.yaml, and apply the manifests, which the operator takes up within two minutes';

/** Why nothing can be asked for now; undefined: it can. */
export function impedimentOf({ spec, problems, annotations }: Pick<Resource, 'spec' | 'problems' | 'annotations'>): string | undefined {
  if (problems.length > 0) return `the resource is not valid, and the operator leaves it alone until it is: ${problems.join('; ')}`;
  if (spec.suspend) return 'spec.suspend is true: the operator changes nothing until it is false';
  const pending = annotations[MOVE_ANNOTATION];
  return pending === undefined ? undefined : `somebody else was first: "${pending}" is asked for already, and not seen by the operator yet: glitchkeeper migrate status shows what becomes of it`;
}

/** @param imports false: projects and keys are here already */
export function planStart(resource: Resource, imports: boolean): MovePlan {
  const { spec, status: { move: { current } = {} } } = resource;
  if (spec.move === undefined) return refused(NO_MOVE);
  const impediment = impedimentOf(resource);
  if (impediment !== undefined) return refused(impediment);
  if (current !== undefined && current.phase !== 'Finished') return refused(`move ${current.id} is under way: ${IS[current.phase]}`);
  return ask(resource, 'start', imports ? 'start' : 'start-without-import');
}

export function planTurn(resource: Resource, turn: Turn): MovePlan {
  const { status: { move: { current } = {} } } = resource;
  const impediment = impedimentOf(resource);
  if (impediment !== undefined) return refused(impediment);
  if (current === undefined) return refused(`there is no move: glitchkeeper migrate start begins one`);
  if (!FROM[turn].includes(current.phase)) return refused(`there is nothing to ${turn === 'cutover' ? 'cut over' : turn === 'rollback' ? 'roll back' : 'finish'}: ${IS[current.phase]}`);
  return ask(resource, turn, turn);
}

function ask({ status: { move: { current, last, refused: before } = {} } }: Resource, kind: MoveRequest['kind'], value: string): MovePlan {
  const known = [current, last].flatMap((each) => (each === undefined ? [] : [each.id]));
  return { kind: 'ask', request: { kind, value, target: TARGETS[kind], known, refusedAt: before?.at } };
}

function refused(message: string): MovePlan {
  return { kind: 'refused', message };
}

