// What a phase of a rotation brings about, in this order. Pure.
import { administratorStep } from './administrator-password.js';
import { postgresStep } from './alternating-logins.js';
import { publishStep } from './application-secret.js';
import { backupStep } from './backup-credentials.js';
import { keptFor, keptLoginSteps, sessionsEndedStep } from './compromise.js';
import { gatewayStep } from './gateway-credentials.js';
import type { Journal } from './journal.js';
import { writeJournal } from './journal-write.js';
import { operatorLoginStep } from './operator-password.js';
import { freshPods, leftOnNew, rollStep, templateMark } from './pod-rollout.js';
import { act, MET, wait } from './protocol.js';
import { proofStep } from './storage-proof.js';
import type { RotationStep, Underway } from './step-input.js';
import { valkeyPasswordsStep, valkeyStep } from './valkey-passwords.js';

/** Pods that end take this long at most to give their sessions up. Milliseconds. */
const RESTARTED_AFTER = 300_000;

/** The conditions of a row in the order in which they are brought about. */
export function stepsOf(underway: Underway, journal: Journal): readonly (() => RotationStep)[] {
  const { phase } = underway.rotation;
  const accepted = [() => postgresStep(underway), () => valkeyStep(underway)];
  const published = [() => publishStep(underway), () => rollStep(underway)];
  switch (phase) {
    // Logins were tried, and are again in Proving. Pods that cannot reach Valkey would not start.
    case 'Rolling': return [() => valkeyPasswordsStep(underway), ...published];
    // Both are accepted since before anything was published: the rollback waits for nothing but the pods.
    case 'Returning': return [...published, () => restartedStep(underway, journal)];
    case 'Proving': return [...accepted, ...published, () => proofStep(underway)];
    case 'Retiring': return retiringSteps(underway, journal, accepted);
    default: return [...accepted, ...published];
  }
}

function retiringSteps(underway: Underway, journal: Journal, accepted: readonly (() => RotationStep)[]): readonly (() => RotationStep)[] {
  const published = [() => publishStep(underway), () => rollStep(underway), () => gatewayStep(underway), () => backupStep(underway)];
  const atOnce = [() => operatorLoginStep(underway), () => administratorStep(underway)];
  const kept = keptFor(underway);
  if (kept) return [...published, ...atOnce, ...keptLoginSteps(underway, journal, kept)];
  return [...published, ...accepted, ...atOnce, () => sessionsEndedStep(underway, journal)];
}

/** New values must not be revoked while a pod uses them: one that was killed while they were published started with them, whatever its template says. */
function restartedStep(underway: Underway, journal: Journal): RotationStep {
  const { rotation, observed, now } = underway;
  const left = leftOnNew(underway);
  if (left === undefined) return MET;
  const podsBefore = freshPods(rotation);
  const renewed = rotation.podsBefore?.web === podsBefore.web;
  if (renewed && !left.seen) return MET;
  if (left.seen && (renewed || now.getTime() < Date.parse(rotation.since) + RESTARTED_AFTER)) return wait(left.why);
  return act(writeJournal(observed, { ...journal, rotation: { ...rotation, podsBefore } }, `rotation ${templateMark(rotation)}: new pods, because ${left.why}`));
}
