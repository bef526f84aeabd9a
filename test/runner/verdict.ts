// What a run comes to: the lines of its summary, and the two counts of its last line.
import type { StageResult } from './run-stage.js';

export interface Circumstances {
  /** There nothing may be skipped. */
  readonly ci: boolean;
  /** Everything was ended before its time. */
  readonly stopped: boolean;
  /** Where the output of the stages is. */
  readonly folder: string;
}

export interface Verdict {
  readonly lines: readonly string[];
  readonly flaky: readonly string[];
  readonly passed: number;
  readonly failed: number;
}

export function conclude(results: readonly StageResult[], { ci, stopped, folder }: Circumstances): Verdict {
  const skipped = results.flatMap((result) => result.skipped);
  const flaky = results.flatMap((result) => (result.flaky === undefined ? [] : [`flaky: ${result.flaky.name}, ${result.flaky.error}, its log: ${folder}/${result.stage}.log`]));
  const red = results.filter(({ failed }) => failed > 0);
  const lines = [
    ...red.flatMap(({ stage, failedTests }) => failedTests.length > 0 ? failedTests.map(({ name, error }) => `failed: ${stage}: ${name}: ${error}`) : [`failed: ${stage}: ${folder}/${stage}.log`]),
    ...flaky,
    ...skipped.map((name) => `skipped: ${name}`),
  ];
  const cut = results.filter(({ note }) => note === 'stopped' || note === 'not run').map(({ stage }) => stage);
  if (cut.length > 0) lines.push(`ended early: ${cut.join(', ')}`);
  let failed = red.reduce((sum, result) => sum + result.failed, 0);
  if (stopped && failed === 0) {
    lines.push('the run was told to end: counted as failed');
    failed = 1;
  }
  if (ci && skipped.length > 0) {
    lines.push('under CI nothing may be skipped: counted as failed');
    failed += skipped.length;
  }
  return { lines, flaky, passed: results.reduce((sum, { passed }) => sum + passed, 0), failed };
}
