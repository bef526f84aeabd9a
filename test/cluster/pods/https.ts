// HTTPS on pods, with policies enforced: a certificate by ACME through Traefik, what is served with it, and what is told when it is not.
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { SECRETS } from '../../../charts/part-names.js';
import { TRAEFIK } from '../../../charts/traefik.js';
import type { SettingsInput } from '../../../charts/settings/schema.js';
import { parseDsn, type Dsn } from '../../sdk/dsn.js';
import { envelope, newRunId } from '../../sdk/load.js';
import { selfSignedFor } from '../../support/certificate.js';
import { recordMeasurement } from '../../support/measurements.js';
import { cliSays, findingsIn, pathWith, type DoctorFinding } from '../support/cli.js';
import { networkOf, tryFlows } from '../support/flows.js';
import { URL_OF_NAME, applyHttps, byAcme, untilStatus } from '../support/https-apply.js';
import { HttpsEdge, NAME, untilServed } from '../support/https-edge.js';
import type { Stack } from '../support/stack.js';
import { untilStored } from '../support/stored-events.js';
import { waitFor, when } from '../support/wait.js';
import { describeCertManager } from './https-cert-manager.js';
import { describeEventNames } from './https-event-names.js';
import { describeGatewayApi } from './https-gateway.js';
import type { Installed } from './on-pods.js';

/** From the apply to a valid certificate. Seconds. */
const ISSUED_WITHIN = 45;
const SCENE_MS = 300_000;
/** Milliseconds. */
const DAY = 86_400_000;
/** The events' own address, of a project that does not exist: GlitchTip answers it, and not Traefik. */
const EVENTS = '/api/2147483000/envelope/';
const SECRET = 'errors-tls';

/** Of `doctor --outside`. */
const OUTSIDE: readonly string[] = ['DNS', 'port 80', 'redirect', 'port 443', 'certificate', 'HSTS'];
/** The address of the tests is a private one. */
const WELL_OUTSIDE = ['DNS warning', 'redirect ok', 'certificate ok', 'HSTS ok'];

const health = z.object({ status: z.object({ health: z.object({ figures: z.object({ certificateDays: z.number().optional() }).optional() }) }) });

