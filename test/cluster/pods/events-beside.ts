// Faults of GlitchTip 6.2 while numbered events come in: at the end each of these is stored, and none twice.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LoadReport } from '../../sdk/load.js';
import { startLoad } from '../support/inside.js';
import { acceptedOf, tellLoad } from '../support/load-report.js';
import { storedOnce } from '../support/stored-events.js';
import { describeFaults, type FaultTests } from './faults.js';
import { GIVEN_AGAIN_MS } from './gateway-disturbed.js';
import type { Installed } from './on-pods.js';

/** So few that no fault looks otherwise for them. Events a second. */
const RATE = 5;
/** Longer than the part may take. */
const LOAD_SECONDS = 2_600;

export function describeFaultsBesideEvents(installed: Installed, tests: Omit<FaultTests, 'besideEvents'>): void {
  const { stack, dsn } = installed;
  describe(`beside ${RATE} events/s`, () => {
    let load: { readonly report: Promise<LoadReport>; readonly stop: () => void } | undefined;
    beforeAll(async () => {
      load = startLoad(stack.cluster, { dsn: dsn(), baseUrl: await stack.baseUrl(), rate: RATE, seconds: LOAD_SECONDS });
    }, 60_000);
    afterAll(() => load?.stop());

    describeFaults(installed, { ...tests, besideEvents: true });

    it('none of them was refused, and every one is stored, once', async () => {
      load?.stop();
      const report = await load?.report;
      if (report === undefined) throw new Error('no load was started');
      expect(tellLoad('beside the faults', report).losses).toEqual({});
      const accepted = acceptedOf(report);
      expect(await storedOnce(stack, report, GIVEN_AGAIN_MS)).toEqual({ run: report.runId, stored: accepted, lost: [], rows: accepted });
    }, 900_000);
  });
}
