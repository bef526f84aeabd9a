// Probes that tell the truth: an outage of Postgres restarts nobody, a worker that froze is restarted.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { processesOf } from '../support/out-of-memory.js';
import { lifeOf, type Part } from '../support/parts.js';
import { tell } from '../support/report.js';
import type { Stack } from '../support/stack.js';
import { waitFor } from '../support/wait.js';
import { proveEventStored } from './memory.js';

const OUTAGE_MS = 60_000;
const OTHERS: readonly Part[] = ['web', 'worker', 'valkey', 'operator'];

export function describeOutage(stack: Stack, dsn: () => string): void {
  describe('probes tell the truth', () => {
    it('a Postgres that is down for a minute restarts no other part, and all works when it is back', async () => {
      const before = await stack.ready();
      await stack.scale('statefulset/postgres', 'postgres', 0);
      await sleep(OUTAGE_MS);
      await stack.scale('statefulset/postgres', 'postgres', 1);
      const after = await stack.ready();
      for (const part of OTHERS) expect({ part, life: lifeOf(present(after.get(part))) }).toEqual({ part, life: lifeOf(present(before.get(part))) });
      // The connection pools of web and worker try again at growing intervals.
      await proveEventStored(stack, dsn());
    }, 420_000);

    it('a frozen worker is restarted by its liveness probe, and stores again', async () => {
      const before = await stack.ready();
      const started = Date.now();
      for (const id of await processesOf(stack, 'worker')) process.kill(id, 'SIGSTOP');
      const { restarts } = present(before.get('worker'));
      await waitFor<true>({ what: 'the frozen worker to be restarted and Ready', seconds: 300, every: 2 }, async () => {
        const pod = await stack.pod('worker');
        return pod.restarts === restarts + 1 && pod.ready ? { found: true } : { seen: `restarts ${pod.restarts}, ready ${String(pod.ready)}` };
      });
      tell(`the frozen worker was back after ${((Date.now() - started) / 1000).toFixed(0)} s`);
      const events = await stack.kubectl('get', 'events', '--field-selector', 'reason=Unhealthy', '--output', 'jsonpath={.items[*].message}');
      expect(events).toContain('Liveness probe failed');
      await proveEventStored(stack, dsn());
    }, 400_000);
  });
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a part has no pod');
  return value;
}
