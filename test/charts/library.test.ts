import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { parseAllDocuments } from 'yaml';
import type { Manifest } from './synthesize.js';

const MINUTE = 60_000;
const output = mkdtempSync(join(tmpdir(), 'glitchkeeper-example-'));

describe('another cdk8s app that imports glitchkeeper', () => {
  beforeAll(() => execa('npm', ['run', '--silent', 'build']), 2 * MINUTE);
  afterAll(() => rmSync(output, { recursive: true }));

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
  }, MINUTE);
});
