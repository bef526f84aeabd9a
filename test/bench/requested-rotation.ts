// One rotation of everything, from its request to its end, asked for and followed as `glitchkeeper rotate --wait` does it.
import type { Clock } from '../../cli/live/follow.js';
import type { Resource } from '../../cli/glitchtip-resource-access.js';
import { followRotation } from '../../cli/rotation/follow-rotation.js';
import { planRequest } from '../../cli/rotation/request-rotation.js';
import { describeEnd, isEnd } from '../../cli/rotation/rotation-progress.js';

export interface RotationSubject {
  readonly read: () => Promise<Resource>;
  /** Sets the annotation. */
  readonly request: (value: string) => Promise<void>;
}

/**
 * By the ids that were there before, and not by which is the newest: an operator that cannot read the journal may take the history away.
 * @param seconds that it may take @param clock of the polls @throws Error saying where it stands, when it is undone or has not ended in time
 */
export async function completeRotation({ read, request }: RotationSubject, seconds: number, clock?: Clock): Promise<void> {
  const plan = planRequest(await read(), { compromised: false });
  if (plan.kind !== 'ask') throw new Error(`no rotation can be asked for: ${plan.kind === 'asked' ? plan.note : plan.message}`);
  await request(plan.request.value);
  for await (const progress of followRotation(plan.request, read, seconds, clock)) {
    if (progress.kind === 'completed') return;
    if (isEnd(progress)) throw new Error(`the rotation was not completed within ${seconds} s: ${describeEnd(progress)}; ${describeReady(await read())}`);
  }
}

/** The condition that explains the others. */
export function describeReady({ status }: Pick<Resource, 'status'>): string {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  return ready === undefined ? 'Ready is not known' : `Ready ${ready.status}, ${ready.reason}: ${ready.message}`;
}
