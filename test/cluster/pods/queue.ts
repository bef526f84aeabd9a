// The queue: Valkey is killed under load, then filled to its last byte; no event is refused, and none is lost, not even what the kill cost the queue.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LoadReport } from '../../sdk/load.js';
import { runIds, settleStored } from '../support/stored-events.js';
import { FSYNC_MS, youngAt } from '../support/durability.js';
import { startLoad } from '../support/inside.js';
import { memoryKillsOfPod } from '../support/kernel-log.js';
import { tellLoad } from '../support/load-report.js';
import { killMain } from '../support/out-of-memory.js';
import { copier } from '../support/queued-events.js';
import { printFigure } from '../support/fault-report.js';
import type { Stack } from '../support/stack.js';
import { fillQueue, info, queueDepth, valkey } from '../support/queue-access.js';
import { waitFor } from '../support/wait.js';

const RATE = 40;
/** GlitchTip's duplicate guard, what judges what is missing, and the next event of the operator, which proves that the way is whole. */
const GIVEN_AGAIN_MS = 470_000;

/** kill -9 of Valkey's process; resolves when it answers again. */
async function killValkey(stack: Stack): Promise<{ killedAt: number; seconds: number }> {
  const { restarts } = await stack.pod('valkey');
  const killedAt = await killMain(stack, 'valkey');
  await waitFor<true>({ what: 'Valkey to be restarted and Ready', seconds: 120 }, async () => {
    const pod = await stack.pod('valkey');
    return pod.restarts > restarts && pod.ready ? { found: true } : { seen: `restarts ${pod.restarts}, ready ${String(pod.ready)}` };
  });
  return { killedAt, seconds: (Date.now() - killedAt) / 1000 };
}

/** Runs whose events the gateway gives once more, because the kill took them out of the queue: GlitchTip drops a second one within 300 s. */
export interface QueueRuns {
  readonly reports: LoadReport[];
}

export function describeQueue(stack: Stack, dsn: () => string, runs: QueueRuns): void {
  describe('the queue survives', () => {
    let baseUrl = '';
    beforeAll(async () => {
      baseUrl = await stack.baseUrl();
      await stack.scale('deployment/worker', 'worker', 0);
      // A new pod: the kubelet lets a container wait the longer, the more often it died, and the tests before killed it.
      await stack.kubectl('delete', 'pod', 'valkey-0');
      await stack.ready(120, ['valkey', 'web']);
    }, 240_000);
    afterAll(async () => {
      await stack.scale('deployment/worker', 'worker', 1);
    }, 240_000);

    let underLoad: LoadReport | undefined;
    it('a kill -9 of Valkey under load, the worker stopped: no event is refused, and what was queued a second before is in the queue', async () => {
      const load = startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate: RATE, seconds: 120 });
      await sleep(10_000);
      const before = await queueDepth(stack);
      const { killedAt, seconds } = await killValkey(stack);
      await sleep(5_000);
      load.stop();
      const report = underLoad = await load.report;
      runs.reports.push(report);
      expect(tellLoad('Valkey killed', report).losses).toEqual({});
      const young = youngAt(report, killedAt);
      const depth = await queueDepth(stack);
      printFigure(`Valkey answered again after ${seconds.toFixed(1)} s; ${report.events.length} accepted, ${young.size} of them in the last second before the kill; ${before} in the queue before it, ${depth} afterwards`);
      expect(before).toBeGreaterThan(0);
      expect(depth).toBeGreaterThanOrEqual(before - young.size);
      expect(depth).toBeLessThanOrEqual(report.events.length);
    }, 240_000);

    const copied: string[] = [];
    let taken = 0;
    it('a queue that is full to maxmemory: no event is refused, Valkey is not killed for memory, and restarts with all of it', async () => {
      if (underLoad === undefined) throw new Error('the test before this one makes the events that are copied');
      const before = await stack.pod('valkey');
      const kills = () => memoryKillsOfPod(stack.cluster.cgroup.name, before.uid);
      const killed = await kills();
      taken = await fillQueue(stack, await copier(stack, underLoad, copied));
      const meanwhile = await startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate: 10, seconds: 5 }).report;
      runs.reports.push(meanwhile);
      expect(tellLoad('queue full', meanwhile).losses).toEqual({});
      await rewriteAppendOnlyFile(stack);
      await tellMemory(stack, 'full, its file rewritten');
      const depth = await queueDepth(stack);
      await sleep(2 * FSYNC_MS);
      const { seconds } = await killValkey(stack);
      printFigure(`${depth} events in the queue; killed, loaded and Ready again after ${seconds.toFixed(1)} s`);
      await tellMemory(stack, 'loaded');
      // Valkey is smaller once it was loaded anew: the event that the operator sends every 30 s may find room again.
      expect(await queueDepth(stack)).toBeGreaterThanOrEqual(depth);
      expect(await kills()).toEqual(killed);
      expect((await stack.pod('valkey')).restarts).toBe(before.restarts + 1);
    }, 300_000);

    // The copies were in the queue and nowhere else. What GlitchTip lost of the runs is looked for later: it is given again after minutes.
    it('a worker that comes back drains it: what was in the queue is stored', async () => {
      const report = underLoad;
      if (report === undefined) throw new Error('the tests before this one fill the queue');
      const started = Date.now();
      await stack.scale('deployment/worker', 'worker', 1);
      await waitFor({ what: 'the queue to be empty', seconds: 240, every: 2 }, async () => {
        const depth = await queueDepth(stack);
        return depth === 0 ? { found: true } : { seen: `${depth} in the queue` };
      });
      const missing = await untilStored(stack, report.runId, copied.slice(0, taken));
      printFigure(`drained after ${((Date.now() - started) / 1000).toFixed(0)} s: ${taken - missing.length} of ${taken} copies are stored`);
      expect(missing).toEqual([]);
    }, 300_000);
  });
}

