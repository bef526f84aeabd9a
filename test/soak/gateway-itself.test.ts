// Soak: the gateway itself: killed again and again, its disk full, without what is behind it; taken out of a stack that takes events, and brought back.
import { expect, it } from '@jest/globals';
import type { LoadReport } from '../sdk/load.js';
import { describeGatewayAlone } from '../cluster/pods/gateway-alone.js';
import { describeGatewayDisk } from '../cluster/pods/gateway-disk.js';
import { GIVEN_AGAIN_MS } from '../cluster/pods/gateway-disturbed.js';
import { describeGateway } from '../cluster/pods/gateway.js';
import { describeOnPods } from '../cluster/pods/on-pods.js';
import { describeGivenAgain, type QueueRuns } from '../cluster/pods/queue.js';
import { describeWithoutGateway } from '../cluster/pods/without-gateway.js';
import { acceptedOf } from '../cluster/support/load-report.js';
import { storedOnce } from '../cluster/support/stored-events.js';

/** Deaths by kill -9, one after the other. */
const KILLS = 20;

describeOnPods('soak: the gateway', 'soak-gateway-itself', {
  onInstalled(installed) {
    const { stack, dsn } = installed;
    const runs: QueueRuns = { reports: [] };
    const disturbed: LoadReport[] = [];
    describeGatewayAlone(installed, disturbed);
    describeGateway(stack, dsn, runs.reports, KILLS);
    describeGatewayDisk(installed, disturbed);
    describeWithoutGateway(stack, dsn);
    describeGivenAgain(stack, runs);
    it('at the end every event that was taken is stored, and none twice', async () => {
      for (const report of disturbed) {
        const accepted = acceptedOf(report);
        expect(await storedOnce(stack, report, GIVEN_AGAIN_MS)).toEqual({ run: report.runId, stored: accepted, lost: [], rows: accepted });
      }
    }, 1_200_000);
  },
});
