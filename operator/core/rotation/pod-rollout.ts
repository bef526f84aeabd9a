// The pods: their Deployments are rolled by an annotation that names the rotation.
import type { ObservedWorkload } from '../credentials/observed.js';
import { changesCredentialOfPods } from './pod-credentials.js';
import type { RotationStep, Underway } from './step-input.js';
import { sameValue, type Rotation } from './journal.js';
import { act, firstUnmet, MET, wait } from './protocol.js';

/** Every pod was started after its row's values were published, and is available. */
export function rollStep(underway: Underway): RotationStep {
  const { row: { pods }, rollout: { web, worker } } = underway;
  if (pods === undefined || !changesCredentialOfPods(underway.rotation.credentials)) return MET;
  const steps = [() => workloadStep(web, 'web', underway), () => (worker ? workloadStep(worker, 'worker', underway) : MET)];
  // Events wait in the gateway while both start. Without one web is first: it has a surge, and its queue bridges the worker's gap. What
  // does not end is no turn that others wait for.
  const isAtOnce = underway.spec.gateway !== undefined || underway.rotation.despiteRollout === true;
  return isAtOnce ? allAtOnce(steps.map((look) => look())) : firstUnmet(steps);
}

function allAtOnce(steps: readonly RotationStep[]): RotationStep {
  const actions = steps.flatMap((step) => (step.kind === 'act' ? step.actions : []));
  return actions.length > 0 ? act(...actions) : steps.find(({ kind }) => kind === 'wait') ?? MET;
}

function workloadStep(workload: ObservedWorkload, part: 'web' | 'worker', underway: Underway): RotationStep {
  const { rotation, row } = underway;
  const wanted = row.pods === 'next' ? templateMark(rotation) : (rotation.podsBefore?.[part] ?? undefined);
  if (workload.rotation !== wanted) return act({ kind: 'roll', workload: workload.name, rotation: wanted });
  return workload.pending === undefined || !areNewPodsWaitedFor(underway) ? MET : wait(`Deployment ${workload.name}: ${workload.pending}`);
}

/** A leak is not left open for pods that do not become available: in Retiring only the old ones are waited for (compromise.ts). */
function areNewPodsWaitedFor({ rotation: { trigger, phase, despiteRollout } }: Underway): boolean {
  if (phase === 'Retiring') return trigger !== 'compromised';
  return despiteRollout !== true || phase === 'Rolling' || phase === 'Proving';
}

/** Why pods of ours may hold new values during a rollback, and whether that was seen; undefined when none does. */
export function leftOnNew({ values, rollout, rotation }: Underway): { readonly why: string; readonly seen: boolean } | undefined {
  if (sameValue(values.previous.DATABASE_USER, values.next.DATABASE_USER)) {
    // Only a login shows in sessions: nothing says with which key, or which password of Valkey, a pod was started.
    const published = rotation.undoneIn !== 'Altering' && changesCredentialOfPods(rotation.credentials);
    return published ? { why: 'some may have started while the new values were published', seen: false } : undefined;
  }
  const { ours } = rollout.sessions.next;
  return ours === 0 ? undefined : { why: `${ours} sessions of our pods use ${values.next.DATABASE_USER.reveal()}`, seen: true };
}

/** A mark that no pod has, for the values of before. */
export function freshPods(rotation: Rotation): { readonly web: string; readonly worker: string } {
  const mark = `${templateMark(rotation)}-undone`;
  return { web: mark, worker: mark };
}

/** Each attempt has a mark of its own, so that each makes new pods. */
export function templateMark({ id, attempt }: Pick<Rotation, 'id' | 'attempt'>): string {
  return attempt === 1 ? id : `${id}-${attempt}`;
}
