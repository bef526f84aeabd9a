// What differs from cluster to cluster: nodes, registries, and how people outside reach GlitchTip.
import { describe, expect, it } from '@jest/globals';
import { Operator } from '../../charts/parts/operator.js';
import type { SettingsInput } from '../../charts/settings/schema.js';
import { find, podOf, render, renderStack, type Manifest } from './synthesize.js';

const everything = (input: SettingsInput): Manifest[] => [...renderStack(input), ...render((scope, settings) => new Operator(scope, 'operator', settings), input)];
const podsOf = (manifests: readonly Manifest[]) => manifests.filter(({ kind, spec }) => kind !== 'PodTemplate' && spec?.template !== undefined).map((manifest) => [manifest.metadata.name.replace(/-[0-9a-f]{8}$/, ''), podOf(manifest) as unknown as Record<string, unknown>] as const);
const PRESSURE = 'node.kubernetes.io/memory-pressure';
const TAINT = { key: 'dedicated', operator: 'Equal', value: 'errors', effect: 'NoSchedule' } as const;

describe('every pod', () => {
  const pods = podsOf(everything({ pods: { nodeSelector: { 'kubernetes.io/hostname': 'errors' }, tolerations: [TAINT], imagePullSecrets: ['registry'] } }));

  it('is one of the seven parts', () => expect(pods.map(([name]) => name).sort()).toEqual(['gateway', 'glitchkeeper', 'migrate', 'postgres', 'valkey', 'web', 'worker']));

  it.each(pods)('%s runs where the settings say, with images that they can pull', (_, pod) => {
    expect(pod).toMatchObject({ nodeSelector: { 'kubernetes.io/hostname': 'errors' }, tolerations: expect.arrayContaining([TAINT]), imagePullSecrets: [{ name: 'registry' }] });
  });

  it('that all else waits for is placed in spite of pressure, with and without tolerations of the settings', () => {
    const despite = (from: typeof pods) => from.filter(([, { tolerations }]) => (tolerations as { key: string }[] | undefined)?.some(({ key }) => key === PRESSURE)).map(([name]) => name).sort();
    expect([despite(pods), despite(podsOf(everything({})))]).toEqual([['gateway', 'glitchkeeper', 'postgres', 'valkey'], ['gateway', 'glitchkeeper', 'postgres', 'valkey']]);
  });
});

it.each<[SettingsInput, string[]]>([
  [{}, ['glitchkeeper', 'worker']], [{ version: '6.2', profile: 'tiny' }, ['glitchkeeper', 'web']],
])('with %j names of the internet are asked as they are by %j', (input, expected) => {
  expect(podsOf(everything(input)).filter(([, { dnsConfig }]) => JSON.stringify(dnsConfig) === '{"options":[{"name":"ndots","value":"1"}]}').map(([name]) => name).sort()).toEqual(expected);
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
