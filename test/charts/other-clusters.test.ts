// What differs from cluster to cluster: nodes, registries, and how people outside reach GlitchTip.
import { describe, expect, it } from '@jest/globals';
import type * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { Operator } from '../../charts/parts/operator.js';
import type { SettingsInput } from '../../charts/settings/schema.js';
import { find, podOf, render, renderStack, type Manifest } from './synthesize.js';

const everything = (input: SettingsInput): Manifest[] => [...renderStack(input), ...render((scope, settings) => new Operator(scope, 'operator', settings), input)];
interface PodTemplate {
  readonly template?: { readonly spec: k8s.PodSpec };
}
/** Name and pods of each workload, and of each template of a Job that the operator makes. */
const podSpecsOf = (manifests: readonly Manifest[]) => manifests.flatMap(({ kind, metadata: { name }, ...manifest }) => {
  const pod = (kind === 'PodTemplate' ? manifest as unknown as PodTemplate : manifest.spec as unknown as PodTemplate | undefined)?.template?.spec;
  return pod === undefined ? [] : [{ kind, name: name.replace(/-[0-9a-f]{8}$/, ''), pod }];
});
const podsOf = (manifests: readonly Manifest[]) => podSpecsOf(manifests).filter(({ kind }) => kind !== 'PodTemplate').map(({ name, pod }) => [name, pod] as const);
const PRESSURE = 'node.kubernetes.io/memory-pressure';
const TAINT = { key: 'dedicated', operator: 'Equal', value: 'errors', effect: 'NoSchedule' } as const;

describe('every pod', () => {
  const pods = { nodeSelector: { 'kubernetes.io/hostname': 'errors' }, tolerations: [TAINT], imagePullSecrets: ['registry'] };
  const whole: SettingsInput = { pods, domain: 'https://errors.example.com', https: { mode: 'tunnel' }, move: { from: 'https://sentry.example.com', organization: 'acme' } };
  const placed = podSpecsOf(everything(whole));
  const placedOfSix = podSpecsOf(everything({ ...whole, version: '6.2' }));
  const namesOf = (from: typeof placed) => [...new Set(from.map(({ name }) => name))].sort();

  it('is of one of the eight parts, or of a Job', () => {
    const names = ['backup', 'gateway', 'glitchkeeper', 'migrate', 'move-import', 'postgres', 'rehearsal-5-2', 'rehearsal-6-2', 'restore', 'restore-check', 'tunnel', 'valkey', 'web', 'worker'];
    expect(namesOf(placed)).toEqual(names);
    expect(namesOf(placedOfSix)).toEqual([...names.filter((name) => name !== 'rehearsal-5-2'), 'legacy-import'].sort());
  });

  it.each([...placed, ...placedOfSix])('$kind $name runs where the settings say, with images that they can pull', ({ pod }) => {
    expect(pod).toMatchObject({ nodeSelector: { 'kubernetes.io/hostname': 'errors' }, tolerations: expect.arrayContaining([TAINT]), imagePullSecrets: [{ name: 'registry' }] });
  });

  it('that all else waits for is placed in spite of pressure, with and without tolerations of the settings', () => {
    const despite = (from: typeof placed) => namesOf(from.filter(({ pod }) => pod.tolerations?.some(({ key }) => key === PRESSURE)));
    expect([despite(placed), despite(podSpecsOf(everything({})))]).toEqual([['gateway', 'glitchkeeper', 'postgres', 'tunnel', 'valkey'], ['gateway', 'glitchkeeper', 'postgres', 'valkey']]);
  });
});

it.each<[SettingsInput, string[]]>([
  [{}, ['glitchkeeper', 'worker']], [{ version: '6.2', profile: 'tiny' }, ['glitchkeeper', 'web']],
  [{ domain: 'https://errors.example.com', https: { mode: 'tunnel' } }, ['glitchkeeper', 'tunnel', 'worker']], [{ move: { from: 'https://sentry.example.com', organization: 'acme' } }, ['gateway', 'glitchkeeper', 'worker']],
  [{ email: { url: 'smtp://mail.example.com:25' } }, ['glitchkeeper', 'web', 'worker']], [{ email: { secret: 'mail' } }, ['glitchkeeper', 'web', 'worker']],
])('with %j names of the internet are asked as they are by %j', (input, expected) => {
  expect(podsOf(everything(input)).filter(([, { dnsConfig }]) => JSON.stringify(dnsConfig) === '{"options":[{"name":"ndots","value":"1"}]}').map(([name]) => name).sort()).toEqual(expected);
});

