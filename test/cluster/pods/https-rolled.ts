// HTTPS by a certificate that Traefik gets, with policies enforced: what is open and what is not, large and slow uploads, everything on the way
// rolled while events arrive, and an ACME server that is of no help.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MEBIBYTE } from '../../../charts/quantity.js';
import { authHeader, dsnAt, envelopeUrl, parseDsn } from '../../sdk/dsn.js';
import { send } from '../../sdk/http-client.js';
import { envelope, newRunId } from '../../sdk/load.js';
import { recordMeasurement } from '../../support/measurements.js';
import { printFigure } from '../support/fault-report.js';
import { networkOfNode, tryFlows, type Found } from '../support/flows.js';
import { URL_OF_NAME, applyHttps, byAcme, untilStatus } from '../support/https-apply.js';
import { AUTHORITY_PORTS, HttpsEdge, untilServed } from '../support/https-edge.js';
import type { Upload, Uploaded } from '../support/https-upload.js';
import { nodePorts } from '../support/listeners.js';
import { tellLoad } from '../support/load-report.js';
import { makeProject, withForward } from '../support/project.js';
import { STREAM, besideWeb } from '../support/streamed-page.js';
import { runIds, settleStored } from '../support/stored-events.js';
import { waitFor, when } from '../support/wait.js';
import { describeAuthorityAway } from './https-authority.js';
import { rolledUnderLoad } from './https-load.js';
import { describeNetwork } from './network.js';
import type { Installed } from './on-pods.js';

const SCENE_MS = 300_000;
/** Less than the 30 days before whose end Traefik renews: it does at each of its starts. */
const CERTIFICATE_SECONDS = 20 * 86_400;
const LARGE = 30 * MEBIBYTE;
/** Of an event, a little more than GlitchTip 5.2 holds. */
const TOO_LARGE = 2_500_100;
const TOO_LARGE_HEAD = '{}\n{"type":"event"}\n"';
/** Together more than gateway.limits let a project come ahead of itself, a minute of 4 MiB a second: some are 429, and not 413. */
const AT_ONCE = { bodies: 20, bytes: 16_000_000 } as const;
/** At a pace: who is not let in is told while it sends. Seconds. */
const UNHURRIED = 5;
/** Longer than Traefik's own time for a request. Seconds. */
const SLOW = 75;
/** A form with a file, to a page that GlitchTip's double has not: it says so when it has the whole of it. */
const FORM = {
  url: `${URL_OF_NAME}/accounts/login/`,
  headers: { 'content-type': 'multipart/form-data; boundary=b', origin: URL_OF_NAME, cookie: `csrftoken=${'a'.repeat(32)}` },
  head: '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\nContent-Type: application/octet-stream\r\n\r\n',
  bytes: LARGE,
} as const;

