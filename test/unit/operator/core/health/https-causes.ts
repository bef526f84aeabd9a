// The causes of HTTPS, and what nearly is one: what was seen of a Secret and of who serves it, and what is reported.
import type { Facts, PodFacts, ServedCertificate } from '../../../../../operator/core/health/health-facts.js';
import { UNSEEN, ago, clusterOf, gatewayOf, podOf, podsOf, startingPod, unready, workloadsOf } from './health-scenarios.js';

const DAY = 86_400;
export const HTTPS = { name: 'errors.example.com' } as const;

/** A life of so many days, of which so many are left. */
const validity = (left: number, life = 90) => ({ startsAt: ago((life - left) * DAY), endsAt: ago(-left * DAY) });
export const ofSecret = (left: number, life?: number): Partial<Facts> => ({ certificate: { kind: 'seen', secret: 'web-tls', ...validity(left, life) } });
export const served = (left: number, changes: Partial<Extract<ServedCertificate, { kind: 'seen' }>> = {}, life?: number): Partial<Facts> => ({
  served: { kind: 'seen', name: HTTPS.name, subject: `CN=${HTTPS.name}`, isForName: true, ...validity(left, life), ...changes },
});
export const DEFAULT = { subject: 'CN=TRAEFIK DEFAULT CERT', isForName: false };
export const SILENT: Partial<Facts> = { served: { kind: 'silent', address: 'traefik:443', code: 'ECONNREFUSED' } };
const MISSING: Partial<Facts> = { certificate: { kind: 'missing', secret: 'web-tls', why: 'does not exist' } };

/** Of a proxy of one's own, whose Secret is named. */
export const SECRET_CAUSES: readonly [string, Partial<Facts>, string[]][] = [
  ['a certificate ends in a week', ofSecret(7), ['CertificateExpiring/certificate warning']],
  ['a certificate ends tomorrow', ofSecret(1), ['CertificateExpiring/certificate critical']],
  ['a certificate has ended', ofSecret(-0.001), ['CertificateExpired/certificate critical']],
  ['a certificate is good for a month', ofSecret(30), []],
  ['a certificate is good for 15 days', ofSecret(15), []],
  ['a certificate of six days is good for two', ofSecret(2, 6), []],
  ['a certificate of six days ends tomorrow', ofSecret(1, 6), ['CertificateExpiring/certificate warning']],
  ['a certificate of six days ends in five hours', ofSecret(0.2, 6), ['CertificateExpiring/certificate critical']],
  ['the Secret of the certificate is missing', MISSING, ['CertificateUnreadable/certificate warning']],
  ["requests come by https of a proxy that is not believed, where no Traefik serves: doctor and the gateway's status say it", { gateway: gatewayOf({ disbelieved: { address: '203.0.113.7', requests: 7 } }) }, []],
  ['the Secret of the certificate may not be read', { certificate: { kind: 'unseen', why: '403 Forbidden' } }, []],
];

const ISSUANCE = { kind: 'failed', reason: 'Error accepting authorization: acme: authorization error for errors.example.com: 400 urn:ietf:params:acme:error:dns: no valid A records found.' } as const;
const underWay = (seconds: number): Partial<Facts> => ({ issuance: { kind: 'under way', since: ago(seconds), reason: 'Waiting for HTTP-01 challenge propagation: failed to perform self check GET request' } });

/** Events by http: so many seconds ago, taken for so many days more. */
const plain = (seconds: number, days = 30): Partial<Facts> => ({ gateway: gatewayOf({ plain: { until: ago(-days * DAY), projects: [{ project: 7, requests: 12, refused: 0, lastAt: ago(seconds) }] } }) });

const tunnelPod = (pod: PodFacts) => ({ cluster: clusterOf({ pods: podsOf(pod), workloads: workloadsOf({ name: 'tunnel', part: 'tunnel', wanted: 1 }) }) });
const CONNECTED = { kind: 'seen', connections: 4 } as const;

/** Of a Cloudflare Tunnel. */
export const TUNNEL_CAUSES: readonly [string, Partial<Facts>, string[]][] = [
  ['it is connected', { tunnel: CONNECTED, ...tunnelPod(podOf('tunnel')) }, []],
  ['it has one connection of four left', { tunnel: { kind: 'seen', connections: 1 }, ...tunnelPod(podOf('tunnel')) }, []],
  ['it runs without a connection', { tunnel: { kind: 'seen', connections: 0 }, ...tunnelPod(unready('tunnel')) }, ['TunnelDown/tunnel critical']],
  ['it starts, and is not connected yet', { tunnel: { kind: 'seen', connections: 0 }, ...tunnelPod(startingPod('tunnel')) }, []],
  ['its Secret is missing', { tunnel: { kind: 'silent', code: 'ECONNREFUSED' }, ...tunnelPod(unready('tunnel', { state: { kind: 'waiting', reason: 'CreateContainerConfigError' } })) }, ['TunnelDown/tunnel critical']],
  ['its image cannot be pulled, which is why it is down', { tunnel: { kind: 'silent', code: 'ECONNREFUSED' }, ...tunnelPod(unready('tunnel', { state: { kind: 'waiting', reason: 'ImagePullBackOff' } })) }, ['ImageNotFound/tunnel critical']],
  ['it does not answer, and its pod is Ready', { tunnel: { kind: 'silent', code: 'timeout' }, ...tunnelPod(podOf('tunnel')) }, ['TunnelDown/tunnel critical']],
  ['it does not answer, and pods may not be seen', { tunnel: { kind: 'silent', code: 'timeout' }, cluster: clusterOf({ pods: UNSEEN }) }, []],
];

