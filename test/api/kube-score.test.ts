import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { parseAllDocuments } from 'yaml';
import type { Manifest } from '../charts/synthesize.js';
import { NO_SETTINGS } from '../support/settings.js';
import { buildProgress, ensureKubeScore } from '../../embedded/index.js';

const MINUTE = 60_000;

interface Check {
  readonly check: { readonly id: string };
  readonly grade: number;
  readonly skipped: boolean;
}
interface ScoredObject {
  readonly object_name: string;
  readonly checks: readonly Check[];
}

/** kube-score's grade of a check that failed as CRITICAL. */
const CRITICAL = 1;

describe('kube-score on dist/', () => {
  const dist = mkdtempSync(join(tmpdir(), 'glitchkeeper-score-'));
  const files = (): string[] => readdirSync(dist).filter((file) => file.endsWith('.k8s.yaml')).map((file) => join(dist, file));
  let scored: ScoredObject[] = [];

  beforeAll(async () => {
    const [kubeScore] = await Promise.all([
      ensureKubeScore(buildProgress(() => undefined, Date.now)),
      execa('node', ['build/main.js'], { env: { CDK8S_OUTDIR: dist, GLITCHKEEPER_SETTINGS: NO_SETTINGS } }),
    ]);
    const { stdout } = await execa(kubeScore, ['score', '--output-format', 'json', '--output-version', 'v2', ...files()], { reject: false });
    scored = JSON.parse(stdout) as ScoredObject[];
  }, 10 * MINUTE);
  afterAll(() => rmSync(dist, { recursive: true }));

  it('looks at every workload and Service', () => {
    expect(scored.length).toBeGreaterThan(10);
    expect(scored.flatMap(({ checks }) => checks).filter(({ skipped }) => !skipped).length).toBeGreaterThan(100);
  });

  it('finds nothing CRITICAL', () => {
    const critical = scored.flatMap(({ object_name, checks }) =>
      checks.filter(({ grade, skipped }) => grade === CRITICAL && !skipped).map(({ check }) => `${object_name}: ${check.id}`));
    expect(critical).toEqual([]);
  });

  it('has a reason beside each exception', () => {
    const manifests = files().flatMap((file) => parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Manifest));
    const excepted = manifests.flatMap(({ metadata }) => (metadata.annotations?.['kube-score/ignore'] ?? '').split(',')
      .filter((check) => check !== '').map((check) => ({ check, reasons: metadata.annotations?.['glitchkeeper.io/kube-score-reasons'] ?? '' })));
    expect(excepted.length).toBeGreaterThan(0);
    for (const { check, reasons } of excepted) expect(reasons).toMatch(new RegExp(`(^|; )${check}: \\S.{10,}`));
  });
});