export function describeHttpsRolled(installed: Installed): void {
  const { stack, alerts, dsn, portsBefore } = installed;
  describe('https by Traefik', () => {
    let edge: HttpsEdge;
    let listenedBefore: readonly number[] = [];
    beforeAll(async () => {
      listenedBefore = await nodePorts(stack.cluster);
      edge = await HttpsEdge.start(stack, { certificateSeconds: CERTIFICATE_SECONDS });
      await applyHttps(stack, edge, 'https-rolled', { https: { ...byAcme(edge), public: 'no-admin' } });
      await untilServed(edge);
      await stack.rolledOut();
    }, 1_800_000);
    afterAll(() => edge.stop());

    it('keeps /admin and /metrics off the public name, and for who comes by port-forward', async () => {
      const paths = ['/admin', '/admin/', '//admin/login/', '/x/../admin/', '/%61dmin/', '/metrics', '/login'];
      const found = await edge.ask(paths.map((path) => ({ url: `${URL_OF_NAME}${path}` })));
      expect(found.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 404, 200]);
      expect((await withForward(stack, (baseUrl) => send({ url: `${baseUrl}/admin/` }))).status).toBe(302);
    }, SCENE_MS);

    describeNetwork(stack, portsBefore);

    it('the node itself listens on the ports that it had without https, and on no other but those of the ACME server of the tests', async () => {
      expect((await nodePorts(stack.cluster)).filter((port) => !AUTHORITY_PORTS.includes(port))).toEqual(listenedBefore);
    }, SCENE_MS);

    it('opens 80 and 443 of the public address, and nothing else', async () => {
      const target = (expected: Found) => (port: number) => ({ to: 'the public address', address: edge.traefikAddress, port, expected });
      const flows = await tryFlows('outside', networkOfNode(stack.cluster), [...[80, 443].map(target('open')), ...[8_000, 8_080, 8_443, 9_100, 9_464, 9_465, 5_432, 6_379].map(target('closed'))]);
      expect(flows.filter(({ expected, found }) => expected !== found)).toEqual([]);
    }, SCENE_MS);

    it('answers 503 while nobody is at the front door, with HSTS as ever', async () => {
      await stack.scale('deployment/gateway', 'gateway', 0);
      try {
        await untilStatus(edge, `${URL_OF_NAME}/login`, 503);
        const [away] = await edge.ask([{ url: `${URL_OF_NAME}/login` }]);
        expect([away?.status, away?.headers?.['strict-transport-security']]).toEqual([503, 'max-age=31536000']);
      } finally {
        await stack.scale('deployment/gateway', 'gateway', 1);
      }
      await untilStatus(edge, `${URL_OF_NAME}/login`, 200);
    }, SCENE_MS);

    it('leaves the port-forward as it was: a person signs in by it, and makes a project', async () => {
      expect((await makeProject(stack)).dsn).toMatch(/@localhost:[0-9]+\/[0-9]+$/);
    }, SCENE_MS);

    it('tells a person that the redirect is gone, and HSTS, until they are applied again', async () => {
      const since = Date.now();
      await stack.kubectl('delete', 'ingressroutes.traefik.io', 'glitchtip-to-https');
      await stack.kubectl('patch', 'ingressroutes.traefik.io', 'glitchtip', '--type', 'json', '--patch', JSON.stringify([{ op: 'remove', path: '/spec/routes/0/middlewares' }]));
      const told = [await alerts().opened({ reason: 'HttpNotRedirected', part: 'https' }, since), await alerts().opened({ reason: 'HstsMissing', part: 'https' }, since)];
      const repairedAt = Date.now();
      await stack.apply();
      for (const alert of told) await alerts().resolved(alert, repairedAt);
    }, 2 * SCENE_MS);

    describe('what is large, slow, or in pieces', () => {
      const uploadAtOnce = async (tasks: readonly Upload[]): Promise<Uploaded[]> => {
        const { stdout } = await edge.run(['test/cluster/support/https-upload.ts', JSON.stringify(tasks)], { NODE_EXTRA_CA_CERTS: edge.file('roots.pem') });
        return JSON.parse(stdout) as Uploaded[];
      };
      const upload = async (task: Upload): Promise<Uploaded> => (await uploadAtOnce([task]))[0] ?? { code: 'nothing was printed', seconds: 0 };

      /** Once what came before has been paid for, by gateway.limits: until then it is 429. */
      const uploadInTurn = (task: Upload) => waitFor<Uploaded>({ what: 'the project to be let in again', seconds: 120 + SLOW, every: 5 }, async () => {
        const found = await upload(task);
        return found.status === 429 ? { seen: '429' } : { found };
      });
      const toProject = () => {
        const parsed = parseDsn(dsn());
        if (!parsed.ok) throw new Error(`no DSN: ${dsn()}`);
        return { url: envelopeUrl(dsnAt(parsed.dsn, URL_OF_NAME)), headers: { 'content-type': 'application/x-sentry-envelope', 'x-sentry-auth': authHeader(parsed.dsn) } };
      };

      it('an event with an attachment of 30 MiB is taken and stored', async () => {
        const report = await edge.load({ dsn: dsn(), rate: 1, seconds: 1, attachmentBytes: LARGE });
        const { sent, accepted } = tellLoad('an attachment of 30 MiB', report);
        expect([sent, accepted]).toEqual([1, 1]);
        expect((await settleStored(stack, report)).lost).toEqual([]);
      }, 2 * SCENE_MS);

      it(`so is one that takes ${SLOW} s to come in`, async () => {
        const [runId, eventId] = [newRunId(), randomUUID().replaceAll('-', '')];
        const attachment = `${JSON.stringify({ type: 'attachment', filename: 'dump.txt', length: LARGE })}\n`;
        const { status, seconds } = await uploadInTurn({ ...toProject(), head: `${envelope(eventId, runId, 1)}${attachment}`, bytes: LARGE, seconds: SLOW });
        expect(status).toBe(200);
        expect(seconds).toBeGreaterThan(60);
        await waitFor<true>({ what: 'the event to be stored', seconds: 120 }, async () => when((await runIds(stack, runId)).has(eventId), 'not yet'));
      }, 2 * SCENE_MS);

      it('an event that is larger than the gateway takes is refused as by the gateway: 413', async () => {
        const { status } = await uploadInTurn({ ...toProject(), head: TOO_LARGE_HEAD, bytes: TOO_LARGE, seconds: UNHURRIED });
        expect(status).toBe(413);
      }, SCENE_MS);

      it(`${AT_ONCE.bodies} of them at once, each of 16 MB, are all refused as by the gateway: 413, or 429 with the seconds to wait`, async () => {
        const found = await uploadAtOnce(Array<Upload>(AT_ONCE.bodies).fill({ ...toProject(), head: TOO_LARGE_HEAD, bytes: AT_ONCE.bytes, seconds: 0 }));
        const counts = countAnswers(found);
        printFigure(`${AT_ONCE.bodies} bodies of 16 MB at once: ${JSON.stringify(counts)}`);
        // Whatever else there was, such as Traefik's own 502, is in the message with its count.
        expect(counts).toEqual({ 413: expect.any(Number), '429 with Retry-After': expect.any(Number) });
      }, SCENE_MS);

      it.each([[0], [SLOW]])('a form of 30 MiB comes through to GlitchTip, in %i s', async (seconds) => {
        const found = await upload({ ...FORM, seconds });
        expect(found.status).toBe(404);
        // The last piece is sent a moment before the last second has passed.
        expect(found.seconds).toBeGreaterThanOrEqual(seconds - 1);
        recordMeasurement({ what: `https: a form of 30 MiB to web, sent within ${seconds} s`, value: Math.round(found.seconds * 10) / 10, unit: 's' });
      }, SCENE_MS);

      it('a page that is sent in pieces comes in pieces', async () => {
        const pieces = await besideWeb(stack, async () => {
          const { stdout } = await edge.run(['test/cluster/support/streamed-page-reader.ts', `${URL_OF_NAME}${STREAM.path}`, `${URL_OF_NAME}${STREAM.next}`, String(STREAM.pieces)], { NODE_EXTRA_CA_CERTS: edge.file('roots.pem') });
          return JSON.parse(stdout) as string[];
        });
        expect(pieces).toEqual(['data: 1', 'data: 2', 'data: 3', 'data: 4', 'data: 5']);
        await stack.ready();
      }, SCENE_MS);
    });

    rolledUnderLoad(installed, () => edge);
    describeAuthorityAway(installed, () => edge);
  });
}

/** How many bodies came to what: by status, or by the reason why there was no answer. */
function countAnswers(found: readonly Uploaded[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, code, retryAfter } of found) {
    const answer = `${status ?? code ?? 'no answer'}${retryAfter === undefined ? '' : ' with Retry-After'}`;
    counts[answer] = (counts[answer] ?? 0) + 1;
  }
  return counts;
}
