// What health has to know of credentials, from what the rotation wrote down.
import { REASONS } from '../../api/conditions.js';
import type { GlitchTipStatus } from '../../api/glitchtip-resource.js';
import type { ObservedJournal } from '../rotation/journal.js';
import type { CredentialFacts } from './health-facts.js';

/** The phase is the journal's own: a status may lag behind. */
export function readCredentials(status: GlitchTipStatus | undefined, journal: ObservedJournal): CredentialFacts {
  const failed = status?.conditions?.find(({ type, reason }) => type === 'CredentialsCurrent' && reason === REASONS.RotationFailed)?.message;
  const nextAt = status?.rotation?.nextAt;
  const phase = phaseOf(journal);
  return {
    ...databaseOf(status),
    ...(failed === undefined ? {} : { failed }),
    ...(nextAt === undefined ? {} : { nextAt: new Date(nextAt) }),
    ...(phase === undefined ? {} : { phase }),
  };
}

function databaseOf(status: GlitchTipStatus | undefined): Pick<CredentialFacts, 'database'> {
  const database = status?.postgres?.systemIdentifier;
  return database === undefined ? {} : { database };
}

/** Undefined while nothing is being changed. A journal that cannot be read may say that something is. */
function phaseOf(journal: ObservedJournal): string | undefined {
  if (journal.kind === 'absent') return undefined;
  if (journal.kind !== 'present') return 'not readable';
  const phase = journal.journal.rotation?.phase;
  return phase === undefined || phase === 'Waiting' ? undefined : phase;
}
