// Names at which events alone are taken, beside that of `domain`: routes, certificates, and what contradicts.
import { describe, expect, it } from '@jest/globals';
import { GatewayRoutes } from '../../charts/parts/gateway-routes.js';
import { Https } from '../../charts/parts/https.js';
import type { SettingsInput } from '../../charts/settings/schema.js';
import { problemsOf } from '../unit/charts/settings/problems-of.js';
import { find, render } from './synthesize.js';

const DOMAIN = 'https://errors.example.org';
const NAMES = ['sentry.example.org', 'old.example.org'];
const ACME: SettingsInput = { domain: DOMAIN, https: { mode: 'traefik', acme: { email: 'ops@glitchtip.invalid' }, eventNames: NAMES } };
const ISSUED: SettingsInput = { domain: DOMAIN, https: { mode: 'cert-manager', acme: { email: 'ops@glitchtip.invalid' }, certManager: { budget: 'none' }, eventNames: NAMES } };
const OF_GATEWAY: SettingsInput = { domain: DOMAIN, https: { gateway: { name: 'public' }, eventNames: NAMES }, network: { clients: ['envoy'], clusterRanges: ['10.42.0.0/16'] } };

interface Spec {
  readonly entryPoints: readonly string[];
  readonly routes: readonly { readonly match: string; readonly middlewares?: readonly { readonly name: string }[]; readonly services: readonly object[] }[];
  readonly tls?: object;
}
const https = (settings: SettingsInput) => render((scope, all) => new Https(scope, 'https', all), settings);
const ingressRoute = (settings: SettingsInput, name: string) => find(https(settings), 'IngressRoute', name).spec as unknown as Spec;
/** Traefik asks for a certificate of the names that the rule of a route has in Host(). */
const hostsOf = (match: string) => [...match.matchAll(/Host\(`([^`]+)`\)/g)].map(([, name]) => name);

describe('names for events alone', () => {
  it('lead to the gateway by https, with the paths of events and nothing else, and without HSTS', () => {
    const { entryPoints, routes } = ingressRoute(ACME, 'glitchtip-event-names');
    expect([entryPoints, routes.map(({ match }) => hostsOf(match))]).toEqual([['websecure'], NAMES.map((name) => [name])]);
    for (const { match, middlewares, services } of routes) {
      expect([middlewares, services]).toEqual([undefined, [{ name: 'web', port: 8080 }]]);
      const paths = new RegExp(/ && PathRegexp\(`(.+)`\)$/.exec(match)?.[1] ?? '(?!)');
      expect(['/api/42/envelope/', '/api/42/store/', '/', '/login', '/api/0/organizations/'].map((path) => paths.test(path))).toEqual([true, true, false, false, false]);
    }
  });

  it('have a certificate each where Traefik gets it: one that does not lead here yet keeps none from the others', () => {
    expect(ingressRoute(ACME, 'glitchtip-event-names').tls).toEqual({ certResolver: 'glitchkeeper' });
    expect(ingressRoute(ACME, 'glitchtip').routes.map(({ match }) => hostsOf(match))).toEqual([['errors.example.org']]);
  });

  it('have one of their own where cert-manager gets it, and that of the Secret where it is in one', () => {
    expect(find(https(ISSUED), 'Certificate', 'glitchtip-event-names').spec).toEqual({
      secretName: 'glitchtip-event-names-tls', dnsNames: NAMES, issuerRef: { kind: 'Issuer', name: 'glitchtip-acme' }, privateKey: { rotationPolicy: 'Always' },
    });
    expect((find(https(ISSUED), 'Certificate', 'glitchtip').spec as { dnsNames: string[] }).dnsNames).toEqual(['errors.example.org']);
    expect(ingressRoute(ISSUED, 'glitchtip-event-names').tls).toEqual({ secretName: 'glitchtip-event-names-tls' });
    expect(ingressRoute({ domain: DOMAIN, https: { mode: 'secret', secret: 'errors-tls', eventNames: NAMES } }, 'glitchtip-event-names').tls).toEqual({ secretName: 'errors-tls' });
  });

  it('are led to https from port 80, by a rule of one name each: a longer one would come before that of a challenge', () => {
    expect(ingressRoute(ACME, 'glitchtip-to-https').routes.map(({ match, middlewares }) => [match, middlewares?.[0]?.name])).toEqual(['errors.example.org', ...NAMES].map((name) => [`Host(\`${name}\`)`, 'redirect-to-https']));
    const until: SettingsInput = { ...ACME, https: { ...ACME.https, acceptPlainEvents: '2027-03-01' } };
    expect(ingressRoute(until, 'glitchtip-to-https').routes.filter(({ middlewares }) => middlewares === undefined).map(({ match }) => hostsOf(match)[0])).toEqual(['errors.example.org', ...NAMES]);
  });

  it('are those of a route of a Gateway, for the paths of events', () => {
    const routes = render((scope, all) => new GatewayRoutes(scope, 'routes', all), OF_GATEWAY);
    const { hostnames, parentRefs, rules } = find(routes, 'HTTPRoute', 'glitchtip-event-names').spec as { hostnames: string[]; parentRefs: object[]; rules: { matches?: { path: { type: string } }[] }[] };
    expect([hostnames, parentRefs, rules.map(({ matches }) => matches?.[0]?.path.type)]).toEqual([NAMES, [{ name: 'public', sectionName: 'https' }], ['RegularExpression']]);
    expect((find(routes, 'HTTPRoute', 'glitchtip').spec as { hostnames: string[] }).hostnames).toEqual(['errors.example.org']);
    expect((find(routes, 'HTTPRoute', 'glitchtip-to-https').spec as { hostnames: string[] }).hostnames).toEqual(['errors.example.org', ...NAMES]);
  });

  it('are nowhere where the settings have none', () => {
    expect(https({ ...ACME, https: { ...ACME.https, eventNames: [] } }).map(({ metadata: { name } }) => name)).not.toContain('glitchtip-event-names');
  });

  it.each<[string, SettingsInput, string]>([
    ['where nobody of ours serves https', { domain: DOMAIN, https: { eventNames: NAMES } }, 'https.eventNames: expected none with https.mode none, with which your own proxy decides which names lead here; found sentry.example.org, old.example.org'],
    ['by a tunnel', { domain: DOMAIN, https: { mode: 'tunnel', eventNames: NAMES } }, 'https.eventNames: expected none with https.mode tunnel, with which Cloudflare decides which names lead here'],
    ['that of domain', { ...ACME, https: { ...ACME.https, eventNames: ['errors.example.org'] } }, 'https.eventNames: expected names beside that of domain; found errors.example.org'],
    ['one twice', { ...ACME, https: { ...ACME.https, eventNames: ['a.example.org', 'a.example.org'] } }, 'https.eventNames: expected each name once'],
    ['a URL', { ...ACME, https: { ...ACME.https, eventNames: ['https://sentry.example.org'] } }, 'https.eventNames.0: expected the name or the IPv4 address of a host, found "https://sentry.example.org"'],
    ['an address', { ...ACME, https: { ...ACME.https, eventNames: ['192.0.2.1'] } }, 'https.eventNames.0: expected a name that DNS knows, such as sentry.example.com, found "192.0.2.1"'],
    ['the one by which the gateway reaches the old server', { ...ACME, move: { from: 'https://sentry.example.org', organization: 'acme' } }, 'https.eventNames: expected none by which the gateway reaches the old server (move.from): give that another name first; found sentry.example.org'],
  ])('are refused %s, with what was expected', (_, settings, expected) => expect(problemsOf(settings).join('\n')).toContain(expected));
});
