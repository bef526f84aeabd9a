// Probes that tell the truth: an outage of Postgres restarts nobody.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { lifeOf, presentPod, type Part } from '../support/parts.js';
import type { Stack } from '../support/stack.js';
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
      for (const part of OTHERS) expect({ part, life: lifeOf(presentPod(after, part)) }).toEqual({ part, life: lifeOf(presentPod(before, part)) });
      // The connection pools of web and worker try again at growing intervals.
      await proveEventStored(stack, dsn());
    }, 420_000);
  });
}
