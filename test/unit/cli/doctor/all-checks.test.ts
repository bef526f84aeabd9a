// Each thing that doctor can find, provoked in a cluster where all else is as it should be.
import { describe, expect, it } from '@jest/globals';
import { examine } from '../../../../cli/doctor/all-checks.js';
import type { Facts } from '../../../../cli/doctor/gathered-facts.js';
import { notSeen, seen, type Level } from '../../../../cli/doctor/check-result.js';
import * as objects from '../../../../cli/doctor/kubernetes-objects.js';
import { renderFindings } from '../../../../cli/doctor/findings-table.js';
import { plain } from '../../../../cli/output.js';
import { buildCustomResourceDefinition } from '../../../../operator/api/crd.js';
import type { MoveStatus } from '../../../../operator/api/move-fields.js';
import type { SettingsInput } from '../../../../charts/settings/schema.js';
import type { RestoreStatus } from '../../../../operator/api/restore-fields.js';
import { COPY, MOVE, condition, copied, lastFailure, moving, ready, restoring } from '../cli-scenarios.js';
import { backedUp, backupTemplate, factsOf, imageId, withBackup, withContainer, withEnv, withWorkload } from './example-facts.js';

/** What is not as it should be: check, level, found. */
const problems = (facts: Facts): [string, Level, string][] => examine(facts).filter(({ level }) => level !== 'ok').map(({ check, level, found }) => [check, level, found]);
const expectOnly = (facts: Facts, [check, level, found]: [string, Level, RegExp]): void => expect(problems(facts)).toEqual([[check, level, expect.stringMatching(found)]]);
const HTTPS = { domain: 'https://errors.example.com' };
const service = (spec: object, name = 'postgres') => seen([objects.service.parse({ metadata: { name }, spec })]);
const pod = (spec: object) => seen([objects.runningPod.parse({ metadata: { name: 'web-0' }, spec: { containers: [], ...spec } })]);
const ingress = (spec: object) => seen([objects.ingress.parse({ metadata: { name: 'public' }, spec })]);
const node = (status: object) => seen([objects.node.parse({ metadata: { name: 'host' }, status })]);
const versions = (server: string, client = server) => ({ versions: { clientVersion: { gitVersion: client }, serverVersion: { gitVersion: server } } });
const incident = (severity: string) => ({ id: 'a', reason: 'DatabaseDown', part: 'postgres', severity, since: '2026-06-01T11:59:00Z', message: 'Postgres does not answer.', advice: 'Look at it.' });
const withHealth = (health: object) => {
  const one = backedUp();
  return { resource: seen({ ...one, status: { ...one.status, health: health as never } }) };
};
const withSpec = (spec: object) => ({ resource: seen(backedUp({ spec })) });

describe('nothing is wrong', () => {
  it.each([['with http', {}], ['with https', HTTPS], ['tiny with 6.2', { version: '6.2', profile: 'tiny' }]] as const)('%s', (_, settings) => {
    expect(problems(factsOf({ settings, ...('profile' in settings ? withSpec({ version: '6.2', worker: undefined, valkey: undefined }) : {}) }))).toEqual([]);
  });
  it('with an ingress that answers a challenge of ACME', () => {
    const solver = seen([objects.ingress.parse({ metadata: { name: 'cm-acme-http-solver-x', labels: { 'acme.cert-manager.io/http01-solver': 'true' } }, spec: { rules: [{ host: 'errors.example.com' }] } })]);
    expect(problems(factsOf({ settings: HTTPS, ingresses: solver }))).toEqual([]);
  });
  it('with an ingress that has TLS', () => {
    const rules = { tls: [{ hosts: ['*.example.com'] }], rules: [{ host: 'errors.example.com' }] };
    expect(problems(factsOf({ settings: HTTPS, ingresses: ingress(rules) }))).toEqual([]);
  });
});

