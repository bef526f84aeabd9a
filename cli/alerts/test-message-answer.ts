// Waits for the operator's answer to a request for a test message, through short outages of the API server.
import type { HealthStatus } from '../../operator/api/health-fields.js';
import { Failure, isPassing } from '../failure.js';
import { systemClock, type Clock } from '../live/follow.js';
import type { Resource } from '../glitchtip-resource-access.js';

const POLL_EVERY_MS = 1_000;

export type Answer =
  | { readonly kind: 'answered'; readonly test: NonNullable<HealthStatus['alertTest']> }
  | { readonly kind: 'none'; readonly why: string };

/**
 * @param timeout seconds
 * @throws Failure that will not pass, such as a right that is missing
 */
export async function waitForAnswer(id: string, read: () => Promise<Resource>, timeout: number, clock: Clock = systemClock): Promise<Answer> {
  const deadline = clock.now() + timeout * 1_000;
  for (;;) {
    const answer = await pollOnce(read);
    const test = answer instanceof Failure ? undefined : answer.status.health?.alertTest;
    if (test?.id === id) return { kind: 'answered', test };
    if (clock.now() >= deadline) return { kind: 'none', why: describeSilence(answer, timeout) };
    await clock.sleep(POLL_EVERY_MS);
  }
}

async function pollOnce(read: () => Promise<Resource>): Promise<Resource | Failure> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof Failure) || !isPassing(error)) throw error;
    return error;
  }
}

function describeSilence(answer: Resource | Failure, timeout: number): string {
  if (answer instanceof Failure) return answer.message;
  const { namespace, spec, status } = answer;
  const errors = (status.health?.channels ?? []).flatMap(({ error }) => (error === undefined ? [] : [error]));
  const known = [...new Set(errors)].map((error) => `; it says: ${error}`).join('');
  const slow = spec.health.everySeconds >= timeout ? `; it checks only every ${spec.health.everySeconds} s: pass --timeout` : '';
  return `the operator has not answered within ${timeout} s${slow}${known}. Does it run? kubectl -n ${namespace} logs deploy/glitchkeeper`;
}
