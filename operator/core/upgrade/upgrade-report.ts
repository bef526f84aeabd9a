// What a change of an upgrade's status tells a person, as Kubernetes Events and as a sentence. Pure.
import type { LegacyImport, UpgradeEnd, UpgradeProgress, UpgradeStatus } from '../../api/upgrade-fields.js';
import { duration, secondsSince } from '../health/rule-finding.js';

/** For `kubectl describe`. */
export interface UpgradeNote {
  readonly type: 'Normal' | 'Warning';
  readonly reason: 'UpgradeStarted' | 'UpgradePhase' | 'UpgradeReady' | 'UpgradeAttemptFailed' | 'UpgradeUnconfirmed' | 'UpgradeConfirmed' | 'UpgradeUndone' | 'UpgradeCanceled' | 'UpgradeFailed' | 'UpgradeRejected' | 'LegacyEventsImported' | 'LegacyImportFailed';
  readonly note: string;
}

/** What happened between two statuses, in its order. */
export function notesOf(before: UpgradeStatus, after: UpgradeStatus): readonly UpgradeNote[] {
  return [...progressNotes(before, after), ...endNotes(before, after), ...importNotes(before, after), ...refusalNotes(before, after)];
}

function progressNotes({ current: before }: UpgradeStatus, { current }: UpgradeStatus): readonly UpgradeNote[] {
  if (!current) return [];
  if (before?.id !== current.id) return [{ type: 'Normal', reason: 'UpgradeStarted', note: `Upgrade ${current.id} from ${current.from} to ${current.to} begins.` }];
  if (before.phase !== current.phase) return [phaseNote(current)];
  return before.attempt === current.attempt ? [] : [{ type: 'Warning', reason: 'UpgradeAttemptFailed', note: `Upgrade ${current.id}, ${current.phase}: attempt ${before.attempt} failed (${current.why ?? 'it does not say why'}).` }];
}

function phaseNote({ id, phase, from, to, copy, why }: UpgradeProgress): UpgradeNote {
  switch (phase) {
    case 'Returning': return { type: 'Warning', reason: 'UpgradePhase', note: `Upgrade ${id} is given up, and everything is started again as it was: ${why ?? 'it does not say why'}.` };
    case 'Undoing': return { type: 'Warning', reason: 'UpgradePhase', note: `Upgrade ${id} is taken back: with the manifests of ${from} copy ${copy ?? ''} is restored.` };
    case 'Ready': return { type: 'Normal', reason: 'UpgradeReady', note: `Copy ${copy ?? ''} leads back. Now the manifests of ${to} are to be applied: version: "${to}" in settings.yaml, npm run synth, kubectl apply -f dist/.` };
    case 'Unconfirmed': return { type: 'Normal', reason: 'UpgradeUnconfirmed', note: `GlitchTip ${to} runs, and has stored an event: confirm keeps it, undo restores copy ${copy ?? ''} of ${from}.` };
    default: return { type: 'Normal', reason: 'UpgradePhase', note: `Upgrade ${id} is ${phase}.` };
  }
}

const ENDS: Readonly<Record<UpgradeEnd['result'], Omit<UpgradeNote, 'note'>>> = {
  Confirmed: { type: 'Normal', reason: 'UpgradeConfirmed' },
  Undone: { type: 'Normal', reason: 'UpgradeUndone' },
  Canceled: { type: 'Normal', reason: 'UpgradeCanceled' },
  Failed: { type: 'Warning', reason: 'UpgradeFailed' },
};

function endNotes({ last: before }: UpgradeStatus, { last }: UpgradeStatus): readonly UpgradeNote[] {
  if (!last || (before?.id === last.id && before.at === last.at)) return [];
  return [{ ...ENDS[last.result], note: describeEnd(last) }];
}

/** One sentence. */
export function describeEnd({ id, from, to, copy, result, why }: UpgradeEnd): string {
  const what = `Upgrade ${id} from ${from} to ${to}`;
  switch (result) {
    case 'Confirmed': return `${what} is confirmed: the gateway keeps nothing for a way back any more.`;
    case 'Undone': return `${what} is taken back: copy ${copy ?? ''} of ${from} is live, and its restore waits for confirm.`;
    case 'Canceled': return `${what} was taken back before anything was migrated: everything is as it was.`;
    case 'Failed': return `${what} failed before anything was migrated, and everything is as it was: ${why ?? 'it does not say why'}.`;
  }
}

function importNotes({ legacyImport: before }: UpgradeStatus, { legacyImport }: UpgradeStatus): readonly UpgradeNote[] {
  if (legacyImport?.end === undefined || before?.end !== undefined) return [];
  return [{ ...(legacyImport.end.result === 'Imported' ? { type: 'Normal', reason: 'LegacyEventsImported' } : { type: 'Warning', reason: 'LegacyImportFailed' }), note: describeImport(legacyImport) }];
}

/** One sentence. */
export function describeImport({ id, end, waitsFor }: LegacyImport): string {
  if (end === undefined) return `Import ${id} of events of the old release ${waitsFor === undefined ? 'is under way' : `waits: ${waitsFor}`}.`;
  if (end.result === 'Failed') return `Import ${id} of events of the old release failed: ${end.why ?? 'it does not say why'}. What was imported stays, and another one goes on.`;
  const left = end.left === undefined || end.left === 0 ? '' : `; ${end.left} rows are left in the archive: they were here already, or their issue is gone`;
  return `Import ${id}: ${end.imported ?? 0} events of the old release are where the new one looks for them${left}.`;
}

function refusalNotes({ refused: before }: UpgradeStatus, { refused }: UpgradeStatus): readonly UpgradeNote[] {
  if (!refused || (before?.at === refused.at && before.request === refused.request && before.why === refused.why)) return [];
  return [{ type: 'Warning', reason: 'UpgradeRejected', note: refused.why }];
}

/** For the regular report: undefined while none is under way. */
export function describeUpgrade({ current }: UpgradeStatus, now: Date): string | undefined {
  if (!current) return undefined;
  const { id, from, to, phase, since, why, waitsFor } = current;
  const age = duration(secondsSince(new Date(since), now));
  const what = `Upgrade ${id} from ${from} to ${to}`;
  if (phase === 'Unconfirmed') return `${what} has waited for confirm or undo for ${age}.`;
  const reason = why ?? waitsFor;
  return `${what} has been ${phase} for ${age}${reason === undefined ? '' : `: ${reason.replace(/\.$/, '')}`}.`;
}