describe('of the cluster doctor finds', () => {
  const pending = (name: string, storageClassName?: string) => objects.claim.parse({ metadata: { name }, spec: { storageClassName }, status: { phase: 'Pending' } });
  it.each<[string, Partial<Facts>, string, Level, RegExp]>([
    ['a server that is too old', versions('v1.28.9'), 'Kubernetes', 'failure', /v1.28.9 is too old/],
    ['a version that nobody knows', versions('nightly'), 'Kubernetes', 'warning', /cannot be understood/],
    ['a kubectl that is too far from it', versions('v1.34.4', 'v1.31.0'), 'kubectl', 'warning', /v1.31.0 against a server of 1.34/],
    ['no metrics', { metrics: notSeen('the server could not find the requested resource') }, 'metrics', 'warning', /no metrics API/],
    ['no default storage class, while a volume waits for one', { storageClasses: seen([]), claims: seen([pending('data')]) }, 'storage class', 'failure', /no default/],
    ['a storage class that a volume waits for, and that there is not', { claims: seen([pending('backups', 'fast')]) }, 'storage class', 'failure', /claim backups waits for storage class fast, which there is not/],
    ['a node that is not ready', { nodes: node({ allocatable: { memory: '1400Mi' }, conditions: [{ type: 'Ready', status: 'False', message: 'kubelet stopped' }] }) }, 'node', 'failure', /host is not ready: kubelet stopped/],
    ['a volume claim that somebody deleted', { claims: seen([objects.claim.parse({ metadata: { name: 'postgres-data', deletionTimestamp: '2026-06-01T11:00:00Z' }, status: { phase: 'Bound' } })]) }, 'volume', 'failure', /postgres-data is being deleted/],
    ['a node under pressure', { nodes: node({ allocatable: { memory: '1400Mi' }, conditions: [{ type: 'DiskPressure', status: 'True', message: 'full' }] }) }, 'node', 'failure', /reports DiskPressure: full/],
    ['limits that do not fit the node', { nodes: node({ allocatable: { memory: '800Mi' } }) }, 'budget', 'failure', /limits of 942Mi, 1238Mi during a rollout; the node has 800Mi/],
    ['limits that do not fit the node during a rollout', { nodes: node({ allocatable: { memory: '1100Mi' } }) }, 'budget', 'warning', /1238Mi during a rollout/],
    ['a node that does not say what it has', { nodes: node({}) }, 'budget', 'warning', /no node says/],
  ])('%s', (_, changes, ...expected) => expectOnly(factsOf(changes), expected));

  it('no fault in a missing default class when every volume is bound', () => expect(problems(factsOf({ storageClasses: seen([]) }))).toEqual([]));
  it('no fault in a volume that names its class and waits for the first pod, as that of backups does', () => {
    const classes = seen([objects.storageClass.parse({ metadata: { name: 'fast' } })]);
    expect(problems(factsOf({ storageClasses: classes, claims: seen([pending('backups', 'fast')]) }))).toEqual([]);
  });
});

describe('of namespace and operator doctor finds', () => {
  const crd = (versionsServed: object[], established = 'True') => seen(objects.definition.parse({ spec: { versions: versionsServed }, status: { conditions: [{ type: 'Established', status: established }] } }));
  const [{ schema }] = buildCustomResourceDefinition().spec['versions'] as [{ schema: object }];
  /** As it was before there were these fields. */
  const without = (...fields: string[]): unknown => JSON.parse(JSON.stringify(schema, (key, value: unknown) => (fields.includes(key) ? undefined : value)));
  it.each<[string, Partial<Facts>, string, Level, RegExp]>([
    ['no namespace', { namespace: seen(undefined) }, 'namespace', 'failure', /there is no namespace glitchtip/],
    ['no PodSecurity', { namespace: seen(objects.namespace.parse({ metadata: { name: 'glitchtip' } })) }, 'namespace', 'warning', /not enforced/],
    ['no kind', { definition: seen(undefined) }, 'GlitchTip kind', 'failure', /no resource of kind GlitchTip/],
    ['another version of the kind', { definition: crd([{ name: 'v1', served: true, schema }]) }, 'GlitchTip kind', 'failure', /does not serve v1alpha1/],
    ['a kind that is not established', { definition: crd([{ name: 'v1alpha1', served: true, schema }], 'False') }, 'GlitchTip kind', 'failure', /not established/],
    ['a kind without a field of the status', { definition: crd([{ name: 'v1alpha1', served: true, schema: without('retention') }]) }, 'GlitchTip kind', 'warning', /older than this program: it has no status\.backup\.retention$/],
    ['a kind without several', { definition: crd([{ name: 'v1alpha1', served: true, schema: without('incidents', 'failures') }]) }, 'GlitchTip kind', 'warning', /it has no status\.backup\.failures and 1 more$/],
    ['a kind without a schema', { definition: crd([{ name: 'v1alpha1', served: true, schema: {} }]) }, 'GlitchTip kind', 'warning', /it has no spec and 1 more$/],
    ['an operator that is not ready', withWorkload('operator', ({ status }) => { status.readyReplicas = 0; }), 'operator', 'failure', /not ready/],
    ['an operator of another build', { ownBundle: 'bbbbbbbb' }, 'operator', 'warning', /runs bundle aaaaaaaa, this program was built with bbbbbbbb/],
    ['a pod of an older bundle', withWorkload('operator', ({ spec }) => { spec.template.metadata.annotations['glitchkeeper.io/config-hash'] = 'cccccccc'; }), 'operator', 'warning', /an older bundle/],
    ['no leader', { lease: seen(undefined) }, 'leader', 'failure', /no operator is the leader/],
    ['a leader who is silent', { lease: seen({ spec: { holderIdentity: 'operator-0', renewTime: '2026-06-01T11:50:00Z' } }) }, 'leader', 'failure', /heard of last 10 min ago/],
    ['a resource that is suspended', withSpec({ suspend: true }), 'resource', 'warning', /suspended/],
    ['a status of another version', { resource: seen({ ...backedUp(), notUnderstood: ['status.health.incidents'] }) }, 'resource', 'warning', /does not understand status.health.incidents/],
    ['a resource that cannot be understood', { resource: seen({ ...backedUp(), problems: ['spec.version: invalid'] }) }, 'resource', 'failure', /spec.version: invalid/],
  ])('%s', (_, changes, ...expected) => expectOnly(factsOf(changes), expected));

  it('no operator at all', () => {
    const { workloads } = factsOf();
    const without = seen((workloads.seen ? workloads.value : []).filter((one) => objects.componentOf(one) !== 'operator'));
    expect(problems(factsOf({ workloads: without }))).toEqual([['operator', 'failure', 'there is none']]);
  });
  it('no resource', () => expect(problems(factsOf({ resource: seen(undefined) }))).toEqual([['resource', 'failure', 'there is no GlitchTip glitchtip']]));
});

