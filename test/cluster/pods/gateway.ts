// The gateway: what it answered 200 is stored, whatever the size of an event and whatever is killed behind it, or of it.
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { LoadReport } from '../../sdk/load.js';
import { recordMeasurement } from '../../support/measurements.js';
import { startLoad } from '../support/inside.js';
import { tellLoad } from '../support/load-report.js';
import { killMain } from '../support/out-of-memory.js';
import { printFigure } from '../support/fault-report.js';
import type { Part } from '../support/parts.js';
import { valkey } from '../support/queue-access.js';
import { settleStored } from '../support/stored-events.js';
import type { Stack } from '../support/stack.js';
import { waitFor } from '../support/wait.js';

/** What web alone takes at most at its default limit (docs/measurements.md). Events a second. */
export const RATE = 104;
/**
 * How long after Ready the node may lead to nobody still: kube-proxy writes its rules once a second (--nftables-min-sync-period), so that it
 * may take a pod out that is back already, and bring it in with the next.
 */
const PROXY_MS = 2_000;
/** From a kill until Ready. Milliseconds since the epoch. */
export interface Away {
  readonly at: number;
  readonly readyAt: number;
}

/** Kinds of events that the queue of GlitchTip 5.2 loses when it takes them directly: the worker is killed for want of memory. */
const LARGE = [
  { what: '10 events of 400 KB', rate: 10, seconds: 1, bytes: 400_000 },
  { what: '30 events of 400 KB', rate: 10, seconds: 3, bytes: 400_000 },
  { what: '60 events of 200 KB', rate: 20, seconds: 3, bytes: 200_000 },
  { what: '3 events with attachments of 20 MB', rate: 30, seconds: 0.1, attachmentBytes: 20_000_000 },
] as const;

/**
 * @param givenAgain collects runs whose events are stored later, when GlitchTip lets those be given again that it lost
 * @param kills of the gateway
 */
export function describeGateway(stack: Stack, dsn: () => string, givenAgain: LoadReport[], kills = 3): void {
  describe('behind the gateway', () => {
    let baseUrl = '';
    beforeAll(async () => {
      await stack.ready();
      baseUrl = await stack.baseUrl();
    }, 240_000);
    const restarts = async (...parts: readonly Part[]) => Promise.all(parts.map(async (part) => (await stack.pod(part)).restarts));

    // First: what it loses waits for GlitchTip's duplicate guard while the others run.
    it(`the worker killed (kill -9) at ${RATE} events/s: what it had taken and not begun is stored at once, and not after an hour; what it lost is given again`, async () => {
      const load = startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate: RATE, seconds: 300 });
      await sleep(5_000);
      await killMain(stack, 'worker');
      await sleep(2_000);
      load.stop();
      const report = await load.report;
      givenAgain.push(report);
      expect(tellLoad('worker killed', report).losses).toEqual({});
      await stack.ready();
      await untilAcknowledged(stack);
    }, 300_000);

    it.each(LARGE)('$what are answered 200 and stored, and nothing is killed for memory', async ({ what, ...load }) => {
      const before = await restarts('gateway', 'web', 'worker', 'valkey');
      const report = await startLoad(stack.cluster, { dsn: dsn(), baseUrl, ...load }).report;
      await expectAllStored(stack, what, report);
      expect(await restarts('gateway', 'web', 'worker', 'valkey')).toEqual(before);
    }, 900_000);

    it(`all of GlitchTip scaled to nothing at ${RATE} events/s: nothing is refused, and all is stored when it is back`, async () => {
      const load = startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate: RATE, seconds: 300 });
      await sleep(3_000);
      await Promise.all([stack.scale('deployment/web', 'web', 0), stack.scale('deployment/worker', 'worker', 0)]);
      await sleep(10_000);
      await Promise.all([stack.scale('deployment/web', 'web', 1), stack.scale('deployment/worker', 'worker', 1)]);
      load.stop();
      await expectAllStored(stack, 'GlitchTip away', await load.report);
    }, 900_000);

    it(`the gateway killed (kill -9) ${kills} times, and rolled as often, at ${RATE} events/s: what was answered 200 is stored; refused is only what came between a kill and Ready`, async () => {
      const load = startLoad(stack.cluster, { dsn: dsn(), baseUrl, rate: RATE, seconds: 600 });
      const killed: Away[] = [];
      while (killed.length < kills) {
        await sleep(3_000);
        killed.push(await killGateway(stack));
        // The roll is judged by itself.
        await sleep(PROXY_MS);
        // New pods, which refuse nothing: the kubelet lets a container wait the longer, the more often it died.
        await stack.kubectl('rollout', 'restart', 'deployment/gateway');
        await stack.rolledOut();
      }
      load.stop();
      const report = await load.report;
      tellLoad('gateway killed', report);
      expectRefusedWhileAwayOnly(report, killed);
      // More than that may be stored: a kill between the disk and the answer.
      expect((await settleStored(stack, report)).lost).toEqual([]);
    }, 900_000);
  });
}

