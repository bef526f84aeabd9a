// The move controller's part of the status: the condition MoveHealthy, and which events a change of it is. Pure.
import { MOVE_REASONS, type MoveProgress, type MoveReason, type MoveStatus } from '../../api/move-fields.js';
import { isMoveCondition } from '../../api/conditions.js';
import type { Condition, GlitchTipStatus } from '../../api/glitchtip-resource.js';
import { canonical } from '../canonical-json.js';
import { toSeconds } from '../timestamps.js';
import type { DeliveryToOld, MoveFacts } from './move-facts.js';

/** What the move controller writes. */
export interface MoveReport {
  readonly conditions: readonly Condition[];
  readonly move: MoveStatus;
}

interface Finding {
  readonly type: 'MoveHealthy';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: MoveReason;
  readonly message: string;
}

type Verdict = Omit<Finding, 'type'>;

/** How long a refusal is told. Milliseconds. */
const REFUSAL_TOLD_FOR = 10 * 60_000;

/** Undefined: there is nothing to say. */
export function judgeMove({ current, last }: MoveStatus, facts: Pick<MoveFacts, 'table' | 'gateway'>, now: Date): Finding | undefined {
  const verdict = current ? judgeProgress(current, facts, now) : last?.result === 'Failed' ? of('False', 'MoveFailed', describeFailure(last.why)) : undefined;
  return verdict && { type: 'MoveHealthy', ...verdict };
}

function describeFailure(why = 'it does not say why'): string {
  return `The last move came to nothing, and events go to GlitchTip alone: ${why}.`;
}

function judgeProgress(current: MoveProgress, { table, gateway }: Pick<MoveFacts, 'table' | 'gateway'>, now: Date): Verdict {
  const { phase } = current;
  if (phase === 'Importing' || current.inForceSince === undefined) return judgeBeginning(current);
  if (phase === 'Finished') return of('True', 'OldLetGo', 'Events go to GlitchTip alone; the table of old DSNs is kept.');
  if (gateway.kind === 'unseen') return of('Unknown', 'NotConfirmed', `${gateway.why}.`);
  if (gateway.value === undefined) return of('Unknown', 'NotConfirmed', 'The gateway has no move any more: it is told again.');
  if (table.kind === 'unseen') return of('False', 'TableMissing', `The table of old DSNs cannot be read (${table.why}): what the gateway has of it is in force. glitchkeeper migrate export prints that.`);
  return judgeDelivery(gateway.value.progress, phase === 'Parallel' ? 'The old one leads' : 'GlitchTip leads', now);
}

function judgeBeginning({ phase, waitsFor, why }: MoveProgress): Verdict {
  if (phase !== 'Importing') return of('Unknown', 'NotConfirmed', `The gateway has not confirmed ${phase} yet: ${waitsFor ?? 'it is being told'}.`);
  return of('Unknown', 'Importing', `Projects and keys are imported${why === undefined ? '' : ` (${why})`}: ${waitsFor ?? 'it begins'}.`);
}

/** Figures of a moment are none of a message's: each would be a write. */
function judgeDelivery(delivery: DeliveryToOld, who: string, now: Date): Verdict {
  const { waiting, dropped, closed } = delivery;
  const compare = 'glitchkeeper migrate compare lists them';
  if (dropped > 0 && waiting.records > 0) return of('False', 'EventsDropped', `${who}. Events were dropped for the other one, for its share of the spool was full; ${compare}.`);
  if (closed) return of('False', 'OldAway', `${who}. The old one takes nothing (${closed.why}), and events wait for it.`);
  const refusals = refusalsOf(delivery, now);
  if (refusals !== undefined) return of('False', 'OldRefuses', `${who}. The old one refuses events (${refusals}), and lacks them; GlitchTip has them. ${compare}, by project.`);
  return of('True', 'BothServed', `${who}, and both get every event.${dropped > 0 ? ` Some were dropped before; ${compare}.` : ''}`);
}

/** The statuses that it answered; undefined: it refused nothing of late. */
function refusalsOf({ refused, refusedAt }: DeliveryToOld, now: Date): string | undefined {
  return refusedAt !== undefined && now.getTime() - Date.parse(refusedAt) < REFUSAL_TOLD_FOR ? Object.keys(refused).sort().join(', ') : undefined;
}

