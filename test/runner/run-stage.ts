// Runs one stage and counts it.
import { join } from 'node:path';
import { countReport, readJestReport, type FailedTest, type JestReport, type SuiteResult } from './jest-report.js';
import type { Run } from './run.js';
import { READY, type Stage } from './stages.js';

export interface StageResult extends SuiteResult {
  readonly stage: string;
  /** Seconds after the beginning of the run. */
  readonly began: number;
  readonly seconds: number;
  /** Why it did not end by itself, or did not begin. */
  readonly note?: string;
  /** Failed, and passed when it was tried again. */
  readonly flaky?: FailedTest;
}

const NONE: SuiteResult = { passed: 0, failed: 0, failedTests: [], skipped: [] };
/** On what the clusters leave of the processors a test takes many times its time. Milliseconds. */
const LOW_PRIORITY_TIMEOUT = 600_000;

export async function runStage(run: Run, stage: Stage): Promise<StageResult> {
  run.say(`=== ${stage.name}: ${stage.what}`);
  const began = run.elapsed;
  const counted = stage.kind === 'suite' ? (await runSuite(run, stage)).result : await runCommand(run, stage);
  const seconds = run.elapsed - began;
  // What was killed has failed, and says nothing.
  if (run.wasStopped()) return { ...NONE, stage: stage.name, began, seconds, note: 'stopped' };
  run.say(`=== ${stage.name}: ${stage.kind === 'suite' ? `${counted.passed} passed, ${counted.failed} failed` : counted.failed > 0 ? 'failed' : 'done'} (${seconds} s)`);
  return { ...counted, stage: stage.name, began, seconds };
}

async function runCommand(run: Run, { name, kind, command = [], lowPriority }: Stage): Promise<SuiteResult> {
  const well = await run.launch({ name, command, lowPriority });
  return { ...NONE, passed: well && kind === 'check' ? 1 : 0, failed: well ? 0 : 1 };
}

export interface Suite extends Pick<Stage, 'name' | 'workers' | 'lowPriority' | 'needs'> {
  /** Jest's. @default name */
  readonly project?: string;
  readonly arguments?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Where suites on pods leave what is needed to understand a failure: a folder a suite, and in it one a cluster. */
export const evidenceOf = (run: Run): string => join(run.folder, 'evidence');

export async function runSuite(run: Run, suite: Suite): Promise<{ readonly result: SuiteResult; readonly report: JestReport | undefined }> {
  const file = join(run.folder, `${suite.name}.json`);
  const command = [
    'jest', '--selectProjects', suite.project ?? suite.name, `--maxWorkers=${suite.workers}`, '--json', '--outputFile', file,
    ...(suite.lowPriority ? [`--testTimeout=${LOW_PRIORITY_TIMEOUT}`] : []), ...(suite.arguments ?? []),
  ];
  const well = await run.launch({
    name: suite.name, command, lowPriority: suite.lowPriority, errorsOnly: true,
    env: {
      NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
      GLITCHKEEPER_EVIDENCE: join(evidenceOf(run), suite.name),
      ...(suite.needs.includes('build') ? { [READY.build]: '1' } : {}),
      ...(suite.needs.includes('parts') ? { [READY.parts]: '1' } : {}),
      ...suite.env,
    },
  });
  const report = readJestReport(file);
  return { report, result: countReport(report, !well) };
}

/** The same test again, alone on a fresh cluster. */
export async function runAlone(run: Run, stage: Stage, test: FailedTest, pattern: string): Promise<StageResult> {
  const name = `${stage.name}-retry`;
  run.say(`=== ${name}: ${test.name}`);
  const began = run.elapsed;
  const { result } = await runSuite(run, { ...stage, name, project: stage.name, workers: 1, arguments: ['--runTestsByPath', test.file, '-t', pattern] });
  // All other tests of the file are skipped, which was asked for.
  return { ...result, skipped: [], stage: name, began, seconds: run.elapsed - began };
}
