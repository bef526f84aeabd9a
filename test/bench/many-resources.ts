// Many GlitchTip resources for one operator, and the wait until it has looked at each.
import { setTimeout as sleep } from 'node:timers/promises';
import { API_VERSION, KIND } from '../../operator/api/object-names.js';
import { seriesCount } from './operator-metrics.js';

/** They and nothing else have it. */
export const MANY_LABEL = 'glitchkeeper.io/bench';

/** A List of resources number `from` to `to` - 1. Suspended and not watched, so that nothing is made for them: all look at the Secrets and servers of the one. */
export function suspendedResources(namespace: string, from: number, to: number): object {
  const items = Array.from({ length: to - from }, (_, index) => ({
    apiVersion: API_VERSION, kind: KIND,
    metadata: { name: `gt-${String(from + index).padStart(4, '0')}`, namespace, labels: { [MANY_LABEL]: 'many' } },
    spec: { version: '5.2', suspend: true, health: { enabled: false }, valkey: {}, worker: {} },
  }));
  return { apiVersion: 'v1', kind: 'List', items };
}

/** What is waited for. */
export interface Looked {
  /** What the operator serves at /metrics. */
  readonly metrics: () => Promise<string>;
  /** Resources in all. */
  readonly count: number;
  /** How long it may take. */
  readonly seconds: number;
  readonly signal?: AbortSignal;
}

/** Every resource has figures of its own in the metrics once the operator has looked at it. @throws Error saying how many it has looked at in time */
export async function untilSeen({ metrics, count, seconds, signal }: Looked): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const seen = seriesCount(await metrics(), 'glitchkeeper_rotation_history_undone');
    if (seen >= count) return;
    if (performance.now() > deadline) throw new Error(`the operator has looked at ${seen} of ${count} resources after ${seconds} s`);
    await sleep(2000, undefined, { signal });
  }
}
