// doctor on a certificate that Traefik gets by ACME: what its log says, read with the rights of who asks.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkAcme } from '../../../../cli/doctor/acme-checks.js';
import { notSeen, seen } from '../../../../cli/doctor/check-result.js';
import { gatherFacts } from '../../../../cli/doctor/gathered-facts.js';
import { KIND_NAME } from '../../../../cli/glitchtip-resource-access.js';
import { lastTry } from '../../../../cli/doctor/traefik-log.js';
import { HEALTH_REASONS } from '../../../../operator/api/health-reasons.js';
import { fakeKubectl, type FakeKubectl } from '../fake-kubectl.js';
import { backedUp, factsOf } from './example-facts.js';

const NAME = 'errors.example.test';
/** Of Traefik 3.7.13 with Pebble 2.10.3: the name led elsewhere; then it did not; then Pebble was away at a renewal. */
const WRONG_NAME = '\u001b[90m2026-11-30T01:28:38Z\u001b[0m \u001b[31mERR\u001b[0m \u001b[1mUnable to obtain ACME certificate for domains\u001b[0m \u001b[36merror=\u001b[0m\u001b[31m\u001b[1m"unable to generate a certificate for the domains [errors.example.test]: resolver: one or more domains had a problem: [errors.example.test: invalid authorization: acme: error: 400 :: urn:ietf:params:acme:error:connection :: Get \\"http://errors.example.test:80/.well-known/acme-challenge/oB_S2Ioy5BBUDsWhKp_UU9OeMNrjcjYI3qEq9aKx8Ws\\": dial tcp 127.0.0.9:80: connect: connection refused]"\u001b[0m\u001b[0m \u001b[36mACME CA=\u001b[0mhttps://127.0.0.1:14000/dir \u001b[36macmeCA=\u001b[0mhttps://127.0.0.1:14000/dir \u001b[36mdomains=\u001b[0m["errors.example.test"] \u001b[36mproviderName=\u001b[0mglitchkeeper.acme \u001b[36mrouterName=\u001b[0mglitchtip@file \u001b[36mrule=\u001b[0m"Host(`errors.example.test`) && !PathRegexp(`^/(admin|metrics)(/|$)`)"';
const GOT = '\u001b[90m2026-11-30T01:28:52Z\u001b[0m \u001b[32mINF\u001b[0m \u001b[1mServer responded with a certificate.\u001b[0m \u001b[36mdomains=\u001b[0merrors.example.test \u001b[36mlib=\u001b[0mlego';
const AWAY = '\u001b[90m2026-11-30T01:29:00Z\u001b[0m \u001b[32mINF\u001b[0m \u001b[1mError renewing ACME certificate: {Main:errors.example.test SANs:[]}\u001b[0m \u001b[36merror=\u001b[0m\u001b[31m\u001b[1m"get directory at \'https://127.0.0.1:14000/dir\': unable to communicate with the API server: error: Get \\"https://127.0.0.1:14000/dir\\": dial tcp 127.0.0.1:14000: connect: connection refused"\u001b[0m\u001b[0m \u001b[36macmeCA=\u001b[0mhttps://127.0.0.1:14000/dir \u001b[36mproviderName=\u001b[0mglitchkeeper.acme';
/** As the one before, with what Let's Encrypt answers when a name has had five certificates within a week (letsencrypt.org/docs/rate-limits). */
const RATE_LIMITED = WRONG_NAME.replace(/"unable to generate .*?\]"/, '"unable to generate a certificate for the domains [errors.example.test]: acme: error: 429 :: POST :: https://acme-v02.api.letsencrypt.org/acme/new-order :: urn:ietf:params:acme:error:rateLimited :: too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after 2026-12-01 09:12:33 UTC"');
const CALM = '\u001b[90m2026-11-30T01:28:36Z\u001b[0m \u001b[32mINF\u001b[0m \u001b[1mTesting certificate renew...\u001b[0m \u001b[36macmeCA=\u001b[0mhttps://127.0.0.1:14000/dir \u001b[36mproviderName=\u001b[0mglitchkeeper.acme';
const log = (...lines: readonly string[]): string => [...lines, ''].join('\n');

