// The write of a journal over the version that was observed.
import type { Observed } from '../credentials/observed.js';
import type { WriteJournal } from './actions.js';
import type { Journal } from './journal.js';

export function writeJournal({ journal }: Pick<Observed, 'journal'>, next: Journal, note: string, warn = false): WriteJournal {
  const over = journal.kind === 'present' ? { resourceVersion: journal.resourceVersion, keys: journal.keys } : undefined;
  return { kind: 'write journal', journal: next, over, note, warn };
}
