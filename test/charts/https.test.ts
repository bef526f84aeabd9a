// HTTPS by k3s' Traefik: what it serves, who may reach what, and what GlitchTip and the gateway believe of it.
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { GatewayRoutes } from '../../charts/parts/gateway-routes.js';
import { Https } from '../../charts/parts/https.js';
import { Operator } from '../../charts/parts/operator.js';
import { planBudget } from '../../charts/budget.js';
import { checkSettings } from '../../charts/settings/load-settings.js';
import { isServedByTraefik } from '../../charts/traefik.js';
import type { SettingsInput } from '../../charts/settings/schema.js';
import { parseTrusted } from '../../operator/core/trusted-hosts.js';
import { containerOf, find, render, renderStack } from './synthesize.js';

const DOMAIN = 'https://errors.example.org';
const ACME: SettingsInput = { domain: DOMAIN, https: { mode: 'traefik', acme: { email: 'ops@glitchtip.invalid' } } };
const ISSUED: SettingsInput = { domain: DOMAIN, https: { mode: 'cert-manager', acme: { email: 'ops@glitchtip.invalid' }, certManager: { budget: 'none' } } };
const OF_CLUSTER: SettingsInput = { domain: DOMAIN, https: { mode: 'cert-manager', secret: 'errors-tls', certManager: { clusterIssuer: 'letsencrypt', budget: 'none' } } };
const SECRET: SettingsInput = { domain: DOMAIN, https: { mode: 'secret', secret: 'errors-tls' } };

interface Route {
  readonly match: string;
  readonly middlewares?: readonly { readonly name: string }[];
  readonly services: readonly object[];
}
interface IngressRoute {
  readonly entryPoints: readonly string[];
  readonly routes: readonly Route[];
  readonly tls?: object;
}

const https = (settings: SettingsInput) => render((scope, all) => new Https(scope, 'https', all), settings);
const ingressRoute = (settings: SettingsInput, name: string) => find(https(settings), 'IngressRoute', name).spec as unknown as IngressRoute;

