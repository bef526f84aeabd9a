// What a change of a restore's status tells a person, as Kubernetes Events. Pure.
import type { RestoreEnd, RestoreProgress, RestoreStatus } from '../../api/restore-fields.js';

/** For `kubectl describe`. */
export interface RestoreNote {
  readonly type: 'Normal' | 'Warning';
  readonly reason: 'RestoreStarted' | 'RestorePhase' | 'RestoreAttemptFailed' | 'RestoreUnconfirmed' | 'RestoreConfirmed' | 'RestoreUndone' | 'RestoreCanceled' | 'RestoreFailed' | 'RestoreRejected';
  readonly note: string;
}

/** What happened between two statuses, in its order. */
export function notesOf(before: RestoreStatus, after: RestoreStatus): readonly RestoreNote[] {
  return [...progressNotes(before, after), ...endNotes(before, after), ...refusalNotes(before, after)];
}

function progressNotes({ current: before }: RestoreStatus, { current }: RestoreStatus): readonly RestoreNote[] {
  if (!current) return [];
  if (before?.id !== current.id) return [{ type: 'Normal', reason: 'RestoreStarted', note: `Restore ${current.id} begins: ${describeWanted(current)}.` }];
  if (before.phase !== current.phase || before.direction !== current.direction) return [phaseNote(current)];
  return before.attempt === current.attempt ? [] : [{ type: 'Warning', reason: 'RestoreAttemptFailed', note: `Restore ${current.id}, ${current.phase}: attempt ${before.attempt} failed (${current.why ?? 'it does not say why'}).` }];
}

/** Of a copy that is only looked at. */
function asideNote({ id, phase, copy, why = 'it does not say why' }: RestoreProgress): RestoreNote {
  const note = (text: string): RestoreNote => ({ type: 'Normal', reason: 'RestorePhase', note: text });
  if (phase === 'Returning') return note(`The database of restore ${id} is dropped: ${why}.`);
  return note(phase === 'Aside' ? `Copy ${copy ?? ''} is in a database of its own, and the live one is as it was: undo drops it.` : `Restore ${id} is ${phase}.`);
}

function phaseNote(current: RestoreProgress): RestoreNote {
  const { id, phase, direction, copy, why, wanted } = current;
  if (wanted.intoNewDatabase === true) return asideNote(current);
  if (phase === 'Returning') return { type: 'Warning', reason: 'RestorePhase', note: `Restore ${id} is given up, and everything is started again as it was: ${why ?? 'it does not say why'}.` };
  if (phase !== 'Unconfirmed') return { type: 'Normal', reason: 'RestorePhase', note: `Restore ${id} is ${phase}${direction === 'back' ? ', on the way back' : ''}.` };
  const live = direction === 'forth' ? `Copy ${copy ?? ''} is live` : 'The database from before is live again';
  return { type: 'Normal', reason: 'RestoreUnconfirmed', note: `${live}, and the other database is kept: confirm drops it, undo exchanges the two once more.` };
}

const ENDS: Readonly<Record<RestoreEnd['result'], Omit<RestoreNote, 'note'>>> = {
  Confirmed: { type: 'Normal', reason: 'RestoreConfirmed' },
  Undone: { type: 'Normal', reason: 'RestoreUndone' },
  Canceled: { type: 'Normal', reason: 'RestoreCanceled' },
  Failed: { type: 'Warning', reason: 'RestoreFailed' },
};

function endNotes({ last: before }: RestoreStatus, { last }: RestoreStatus): readonly RestoreNote[] {
  if (!last || (before?.id === last.id && before.at === last.at)) return [];
  return [{ ...ENDS[last.result], note: describeEnd(last) }];
}

/** One sentence. */
export function describeEnd({ id, copy, result, why }: RestoreEnd): string {
  const what = `Restore ${id}${copy === undefined ? '' : ` of copy ${copy}`}`;
  switch (result) {
    case 'Confirmed': return `${what} is confirmed: the database from before is gone.`;
    case 'Undone': return `${what} is undone: the database from before is live, and the restored one is gone.`;
    case 'Canceled': return `${what} was taken back: everything is as it was.`;
    case 'Failed': return `${what} failed, and everything is as it was: ${why ?? 'it does not say why'}.`;
  }
}

function refusalNotes({ refused: before }: RestoreStatus, { refused }: RestoreStatus): readonly RestoreNote[] {
  if (!refused || (before?.at === refused.at && before.request === refused.request && before.why === refused.why)) return [];
  return [{ type: 'Warning', reason: 'RestoreRejected', note: refused.why }];
}

/** `latest not after 2026-11-29T02:30:00Z, for a wrong deletion`. */
export function describeWanted({ wanted: { copy, notAfter, reason } }: Pick<RestoreProgress, 'wanted'>): string {
  return `copy ${copy}${notAfter === undefined ? '' : ` not after ${notAfter}`}${reason === undefined ? '' : ` (${reason})`}`;
}
