import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type * as k8s from 'cdk8s-plus-27/lib/imports/k8s.js';
import { parse } from 'yaml';
import { SettingsError, checkSettings } from '../../charts/settings/load-settings.js';
import { Operator } from '../../charts/parts/operator.js';
import { parseSpec } from '../../operator/api/glitchtip-resource.js';
import { COMPONENT_LABEL, RECREATED_COMPONENTS } from '../../operator/api/object-names.js';
import { LOADER_FILE, PROGRAMS, PROGRAM_PATH, commandOf } from '../../charts/programs.js';
import { containerOf, find, podOf, render, renderStack } from './synthesize.js';

const IMAGE = 'registry.example.com/glitchkeeper-operator:0.1.0';
const asImage = { operator: { bundle: 'image' }, images: { operator: IMAGE } } as const;

describe('the operator as an image', () => {
  const manifests = render((scope, settings) => new Operator(scope, 'operator', settings), asImage);

  it('runs the bundle that is inside, and mounts none', () => {
    expect(containerOf(manifests, 'Deployment', 'glitchkeeper')).toMatchObject({ image: IMAGE, command: commandOf(PROGRAMS.operator) });
    expect(podOf(find(manifests, 'Deployment', 'glitchkeeper')).volumes.map(({ name }) => name)).toEqual(['settings', 'tmp']);
    expect(manifests.filter(({ kind }) => kind === 'ConfigMap').map(({ metadata }) => metadata.name)).toEqual(['glitchkeeper-settings']);
  });

  it('is not the stock image of Node.js', () => {
    expect(() => checkSettings({ operator: { bundle: 'image' } })).toThrow(SettingsError);
    expect(() => checkSettings({ operator: { bundle: 'image' } })).toThrow(/images\.operator: expected the image that you made from operator\/Dockerfile/);
    const pinned = { operator: `${checkSettings({}).images.operator}@sha256:${'a'.repeat(64)}` };
    expect(() => checkSettings({ operator: { bundle: 'image' }, images: pinned })).toThrow(/which has no operator in it/);
  });

  it('is chosen by one of two words', () => {
    expect(() => checkSettings({ operator: { bundle: 'registry' } })).toThrow('operator.bundle: expected configmap or image, found "registry"');
  });
});

describe('Deployments whose new pod comes after the old one is gone', () => {
  it('are those whose ended pods the operator deletes, when they are in the way of it', () => {
    const manifests = [...renderStack({}), ...render((scope, settings) => new Operator(scope, 'operator', settings), {})];
    const recreated = manifests.filter(({ kind, spec }) => kind === 'Deployment' && (spec as unknown as k8s.DeploymentSpec).strategy?.type === 'Recreate');
    expect(recreated.map(({ spec }) => (spec as unknown as k8s.DeploymentSpec).template.metadata?.labels?.[COMPONENT_LABEL]).sort()).toEqual([...RECREATED_COMPONENTS].sort());
  });
});

describe('health and alerts', () => {
  const manifests = render((scope, settings) => new Operator(scope, 'operator', settings), {
    health: { everySeconds: 60, heal: ['restart-worker'] }, alerts: { secret: 'pager', reportHours: 6, ports: [8443] },
  });
  const rules = find(manifests, 'Role', 'glitchkeeper') as unknown as { rules: { resources: string[]; resourceNames?: string[]; verbs: string[] }[] };
  const verbsOn = (resource: string, name?: string) => rules.rules.filter(({ resources, resourceNames }) => resources.includes(resource) && (name === undefined ? !resourceNames : resourceNames?.includes(name))).flatMap(({ verbs }) => verbs);

  it('are in the resource as the settings say them, but for the ports', () => {
    const file = find(manifests, 'ConfigMap', 'glitchkeeper-settings').data?.['glitchtip.yaml'] ?? '';
    const { spec } = parse(file) as { spec: unknown };
    expect(spec).toMatchObject({
      health: { enabled: true, everySeconds: 60, failuresToOpen: 3, successesToClose: 2, storedWithinSeconds: 5, heal: ['restart-worker'] },
    });
    expect((spec as { alerts: unknown }).alerts).toEqual({ secret: 'pager', repeatHours: 4, reportHours: 6 });
    expect(parseSpec(spec)).toMatchObject({ kind: 'valid' });
  });

  it.each<[string, string | undefined, readonly string[]]>([
    ['secrets', 'pager', ['get']], ['configmaps', 'glitchtip-health', ['get', 'patch']], ['configmaps', undefined, ['create']], ['secrets', undefined, ['create']],
  ])('the rights on %s %s are %j', (resource, name, verbs) => expect(verbsOn(resource, name)).toEqual(verbs));

  it.each<[readonly number[], readonly number[] | undefined]>([[[], undefined], [[8443, 8080], [8443, 8080]]])('with alerts.ports %j the operator reaches %j', (ports, reached) => {
    const policy = renderStack({ alerts: { ports: [...ports] } }).find(({ metadata }) => metadata.name === 'operator-to-alerts');
    const [egress] = (policy?.spec?.egress ?? []) as { ports: { port: number }[] }[];
    expect(egress?.ports.map(({ port }) => port)).toEqual(reached);
  });
});

describe('operator/Dockerfile', () => {
  const lines = readFileSync('operator/Dockerfile', 'utf8').split('\n');
  const line = (instruction: string): string => lines.find((each) => each.startsWith(`${instruction} `))?.slice(instruction.length + 1) ?? '';

  it('starts the operator as the manifests do', () => expect([...JSON.parse(line('ENTRYPOINT')) as string[], ...JSON.parse(line('CMD')) as string[]]).toEqual(commandOf(PROGRAMS.operator)));
  it('has the files of all programs where they are looked for', () => expect(line('COPY')).toBe(`${Object.values(PROGRAMS).map(({ bundle }) => bundle).join(' ')} runtime/${LOADER_FILE} ${PROGRAM_PATH}/`));
  it('is based on the image that otherwise runs the bundle', () => expect(line('ARG')).toBe(`BASE=${checkSettings({}).images.operator}`));
  it('does not run as root', () => expect(line('USER')).toBe('1000:1000'));
});
