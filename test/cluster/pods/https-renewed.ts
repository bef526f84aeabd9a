// HTTPS by a certificate that Traefik renews by itself, while events arrive, on pods with policies enforced.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RESOLVER } from '../../../charts/traefik.js';
import { recordMeasurement } from '../../support/measurements.js';
import { applyHttps, byAcme } from '../support/https-apply.js';
import { HttpsEdge, untilServed } from '../support/https-edge.js';
import { tellLoad } from '../support/load-report.js';
import { settleStored } from '../support/stored-events.js';
import { waitFor } from '../support/wait.js';
import type { Installed } from './on-pods.js';

const SCENE_MS = 900_000;
const RATE = 60;
const RENEWALS = 2;
/** Traefik looks every minute, and is asked 6 s after the challenge; the rest is a busy machine's. Seconds. */
const RENEWED_WITHIN = 150;
/** Shorter than the 20 minutes before whose end Traefik renews what it was told to be of an hour: it does at each look. Seconds. */
const LIFE = 900;
/** That Traefik takes the certificates to be of, and so how often it looks: every minute instead of every day (3.7, pkg/provider/acme/provider.go). Hours. */
const SHORTEST = `--certificatesresolvers.${RESOLVER}.acme.certificatesduration=1`;

export function describeHttpsRenewed({ stack, dsn }: Installed): void {
  describe('https by a certificate that Traefik renews by itself', () => {
    let edge: HttpsEdge;
    beforeAll(async () => {
      edge = await HttpsEdge.start(stack, { certificateSeconds: LIFE, traefikArguments: [SHORTEST] });
      await applyHttps(stack, edge, 'https-renewed', { https: byAcme(edge) });
      await untilServed(edge);
      await stack.rolledOut();
    }, 1_800_000);
    afterAll(() => edge.stop());

    it(`${RENEWALS} times at ${RATE} events/s: another one is served to whoever connects, none is refused, and none is lost`, async () => {
      const load = edge.startLoad({ dsn: dsn(), rate: RATE, seconds: (RENEWALS + 1) * RENEWED_WITHIN });
      const serials = [await edge.servedSerial()];
      try {
        while (serials.length <= RENEWALS) serials.push(await untilAnother(serials));
        // Verified by its name and its root.
        await untilServed(edge);
      } finally {
        load.stop();
      }
      const report = await load.report;
      const { sent, accepted, losses } = tellLoad(`${RENEWALS} renewals by Traefik`, report);
      recordMeasurement({ what: `https: events refused at ${RATE}/s while Traefik renews the certificate ${RENEWALS} times`, value: sent - accepted, unit: 'events', goal: 0 });
      expect({ accepted, losses }).toEqual({ accepted: sent, losses: {} });
      // The second renewal comes a look after the first.
      expect(sent).toBeGreaterThan(RATE * 30);
      expect((await settleStored(stack, report)).lost).toEqual([]);
    }, SCENE_MS);

    function untilAnother(former: readonly string[]): Promise<string> {
      return waitFor<string>({ what: 'another certificate to be served', seconds: RENEWED_WITHIN }, async () => {
        const serial = await edge.servedSerial();
        return former.includes(serial) ? { seen: serial } : { found: serial };
      });
    }
  });
}