describe('of the parts doctor finds', () => {
  it.each<[string, Partial<Facts>, string, Level, RegExp]>([
    ['one that is not ready', withWorkload('postgres', ({ status }) => { status.readyReplicas = 0; }), 'postgres', 'failure', /0 of 1 pods are ready/],
    ['one that is scaled to nothing', withWorkload('worker', ({ spec }) => { spec.replicas = 0; }), 'worker', 'failure', /scaled to 0/],
    ['one that is missing', withWorkload('valkey', ({ metadata }) => { metadata.labels = {}; }), 'valkey', 'failure', /no workload/],
    ['migrations that failed', withWorkload('migrate', ({ status }) => { status.succeeded = 0; status.failed = 2; }), 'migrate', 'failure', /failed 2 times/],
    ['migrations that are not done', withWorkload('migrate', ({ status }) => { status.succeeded = 0; }), 'migrate', 'warning', /not done/],
    ['a container without a memory limit', withContainer('worker', (container) => { container.resources.limits = { cpu: '500m' }; }), 'limits', 'failure', /worker\/worker has no memory limit/],
    ['a container without a CPU limit', withContainer('worker', (container) => { delete container.resources.limits['cpu']; }), 'limits', 'warning', /worker\/worker has no CPU limit/],
  ])('%s', (_, changes, ...expected) => expectOnly(factsOf(changes), expected));
});

describe('of the images doctor finds', () => {
  const running = (name: string, image: string, id: string, phase = 'Running') =>
    objects.runningPod.parse({ metadata: { name }, spec: { containers: [{ name: 'web', image }] }, status: { phase, containerStatuses: [{ name: 'web', imageID: id }] } });
  const [TAGGED, PINNED] = ['registry.example.com/web:1', `registry.example.com/web:1@sha256:${'a'.repeat(64)}`];

  it.each<[string, readonly objects.RunningPod[], RegExp]>([
    ['a tag that means two', [running('web-0', TAGGED, imageId('web', 'a')), running('web-1', TAGGED, imageId('web', 'b'))], /^registry\.example\.com\/web:1 is not one image: web-0\/web runs sha256:aaaaaaaaaaaa, web-1\/web runs sha256:bbbbbbbbbbbb$/],
    ['a digest that is not the one of the name', [running('web-0', PINNED, imageId('web', 'b'))], /^web-0\/web is named with sha256:aaaaaaaaaaaa and runs sha256:bbbbbbbbbbbb:/],
  ])('%s', (_, pods, found) => expectOnly(factsOf({ pods: seen([...pods]) }), ['images', 'warning', found]));

  it.each<[string, readonly objects.RunningPod[], string]>([
    ['runs by its digest', [running('web-0', PINNED, imageId('web', 'a'))], '1 by name, 1 of them with a digest'],
    ['was loaded from a file', [running('web-0', PINNED, `sha256:${'b'.repeat(64)}`)], '1 by name, 1 of them with a digest'],
    ['was another one of this tag in a pod that has ended', [running('web-0', TAGGED, imageId('web', 'a')), running('migrate-0', TAGGED, imageId('web', 'b'), 'Succeeded')], '1 by name, 0 of them with a digest'],
    ['is still pulled', [running('web-0', TAGGED, '')], '0 by name'],
  ])('nothing wrong in one that %s', (_, pods, found) => {
    const [image] = examine(factsOf({ pods: seen([...pods]) })).filter(({ check }) => check === 'images');
    expect([image?.level, image?.found]).toEqual(['ok', expect.stringContaining(found)]);
  });
});

it.each([['5.2.1', 'run and measured'], ['6.2', 'not run by this project']])('says of GlitchTip %s how it was proven', (version, said) => {
  expect(examine(factsOf(withSpec({ version }))).find(({ check }) => check === 'resource')?.found).toContain(`GlitchTip ${version}, ${said}`);
});