describe('the routes of Traefik', () => {
  it('are these, by a certificate that it gets itself', () => expect(https(ACME)).toMatchSnapshot());

  it('have the certificate of the Secret where the settings name one', () => {
    expect(ingressRoute(SECRET, 'glitchtip').tls).toEqual({ secretName: 'errors-tls' });
    expect(ingressRoute(ACME, 'glitchtip').tls).toEqual({ certResolver: 'glitchkeeper' });
  });

  it.each([[true], [false]])('lead to the one Service that people and SDKs know (gateway %p)', (enabled) => {
    for (const name of ['glitchtip', 'glitchtip-to-https']) {
      expect(ingressRoute({ ...ACME, gateway: { enabled } }, name).routes.map(({ services }) => services)).toEqual([[{ name: 'web', port: 8080 }]]);
    }
  });

  it('answer in clear with the redirect alone, and by https with HSTS, for a year', () => {
    const [plain, secure] = [ingressRoute(ACME, 'glitchtip-to-https'), ingressRoute(ACME, 'glitchtip')];
    expect([plain.entryPoints, plain.tls, plain.routes[0]?.middlewares]).toEqual([['web'], undefined, [{ name: 'redirect-to-https' }]]);
    expect([secure.entryPoints, secure.routes[0]?.middlewares]).toEqual([['websecure'], [{ name: 'hsts' }]]);
    expect(find(https(ACME), 'Middleware', 'redirect-to-https').spec).toEqual({ redirectScheme: { scheme: 'https', permanent: true } });
    expect(find(https(ACME), 'Middleware', 'hsts').spec).toEqual({ headers: { stsSeconds: 31_536_000 } });
  });

  it('lead events that come in clear to the gateway, where the settings name a day, and the gateway knows it', () => {
    const until: SettingsInput = { ...ACME, https: { ...ACME.https, acceptPlainEvents: '2027-03-01' } };
    const [redirect, events] = ingressRoute(until, 'glitchtip-to-https').routes;
    expect(redirect?.middlewares).toEqual([{ name: 'redirect-to-https' }]);
    expect([events?.match, events?.middlewares, events?.services]).toEqual([expect.stringMatching(/^Host\(`errors\.example\.org`\) && PathRegexp\(`\^\/api\/\[0-9\]\{1,15\}/), undefined, [{ name: 'web', port: 8080 }]]);
    const variable = (settings: SettingsInput) => containerOf(renderStack(settings), 'Deployment', 'gateway').env?.find(({ name }) => name === 'PLAIN_EVENTS_UNTIL')?.value;
    expect([variable(until), variable(ACME)]).toEqual(['2027-03-01T00:00:00Z', undefined]);
    expect(ingressRoute(ACME, 'glitchtip-to-https').routes).toHaveLength(1);
  });

  describe('for events alone', () => {
    const [{ match } = { match: '' }] = ingressRoute({ ...ACME, https: { ...ACME.https, public: 'ingest' } }, 'glitchtip').routes;
    const events = new RegExp(/PathRegexp\(`(.+)`\)/.exec(match)?.[1] ?? '(?!)');

    it('are still those of the host', () => expect(match).toMatch(/^Host\(`errors\.example\.org`\) && PathRegexp\(/));
    it.each(['/api/1/envelope/', '/api/1/store/', '/api/23/security/', '/api/1/minidump/'])('take %s', (path) => expect(path).toMatch(events));
    it.each(['/', '/login', '/admin/', '/metrics', '/api/0/organizations/', '/api/1/', '/api/1/envelope/x', '/admin/api/1/envelope/', '/api/x/envelope/', '/_health/'])('have nothing for %s', (path) => expect(path).not.toMatch(events));
  });
});

describe('the routes of Traefik without the pages of administration', () => {
  const [{ match } = { match: '' }] = ingressRoute({ ...ACME, https: { ...ACME.https, public: 'no-admin' } }, 'glitchtip').routes;
  const hidden = new RegExp(/^Host\(`errors\.example\.org`\) && !PathRegexp\(`(.+)`\)$/.exec(match)?.[1] ?? '(?!)');

  it.each(['/admin', '/admin/', '/admin/login/', '/metrics', '/metrics/'])('have nothing for %s', (path) => expect(path).toMatch(hidden));
  it.each(['/', '/login', '/api/1/envelope/', '/api/0/organizations/', '/administrators', '/metricsx', '/organizations/admin/'])('take %s', (path) => expect(path).not.toMatch(hidden));
});

describe("Traefik's own certificate, for development", () => {
  const SELF_SIGNED: SettingsInput = { domain: 'https://192.168.1.25', https: { mode: 'self-signed' } };

  it('is what Traefik has without a word, and browsers are not bound to it', () => {
    const { tls, routes: [{ match, middlewares } = {}] } = ingressRoute(SELF_SIGNED, 'glitchtip');
    expect([tls, match, middlewares]).toEqual([{}, 'Host(`192.168.1.25`)', undefined]);
    expect(https(SELF_SIGNED).map(({ metadata }) => metadata.name)).not.toContain('hsts');
    expect(containerOf(renderStack(SELF_SIGNED), 'Deployment', 'web').env?.find(({ name }) => name === 'SECURE_HSTS_SECONDS')?.value).toBe('0');
  });

  it('is said to be that in the resource', () => {
    const settings = find(render((scope, all) => new Operator(scope, 'operator', all), SELF_SIGNED), 'ConfigMap', 'glitchkeeper-settings').data?.['glitchtip.yaml'] ?? '';
    expect((parse(settings) as { spec: { https: object } }).spec.https).toEqual({ name: '192.168.1.25', selfSigned: true });
  });
});

describe('a certificate that cert-manager gets', () => {
  const specOf = (settings: SettingsInput, kind: string, name: string) => find(https(settings), kind, name).spec;

  it('is asked for by an Issuer of ours, whose challenge needs no port of the host, and served from its Secret', () => {
    expect(specOf(ISSUED, 'Issuer', 'glitchtip-acme')).toEqual({ acme: {
      email: 'ops@glitchtip.invalid', server: 'https://acme-v02.api.letsencrypt.org/directory', privateKeySecretRef: { name: 'glitchtip-acme-account' },
      solvers: [{ http01: { ingress: { ingressClassName: 'traefik', serviceType: 'ClusterIP' } } }],
    } });
    expect(specOf(ISSUED, 'Certificate', 'glitchtip')).toEqual({
      secretName: 'glitchtip-tls', dnsNames: ['errors.example.org'], issuerRef: { kind: 'Issuer', name: 'glitchtip-acme' }, privateKey: { rotationPolicy: 'Always' },
    });
    expect(ingressRoute(ISSUED, 'glitchtip').tls).toEqual({ secretName: 'glitchtip-tls' });
  });

  it('is asked for by a ClusterIssuer where the settings name one, and served from the Secret that they name', () => {
    expect(https(OF_CLUSTER).map(({ kind }) => kind)).not.toContain('Issuer');
    expect(specOf(OF_CLUSTER, 'Certificate', 'glitchtip')).toMatchObject({ secretName: 'errors-tls', issuerRef: { kind: 'ClusterIssuer', name: 'letsencrypt' } });
    expect(ingressRoute(OF_CLUSTER, 'glitchtip').tls).toEqual({ secretName: 'errors-tls' });
  });

  it('is there in no other mode', () => {
    for (const settings of [ACME, SECRET]) expect(https(settings).map(({ kind }) => kind)).not.toContain('Certificate');
  });

  it('has its challenge answered by a pod that Traefik reaches, and nobody else', () => {
    expect(find(renderStack(ISSUED), 'NetworkPolicy', 'acme-solver-from-traefik').spec).toEqual({
      podSelector: { matchLabels: { 'acme.cert-manager.io/http01-solver': 'true' } }, policyTypes: ['Ingress'],
      ingress: [{ from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } }, podSelector: { matchLabels: { 'app.kubernetes.io/name': 'traefik' } } }], ports: [{ protocol: 'TCP', port: 8089 }] }],
    });
    for (const settings of [ACME, SECRET]) expect(renderStack(settings).map(({ metadata }) => metadata.name)).not.toContain('acme-solver-from-traefik');
  });

  it('leaves no more to the quota than there was', () => {
    expect(find(renderStack(ISSUED), 'ResourceQuota', 'budget').spec).toEqual(find(renderStack(ACME), 'ResourceQuota', 'budget').spec);
  });

  it.each<[string, SettingsInput, object]>([['of an Issuer of ours', ISSUED, { issuer: 'glitchtip-acme' }], ['of a ClusterIssuer', OF_CLUSTER, {}]])('%s is watched by the operator, which may read orders and challenges, and change none', (_, settings, certManager) => {
    const rendered = render((scope, all) => new Operator(scope, 'operator', all), settings);
    const { spec } = parse(find(rendered, 'ConfigMap', 'glitchkeeper-settings').data?.['glitchtip.yaml'] ?? '') as { spec: { https: object; web: object } };
    expect(spec).toMatchObject({ https: { name: 'errors.example.org', certManager }, web: { tls: settings.https?.secret ?? 'glitchtip-tls' } });
    const { rules } = find(rendered, 'Role', 'glitchkeeper') as unknown as { rules: { apiGroups: string[]; verbs: string[] }[] };
    expect(rules.filter(({ apiGroups }) => apiGroups.some((group) => group.endsWith('cert-manager.io'))).flatMap(({ verbs }) => verbs)).toEqual(['list', 'get']);
  });

  it.each<[string, SettingsInput]>([['Traefik gets it', ACME], ['it is in a Secret', SECRET]])('is none of the operator\'s business where %s', (_, settings) => {
    expect(JSON.stringify(render((scope, all) => new Operator(scope, 'operator', all), settings))).not.toMatch(/cert-manager\.io/);
  });
});

describe('a Cloudflare Tunnel', () => {
  const TUNNEL: SettingsInput = { domain: DOMAIN, https: { mode: 'tunnel' } };
  const policies = (settings: SettingsInput) => renderStack(settings).filter(({ kind }) => kind === 'NetworkPolicy').map(({ metadata }) => metadata.name);
  const added = policies(TUNNEL).filter((name) => !policies({ domain: DOMAIN }).includes(name));

  it('is one pod, with the token of the Secret as a file, and bounded', () => {
    const manifests = renderStack(TUNNEL);
    expect(find(manifests, 'Deployment', 'tunnel')).toMatchSnapshot();
    expect(find(manifests, 'Service', 'tunnel').spec).toMatchObject({ type: 'ClusterIP', publishNotReadyAddresses: true });
    expect(JSON.stringify(containerOf(manifests, 'Deployment', 'tunnel').env)).not.toContain('secretKeyRef');
  });

  it('reaches the front door and Cloudflare, is asked by the operator, and nothing more', () => {
    expect(added.sort()).toEqual(['gateway-from-tunnel', 'operator-to-tunnel', 'tunnel-from-operator', 'tunnel-to-cloudflare', 'tunnel-to-gateway']);
    const { egress: [out] } = find(renderStack(TUNNEL), 'NetworkPolicy', 'tunnel-to-cloudflare').spec as { egress: { ports: object[]; to: { ipBlock: { except?: string[] } }[] }[] };
    expect(out?.ports).toEqual([{ protocol: 'TCP', port: 443 }, { protocol: 'TCP', port: 7844 }, { protocol: 'UDP', port: 7844 }]);
    expect(out?.to[0]?.ipBlock.except).toContain('10.0.0.0/8');
  });

  it('opens no port and starts no Traefik, and is believed by the gateway', () => {
    const manifests = renderStack(TUNNEL);
    expect(new Set(manifests.filter(({ kind }) => kind === 'Service').map(({ spec }) => spec?.type))).toEqual(new Set(['ClusterIP']));
    expect(containerOf(manifests, 'Deployment', 'gateway').env?.find(({ name }) => name === 'TRUSTED_PROXIES')?.value).toBe('10.42.0.0/16,10.43.0.0/16');
    expect(isServedByTraefik(checkSettings(TUNNEL))).toBe(false);
  });

  it('fits the host of 1.9 GiB', () => expect(planBudget(checkSettings(TUNNEL)).problems).toEqual([]));

  it('is watched by the operator, which may look at its Deployment and not change it', () => {
    const rendered = render((scope, all) => new Operator(scope, 'operator', all), TUNNEL);
    const { spec } = parse(find(rendered, 'ConfigMap', 'glitchkeeper-settings').data?.['glitchtip.yaml'] ?? '') as { spec: { tunnel?: object; https?: object } };
    expect([spec.tunnel, spec.https]).toEqual([{}, undefined]);
    const { rules } = find(rendered, 'Role', 'glitchkeeper') as unknown as { rules: { resourceNames?: string[]; verbs: string[] }[] };
    expect(rules.filter(({ resourceNames }) => resourceNames?.includes('tunnel')).map(({ verbs }) => verbs)).toEqual([['get']]);
  });
});

describe('the routes of a Gateway', () => {
  const OF_GATEWAY: SettingsInput = { domain: DOMAIN, https: { gateway: { name: 'public', namespace: 'ingress' } }, network: { clients: ['ingress'] } };
  const rulesOf = (settings: SettingsInput, name: string) => (find(render((scope, all) => new GatewayRoutes(scope, 'routes', all), settings), 'HTTPRoute', name).spec as { rules: object[] }).rules;
  const more = (https: SettingsInput['https']): SettingsInput => ({ ...OF_GATEWAY, https: { ...OF_GATEWAY.https, ...https } });
  const backendRefs = [{ name: 'web', port: 8080 }];
  const events = { matches: [{ path: { type: 'RegularExpression', value: '^/api/[0-9]{1,15}/(envelope|store|security|minidump)/$' } }], backendRefs };

  it('are one to GlitchTip and one to https, each at its listener', () => {
    expect(render((scope, all) => new GatewayRoutes(scope, 'routes', all), OF_GATEWAY)).toMatchSnapshot();
  });

  it('show the paths of events alone, and take some in clear, where the settings say so', () => {
    expect(rulesOf(OF_GATEWAY, 'glitchtip')).toEqual([{ backendRefs }]);
    expect(rulesOf(more({ public: 'ingest' }), 'glitchtip')).toEqual([events]);
    expect(rulesOf(OF_GATEWAY, 'glitchtip-to-https')).toHaveLength(1);
    expect(rulesOf(more({ acceptPlainEvents: '2027-03-01' }), 'glitchtip-to-https')[0]).toEqual(events);
  });

  it('show the path of logs among them where GlitchTip keeps logs', () => {
    const [rule] = rulesOf({ ...more({ public: 'ingest' }), version: '6.2', logs: { enabled: true } }, 'glitchtip') as (typeof events)[];
    const path = new RegExp(rule?.matches[0]?.path.value ?? '');
    expect(['/v1/logs', '/v1/logs/', '/api/1/envelope/', '/v1/logs/x', '/x/v1/logs', '/api/1/envelope'].map((each) => path.test(each))).toEqual([true, true, true, false, false, false]);
  });

  it('come from pods, which the gateway believes; the namespace is let in as any client is', () => {
    const manifests = renderStack(OF_GATEWAY);
    expect(containerOf(manifests, 'Deployment', 'gateway').env?.find(({ name }) => name === 'TRUSTED_PROXIES')?.value).toBe('10.42.0.0/16,10.43.0.0/16');
    expect(manifests.map(({ metadata }) => metadata.name)).toContain('web-from-clients');
  });
});

describe('who reaches the front door', () => {
  const policy = (settings: SettingsInput) => find(renderStack(settings), 'NetworkPolicy', 'web-from-traefik').spec as { podSelector: { matchLabels: Record<string, string> }; ingress: object[] };

  it.each([[true, 'gateway'], [false, 'web']])('are Traefik\'s pods, and no other of kube-system (gateway %p: %s)', (enabled, part) => {
    const { podSelector, ingress } = policy({ ...ACME, gateway: { enabled } });
    expect(podSelector.matchLabels['app.kubernetes.io/component']).toBe(part);
    expect(ingress).toEqual([{
      from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } }, podSelector: { matchLabels: { 'app.kubernetes.io/name': 'traefik' } } }],
      ports: [{ protocol: 'TCP', port: 8080 }],
    }]);
  });

  it.each<[string, SettingsInput]>([['where nobody serves https', {}], ['where a proxy of one\'s own does', { domain: DOMAIN, https: { secret: 'errors-tls' } }]])('is not Traefik %s', (_, settings) => {
    expect(renderStack(settings).map(({ metadata }) => metadata.name)).not.toContain('web-from-traefik');
  });

  it('is opened by nothing else: no Service is public, and the quota has no port of the node', () => {
    const manifests = renderStack(ACME);
    expect(new Set(manifests.filter(({ kind }) => kind === 'Service').map(({ spec }) => spec?.type))).toEqual(new Set(['ClusterIP']));
    expect(find(manifests, 'ResourceQuota', 'budget').spec.hard).toEqual(find(renderStack(), 'ResourceQuota', 'budget').spec.hard);
  });
});

describe('what is believed', () => {
  const variable = (settings: SettingsInput, name: string, part = 'gateway') => containerOf(renderStack(settings), 'Deployment', part).env?.find((each) => each.name === name)?.value;

  it('the gateway believes X-Forwarded-* of Traefik, which is a pod, beside the proxies that the settings name', () => {
    expect(variable(ACME, 'TRUSTED_PROXIES')).toBe('10.42.0.0/16,10.43.0.0/16');
    expect(variable({ ...SECRET, gateway: { trustedProxies: ['192.0.2.1'] } }, 'TRUSTED_PROXIES')).toBe('192.0.2.1,10.42.0.0/16,10.43.0.0/16');
    expect(variable({ domain: DOMAIN }, 'TRUSTED_PROXIES')).toBeUndefined();
  });

  it.each([['GLITCHTIP_DOMAIN', DOMAIN], ['CSRF_TRUSTED_ORIGINS', DOMAIN], ['SESSION_COOKIE_SECURE', 'True'], ['CSRF_COOKIE_SECURE', 'True'], ['SECURE_HSTS_SECONDS', '31536000']])('GlitchTip has %s=%s', (name, value) => {
    expect(variable(ACME, name, 'web')).toBe(value);
  });

  describe('the operator', () => {
    const operator = (settings: SettingsInput) => render((scope, all) => new Operator(scope, 'operator', all), settings);
    const specOf = (settings: SettingsInput) => (parse(find(operator(settings), 'ConfigMap', 'glitchkeeper-settings').data?.['glitchtip.yaml'] ?? '') as { spec: { https?: object } }).spec;

    it('looks which certificate Traefik serves, and whether http leads there, by the two ports that a policy opens to it', () => {
      expect(parseTrusted(specOf(ACME))).toMatchObject({ kind: 'valid', spec: { https: { name: 'errors.example.org', host: 'traefik.kube-system.svc.cluster.local', port: 443, plainPort: 80 } } });
      const { egress } = find(renderStack(ACME), 'NetworkPolicy', 'operator-to-traefik').spec as { egress: object[] };
      expect(egress).toEqual([{
        to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } }, podSelector: { matchLabels: { 'app.kubernetes.io/name': 'traefik' } } }],
        ports: [{ protocol: 'TCP', port: 8000 }, { protocol: 'TCP', port: 8443 }],
      }]);
    });

    it.each<[string, SettingsInput]>([['nobody serves https', {}], ["a proxy of one's own does", { domain: DOMAIN, https: { secret: 'errors-tls' } }]])('does not where %s', (_, settings) => {
      expect(specOf(settings).https).toBeUndefined();
      expect(renderStack(settings).map(({ metadata }) => metadata.name)).not.toContain('operator-to-traefik');
    });
  });

  it('the operator reads the Secret of the certificate, and none where Traefik keeps it', () => {
    const role = (settings: SettingsInput) => JSON.stringify(find(render((scope, all) => new Operator(scope, 'operator', all), settings), 'Role', 'glitchkeeper'));
    expect(role(SECRET)).toContain('"resourceNames":["errors-tls"],"resources":["secrets"],"verbs":["get"]');
    expect(role(ACME)).not.toContain('errors-tls');
  });
});
