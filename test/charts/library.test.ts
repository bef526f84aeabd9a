import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { parseAllDocuments } from 'yaml';
import { find, podOf, type Manifest } from './synthesize.js';

const MINUTE = 60_000;
const output = mkdtempSync(join(tmpdir(), 'glitchkeeper-example-'));

afterAll(() => rmSync(output, { recursive: true }));

describe('another cdk8s app that imports glitchkeeper', () => {
  it('type-checks against the package as built', async () => {
    const { exitCode } = await execa('tsc', ['-p', 'test/charts/example'], { preferLocal: true });
    expect(exitCode).toBe(0);
  }, MINUTE);

  it('synthesizes the stack with its own namespace and domain', async () => {
    await execa('tsx', ['test/charts/example/main.ts'], { preferLocal: true, env: { CDK8S_OUTDIR: output } });
    const manifests = readdirSync(output).flatMap((file) =>
      parseAllDocuments(readFileSync(join(output, file), 'utf8')).map((document) => document.toJS() as Manifest));
    const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names).toEqual(expect.arrayContaining([
      'CustomResourceDefinition/glitchtips.glitchkeeper.io', 'Namespace/errors', 'Deployment/glitchkeeper', 'Deployment/web',
      'Deployment/worker', 'StatefulSet/postgres', 'StatefulSet/valkey', 'NetworkPolicy/web-from-clients',
    ]));
    expect(new Set(manifests.map(({ metadata }) => metadata.namespace ?? 'errors'))).toEqual(new Set(['errors']));
    // Without an image of its own the operator is the bundle of a ConfigMap.
    expect(names).toContainEqual(expect.stringMatching(/^ConfigMap\/glitchkeeper-bundle-[0-9a-f]{8}$/));
    expect(podOf(find(manifests, 'Deployment', 'glitchkeeper')).volumes).toContainEqual(expect.objectContaining({ name: 'bundle' }));
  }, MINUTE);
});

describe('the CLI as built', () => {
  it.each([
    ['glitchkeeper', 'Usage: glitchkeeper rotate [options]'],
    ['kubectl-glitchtip', 'Usage: kubectl glitchtip rotate [options]'],
  ])('runs as %s', async (name, usage) => {
    const program = join(output, name);
    symlinkSync(resolve('build/cli.js'), program);
    const { stdout } = await execa(program, ['rotate', '--help']);
    expect(stdout).toContain(usage);
  }, MINUTE);
});