it('a migrate Job that failed is forgotten once a newer one is done', () => {
  const { workloads } = factsOf();
  const jobs = (workloads.seen ? workloads.value : []).flatMap((one) => one.kind !== 'Job' ? [one] : [
    { ...one, metadata: { ...one.metadata, creationTimestamp: '2026-06-01T10:00:00Z' }, status: { ...one.status, succeeded: 0, failed: 3 } },
    { ...one, metadata: { ...one.metadata, name: 'migrate-again', creationTimestamp: '2026-06-01T11:00:00Z' } },
  ]);
  expect(problems(factsOf({ workloads: seen(jobs) }))).toEqual([]);
});

describe('of what is public doctor finds', () => {
  it.each<[string, Partial<Facts>, string, Level, RegExp]>([
    ['a NodePort of Postgres', { services: service({ type: 'NodePort' }) }, 'services', 'failure', /postgres is a NodePort/],
    ['a LoadBalancer of Postgres', { services: service({ type: 'LoadBalancer' }) }, 'services', 'failure', /postgres is a LoadBalancer/],
    ['external addresses', { services: service({ externalIPs: ['203.0.113.1'] }) }, 'services', 'failure', /has the addresses 203.0.113.1/],
    ['web open to everybody, which may be meant', { services: service({ type: 'LoadBalancer' }, 'web') }, 'services', 'warning', /web is a LoadBalancer/],
    ['a pod on the host\'s network', { pods: pod({ hostNetwork: true }) }, 'host ports', 'failure', /network of the host/],
    ['a pod that sees the host\'s processes', { pods: pod({ hostPID: true }) }, 'host ports', 'failure', /processes of the host/],
    ['a port of the host', { pods: pod({ containers: [{ name: 'web', ports: [{ containerPort: 8080, hostPort: 80 }] }] }) }, 'host ports', 'failure', /binds 80 on the host/],
    ['an ingress without TLS', { ingresses: ingress({ rules: [{ host: 'localhost' }] }) }, 'ingress', 'failure', /serves localhost without TLS/],
    ['an ingress with TLS for another host', { ingresses: ingress({ tls: [{ hosts: ['a.example.com'] }], rules: [{ host: 'localhost' }] }) }, 'ingress', 'failure', /serves localhost without TLS/],
  ])('%s', (_, changes, ...expected) => expectOnly(factsOf(changes), expected));
});

describe('of events by http doctor finds', () => {
  const until = (at: string) => withContainer('gateway', ({ env }) => env.push({ name: 'PLAIN_EVENTS_UNTIL', value: at }));
  it('that their time is over', () => expectOnly(factsOf(until('2026-06-01T00:00:00Z')), ['plain events', 'warning', /none is taken by http since 2026-06-01/]));
  it('no fault in them while it lasts', () => expect(problems(factsOf(until('2026-07-01T00:00:00Z')))).toEqual([]));
});