export function describeHttps(installed: Installed): void {
  const { stack, alerts, dsn } = installed;
  describe('https', () => {
    let edge: HttpsEdge;
    beforeAll(async () => {
      edge = await HttpsEdge.start(stack);
    }, 1_800_000);
    afterAll(() => edge.stop());

    const apply = (label: string, https: SettingsInput['https'], network?: SettingsInput['network']) => applyHttps(stack, edge, label, { https, network });

    describe('by a certificate that Traefik gets itself', () => {
      it(`is there within ${ISSUED_WITHIN} s of the apply`, async () => {
        const started = await apply('https-acme', byAcme(edge));
        await untilServed(edge);
        const seconds = (Date.now() - started) / 1_000;
        recordMeasurement({ what: 'https: from the apply to a valid certificate', value: Math.round(seconds), unit: 's', goal: ISSUED_WITHIN });
        expect(seconds).toBeLessThanOrEqual(ISSUED_WITHIN);
        await stack.rolledOut();
      }, SCENE_MS);

      it('redirects whatever comes in clear, with its path, and leaves the path of the challenge alone', async () => {
        const [get, post, challenge] = await edge.ask([
          { url: `http://${NAME}/login?next=1` }, { url: `http://${NAME}${EVENTS}`, method: 'POST', body: '{}' }, { url: `http://${NAME}/.well-known/acme-challenge/none` },
        ]);
        expect([get?.status, get?.headers?.location]).toEqual([301, `${URL_OF_NAME}/login?next=1`]);
        expect([post?.status, post?.headers?.location]).toEqual([308, `${URL_OF_NAME}${EVENTS}`]);
        expect(challenge?.status).toBe(404);
      }, SCENE_MS);

      it('takes a login from its own origin and no other, with cookies that do not travel in clear', async () => {
        const { token, attributes } = await csrfCookie(edge);
        expect(attributes).toContain('secure');
        const login = JSON.stringify({ email: await stack.secret(SECRETS.administrator, 'email'), password: await stack.secret(SECRETS.administrator, 'password') });
        const post = (headers: Record<string, string>) => ({ url: `${URL_OF_NAME}/_allauth/browser/v1/auth/login`, method: 'POST' as const, body: login, headers: { 'content-type': 'application/json', cookie: `csrftoken=${token}`, 'x-csrftoken': token, ...headers } });
        const refused = await edge.ask([post({}), post({ origin: `http://${NAME}`, referer: `http://${NAME}/` }), post({ origin: 'https://other.example.test', referer: 'https://other.example.test/' })]);
        expect(refused.map(({ status }) => status)).toEqual([403, 403, 403]);
        const [taken] = await edge.ask([post({ origin: URL_OF_NAME, referer: `${URL_OF_NAME}/` })]);
        expect(taken?.status).toBe(200);
        const session = taken?.headers?.['set-cookie']?.find((line) => line.trimStart().startsWith('sessionid='))?.toLowerCase() ?? '';
        expect(session).toContain('secure');
        expect(session).toContain('httponly');
        expect(taken?.headers?.['strict-transport-security']).toMatch(/max-age=31536000/);
      }, SCENE_MS);

      it('stores what the real SDK sends, and `npm run verify` finds redirect, HSTS and cookies as they should be', async () => {
        const email = await stack.secret(SECRETS.administrator, 'email');
        const { stdout } = await edge.run(['test/sdk/main.ts', '--url', URL_OF_NAME, '--email', email, '--only', '01,04', '--gateway', '--json'], {
          NODE_EXTRA_CA_CERTS: edge.file('roots.pem'), GLITCHTIP_PASSWORD: await stack.secret(SECRETS.administrator, 'password'),
        });
        const { tests, storedChecked } = JSON.parse(stdout) as { storedChecked: boolean; tests: { id: string }[] };
        expect(storedChecked).toBe(true);
        const outcomes = new Map(tests.map((test) => [test.id, JSON.stringify(test)]));
        for (const id of ['01.1', '04.3', '04.4']) expect(outcomes.get(id)).toContain('"result":"passed"');
      }, SCENE_MS);

      it('lets Traefik reach the front door, and nothing behind it', async () => {
        const network = await traefikNetwork(stack);
        const [gateway, web, postgres] = [await stack.pod('gateway'), await stack.pod('web'), await stack.pod('postgres')];
        const flows = await tryFlows('Traefik', network, [
          { to: 'gateway', address: gateway.ip, port: 8080, expected: 'open' }, { to: 'gateway control', address: gateway.ip, port: 9465, expected: 'closed' },
          { to: 'web', address: web.ip, port: 8080, expected: 'closed' }, { to: 'postgres', address: postgres.ip, port: 5432, expected: 'closed' },
        ]);
        expect(flows.filter(({ expected, found }) => expected !== found)).toEqual([]);
      }, SCENE_MS);

      it('is seen by the operator, which says for how long the certificate is good', async () => {
        const days = await waitFor<number>({ what: 'days of the certificate in the status', seconds: 120 }, async () => {
          const parsed = health.safeParse(JSON.parse(await stack.kubectl('get', 'gt', 'glitchtip', '--output', 'json')));
          const found = parsed.data?.status.health.figures?.certificateDays;
          return found === undefined ? { seen: 'none' } : { found };
        });
        expect(Math.round(days)).toBe(90);
      }, SCENE_MS);

      it('is as it should be for `glitchkeeper doctor --outside`, but for an address that the internet does not reach', async () => {
        expect(await levelsOutside(stack, edge)).toEqual(WELL_OUTSIDE);
      }, SCENE_MS);

      it('shows the public name the paths of events alone, where the settings say so, and that is well for `glitchkeeper doctor --outside`', async () => {
        await apply('https-ingest', { ...byAcme(edge), public: 'ingest' });
        await untilStatus(edge, `${URL_OF_NAME}/login`, 404);
        const [events, admin, api] = await edge.ask([{ url: `${URL_OF_NAME}${EVENTS}`, method: 'POST', body: '{}' }, { url: `${URL_OF_NAME}/admin/` }, { url: `${URL_OF_NAME}/api/0/organizations/` }]);
        expect([admin?.status, api?.status]).toEqual([404, 404]);
        expect(events?.status).not.toBe(404);
        expect(await levelsOutside(stack, edge)).toEqual(WELL_OUTSIDE);
      }, SCENE_MS);

      it('takes events by http until the day that the settings name, and stores them, redirects all else, and tells a person which project sends so', async () => {
        const since = Date.now();
        await apply('https-plain', { ...byAcme(edge), acceptPlainEvents: new Date(since + 7 * DAY).toISOString().slice(0, 10) });
        await stack.rolledOut();
        const { projectId, key } = parsed(dsn());
        const [runId, eventId] = [newRunId(), randomUUID().replaceAll('-', '')];
        const event = { url: `http://${NAME}/api/${projectId}/envelope/?sentry_key=${key}`, method: 'POST' as const, body: envelope(eventId, runId, 1) };
        // 429 until the new gateway has read the keys.
        await waitFor<true>({ what: 'an event by http to be taken', seconds: 60 }, async () => {
          const [taken] = await edge.ask([event]);
          return when(taken?.status === 200, JSON.stringify(taken));
        });
        await untilStored(stack, { runId, eventId });
        expect((await edge.ask([{ url: `http://${NAME}/login` }]))[0]?.status).toBe(301);
        const alert = await alerts().opened({ reason: 'PlainEvents', part: 'https' }, since);
        expect(alert.message.text).toContain(`by http: ${projectId} (`);
        await apply('https-too-late', { ...byAcme(edge), acceptPlainEvents: new Date(since - DAY).toISOString().slice(0, 10) });
        await stack.rolledOut();
        await waitFor<true>({ what: 'an event by http to be led to https', seconds: 60 }, async () => {
          const [led] = await edge.ask([event]);
          return when(led?.status === 308 && led.headers.location === `${URL_OF_NAME}/api/${projectId}/envelope/?sentry_key=${key}`, JSON.stringify(led));
        });
        expect(await cliSays(stack, 'spool')).toMatch(/too late/);
      }, 2 * SCENE_MS);
    });

    describeEventNames(installed, { edge: () => edge, apply });

    describeCertManager(installed, { edge: () => edge, apply });

    describe('by a certificate of a Secret', () => {
      it('serves it, and a new one at once', async () => {
        const [first, second] = [await certificateFor(), await certificateFor()];
        await putSecret(stack, first);
        await writeFile(edge.file('first.pem'), first.certificate);
        await writeFile(edge.file('second.pem'), second.certificate);
        await apply('https-secret', { mode: 'secret', secret: SECRET });
        await untilServed(edge, edge.file('first.pem'));
        await putSecret(stack, second);
        expect(await untilServed(edge, edge.file('second.pem'))).toBeLessThan(30);
        await stack.rolledOut();
      }, SCENE_MS);

      it('tells a person when the Secret is gone, and when it is back', async () => {
        const since = Date.now();
        await stack.kubectl('delete', 'secret', SECRET);
        const alert = await alerts().opened({ reason: 'CertificateUnreadable', part: 'certificate' }, since);
        const repairedAt = Date.now();
        await putSecret(stack, await certificateFor());
        await alerts().resolved(alert, repairedAt);
      }, 2 * SCENE_MS);

      it('tells a person when http leads to https no more', async () => {
        const since = Date.now();
        await stack.kubectl('delete', 'ingressroutes.traefik.io', 'glitchtip-to-https');
        const alert = await alerts().opened({ reason: 'HttpNotRedirected', part: 'https' }, since);
        const repairedAt = Date.now();
        await stack.apply();
        await alerts().resolved(alert, repairedAt);
      }, 2 * SCENE_MS);

      it('tells a person when Traefik does not answer', async () => {
        const since = Date.now();
        await edge.scaleTraefik(0);
        const alert = await alerts().opened({ reason: 'HttpsDown', part: 'https' }, since);
        const repairedAt = Date.now();
        await edge.scaleTraefik(1);
        await alerts().resolved(alert, repairedAt);
      }, 2 * SCENE_MS);
    });

    it("by Traefik's own certificate, for development: status and doctor say that it is that, browsers are not bound to it, and it is no incident", async () => {
      await apply('https-self-signed', { mode: 'self-signed' });
      await stack.rolledOut();
      expect((await edge.served()).subject).toContain('TRAEFIK DEFAULT CERT');
      const [refused] = await edge.ask([{ url: `${URL_OF_NAME}/login` }]);
      expect(refused?.status).toBeUndefined();
      const [taken] = await edge.askUnverified([{ url: `${URL_OF_NAME}/login` }]);
      expect([taken?.status, taken?.headers?.['strict-transport-security']]).toEqual([200, undefined]);
      await waitFor<true>({ what: 'status and doctor to say so, and no incident of it', seconds: 180, every: 5 }, async () => {
        const [status, findings] = [await cliSays(stack, 'status'), await doctorOutside(stack, edge)];
        const wrong = findings.filter(({ level }) => level !== 'ok').map(({ found }) => found);
        const isSaid = status.includes('https is self-signed, for development') && wrong.some((found) => found.includes("shows Traefik's own, as https.mode self-signed says"));
        return when(isSaid && !wrong.some((found) => /^(Certificate|Hsts)/.test(found)), `${status.slice(0, 500)}; ${wrong.join('; ')}`);
      });
    }, 2 * SCENE_MS);

    describeGatewayApi(installed, { edge: () => edge, apply });
  });
}