/** Of the queue of GlitchTip 5.2. Resolves when the worker has begun what it took. */
export async function untilAcknowledged(stack: Stack): Promise<void> {
  await waitFor<true>({ what: 'nothing to be taken and not acknowledged', seconds: 120, every: 2 }, async () => {
    const [taken] = await valkey(stack, 'HLEN unacked');
    return taken === '0' ? { found: true } : { seen: `${taken ?? '?'} in unacked` };
  });
}

async function expectAllStored(stack: Stack, what: string, report: LoadReport): Promise<void> {
  const { sent, accepted, losses } = tellLoad(what, report);
  expect({ accepted, losses }).toEqual({ accepted: sent, losses: {} });
  const { stored, lost } = await settleStored(stack, report);
  expect({ stored, lost }).toEqual({ stored: sent, lost: [] });
}

/** Whatever was refused came between a kill of the gateway and Ready. */
export function expectRefusedWhileAwayOnly(report: LoadReport, killed: readonly Away[]): void {
  const refused = report.events.filter(({ outcome }) => outcome.kind !== 'accepted');
  const away = killed.map(({ at, readyAt }) => (readyAt - at) / 1_000);
  const elsewhere = refused.filter(({ sentAt, answeredAt }) => !killed.some(({ at, readyAt }) => answeredAt >= at && sentAt <= readyAt + PROXY_MS));
  printFigure(`${refused.length} of ${report.events.length} refused, ${elsewhere.length} of them not while it was away: ${away.map((seconds) => `${seconds.toFixed(1)} s`).join(', ')}`);
  // First: a figure that says where all of them were is of a run in which they were there.
  expect(elsewhere).toEqual([]);
  const kills = `gateway killed (kill -9) ${killed.length} times`;
  recordMeasurement({ what: `${kills}: events refused, all between a kill and Ready`, value: refused.length, unit: 'events' });
  recordMeasurement({ what: `${kills}: events sent`, value: report.events.length, unit: 'events' });
  recordMeasurement({ what: `${kills}: from a kill until Ready, in all`, value: tenths(away.reduce((sum, seconds) => sum + seconds, 0)), unit: 's' });
  recordMeasurement({ what: `${kills}: from a kill until Ready, the longest`, value: tenths(Math.max(0, ...away)), unit: 's' });
}

function tenths(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}

/** kill -9. Resolves when its pod is Ready again. */
export async function killGateway(stack: Stack): Promise<Away> {
  const { restarts } = await stack.pod('gateway');
  const at = await killMain(stack, 'gateway');
  await waitFor<true>({ what: 'the gateway to be restarted and Ready', seconds: 120, every: 0.2 }, async () => {
    const pod = await stack.pod('gateway');
    return pod.restarts > restarts && pod.ready ? { found: true } : { seen: `restarts ${pod.restarts}, ready ${String(pod.ready)}` };
  });
  return { at, readyAt: Date.now() };
}
