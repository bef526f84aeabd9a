// What begins a rotation: a request, a leak or the schedule; its record in the journal, and the write with which it leaves Waiting. Pure.
import { REASONS } from '../../api/conditions.js';
import type { GlitchTipSpec } from '../../api/glitchtip-resource.js';
import type { Trigger } from '../../api/rotation-fields.js';
import type { Crypto } from '../credentials/generated-secrets.js';
import type { Observed, ObservedRollout } from '../credentials/observed.js';
import { toSeconds } from '../timestamps.js';
import type { Journal, Rotation } from './journal.js';
import { writeJournal } from './journal-write.js';
import { dueRotation, replaceable } from './pending-replacements.js';
import { resting, underwayPlan, type RotationInput, type RotationPlan } from './planned-rotation.js';
import { templateMark } from './pod-rollout.js';
import { beginsDespitePods, findObstacle } from './preconditions.js';
import { hearRequest, parseRequest, rotatableCredentials, type Heard } from './requested-rotation.js';
import { releaseLock, takeLock } from './rotation-lock.js';
import { nextRotation } from './rotation-schedule.js';
import { ageOf } from './secret-generations.js';
import { currentValues, nextValues } from './value-sets.js';

function hear({ spec, request, now }: Pick<RotationInput, 'spec' | 'request' | 'now'>, { history }: Journal): Heard {
  return hearRequest(request, rotatableCredentials(spec), { history, now });
}

/** What the annotation asks for. */
export function triggerOf(input: RotationInput, journal: Journal): Trigger | undefined {
  const asked = hear(input, journal);
  return asked.kind === 'valid' ? asked.trigger : undefined;
}

/** When the schedule is next; undefined when it never is, or nothing was made yet. */
export function scheduledAt(spec: GlitchTipSpec, observed: Pick<Observed, 'secrets'>, journal: Journal): Date | undefined {
  const [pending] = replaceable(spec, journal);
  // Everything else waits behind a pending replacement: of two dates the one that passed would begin the other's rotation again and again.
  if (pending) return nextRotation(spec.rotation, { at: new Date(pending.finishedAt), gaveUp: true });
  const { application } = observed.secrets;
  const made = application.kind === 'present' ? application.createdAt : undefined;
  const from = journal.lastCompletedAt ?? made;
  return from === undefined ? undefined : nextRotation(spec.rotation, { at: new Date(from), gaveUp: false });
}

/** A request comes before the schedule, and what leaked before both. */
export function beginning({ spec, observed, request, now }: Omit<RotationInput, 'rollout' | 'findings'>, journal: Journal): Pick<Rotation, 'trigger' | 'credentials' | 'requestPending'> | undefined {
  const asked = hear({ spec, request, now }, journal);
  const at = scheduledAt(spec, observed, journal);
  const due = at === undefined || at > now ? undefined : dueRotation(spec, journal);
  const isHeard = asked.kind === 'valid' && (asked.trigger === 'compromised' || due?.trigger !== 'compromised');
  if (isHeard) return { trigger: asked.trigger, credentials: [...asked.credentials], requestPending: true };
  return due && { ...due, requestPending: false };
}

export function planBeginning(input: RotationInput, journal: Journal, crypto: Crypto): RotationPlan {
  const begun = beginning(input, journal);
  if (!begun) {
    const asked = hear(input, journal);
    switch (asked.kind) {
      case 'invalid': return resting(asked.message, REASONS.RequestRejected);
      case 'repeated': return resting(asked.message, REASONS.RequestRepeated);
      default: return resting('No rotation is under way.');
    }
  }
  const at = toSeconds(input.now);
  const id = `${at.replaceAll(/[-:]/g, '')}-${crypto.sha256(crypto.generate()).slice(0, 6)}`;
  // A leak is no younger because it is said once more.
  const requestedAt = journal.rotation?.trigger === 'compromised' ? journal.rotation.requestedAt : at;
  const rotation: Rotation = { ...begun, id, phase: 'Waiting', requestedAt, since: at, attempt: 1, sessionsEnded: false };
  const write = writeJournal(input.observed, { ...journal, rotation }, `rotation ${id} recorded (${rotation.trigger}: ${rotation.credentials.join(', ')})`);
  return underwayPlan(rotation, [write], 'Recorded.');
}

/** The request is in the journal: the annotation goes, so that it does not ask a second time. */
export function planRecorded({ spec, observed, request }: RotationInput, journal: Journal, rotation: Rotation): RotationPlan {
  const asked = parseRequest(request, rotatableCredentials(spec));
  // A different request that came meanwhile is handled after this one.
  const recorded = asked.kind === 'valid' && asked.trigger === rotation.trigger && asked.credentials.join() === rotation.credentials.join();
  if (recorded) return underwayPlan(rotation, [{ kind: 'drop request' }], 'Recorded.');
  const noted = { ...journal, rotation: { ...rotation, requestPending: false } };
  return underwayPlan(rotation, [writeJournal(observed, noted, `rotation ${rotation.id}: request taken off`)], 'Recorded.');
}

/** Out of Waiting: the new values are generated and written ahead, in one write with the phase. */
export function planStart(input: RotationInput & { rollout: ObservedRollout }, journal: Journal, crypto: Crypto): RotationPlan {
  const { spec, observed, rollout, findings, now } = input;
  const rotation = journal.rotation as Rotation;
  const obstacle = findObstacle({ rotation, findings, rollout, now });
  if (obstacle) return { ...resting(obstacle.message, obstacle.reason), actions: releaseLock({ rotation, rollout }) };
  const taken = takeLock({ rotation, rollout, now }, { isStarting: true });
  if (taken.length > 0) return underwayPlan(rotation, taken, 'The lock of operations is taken.');
  const previous = currentValues(observed.secrets);
  const next = nextValues(previous, rotation, { spec, crypto, now });
  const podsBefore = { web: rollout.web.rotation ?? null, worker: rollout.worker?.rotation ?? null };
  const at = toSeconds(now);
  const despite = beginsDespitePods({ rotation, rollout, now }) ? { despiteRollout: true } : {};
  const started: Rotation = { ...rotation, ...despite, podsBefore, publishedBefore: ageOf(observed.secrets.application), startedAt: at, phase: 'Altering', since: at };
  return underwayPlan(rotation, [writeJournal(observed, { ...journal, rotation: started, values: { previous, next } }, `rotation ${templateMark(rotation)} starts`)], 'New values are generated.');
}