describe("the last try in Traefik's log", () => {
  it('failed for the reason of the ACME server', () => expect(lastTry(log(CALM, WRONG_NAME), NAME)).toEqual({
    kind: 'failed', at: new Date('2026-11-30T01:28:38Z'), reason: expect.stringMatching(/^400 :: urn:ietf:params:acme:error:connection :: Get "http:\/\/errors\.example\.test:80\/.*": dial tcp 127\.0\.0\.9:80: connect: connection refused$/),
  }));
  it('failed because the ACME server was not reached', () => expect(lastTry(log(GOT, AWAY), NAME)).toEqual({
    kind: 'failed', at: new Date('2026-11-30T01:29:00Z'),
    reason: `get directory at 'https://127.0.0.1:14000/dir': unable to communicate with the API server: error: Get "https://127.0.0.1:14000/dir": dial tcp 127.0.0.1:14000: connect: connection refused`,
  }));
  it('failed because the ACME server gives no more, and until when', () => expect(lastTry(log(RATE_LIMITED), NAME)).toMatchObject({
    kind: 'failed', reason: expect.stringMatching(/^429 :: .* :: urn:ietf:params:acme:error:rateLimited :: too many certificates .*, retry after 2026-12-01 09:12:33 UTC$/),
  }));
  it('got one, whatever was before', () => expect(lastTry(log(WRONG_NAME, GOT), NAME)).toEqual({ kind: 'got', at: new Date('2026-11-30T01:28:52Z') }));
  it.each([['nothing of ACME', log(CALM)], ['another name', log(WRONG_NAME.replaceAll(NAME, 'other.example.test'))], ['nothing at all', '']])('is none in %s', (_, text) => expect(lastTry(text, NAME)).toBeUndefined());
});

describe('of it doctor says', () => {
  const incident = (reason: string) => ({ id: 'a', reason, part: 'certificate', severity: 'critical', since: '2026-06-01T11:59:00Z', message: 'Another one.', advice: 'Look at it.' });
  const said = (text: string, reason?: string) => {
    const one = backedUp();
    const status = { ...one.status, health: { incidents: reason === undefined ? [] : [incident(reason)] } as never };
    return checkAcme(factsOf({ traefikLog: seen({ name: NAME, log: text }), resource: seen({ ...one, status }) }))[0];
  };

  it('the reason, as a warning while a certificate is served', () => expect(said(log(GOT, AWAY))).toEqual({ check: 'ACME', level: 'warning', found: expect.stringContaining('dial tcp 127.0.0.1:14000: connect: connection refused'), remedy: expect.any(String) }));
  it.each([HEALTH_REASONS.CertificateNotServed, HEALTH_REASONS.CertificateExpiring, HEALTH_REASONS.CertificateExpired])('the reason, as a failure with %s', (reason) => expect(said(log(WRONG_NAME), reason)).toMatchObject({ level: 'failure', found: expect.stringContaining('acme:error:connection') }));
  it('nothing that would move a cursor, and no page of whoever answered', () => {
    const { found = '' } = said(log(WRONG_NAME.replace('connection refused', `\u0007${'x'.repeat(1_000)}`))) ?? {};
    expect([found.includes('\u0007'), found.length < 600]).toEqual([false, true]);
  });
  it.each([[GOT, /got a certificate for errors\.example\.test at 2026-11-30T/], [CALM, /has no try/]])('that all is well', (line, found) => expect(said(log(line))).toMatchObject({ level: 'ok', found: expect.stringMatching(found) }));
  it('that it may not look', () => expect(checkAcme(factsOf({ traefikLog: notSeen('forbidden') }))).toEqual([{ check: 'ACME', level: 'not seen', found: 'forbidden' }]));
  it('nothing where Traefik does not ask', () => expect(checkAcme(factsOf())).toEqual([]));
});

describe("Traefik's log", () => {
  let kubectl: FakeKubectl;
  beforeEach(() => {
    kubectl = fakeKubectl();
    kubectl.prepare('version', JSON.stringify({ clientVersion: { gitVersion: 'v1.34.4' }, serverVersion: { gitVersion: 'v1.34.4' } }));
    kubectl.prepare('logs', WRONG_NAME);
  });
  afterEach(() => kubectl.remove());
  const gathered = async (spec: object): Promise<unknown> => {
    kubectl.prepare(`kind:${KIND_NAME}`, JSON.stringify({ metadata: { name: 'glitchtip', namespace: 'glitchtip' }, spec: { version: '5.2.1', valkey: {}, worker: {}, ...spec }, status: {} }));
    return (await gatherFacts({ target: { kubectl: 'kubectl', cluster: [], description: 'context prod' }, namespace: 'glitchtip', name: 'glitchtip' }, new Date())).traefikLog;
  };

  it('is read where Traefik gets the certificate', async () => {
    expect(await gathered({ https: { name: NAME } })).toEqual(seen({ name: NAME, log: WRONG_NAME }));
    expect(kubectl.calls()).toContainEqual(expect.stringMatching(/^logs deployment\/traefik --tail=5000 --namespace kube-system/));
  });
  it.each<[string, object]>([['it is in a Secret', { https: { name: NAME }, web: { tls: 'errors-tls' } }], ["it is Traefik's own", { https: { name: NAME, selfSigned: true } }], ['nobody serves https', {}]])('is not where %s', async (_, spec) => {
    expect(await gathered(spec)).toBeUndefined();
    expect(kubectl.calls().filter((call) => call.includes('logs'))).toEqual([]);
  });
});
