// An ACME server that is away at a renewal, and one that finds the public name elsewhere: what is served meanwhile, and who is told why.
import { beforeAll, describe, expect, it } from '@jest/globals';
import { renew } from '../support/cert-manager.js';
import { cliSays, findingsIn, type DoctorFinding } from '../support/cli.js';
import { applyHttps, byAcme } from '../support/https-apply.js';
import { untilServed, type HttpsEdge } from '../support/https-edge.js';
import { waitFor, when } from '../support/wait.js';
import type { Installed } from './on-pods.js';

const SCENE_MS = 600_000;
/** What is under way longer than two minutes is told; and then some, for a busy machine. Seconds. */
const TOLD_WITHIN = 300;
/** cert-manager asks again after 5 s, and each time twice as long, up to half an hour. Seconds. */
const ASKED_AGAIN_WITHIN = 400;

export function describeAuthorityAway({ stack, alerts }: Installed, edge: () => HttpsEdge): void {
  async function acmeFinding(): Promise<DoctorFinding | undefined> {
    return findingsIn(await cliSays(stack, 'doctor', '--json')).find(({ check }) => check === 'ACME');
  }
  /** doctor reads the log of Traefik's one pod. */
  async function untilDoctorSays(level: string, wanted: RegExp): Promise<void> {
    await waitFor<true>({ what: `doctor to say ${wanted.source}`, seconds: 120, every: 5 }, async () => {
      const finding = await acmeFinding();
      return when(finding?.level === level && wanted.test(finding.found), JSON.stringify(finding));
    });
  }
  async function untilNew(serial: string, seconds: number): Promise<void> {
    await waitFor<true>({ what: 'another certificate to be served', seconds }, async () => {
      const served = await edge().servedSerial();
      return when(served !== serial, served);
    });
  }

  describe('where the ACME server is of no help', () => {
    it('Traefik serves the old certificate on, doctor says why it has no new one, and it gets one when the server is back', async () => {
      const serial = await edge().servedSerial();
      const back = await edge().refuseAuthority();
      try {
        await edge().restartTraefik();
        await untilServed(edge());
        await untilDoctorSays('warning', /connection refused/);
        expect(await edge().servedSerial()).toBe(serial);
      } finally {
        await back();
      }
      await edge().restartTraefik();
      await untilNew(serial, 120);
      await untilServed(edge());
      await untilDoctorSays('ok', /got a certificate/);
    }, SCENE_MS);

    it('a person is told that the name leads elsewhere: by the operator that another certificate is shown, by doctor why', async () => {
      const since = Date.now();
      await edge().resolveName(stack.cluster.network.nodeAddress);
      await edge().forgetCertificates((await stack.synthesize('https-elsewhere', { domain: 'https://errors.example.test', https: byAcme(edge()) })).settings);
      const alert = await alerts().opened({ reason: 'CertificateNotServed', part: 'certificate' }, since);
      expect(alert.message.text).toContain('TRAEFIK DEFAULT CERT');
      await untilDoctorSays('failure', /urn:ietf:params:acme:error:connection .*connection refused/);
      await edge().resolveName();
      const repairedAt = Date.now();
      await edge().restartTraefik();
      await untilServed(edge());
      await alerts().resolved(alert, repairedAt);
    }, SCENE_MS);

    describe('with cert-manager', () => {
      beforeAll(async () => {
        await edge().installCertManager();
        await applyHttps(stack, edge(), 'https-authority', { https: { mode: 'cert-manager', acme: byAcme(edge()).acme, certManager: { budget: 'none' } } });
        await untilServed(edge());
        await stack.rolledOut();
      }, 1_800_000);

      it('a person is told that a renewal does not get on, the old certificate is served on, and it is renewed when the server is back', async () => {
        const [serial, since] = [await edge().servedSerial(), Date.now()];
        const back = await edge().refuseAuthority();
        let alert: Awaited<ReturnType<ReturnType<typeof alerts>['opened']>>;
        try {
          await renew(stack);
          alert = await alerts().opened({ reason: 'CertificateNotIssued', part: 'certificate' }, since, TOLD_WITHIN);
          expect(await edge().servedSerial()).toBe(serial);
          await untilServed(edge());
        } finally {
          await back();
        }
        const repairedAt = Date.now();
        await untilNew(serial, ASKED_AGAIN_WITHIN);
        await alerts().resolved(alert, repairedAt);
      }, 2 * SCENE_MS);
    });
  });
}
