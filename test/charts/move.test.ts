// What a move adds to the manifests, and that without one there is nothing of it.
import { describe, expect, it } from '@jest/globals';
import { Operator } from '../../charts/parts/operator.js';
import type { SettingsInput } from '../../charts/settings/schema.js';
import { find, render, renderStack, type Container, type Manifest, type PodSpec } from './synthesize.js';

const MOVE: SettingsInput = { move: { from: 'https://sentry.example.com', organization: 'acme' } };
const PRIVATE: SettingsInput = { move: { from: 'http://192.168.1.30:9000', organization: 'acme', privateNetworks: ['192.168.1.30'] } };

interface Template { metadata: { labels: Record<string, string> }; spec: PodSpec & { volumes: { name: string; secret?: object }[]; dnsConfig?: object } }
interface Policy { spec: { podSelector: { matchLabels: Record<string, string> }; egress: { to: { ipBlock: { cidr: string; except?: string[] } }[]; ports: { port: number }[] }[] } }
const template = (input: SettingsInput) => (find(renderStack(input), 'PodTemplate', 'move-import') as unknown as { template: Template }).template;
const policy = (input: SettingsInput, name: string) => (find(renderStack(input), 'NetworkPolicy', name) as unknown as Policy).spec;
const operator = (input: SettingsInput) => render((chart, settings) => new Operator(chart, 'operator', settings), input);
const named = (manifests: readonly Manifest[]) => manifests.filter(({ metadata: { name } }) => /move|old-server/.test(name)).map(({ kind, metadata: { name } }) => `${kind} ${name}`).sort();

describe('a move', () => {
  it('is nowhere in the manifests where the settings name no old server', () => {
    expect(named(renderStack())).toEqual([]);
    expect(JSON.stringify(operator({}))).not.toMatch(/glitchtip-move|move-import/);
  });

  it('has scripts, a template, and flows of its own', () => {
    expect(named(renderStack(MOVE))).toEqual([
      'ConfigMap move-scripts', 'NetworkPolicy gateway-to-old-server', 'NetworkPolicy move-to-old-server', 'NetworkPolicy move-to-postgres', 'NetworkPolicy move-to-valkey',
      'NetworkPolicy postgres-from-move', 'NetworkPolicy valkey-from-move', 'PodTemplate move-import',
      'ValidatingAdmissionPolicy glitchkeeper-move-import-jobs.glitchtip', 'ValidatingAdmissionPolicyBinding glitchkeeper-move-import-jobs.glitchtip',
    ]);
  });

  it("imports in GlitchTip's image, by a token that no argument and no variable has", () => {
    const { spec } = template(MOVE);
    const [container] = spec.containers as [Container & { command: string[]; env: { name: string; value?: string }[]; volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[] }];
    expect(container.command).toEqual(['python', '/glitchkeeper-move/import_old.py']);
    expect(container.env).toEqual(expect.arrayContaining([
      { name: 'OLD_SERVER', value: 'https://sentry.example.com' }, { name: 'OLD_ORGANIZATION', value: 'acme' }, { name: 'TOKEN_FILE', value: '/run/secrets/move/token' },
    ]));
    expect(container.volumeMounts).toContainEqual({ name: 'move', mountPath: '/run/secrets/move', readOnly: true });
    // The table of DSNs is none of its business.
    expect(spec.volumes.find(({ name }) => name === 'move')?.secret).toMatchObject({ secretName: 'glitchtip-move', optional: true, items: [{ key: 'token', path: 'token' }] });
    expect(spec).toMatchObject({ restartPolicy: 'Never', automountServiceAccountToken: false });
  });

  it('is as large as the migrate Job, and never beside one: so the budget has no moment of its own', () => {
    const { limits } = ((find(renderStack(MOVE), 'PodTemplate', 'migrate') as unknown as { template: Template }).template.spec.containers[0] as Container).resources;
    expect((template(MOVE).spec.containers[0] as Container).resources.limits).toEqual(limits);
  });

  it.each(['gateway-to-old-server', 'move-to-old-server'])('lets %s out to the internet by the port of the old server alone', (name) => {
    const { egress: [rule] } = policy(MOVE, name);
    expect(rule?.ports).toEqual([{ protocol: 'TCP', port: 443 }]);
    expect(rule?.to[0]?.ipBlock.except).toEqual(expect.arrayContaining(['10.0.0.0/8', '192.168.0.0/16', '169.254.0.0/16']));
  });

  it('lets both out to a private network alone, where it is named', () => {
    for (const name of ['gateway-to-old-server', 'move-to-old-server']) {
      expect(policy(PRIVATE, name).egress).toEqual([{ to: [{ ipBlock: { cidr: '192.168.1.30/32' } }], ports: [{ protocol: 'TCP', port: 9000 }] }]);
    }
  });

  it.each<[string, SettingsInput, boolean]>([['on the internet', MOVE, false], ['beside it', PRIVATE, true]])('has the way out of a proxy for both, but to an old server that is %s only where that is so', (_, input, isBeside) => {
    const settings = { ...input, network: { proxy: { url: 'http://proxy.example.com:3128', networks: ['10.0.0.5'] }, certificateAuthorities: 'authorities' } };
    const gateway = (find(renderStack(settings), 'Deployment', 'gateway').spec as unknown as { template: Template }).template;
    for (const { spec } of [template(settings), gateway]) {
      const env = Object.fromEntries((spec.containers[0] as unknown as { env: { name: string; value?: string }[] }).env.map(({ name, value }) => [name, value]));
      expect(env).toMatchObject({ HTTPS_PROXY: 'http://proxy.example.com:3128', NODE_EXTRA_CA_CERTS: expect.any(String) });
      expect(env['NO_PROXY']?.split(',').includes('192.168.1.30')).toBe(isBeside);
    }
    for (const from of ['gateway', 'move']) expect(policy(settings, `${from}-to-proxy`).egress[0]?.ports).toEqual([{ protocol: 'TCP', port: 3128 }]);
  });

  it('gives the operator its Secret, to read and to fill in, and its template', () => {
    const { rules } = find(operator(MOVE), 'Role', 'glitchkeeper') as unknown as { rules: { resources: string[]; resourceNames?: string[]; verbs: string[] }[] };
    expect(rules).toContainEqual({ apiGroups: [''], resources: ['secrets'], resourceNames: ['glitchtip-move'], verbs: ['get', 'patch'] });
    expect(rules.find(({ resources }) => resources[0] === 'podtemplates')?.resourceNames).toContain('move-import');
  });

  it('is in the resource, for the operator', () => {
    const { data } = find(operator({ move: { ...MOVE.move, share: 40 } }), 'ConfigMap', 'glitchkeeper-settings') as unknown as { data: Record<string, string> };
    expect(data['glitchtip.yaml']).toContain('  move:\n    from: https://sentry.example.com\n    organization: acme\n    ownNames:\n      - localhost\n    share: 40\n');
  });

  it('tells the operator which names lead here: a copy for one of them would come back', () => {
    const input: SettingsInput = { domain: 'https://errors.example.com', https: { mode: 'traefik', acme: { email: 'ops@glitchtip.invalid' }, eventNames: ['sentry.example.com'] }, network: { clusterRanges: ['10.42.0.0/16'] }, move: { from: 'https://old-sentry.example.com', organization: 'acme' } };
    const { data } = find(operator(input), 'ConfigMap', 'glitchkeeper-settings') as unknown as { data: Record<string, string> };
    expect(data['glitchtip.yaml']).toContain('    ownNames:\n      - errors.example.com\n      - sentry.example.com\n');
  });
});
