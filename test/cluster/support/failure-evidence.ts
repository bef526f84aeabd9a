// What is needed to understand a failure on pods, taken from its cluster while there is one: the support bundle and the node's logs.
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach } from '@jest/globals';
import { execa } from 'execa';
import { ensureBinaries } from '../../../embedded/binaries.js';
import { resolveOptions } from '../../../embedded/cluster-options.js';
import { printFigure } from './fault-report.js';

/** A cluster that does not answer is no reason to wait for long. Milliseconds. */
const BUNDLE_MS = 120_000;

/** Names of tests and hooks that have failed so far, by failure-environment.mjs. */
function failures(): readonly string[] {
  const { glitchkeeperFailures } = globalThis as { glitchkeeperFailures?: readonly string[] };
  if (glitchkeeperFailures === undefined) throw new Error('failures are not known: jest.config.mjs gives this suite another environment');
  return glitchkeeperFailures;
}

/** Of the first one, right after it: what follows may be its consequence, and a later test may take the cluster down. */
export function leaveEvidenceOfFailure(cluster: string): void {
  let left = false;
  const look = async (): Promise<void> => {
    if (left || failures().length === 0) return;
    left = true;
    await leaveEvidence(cluster, failures());
  };
  afterEach(look, 2 * BUNDLE_MS);
  // A set-up that failed: no test of it ran.
  afterAll(look, 2 * BUNDLE_MS);
}

async function leaveEvidence(cluster: string, failed: readonly string[]): Promise<void> {
  const folder = join(process.env['GLITCHKEEPER_EVIDENCE'] ?? join('test-results', 'evidence'), cluster);
  const { paths } = resolveOptions({ name: cluster }, process.env);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const missing = await Promise.all([
    orWhy(cp(paths.log, join(folder, 'log'), { recursive: true })),
    orWhy(bundle(paths.kubeconfig, join(folder, 'support.tar.gz'))),
  ]);
  const lines = [...failed.map((name) => `failed: ${name}`), ...missing.flatMap((why) => (why === undefined ? [] : [`not collected: ${why}`]))];
  await writeFile(join(folder, 'failures.txt'), `${lines.join('\n')}\n`);
  printFigure(`the support bundle and the logs of the cluster ${cluster} are in ${folder}`);
}

async function bundle(kubeconfig: string, file: string): Promise<void> {
  const { kubectl } = await ensureBinaries({ say: printFigure, step: (_title, work) => work(), elapsed: () => 0 });
  await execa('node', ['build/cli.js', '--kubeconfig', kubeconfig, 'bundle', '--output', file], {
    env: { PATH: `${dirname(kubectl)}:${process.env['PATH'] ?? ''}` }, timeout: BUNDLE_MS,
  });
}

/** The failure of a test is what is to be told; that its cluster cannot be asked is a line in what is left. */
function orWhy(work: Promise<void>): Promise<string | undefined> {
  return work.then(() => undefined, (error: unknown) => (error instanceof Error ? error.message : String(error)));
}