describe('behind a proxy', () => {
  const input: SettingsInput = {
    backup: { store: 's3', recipients: ['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'], s3: { endpoint: 'https://s3.lan:9000', bucket: 'copies', privateNetworks: ['10.0.0.0/24'] } },
    network: { proxy: { url: 'http://10.0.0.5:3128', networks: ['10.0.0.5'], noProxy: ['.corp.example'] }, certificateAuthorities: 'authorities' },
  };
  const manifests = everything(input);
  const all = podSpecsOf(manifests).map(({ name, pod }) => [name, pod] as const);
  const containersOf = (pod: k8s.PodSpec) => [...pod.initContainers ?? [], ...pod.containers];

  it('those that call the internet know it, in each container, and no others', () => {
    const knowing = all.filter(([, pod]) => containersOf(pod).some(({ env }) => env?.some(({ name }) => name === 'HTTPS_PROXY')));
    expect(knowing.map(([name]) => name).sort()).toEqual(['backup', 'glitchkeeper', 'rehearsal-5-2', 'rehearsal-6-2', 'restore', 'restore-check', 'worker']);
    for (const [, pod] of knowing) {
      for (const { env = [], volumeMounts = [] } of containersOf(pod)) {
        expect(env).toEqual(expect.arrayContaining([
          { name: 'HTTPS_PROXY', value: 'http://10.0.0.5:3128' }, { name: 'HTTP_PROXY', value: 'http://10.0.0.5:3128' }, { name: 'PROXY_ENV', value: 'True' },
          { name: 'NODE_EXTRA_CA_CERTS', value: '/etc/glitchkeeper/authorities/ca.crt' },
        ]));
        expect(volumeMounts).toContainEqual({ name: 'authorities', mountPath: '/etc/glitchkeeper/authorities', readOnly: true });
      }
      expect(pod.volumes).toContainEqual({ name: 'authorities', configMap: { name: 'authorities', defaultMode: 0o444 } });
    }
  });

  it('the API server, the parts and a bucket in a private network are reached without it', () => {
    const [, worker] = all.find(([name]) => name === 'worker') ?? [];
    const without = worker?.containers[0]?.env?.find(({ name }) => name === 'NO_PROXY')?.value?.split(',') ?? [];
    expect(without).toEqual(expect.arrayContaining(['$(KUBERNETES_SERVICE_HOST)', '.svc', 'postgres', 'valkey', 'web', 'web-backend', 'gateway-control', 's3.lan', '.corp.example']));
  });

  it('policies let out to it those alone', () => {
    const policies = manifests.filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.name.endsWith('-to-proxy'));
    expect(policies.map(({ metadata }) => metadata.name).sort()).toEqual(['backup-to-proxy', 'operator-to-proxy', 'rehearsal-to-proxy', 'restore-to-proxy', 'worker-to-proxy']);
    for (const { spec } of policies) expect(spec?.['egress']).toEqual([{ to: [{ ipBlock: { cidr: '10.0.0.5/32' } }], ports: [{ protocol: 'TCP', port: 3128 }] }]);
  });

  it('one process calls by itself what a worker would', () => {
    const web = podOf(find(renderStack({ ...input, backup: { store: 'none' }, version: '6.2', profile: 'tiny' }), 'Deployment', 'web'));
    expect(web.containers[0]?.env).toContainEqual({ name: 'HTTPS_PROXY', value: 'http://10.0.0.5:3128' });
  });
});

describe('mails with a login', () => {
  it('web and worker read the Secret, which need not be there', () => {
    const manifests = renderStack({ email: { secret: 'glitchtip-mail' } });
    for (const part of ['web', 'worker']) {
      const { containers: [container], initContainers = [], volumes } = podOf(find(manifests, 'Deployment', part)) as unknown as k8s.PodSpec;
      expect(container?.env).toContainEqual({ name: 'GLITCHKEEPER_EMAIL_DIR', value: '/run/secrets/email' });
      expect(container?.volumeMounts).toContainEqual({ name: 'email', mountPath: '/run/secrets/email', readOnly: true });
      expect(initContainers.flatMap(({ env = [] }) => env.map(({ name }) => name))).not.toContain('GLITCHKEEPER_EMAIL_DIR');
      expect(volumes?.find(({ name }) => name === 'email')?.secret).toMatchObject({ secretName: 'glitchtip-mail', optional: true });
    }
    expect(JSON.stringify(find(manifests, 'Job', manifests.find(({ kind }) => kind === 'Job')?.metadata.name ?? ''))).not.toContain('glitchtip-mail');
  });
});

describe('a Service that is public', () => {
  const portsOf = (service: SettingsInput['service'], more: SettingsInput = {}) => {
    const manifests = renderStack({ ...more, service: { allowPublic: true, ...service } });
    const { hard } = find(manifests, 'ResourceQuota', 'budget').spec as unknown as { hard: Record<string, string> };
    return { ports: find(manifests, 'Service', 'web').spec['ports'] as object[], nodeports: hard['services.nodeports'], loadbalancers: hard['services.loadbalancers'] };
  };
  const inside = { name: 'http', port: 8080, targetPort: 'http', protocol: 'TCP' };

  it.each<[SettingsInput['service'], ReturnType<typeof portsOf>]>([
    [{ type: 'NodePort' }, { ports: [inside], nodeports: '1', loadbalancers: '0' }],
    [{ type: 'NodePort', port: 30080 }, { ports: [{ ...inside, nodePort: 30080 }], nodeports: '1', loadbalancers: '0' }],
    [{ type: 'LoadBalancer' }, { ports: [inside], nodeports: '1', loadbalancers: '1' }],
    [{ type: 'LoadBalancer', port: 8080 }, { ports: [inside], nodeports: '1', loadbalancers: '1' }],
    [{ type: 'LoadBalancer', port: 80 }, { ports: [inside, { ...inside, name: 'public', port: 80 }], nodeports: '2', loadbalancers: '1' }],
  ])('by %j has its ports, and the quota room for them', (service, expected) => {
    expect(portsOf(service)).toEqual(expected);
    expect(portsOf(service, { gateway: { enabled: false } })).toEqual(expected);
  });

  it.each([[true, 'gateway'], [false, 'web']])('is let in by a policy (gateway %p: to %s), and a private one is not', (enabled, part) => {
    const policy = find(renderStack({ gateway: { enabled }, service: { type: 'NodePort', allowPublic: true } }), 'NetworkPolicy', 'web-from-everybody').spec;
    expect(policy).toEqual({ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'glitchtip', 'app.kubernetes.io/component': part } }, policyTypes: ['Ingress'], ingress: [{ ports: [{ protocol: 'TCP', port: 8080 }] }] });
    expect(renderStack({ gateway: { enabled } }).map(({ metadata }) => metadata.name)).not.toContain('web-from-everybody');
  });
});
