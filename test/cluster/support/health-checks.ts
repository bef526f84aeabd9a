// The operator's health checks, counted by its own metrics, and the pace that a test asks of them.
import { RESOURCE } from '../../../charts/part-names.js';
import type { Stack } from './stack.js';
import { glitchTip } from './requested-rotations.js';
import { waitFor, when } from './wait.js';

/** Port of the operator's metrics. */
const METRICS = 9464;
const COUNT = /^glitchkeeper_reconcile_duration_seconds_count\{(?=[^}]*controller="health")[^}]*\} (\d+)/gm;

/** Of spec.health. */
export interface Pace {
  readonly everySeconds: number;
  readonly failuresToOpen: number;
}

export const DEFAULT_PACE: Pace = { everySeconds: 30, failuresToOpen: 3 };
/** As fast as the settings allow, and with one more look before anybody is alerted. */
export const QUICK_PACE: Pace = { everySeconds: 10, failuresToOpen: 2 };

/** Checks that ended since the operator was started; of one that is starting, as soon as it says. */
export async function checksSoFar(stack: Stack): Promise<number> {
  const metrics = await waitFor<string>({ what: "the operator's metrics", seconds: 60 }, async () => {
    const { container } = await stack.pod('operator');
    return { found: await stack.get(`/api/v1/namespaces/${stack.namespace}/pods/${container.pod}:${METRICS}/proxy/metrics`) };
  });
  return [...metrics.matchAll(COUNT)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** In the resource itself, which the operator reads at each check; the settings file is applied again only when it changed. */
export async function setPace(stack: Stack, pace: Pace): Promise<void> {
  await stack.kubectl('patch', 'gt', RESOURCE, '--type=merge', '--patch', JSON.stringify({ spec: { health: pace } }));
}

/** As the resource has it. */
export async function untilNoIncident(stack: Stack, seconds: number): Promise<void> {
  await waitFor<true>({ what: 'no open incident', seconds, every: 2 }, async () => {
    const { health } = await glitchTip(stack);
    return when((health?.incidents ?? []).length === 0, JSON.stringify(health?.incidents));
  });
}
