// What health has to know of credentials, from what the rotation wrote down.
import { REASONS } from '../../api/conditions.js';
import type { GlitchTipStatus } from '../../api/glitchtip-resource.js';
import type { Trigger } from '../../api/rotation-fields.js';
import { journalOf, type Journal, type ObservedJournal } from '../rotation/journal.js';
import { pendingReplacements } from '../rotation/pending-replacements.js';
import type { CredentialFacts, LeakFacts } from './health-facts.js';

/** In the place of a phase: a journal that cannot be read may say that something is being changed. */
export const JOURNAL_NOT_READABLE = 'not readable';

/**
 * The phase is the journal's own: a status may lag behind.
 *
 * @param askedAt since when the annotation asks for `compromised`, and nobody has recorded it
 */
export function readCredentials(status: GlitchTipStatus | undefined, journal: ObservedJournal, askedAt?: Date): CredentialFacts {
  const failed = status?.conditions?.find(({ type, reason }) => type === 'CredentialsCurrent' && reason === REASONS.RotationFailed)?.message;
  const nextAt = status?.rotation?.nextAt;
  const phase = phaseOf(journal);
  const leak = leakOf(status, journalOf({ journal }), askedAt);
  return {
    ...databaseOf(status),
    ...(failed === undefined ? {} : { failed }),
    ...(nextAt === undefined ? {} : { nextAt: new Date(nextAt) }),
    ...(phase === undefined ? {} : { phase }),
    ...(leak === undefined ? {} : { leak }),
  };
}

function databaseOf(status: GlitchTipStatus | undefined): Pick<CredentialFacts, 'database'> {
  const database = status?.postgres?.systemIdentifier;
  return database === undefined ? {} : { database };
}

/** Undefined while nothing is being changed. */
function phaseOf(journal: ObservedJournal): string | undefined {
  if (journal.kind === 'absent') return undefined;
  if (journal.kind !== 'present') return JOURNAL_NOT_READABLE;
  const phase = journal.journal.rotation?.phase;
  return phase === undefined || phase === 'Waiting' ? undefined : phase;
}

/** Since the first of what shows it: one that is tried anew does not begin anew. */
function leakOf(status: GlitchTipStatus | undefined, journal: Journal | undefined, askedAt: Date | undefined): LeakFacts | undefined {
  const said = whatIsSaid(status);
  const shown: readonly LeakFacts[] = [...leaksOf(journal, said), ...(askedAt ? [{ since: askedAt, state: 'waits', ...said } as const] : [])];
  const [first] = shown;
  return first && { ...first, since: new Date(Math.min(...shown.map(({ since }) => since.getTime()))) };
}

/** The one that is being closed, then the one that was given up. */
function leaksOf(journal: Journal | undefined, said: Pick<LeakFacts, 'message'>): readonly LeakFacts[] {
  const gaveUp = (journal ? pendingReplacements(journal) : []).filter(isCompromise);
  const current = journal?.rotation && isCompromise(journal.rotation) ? [journal.rotation] : [];
  return [
    ...current.map(({ requestedAt, phase }) => ({ since: new Date(requestedAt), state: phase === 'Waiting' ? 'waits' : 'under way', ...said }) as const),
    ...gaveUp.map(({ finishedAt, message }) => ({ since: new Date(finishedAt), state: 'given up', message }) as const),
  ];
}

function isCompromise({ trigger }: { readonly trigger: Trigger }): boolean {
  return trigger === 'compromised';
}

/** What the rotation waits for. */
function whatIsSaid(status: GlitchTipStatus | undefined): Pick<LeakFacts, 'message'> {
  const condition = status?.conditions?.find(({ type }) => type === 'RotationInProgress');
  const message = status?.rotation?.current?.message ?? condition?.message;
  return message === undefined ? {} : { message };
}