function of(status: Finding['status'], reason: keyof typeof MOVE_REASONS, message: string): Verdict {
  return { status, reason: MOVE_REASONS[reason], message: message.replace(/\.\.$/, '.') };
}

export function buildMoveReport(move: MoveStatus, { facts, previous, generation, now }: { readonly facts: Pick<MoveFacts, 'table' | 'gateway'>; readonly previous: GlitchTipStatus | undefined; readonly generation: number; readonly now: Date }): MoveReport {
  const finding = judgeMove(move, facts, now);
  const before = previous?.conditions?.find(isMoveCondition);
  const since = before?.status === finding?.status ? before?.lastTransitionTime : undefined;
  return { conditions: finding ? [{ ...finding, observedGeneration: generation, lastTransitionTime: since ?? toSeconds(now) }] : [], move };
}

/** Whether the resource says all of it already. */
export function isWritten(status: GlitchTipStatus | undefined, { conditions, move }: MoveReport): boolean {
  return canonical([(status?.conditions ?? []).filter(isMoveCondition), status?.move ?? {}]) === canonical([conditions, move]);
}

/** For `kubectl describe`. */
export interface MoveNote {
  readonly type: 'Normal' | 'Warning';
  readonly reason: 'MoveStarted' | 'MoveImportFailed' | 'MoveImported' | 'MovePhase' | 'MoveInForce' | 'MoveCanceled' | 'MoveFailed' | 'MoveRejected';
  readonly note: string;
}

/** What happened between two statuses, in its order. */
export function moveNotes(before: MoveStatus, after: MoveStatus): readonly MoveNote[] {
  return [...progressNotes(before.current, after.current), ...endNotes(before, after), ...refusalNotes(before, after)];
}

function progressNotes(before: MoveProgress | undefined, current: MoveProgress | undefined): readonly MoveNote[] {
  if (!current) return [];
  const { id } = current;
  if (before?.id !== id) return [{ type: 'Normal', reason: 'MoveStarted', note: `Move ${id} begins.` }];
  if (before.phase !== current.phase) return [phaseNote(before, current)];
  if (before.attempt !== current.attempt) return [{ type: 'Warning', reason: 'MoveImportFailed', note: `Move ${id}: attempt ${before.attempt} of the import failed (${current.why ?? 'it does not say why'}).` }];
  if (before.importedAt !== current.importedAt) return [{ type: 'Normal', reason: 'MoveImported', note: `Move ${id}: the import has ended.` }];
  const isInForce = before.inForceSince === undefined && current.inForceSince !== undefined;
  return isInForce ? [{ type: 'Normal', reason: 'MoveInForce', note: `Move ${id}: the gateway has confirmed ${current.phase}.` }] : [];
}

function phaseNote(before: MoveProgress, { id, phase, dsns }: MoveProgress): MoveNote {
  if (before.phase !== 'Importing' || dsns === undefined) return { type: 'Normal', reason: 'MovePhase', note: `Move ${id} is ${phase}.` };
  return { type: dsns.served < dsns.known ? 'Warning' : 'Normal', reason: 'MovePhase', note: `Move ${id} is ${phase}: ${dsns.served} of ${dsns.known} old DSNs have a project here.` };
}

function endNotes({ last: before }: MoveStatus, { last }: MoveStatus): readonly MoveNote[] {
  if (!last || (before?.id === last.id && before.at === last.at)) return [];
  if (last.result === 'Canceled') return [{ type: 'Normal', reason: 'MoveCanceled', note: `Move ${last.id} was taken back: events go to GlitchTip alone, as before.` }];
  return [{ type: 'Warning', reason: 'MoveFailed', note: describeFailure(last.why) }];
}

function refusalNotes({ refused: before }: MoveStatus, { refused }: MoveStatus): readonly MoveNote[] {
  if (!refused || (before?.at === refused.at && before.request === refused.request && before.why === refused.why)) return [];
  return [{ type: 'Warning', reason: 'MoveRejected', note: refused.why }];
}
