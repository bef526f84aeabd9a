// Web, gateway and Traefik rolled one after the other, while events come by the public name.
import { describe, expect, it } from '@jest/globals';
import type { LoadReport } from '../../sdk/load.js';
import { recordMeasurement } from '../../support/measurements.js';
import { printFigure } from '../support/fault-report.js';
import type { HttpsEdge } from '../support/https-edge.js';
import { tellLoad } from '../support/load-report.js';
import { settleStored, sql } from '../support/stored-events.js';
import { waitFor, when } from '../support/wait.js';
import type { Installed } from './on-pods.js';

const RATE = 60;
/** Of events, before and after: some seconds of load. */
const SOME = 5 * RATE;
const SCENE_MS = 900_000;
/** Traefik's pod ends and another one starts; the rest is a busy machine's. Seconds. */
const TRAEFIK_AWAY = 30;

export function rolledUnderLoad({ stack, dsn }: Installed, edge: () => HttpsEdge): void {
  const stored = async (): Promise<number> => Number((await sql(stack, 'SELECT count(*) FROM issue_events_issueevent'))[0]);
  async function moreStored(): Promise<void> {
    const before = await stored();
    await waitFor<true>({ what: `${SOME} more events to be stored`, seconds: 180 }, async () => {
      const more = await stored() - before;
      return when(more >= SOME, `${more}`);
    });
  }
  async function loadDuring(work: () => Promise<unknown>): Promise<LoadReport> {
    const load = edge().startLoad({ dsn: dsn(), rate: RATE, seconds: 400 });
    try {
      await moreStored();
      await work();
      await moreStored();
    } finally {
      load.stop();
    }
    return load.report;
  }

  describe(`rolled at ${RATE} events/s`, () => {
    it.each(['web', 'gateway'] as const)('%s: none is refused, and none is lost', async (part) => {
      const before = await stack.pod(part);
      const report = await loadDuring(async () => {
        await stack.kubectl('rollout', 'restart', `deployment/${part}`);
        await stack.kubectl('rollout', 'status', `deployment/${part}`, '--timeout=300s');
        await stack.kubectl('wait', '--for=delete', `pod/${before.container.pod}`, '--timeout=90s');
      });
      const counts = tellLoad(`${part} rolled, by https`, report);
      expect(counts).toEqual({ sent: counts.sent, accepted: counts.sent, losses: {} });
      expect((await stack.pod(part)).uid).not.toBe(before.uid);
      expect((await settleStored(stack, report)).lost).toEqual([]);
    }, SCENE_MS);

    it('Traefik: events are refused while it is away, and none that was accepted is lost', async () => {
      const report = await loadDuring(() => edge().restartTraefik());
      const { sent, accepted } = tellLoad('Traefik rolled', report);
      const refused = report.events.filter(({ outcome }) => outcome.kind !== 'accepted').map(({ sentAt }) => sentAt);
      const away = refused.length === 0 ? 0 : (Math.max(...refused) - Math.min(...refused)) / 1_000;
      printFigure(`Traefik rolled: events refused for ${away.toFixed(1)} s`);
      recordMeasurement({ what: `https: events refused at ${RATE}/s while Traefik is rolled`, value: sent - accepted, unit: 'events' });
      recordMeasurement({ what: 'https: events are refused while Traefik is rolled for', value: Math.round(away * 10) / 10, unit: 's', goal: TRAEFIK_AWAY });
      expect(away).toBeLessThanOrEqual(TRAEFIK_AWAY);
      expect((await settleStored(stack, report)).lost).toEqual([]);
    }, SCENE_MS);
  });
}