describe('of the networks of the cluster doctor finds', () => {
  const TRAEFIK: SettingsInput = { ...HTTPS, https: { mode: 'secret', secret: 'errors-tls' } };
  const served = (settings: SettingsInput = TRAEFIK) => ({ settings, ...withSpec({ gateway: {}, web: { host: 'web-backend' }, https: { name: 'errors.example.com' } }) });
  const others = { nodes: seen([objects.node.parse({ metadata: { name: 'host' }, spec: { podCIDRs: ['10.244.0.0/24'] }, status: { allocatable: { memory: '2Gi' } } })]), pods: seen([objects.runningPod.parse({ metadata: { name: 'web-0' }, spec: { containers: [] }, status: { podIPs: [{ ip: '10.244.0.9' }] } })]) };
  const network = (more: SettingsInput['network']) => ({ settings: { network: more } });

  it.each<[string, Parameters<typeof factsOf>[0], Level, RegExp]>([
    ["pods that the gateway does not believe, so that Traefik's word for https counts for nothing", { ...served(), ...others }, 'failure', /^the gateway believes no proxy of 10\.244\.0\.0\/24 \(pods of node host\)/],
    ['the same of a pod, where a node does not say its part', { ...served(), ...others, nodes: seen([objects.node.parse({ metadata: { name: 'host' }, status: { allocatable: { memory: '2Gi' } } })]) }, 'failure', /^the gateway believes no proxy of 10\.244\.0\.9 \(pod web-0\)/],
    ['pods that the worker reaches as a private network', { ...network({ workerToPrivate: ['10.0.0.0/8'] }), ...others }, 'warning', /^NetworkPolicy worker-to-private lets out to 10\.244\.0\.0\/24 \(pods of node host\)/],
    ['Services that it reaches so', { ...network({ workerToPrivate: ['10.0.0.0/8'], clusterRanges: ['10.42.0.0/16'] }) }, 'warning', /^NetworkPolicy worker-to-private lets out to 10\.43\.0\.7 \(Service /],
    ['pods with public addresses that it reaches as the internet', { nodes: seen([objects.node.parse({ metadata: { name: 'host' }, spec: { podCIDRs: ['2001:db8:42::/64'] }, status: { allocatable: { memory: '2Gi' } } })]) }, 'warning', /^NetworkPolicy worker-to-internet lets out to 2001:db8:42::\/64/],
  ])('%s', (_, changes, ...expected) => expectOnly(factsOf(changes), ['cluster networks', ...expected]));

  it.each<[string, Parameters<typeof factsOf>[0]]>([
    ['they are what the settings say', served()],
    ['they are others, and the settings say those', { ...served({ ...TRAEFIK, network: { clusterRanges: ['10.244.0.0/16', '10.43.0.0/16'], workerToPrivate: ['10.0.0.0/8'] } }), ...others }],
    ['they are others, and private, so that the worker does not reach them anyway', others],
  ])('nothing where %s', (_, changes) => expect(problems(factsOf(changes)).filter(([check]) => check === 'cluster networks')).toEqual([]));
});

describe('of the address doctor finds', () => {
  const allowed = 'localhost,web,errors.example.com';
  it.each<[string, Partial<Facts>, [string, Level, RegExp][]]>([
    ['none', withEnv({ GLITCHTIP_DOMAIN: undefined }), [['address', 'failure', /not set/]]],
    ['one that is no address', withEnv({ GLITCHTIP_DOMAIN: 'errors' }), [['address', 'failure', /GLITCHTIP_DOMAIN is errors/]]],
    ['a worker that says another one', withContainer('worker', ({ env }) => env.forEach((one) => { if (one.name === 'GLITCHTIP_DOMAIN') one.value = 'http://other'; })), [['address', 'failure', /the worker http:\/\/other/]]],
    ['an ingress for another one', { ingresses: ingress({ tls: [{}], rules: [{ host: 'other.example.com' }] }) }, [['address', 'warning', /the ingress serves other.example.com/]]],
    ['that any Host is believed', withEnv({ ALLOWED_HOSTS: '*' }), [['Host header', 'warning', /any Host header is believed/]]],
    ['that GlitchTip\'s default believes any Host', withEnv({ ALLOWED_HOSTS: undefined }), [['Host header', 'warning', /any Host header is believed/]]],
    ['that it is not among the allowed hosts', withEnv({ ALLOWED_HOSTS: 'localhost,web' }, HTTPS), [['Host header', 'failure', /lacks errors.example.com: everybody gets 400/]]],
    ['that the probes\' own host is not allowed', withEnv({ ALLOWED_HOSTS: 'errors.example.com,web' }, HTTPS), [['Host header', 'failure', /lacks localhost, which the probes ask for/]]],
    ['that the Service is not allowed', withEnv({ ALLOWED_HOSTS: 'localhost,.example.com' }, HTTPS), [['Host header', 'failure', /lacks web/]]],
    ['that forms are not trusted behind TLS', withEnv({ CSRF_TRUSTED_ORIGINS: 'https://other.example.com' }, HTTPS), [['CSRF', 'failure', /lacks https:\/\/errors.example.com: behind TLS every form is refused/]]],
    ['an origin that is not its own', withEnv({ CSRF_TRUSTED_ORIGINS: 'http://other' }), [['CSRF', 'warning', /lacks http:\/\/localhost:9090/]]],
    ['cookies that are not secure over https', withEnv({ SESSION_COOKIE_SECURE: 'False', CSRF_COOKIE_SECURE: undefined }, HTTPS), [['cookies', 'failure', /SESSION_COOKIE_SECURE and CSRF_COOKIE_SECURE not set/]]],
    ['cookies that are secure over http', withEnv({ SESSION_COOKIE_SECURE: 'True' }), [['cookies', 'failure', /nobody stays signed in/]]],
    ['https without anything that belongs to it', withEnv({ GLITCHTIP_DOMAIN: 'https://errors.example.com', ALLOWED_HOSTS: allowed }), [
      ['address', 'failure', /web says https/], ['CSRF', 'failure', /lacks/], ['cookies', 'failure', /not set although the address is https/],
    ]],
    ['registration that is open', withEnv({ ENABLE_USER_REGISTRATION: 'True' }), [['registration', 'warning', /whoever reaches GlitchTip/]]],
    ['registration that is open by default', withEnv({ ENABLE_USER_REGISTRATION: undefined }), [['registration', 'failure', /whoever reaches GlitchTip/]]],
    ['that single sign-on makes accounts', withEnv({ ENABLE_SOCIAL_APPS_USER_REGISTRATION: 'True' }), [['registration', 'warning', /through a provider/]]],
    ['that every user may make organizations', withEnv({ ENABLE_ORGANIZATION_CREATION: 'True' }), [['registration', 'warning', /organizations/]]],
  ])('%s', (_, changes, expected) => expect(problems(factsOf(changes))).toEqual(expected.map(([check, level, found]) => [check, level, expect.stringMatching(found)])));
});

describe('of the probes doctor finds', () => {
  const spoil = (change: (container: objects.Container) => void, part = 'web') => withContainer(part, change);
  const each = (change: (probe: objects.Probe) => void) => spoil(({ startupProbe, readinessProbe, livenessProbe }) => [startupProbe, readinessProbe, livenessProbe].forEach((probe) => { if (probe) change(probe); }));
  it.each<[string, Partial<Facts>, string, Level, RegExp]>([
    ['one that is missing', spoil((web) => { delete web.readinessProbe; }), 'probes of web', 'failure', /no readiness probe/],
    ['a path that does not exist', spoil(({ livenessProbe }) => { if (livenessProbe?.httpGet) livenessProbe.httpGet.path = '/api/0/health/'; }), 'probes of web', 'failure', /asks \/api\/0\/health\/, which does not exist/],
    ['a path that depends on other parts', spoil(({ livenessProbe }) => { if (livenessProbe?.httpGet) livenessProbe.httpGet.path = '/login'; }), 'probes of web', 'failure', /may depend on other parts/],
    ['a probe that does not ask over HTTP', spoil((web) => { web.livenessProbe = { timeoutSeconds: 10, periodSeconds: 10, failureThreshold: 6, exec: { command: ['true'] } }; }), 'probes of web', 'warning', /does not ask over HTTP/],
    ['a timeout that is too short', spoil(({ livenessProbe }) => { if (livenessProbe) livenessProbe.timeoutSeconds = 1; }), 'probes of web', 'warning', /waits 1 s: under load web answers later, and is restarted/],
    ['too little time to start', spoil(({ startupProbe }) => { if (startupProbe) startupProbe.failureThreshold = 3; }), 'probes of web', 'warning', /6 s to start/],
    ['probes of another port', each((probe) => { if (probe.httpGet) probe.httpGet.port = 8000; }), 'port of web', 'failure', /web listens on 8080, its probes ask 8000/],
    ['a Service of another port', { services: service({ ports: [{ port: 80, targetPort: 8000 }] }, 'web-backend') }, 'port of web', 'failure', /its Service sends to 8000/],
    ['no liveness probe', spoil((valkey) => { delete valkey.livenessProbe; }, 'valkey'), 'other probes', 'warning', /valkey has no liveness probe/],
    ['a worker that is restarted for an outage of Valkey', spoil(({ livenessProbe }) => { if (livenessProbe) livenessProbe.exec = { command: ['sh', '-c', 'celery -A glitchtip inspect ping'] }; }, 'worker'), 'other probes', 'failure', /asks another part/],
  ])('%s', (_, changes, ...expected) => expectOnly(factsOf(changes), expected));

  it('another port than the one that the manifests know, everywhere it matters', () => {
    expect(problems(factsOf(withEnv({ PORT: '8000' }))).map(([, , found]) => found)).toEqual([
      'web listens on 8000, its container declares 8080', 'web listens on 8000, its probes ask 8080', 'web listens on 8000, its Service sends to 8080',
    ]);
  });
});

describe('of what the operator says doctor finds', () => {
  it.each<[string, Partial<Facts> & Parameters<typeof factsOf>[0], string, Level, RegExp]>([
    ['that it has not reconciled yet', { scenario: { conditions: [] } }, 'conditions', 'failure', /has not reconciled/],
    ['that it has not seen the latest change', { scenario: { generation: 4 } }, 'conditions', 'warning', /latest change/],
    ['that it is not ready', { scenario: { conditions: [condition('Ready', 'False', 'Unreachable', 'Postgres does not answer.')] } }, 'conditions', 'failure', /Ready is False, Unreachable/],
    ['a condition that is unknown', { scenario: { conditions: [ready, condition('QueueHealthy', 'Unknown', 'NotObserved', 'Nothing.')] } }, 'conditions', 'warning', /QueueHealthy is Unknown/],
    ['a critical incident', withHealth({ incidents: [incident('critical')] }), 'incidents', 'failure', /DatabaseDown \(postgres\)/],
    ['an incident that is a warning', withHealth({ incidents: [incident('warning')] }), 'incidents', 'warning', /DatabaseDown \(postgres\)/],
    ['a channel that fails', withHealth({ channels: [{ name: 'telegram', waiting: 1, error: 'answered 401' }] }), 'incidents', 'warning', /alerts by telegram fail: answered 401/],
    ['no Secret of alerts', { alertKeys: seen(undefined) }, 'alerts', 'warning', /there is no Secret glitchtip-alerts/],
    ['no outside checker', { alertKeys: seen(['webhook-url']) }, 'heartbeat', 'warning', /nobody outside notices/],
    ['health checks that are switched off', withSpec({ health: { enabled: false } }), 'health checks', 'warning', /switched off/],
  ])('%s', (_, changes, ...expected) => expectOnly(factsOf(changes), expected));

  it('half of a channel', () => expect(problems(factsOf({ alertKeys: seen(['telegram-token', 'heartbeat-url']) })).map(([, , found]) => found)).toEqual([
    'glitchtip-alerts has telegram-token without telegram-chat', 'glitchtip-alerts names no channel: no alert is sent',
  ]));
  it('the advice of an incident as its remedy', () => {
    expect(examine(factsOf(withHealth({ incidents: [incident('critical')] }))).find(({ check }) => check === 'incidents')?.remedy).toBe('Look at it.');
  });
});

describe('of backups doctor finds', () => {
  const onHost = { spec: { backup: { store: 'volume' } }, lastVerified: { copy: COPY, at: '2026-06-01T02:34:10Z', bytes: 44_000_000, seconds: 236, how: 'counts', where: 'volume' } } as const;
  const OLD = copied({ lastVerified: { copy: '20260530T233000Z', at: '2026-05-30T23:34:10Z', bytes: 44_000_000, seconds: 236, how: 'counts', where: 's3' } });
  const never = copied({ lastVerified: undefined, copies: [] });
  const storeKeys = (keys: readonly string[] | undefined) => ({ storeKeys: seen({ secret: 'glitchtip-backup-store', keys }) });
  it.each<[string, Partial<Facts>, string, Level, RegExp]>([
    ['that none are made', withBackup({ spec: undefined }), 'backups', 'warning', /none are made/],
    ['that there is no copy yet, and when the first is', withBackup({ status: never }), 'backups', 'warning', /no copy yet; the first is at 2026-06-02T02:30:00Z/],
    ['that the newest is too old', withBackup({ status: OLD }), 'backups', 'failure', /known to restore is 36\.5 h old/],
    ['that nobody knows how old the newest is', withBackup({ status: copied({ lastVerified: { copy: '20260631T000000Z', at: '2026-06-01T02:34:10Z', bytes: 1, seconds: 1, how: 'counts', where: 's3' } }) }), 'backups', 'failure', /of an unknown age, for 20260631T000000Z is no time/],
    ["that GlitchTip's own check of the month failed", { resource: seen(backedUp({ backup: copied(), rehearsal: { check: { version: '5.2', startedAt: '2026-06-01T03:00:00Z', endedAt: '2026-06-01T11:00:00Z', result: 'Failed', step: 'check', reason: 'MigrationsPending', detail: '2 ran' } } })) }, 'backups', 'warning', /failed in step check: MigrationsPending \(2 ran\) \(60 min ago\)/],
    ['that the last run failed', withBackup({ status: copied({ lastFailure: lastFailure(), failures: 1 }) }), 'backups', 'warning', /failed in step restore: StepFailed, exit code 3$/],
    ['that the last runs failed', withBackup({ status: copied({ lastFailure: lastFailure(), failures: 3 }) }), 'backups', 'failure', /3 times in a row/],
    ['a copy that is damaged', withBackup({ status: copied({ copies: [{ name: COPY, bytes: 1, damaged: true }] }) }), 'backups', 'warning', /copy 20260601T023000Z in the store is not what its manifest says/],
    ['that copies are on this host alone', { ...withBackup({ spec: onHost.spec.backup, status: copied({ lastVerified: onHost.lastVerified }) }), ...backupTemplate({ recipients: 'age1x', store: 'volume' }) }, 'backup store', 'warning', /what destroys the host takes them, too$/],
    ['that such copies lack SECRET_KEY', { ...withBackup({ spec: onHost.spec.backup }), ...backupTemplate({ store: 'volume' }) }, 'backup store', 'warning', /none has SECRET_KEY/],
    ['that nobody could read what goes to a bucket', backupTemplate({}), 'backup store', 'failure', /no recipient/],
    ['that there are no pods for a Job', { backupTemplate: seen(undefined) }, 'backup store', 'failure', /no PodTemplate backup/],
    ['no Secret of the bucket', storeKeys(undefined), 'backup keys', 'failure', /there is no Secret glitchtip-backup-store/],
    ['a key of it that is missing', storeKeys(['access-key-id']), 'backup keys', 'failure', /glitchtip-backup-store lacks secret-access-key/],
  ])('%s', (_, changes, ...expected) => expectOnly(factsOf(changes), expected));

  it('no fault in an old copy where a person asked for none on schedule', () => {
    expect(problems(factsOf(withBackup({ spec: { store: 's3', enabled: false }, status: OLD })))).toEqual([]);
  });
  it('what to do about a failure by its reason', () => {
    const facts = factsOf(withBackup({ status: copied({ lastFailure: lastFailure({ step: 'list', reason: 'ClockSkewed' }) }) }));
    expect(examine(facts).find(({ level }) => level === 'warning')?.remedy).toMatch(/timedatectl.*backup-failed\.md/);
  });
});

describe('of restores doctor finds', () => {
  const withRestore = (restore: RestoreStatus): Partial<Facts> => ({ resource: seen(backedUp({ backup: copied(), restore, spec: { gateway: {}, web: { host: 'web-backend' } } })) });
  it.each<[string, Partial<Facts>, string, Level, RegExp]>([
    ['one that is kept open for days', withRestore({ current: restoring('Unconfirmed', { since: '2026-05-29T12:00:00Z' }) }), 'restore', 'warning', /done and has been kept open for 3 d/],
    ['one that does not get on', withRestore({ current: restoring('Starting', { since: '2026-06-01T10:00:00Z', waitsFor: 'Starting: web and worker start.' }) }), 'restore', 'warning', /has been Starting for 2 h: web and worker start$/],
    ['one that failed', withRestore({ last: { id: '20260601T110000Z', at: '2026-06-01T11:05:00Z', result: 'Failed', why: 'Checking: fetch: IdentityWrong' } }), 'restore', 'warning', /failed, and everything is as it was: Checking: fetch: IdentityWrong \(55 min ago\)/],
    ['a request that was refused', withRestore({ refused: { request: 'undo', at: '2026-06-01T11:00:00Z', why: 'There is no restore to undo.' } }), 'restore', 'warning', /"undo" was refused 60 min ago: There is no restore/],
  ])('%s', (_, changes, ...expected) => expectOnly(factsOf(changes), expected));

  it('nothing in one that goes on, and in one that ended well', () => {
    const last = { id: '20260601T110000Z', at: '2026-06-01T11:05:00Z', result: 'Confirmed' } as const;
    expect(problems(factsOf(withRestore({ current: restoring('Restoring'), last })))).toEqual([]);
  });
});

describe('of moves doctor finds', () => {
  const withMove = (move: MoveStatus): Partial<Facts> => ({ resource: seen(backedUp({ backup: copied(), move, spec: { gateway: {}, web: { host: 'web-backend' } } })) });
  it.each<[string, Partial<Facts>, string, Level, RegExp]>([
    ['a step that the gateway does not confirm', withMove({ current: moving('Parallel', { inForceSince: undefined, since: '2026-06-01T11:50:00Z', waitsFor: 'the gateway cannot be seen (ECONNREFUSED)' }) }), 'move', 'warning', /has been Parallel for 10 min, and it is not in force: the gateway cannot be seen/],
    ['a table that is gone', withMove({ current: moving('Cutover', { tableUnread: 'Secret glitchtip-move does not exist' }) }), 'move', 'warning', /cannot be read: Secret glitchtip-move does not exist/],
    ['DSNs without a project', withMove({ current: moving('Parallel', { dsns: { known: 3, served: 2 } }) }), 'move', 'warning', /1 of 3 old DSNs have no project here/],
    ['one that came to nothing', withMove({ last: { id: MOVE, at: '2026-06-01T11:05:00Z', result: 'Failed', why: 'it refuses the token (401)' } }), 'move', 'warning', /it refuses the token \(401\) \(55 min ago\)/],
  ])('%s', (_, changes, ...expected) => expectOnly(factsOf(changes), expected));

  it('nothing in one that goes on', () => expect(problems(factsOf(withMove({ current: moving('Cutover') })))).toEqual([]));
});

describe('what may not be seen', () => {
  it.each(['storageClasses', 'nodes', 'namespace', 'definition', 'resource', 'lease', 'workloads', 'pods', 'services', 'ingresses', 'policies', 'claims', 'alertKeys', 'backupTemplate', 'storeKeys'] as const)('is reported as such, and fails nothing: %s', (fact) => {
    const found = problems(factsOf({ [fact]: notSeen('you may not do this: forbidden') }));
    expect(found.every(([, level, why]) => level === 'not seen' && why === 'you may not do this: forbidden')).toBe(true);
    if (!['claims'].includes(fact)) expect(found.length).toBeGreaterThan(0);
  });
});

it('every warning and every failure has a remedy', () => {
  const spoiled = factsOf({ ...versions('v1.20.1'), namespace: seen(undefined), lease: seen(undefined), services: service({ type: 'NodePort' }), alertKeys: seen([]), backupTemplate: seen(undefined), ...withHealth({ incidents: [incident('critical')] }) });
  for (const { level, remedy } of examine(spoiled)) expect([level, remedy === undefined || remedy === '']).toEqual([level, level === 'ok' || level === 'not seen']);
});
it('the table has a mark, what was found and what helps', () => {
  const text = renderFindings(examine(factsOf({ ...withEnv({ ENABLE_USER_REGISTRATION: undefined }), nodes: notSeen('forbidden'), alertKeys: seen(['webhook-url']) })), plain);
  for (const part of ['✗ registration', '! heartbeat', '✓ namespace', '? node', 'not seen: forbidden', '✗ 1 wrong', '! 1 with a warning', '? 2 not seen']) expect(text).toContain(part);
});
