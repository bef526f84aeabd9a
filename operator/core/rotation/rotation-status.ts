// What the resource's status says of rotations: the one under way, the next one, and those that ended.
import { REASONS } from '../../api/conditions.js';
import type { GlitchTipSpec, GlitchTipStatus } from '../../api/glitchtip-resource.js';
import type { RotationProgress, RotationStatus } from '../../api/rotation-fields.js';
import type { Observed } from '../credentials/observed.js';
import { valueOf } from '../credentials/generated-secrets.js';
import { Sensitive } from '../sensitive.js';
import type { Finding } from '../credentials/resource-conditions.js';
import { toSeconds } from '../timestamps.js';
import type { RotationAction } from './actions.js';
import { deadlineOf } from './phase-end.js';
import type { RotationPlan } from './planned-rotation.js';
import { scheduledAt } from './rotation-beginning.js';
import { journalOf } from './journal.js';
import type { Rotation } from './journal.js';
import { describePending, replaceable } from './pending-replacements.js';
import { unexpiredFallbacks } from './secret-key.js';
import { secretWrite } from './secret-generations.js';

/** While the journal cannot be read, what was known before is said again: an apply takes away what it leaves out. */
export function buildRotationStatus(spec: GlitchTipSpec, observed: Observed, plan: RotationPlan, previous: GlitchTipStatus | undefined): RotationStatus | undefined {
  const journal = journalOf(observed);
  if (!journal) return previous?.rotation;
  const { rotation, lastCompletedAt, history } = journal;
  const next = scheduledAt(spec, observed, journal);
  return {
    ...(rotation ? { current: progress(rotation, plan.message) } : {}),
    ...(lastCompletedAt === undefined ? {} : { lastCompletedAt }),
    ...(next ? { nextAt: toSeconds(next) } : {}),
    history: [...history],
  };
}

function progress(rotation: Rotation, message: string): RotationProgress {
  const { id, trigger, credentials, phase, requestedAt, since, attempt, notBefore } = rotation;
  const deadline = deadlineOf(rotation);
  return {
    id, trigger, credentials, phase, requestedAt, since, attempt, message,
    ...(deadline ? { deadline: toSeconds(deadline) } : {}), ...(notBefore === undefined ? {} : { notBefore }),
  };
}

/** What the journal has to say about the credentials; undefined when they are as they should be. */
export function judgeRotation(spec: GlitchTipSpec, { journal }: Observed): Finding | undefined {
  const type = 'CredentialsCurrent';
  switch (journal.kind) {
    case 'absent': return undefined;
    case 'unreadable': return { type, status: 'Unknown', reason: REASONS.JournalUnreadable, message: `The journal of the rotation cannot be read (${journal.why}); nothing is rotated.` };
    case 'malformed': return { type, status: 'False', reason: REASONS.JournalMalformed, message: `The journal of the rotation cannot be understood (${journal.why}); nothing is rotated before a person has looked.` };
    case 'present': {
      // Also while it is tried again: until that has completed, the values that should be revoked are in use.
      const [pending] = replaceable(spec, journal.journal);
      return pending && { type, status: 'False', reason: REASONS.RotationFailed, message: describePending(pending) };
    }
  }
}

/** Old SECRET_KEYs expire by themselves after the grace period; this only tidies the Secret. */
export function planExpiredKeys(spec: GlitchTipSpec, { secrets: { application }, journal }: Observed, now: Date): readonly RotationAction[] {
  const current = valueOf(application, 'SECRET_KEY_FALLBACKS');
  const quiet = journal.kind === 'absent' || (journal.kind === 'present' && journal.journal.rotation === undefined);
  if (!current || !quiet) return [];
  const left = unexpiredFallbacks(current, now);
  if (left.reveal() === current.reveal()) return [];
  const data = new Map<string, Sensitive>([['SECRET_KEY_FALLBACKS', left]]);
  const write = secretWrite({ role: 'application', name: spec.secrets.application, secret: application, data, renewed: false, now });
  return write ? [write] : [];
}