/** From the node, to which the public name leads to Traefik. */
async function doctorOutside(stack: Stack, edge: HttpsEdge): Promise<readonly DoctorFinding[]> {
  const { stdout } = await edge.run(['build/cli.js', '--kubeconfig', stack.cluster.kubeconfigPath, 'doctor', '--outside', '--json'], { NODE_EXTRA_CA_CERTS: edge.file('roots.pem'), PATH: pathWith(stack) });
  return findingsIn(stdout);
}

/** Of each thing that is looked at from outside, such as "HSTS ok". */
async function levelsOutside(stack: Stack, edge: HttpsEdge): Promise<string[]> {
  return (await doctorOutside(stack, edge)).filter(({ check }) => OUTSIDE.includes(check)).map(({ check, level }) => `${check} ${level}`);
}

function parsed(text: string): Dsn {
  const result = parseDsn(text);
  if (!result.ok) throw new Error(`no DSN: ${text}`);
  return result.dsn;
}

async function csrfCookie(edge: HttpsEdge): Promise<{ token: string; attributes: string }> {
  const [answer] = await edge.ask([{ url: `${URL_OF_NAME}/_allauth/browser/v1/config` }]);
  const line = answer?.headers?.['set-cookie']?.find((each) => each.startsWith('csrftoken=')) ?? '';
  return { token: /^csrftoken=([^;]+)/.exec(line)?.[1] ?? '', attributes: line.toLowerCase() };
}

async function traefikNetwork(stack: Stack): Promise<string> {
  const pod = await stack.cluster.kubectl(['get', 'pods', '--namespace', TRAEFIK.namespace, '--selector', 'app.kubernetes.io/name=traefik', '--output', 'jsonpath={.items[0].metadata.name}']);
  return networkOf(stack.cluster, { namespace: TRAEFIK.namespace, pod, container: 'traefik' });
}

/** Good for two months. */
function certificateFor(): ReturnType<typeof selfSignedFor> {
  return selfSignedFor(NAME, { notAfter: new Date(Date.now() + 60 * DAY) });
}

async function putSecret(stack: Stack, { certificate, key }: Awaited<ReturnType<typeof selfSignedFor>>): Promise<void> {
  const secret = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name: SECRET, namespace: stack.namespace }, stringData: { 'tls.crt': certificate, 'tls.key': key } };
  await stack.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(secret));
}
