// What the import of old events adds to the manifests of the release that has them in an archive.
import { describe, expect, it } from '@jest/globals';
import { Operator } from '../../charts/parts/operator.js';
import type { SettingsInput } from '../../charts/settings/schema.js';
import { find, render, renderStack, type Container, type Manifest, type PodSpec } from './synthesize.js';

const SIX: SettingsInput = { version: '6.2' };
const template = () => (find(renderStack(SIX), 'PodTemplate', 'legacy-import') as unknown as { template: { spec: PodSpec } }).template;
const named = (manifests: readonly Manifest[]) => manifests.filter(({ metadata: { name } }) => name.includes('legacy-import')).map(({ kind, metadata: { name } }) => `${kind} ${name}`).sort();
const policy = (input: SettingsInput) => JSON.stringify(find(renderStack(input), 'ValidatingAdmissionPolicy', 'glitchkeeper-upgrade-step.glitchtip'));

describe('the import of old events', () => {
  it('is nowhere in the manifests of the first release', () => {
    expect(named(renderStack())).toEqual([]);
    expect(JSON.stringify(render((chart, settings) => new Operator(chart, 'operator', settings), {}))).not.toContain('legacy-import');
  });

  it('has a template, flows, and a policy of its own', () => {
    expect(named(renderStack(SIX))).toEqual([
      'NetworkPolicy legacy-import-to-postgres', 'NetworkPolicy legacy-import-to-valkey', 'NetworkPolicy postgres-from-legacy-import', 'NetworkPolicy valkey-from-legacy-import', 'PodTemplate legacy-import',
      'ValidatingAdmissionPolicy glitchkeeper-legacy-import-jobs.glitchtip', 'ValidatingAdmissionPolicyBinding glitchkeeper-legacy-import-jobs.glitchtip',
    ]);
  });

  it("runs GlitchTip's own importer in its image, as large as the migrate Job", () => {
    const [container] = template().spec.containers as [Container & { command: string[] }];
    expect(container.command).toEqual(['python', '/glitchkeeper/import_legacy.py']);
    const migrate = (find(renderStack(SIX), 'PodTemplate', 'migrate') as unknown as { template: { spec: PodSpec } }).template.spec.containers[0] as Container;
    expect(container.resources).toEqual(migrate.resources);
    expect(template().spec).toMatchObject({ restartPolicy: 'Never', automountServiceAccountToken: false });
  });
});

describe('the step of an upgrade', () => {
  it('may be named by the operator to the release of the manifests alone', () => {
    expect(policy(SIX)).toContain("['5.2-6.2']");
    expect(policy({})).not.toContain('5.2-6.2');
  });
});