/** Later in the suite, when what GlitchTip lost may be given again. */
export function describeGivenAgain(stack: Stack, { reports }: QueueRuns): void {
  it('what GlitchTip took and lost, because Valkey or the worker was killed, or the queue was full, is stored: the gateway gave it again', async () => {
    for (const report of reports) {
      const { stored, lost } = await settleStored(stack, report, new Set(), GIVEN_AGAIN_MS);
      expect({ stored, lost }).toEqual({ stored: report.events.length, lost: [] });
    }
  }, 600_000);
}

/** Waits for the batches that are under way when the queue is empty. @returns ids that are not stored even so */
async function untilStored(stack: Stack, runId: string, ids: readonly string[]): Promise<string[]> {
  const look = async (): Promise<string[]> => {
    const stored = await runIds(stack, runId);
    return ids.filter((id) => !stored.has(id));
  };
  const deadline = Date.now() + 30_000;
  let missing = await look();
  while (missing.length > 0 && Date.now() < deadline) {
    await sleep(2000);
    missing = await look();
  }
  return missing;
}

/** The moment that needs most: a fork, and the file's pages beside the data. */
async function rewriteAppendOnlyFile(stack: Stack): Promise<void> {
  await valkey(stack, 'BGREWRITEAOF');
  await waitFor<true>({ what: 'the append-only file to be rewritten', seconds: 60 }, async () => {
    const busy = (await info(stack, 'aof_rewrite_in_progress')) + (await info(stack, 'aof_rewrite_scheduled'));
    return busy === 0 ? { found: true } : { seen: 'in progress' };
  });
}

async function tellMemory(stack: Stack, when: string): Promise<void> {
  const { container } = await stack.pod('valkey');
  const folder = await stack.cluster.containerCgroup(container, 'memory');
  const statistics = await readFile(join(folder, 'memory.stat'), 'utf8');
  // Named so on cgroup v1 and v2: what cannot be given back when memory is short.
  const own = Number(/^(?:total_rss|anon) (\d+)$/m.exec(statistics)?.[1]);
  const { memory = 0 } = await stack.cluster.containerLimits(container);
  const figures = { 'used_memory': await info(stack, 'used_memory'), 'peak of it': await info(stack, 'used_memory_peak'), 'not reclaimable': own, limit: memory };
  printFigure(`Valkey ${when}: ${Object.entries(figures).map(([name, bytes]) => `${name} ${(bytes / 2 ** 20).toFixed(1)}Mi`).join(', ')}`);
}