const REDIRECT = { status: 301, location: `https://${HTTPS.name}/` } as const;

/** Of k3s' Traefik. */
export const TRAEFIK_CAUSES: readonly [string, Partial<Facts>, string[]][] = [
  ['its own certificate is served', served(80, { hasHsts: true, plain: REDIRECT }), []],
  ['who comes in clear is answered', served(80, { plain: { status: 200 } }), ['HttpNotRedirected/https warning']],
  ['who comes in clear is led to another name', served(80, { plain: { status: 301, location: 'https://other.example.com/' } }), ['HttpNotRedirected/https warning']],
  ['nobody answers in clear', served(80, { hasHsts: true }), []],
  ['answers are without HSTS', served(80, { hasHsts: false, plain: REDIRECT }), ['HstsMissing/https warning']],
  ['there is no route of ours any more', served(300, { ...DEFAULT, hasHsts: false, plain: { status: 404 } }), ['CertificateNotServed/certificate critical']],
  ['the certificate that Traefik keeps ends in a week', served(7), ['CertificateExpiring/certificate warning']],
  ['the certificate that Traefik keeps ends in 26 days: it has tried for four, as when the authority is away', served(26), []],
  ['the certificate that Traefik keeps ends in 24 days, and was to be renewed six days ago', served(24), ['CertificateExpiring/certificate warning']],
  ['the certificate that Traefik keeps ends tomorrow', served(1), ['CertificateExpiring/certificate critical']],
  ['the certificate that Traefik keeps lives for 20 days, and is to be renewed every day: it is four days old', served(16, {}, 20), []],
  ['the certificate that Traefik keeps lives for 20 days, and is to be renewed every day: it is six days old', served(14, {}, 20), ['CertificateExpiring/certificate warning']],
  ['the certificate that Traefik keeps lives for six days, and is four days old', served(2, {}, 6), []],
  ["a Secret of one's own ends in 24 days, and is served", { ...served(24), ...ofSecret(24) }, []],
  ['the certificate that Traefik keeps has ended', served(-1), ['CertificateExpired/certificate critical']],
  ["Traefik's default certificate is served", served(300, DEFAULT), ['CertificateNotServed/certificate critical']],
  ["Traefik's default certificate is served, because the Secret is missing", { ...served(300, DEFAULT), ...MISSING }, ['CertificateUnreadable/certificate critical']],
  ['a Secret ends in a week, and is served: told once', { ...served(7), ...ofSecret(7) }, ['CertificateExpiring/certificate warning']],
  ['a Secret was replaced, and the former one is still served', { ...served(7), ...ofSecret(90) }, []],
  ['the gateway does not believe Traefik', { ...served(80), gateway: gatewayOf({ disbelieved: { address: '10.244.0.9', requests: 7 } }) }, ['ProxyNotTrusted/gateway warning']],
  ['the gateway cannot be asked whom it believes', { ...served(80), gateway: { kind: 'not observed', why: 'no token' } }, []],
  ['a project still sends by http', { ...served(80), ...plain(600) }, ['PlainEvents/https warning']],
  ['a project still sends by http, and is led to https', { ...served(80), ...plain(600, -1) }, ['PlainEvents/https warning']],
  ['a project sent by http two days ago', { ...served(80), ...plain(2 * DAY) }, []],
  ['nobody sends by http', { ...served(80), gateway: gatewayOf({ plain: { until: ago(-DAY), projects: [] } }) }, []],
  ['cert-manager could not get one, and so there is no Secret, and another is served', { ...served(300, DEFAULT), ...MISSING, issuance: ISSUANCE }, ['CertificateNotIssued/certificate critical']],
  ['cert-manager cannot renew one that is good for 20 days', { ...served(20), ...ofSecret(20), issuance: ISSUANCE }, ['CertificateNotIssued/certificate warning']],
  ['cert-manager cannot renew one that ends in a week', { ...served(7), ...ofSecret(7), issuance: ISSUANCE }, ['CertificateNotIssued/certificate warning']],
  ['cert-manager cannot renew one that ends tomorrow: that is critical by itself', { ...served(1), ...ofSecret(1), issuance: ISSUANCE }, ['CertificateExpiring/certificate critical', 'CertificateNotIssued/certificate warning']],
  ['cert-manager could not renew one that has ended', { ...served(-1), ...ofSecret(-1), issuance: ISSUANCE }, ['CertificateNotIssued/certificate critical']],
  ['cert-manager has been at it for a minute, and there is no Secret yet', { ...served(300, DEFAULT), ...MISSING, ...underWay(60) }, []],
  ['cert-manager has been at it for ten minutes', { ...served(300, DEFAULT), ...MISSING, ...underWay(600) }, ['CertificateNotIssued/certificate critical']],
  ['cert-manager renews', { ...served(30), ...ofSecret(30), ...underWay(60) }, []],
  ['what cert-manager does may not be seen', { ...served(80), issuance: { kind: 'unseen', why: '403 Forbidden' } }, []],
  ['Traefik does not answer', SILENT, ['HttpsDown/https critical']],
];
