// `npm test`: every suite, cheapest first, stopping after the first that fails; what this machine cannot run is skipped by name.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';

interface Suite {
  readonly name: string;
  readonly what: string;
  /** Files of it that may run at the same time. @default 1 */
  readonly workers?: number;
  /** It waits for no clock: beside the others of its stage it takes what they leave of the processors. @default false */
  readonly patient?: boolean;
  /** Why this machine cannot run it; undefined: it can. */
  readonly cannot?: () => Promise<string | undefined>;
}

interface Result {
  readonly suite: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  /** Names of what was not run, with the reason. */
  readonly skipped: readonly string[];
}

/** What Jest writes with --json, as far as it is read here. */
interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly { readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[] }[];
}

/** One after the other; the suites of a stage run side by side. */
const STAGES: readonly (readonly Suite[])[] = [
  [{ name: 'unit', what: 'decisions, in tables', workers: 2 }],
  [{ name: 'charts', what: 'manifests' }],
  [{ name: 'api', what: 'a real API server and a real Postgres', workers: 2, cannot: realParts }],
  [
    // Two clusters at a time, of which one mostly waits. Each takes 2 GiB.
    { name: 'cluster', what: 'real pods', workers: 2, cannot: realParts },
    { name: 'replay', what: 'real servers, cut off at each write', workers: 2, patient: true, cannot: realParts },
  ],
];
const SUITES = STAGES.flat();

async function realParts(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `it needs Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'it needs root (network namespaces, cgroups)';
  const { failed } = await execa('go', ['version'], { reject: false });
  return failed ? 'it needs Go 1.24 or newer on PATH, to build Kubernetes' : undefined;
}

async function runSuite(suite: Suite): Promise<Result> {
  const reason = await suite.cannot?.();
  if (reason !== undefined) return { suite: suite.name, passed: 0, failed: 0, seconds: 0, skipped: [`suite ${suite.name} (${suite.what}): ${reason}`] };
  console.log(`\n--- ${suite.name}: ${suite.what}`);
  const folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-test-'));
  const started = Date.now();
  try {
    const file = join(folder, 'report.json');
    const jest = execa('jest', ['--selectProjects', suite.name, `--maxWorkers=${suite.workers ?? 1}`, '--json', '--outputFile', file], {
      preferLocal: true, reject: false, stdin: 'ignore', stdout: 'ignore', stderr: 'inherit',
      env: { NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' },
    });
    if (suite.patient && jest.pid !== undefined) setPriority(jest.pid, constants.priority.PRIORITY_LOW);
    const { failed } = await jest;
    return { suite: suite.name, seconds: Math.round((Date.now() - started) / 1000), ...count(file, failed) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function count(file: string, failed: boolean): Pick<Result, 'passed' | 'failed' | 'skipped'> {
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: [] };
  const report = JSON.parse(readFileSync(file, 'utf8')) as JestReport;
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failures = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return {
    passed: report.numPassedTests,
    // Jest can fail without a failed test: a set-up that throws, an obsolete snapshot under --ci.
    failed: failed ? Math.max(1, failures) : failures,
    skipped: tests.filter(({ status }) => status === 'pending' || status === 'todo').map(({ fullName }) => fullName),
  };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { 'no-bail': { type: 'boolean', default: false } }, allowPositionals: true });
  const unknown = positionals.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) throw new Error(`expected suites among ${SUITES.map(({ name }) => name).join(', ')}, found ${unknown.join(', ')}`);
  const chosen = SUITES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));

  const results: Result[] = [];
  for (const stage of STAGES) {
    results.push(...(await Promise.all(stage.filter((suite) => chosen.includes(suite)).map(runSuite))));
    if (!values['no-bail'] && results.some(({ failed }) => failed > 0)) break;
  }
  report(chosen, results);
}

function report(chosen: readonly Suite[], results: readonly Result[]): void {
  console.log('');
  for (const { suite, passed, failed, seconds } of results) console.log(`${suite.padEnd(8)} ${passed} passed, ${failed} failed in ${seconds} s`);
  const notRun = chosen.slice(results.length).map(({ name }) => `suite ${name}: not run after a failure`);
  const skipped = [...results.flatMap((result) => result.skipped), ...notRun];
  for (const name of skipped) console.log(`skipped: ${name}`);
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  const forbidden = process.env.CI === 'true' && skipped.length > 0;
  if (forbidden) console.log('under CI nothing may be skipped: counted as failed');
  const failures = failed + (forbidden ? skipped.length : 0);
  console.log(`${passed} passed, ${failures} failed`);
  process.exitCode = failures === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
