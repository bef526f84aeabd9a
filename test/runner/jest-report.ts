// What Jest says of a suite with --json, as far as it is read here.
import { existsSync, readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';

const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numRuntimeErrorTestSuites: z.number(),
  testResults: z.array(z.object({
    name: z.string(),
    message: z.string().default(''),
    assertionResults: z.array(z.object({
      fullName: z.string(),
      status: z.string(),
      duration: z.number().nullish(),
      failureMessages: z.array(z.string()).nullish(),
    })),
  })),
});

export type JestReport = z.infer<typeof reportSchema>;

export interface FailedTest {
  readonly name: string;
  readonly file: string;
  /** Its first line. */
  readonly error: string;
}

export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
  readonly failedTests: readonly FailedTest[];
  /** Names. */
  readonly skipped: readonly string[];
}

/** undefined when Jest ended before it wrote one, or in the middle of it. */
export function readJestReport(file: string): JestReport | undefined {
  return existsSync(file) ? reportSchema.safeParse(parseJson(readFileSync(file, 'utf8'))).data : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param endedRed how Jest ended: it can fail without a failed test (a set-up that throws, an obsolete snapshot under CI) */
export function countReport(report: JestReport | undefined, endedRed: boolean): SuiteResult {
  if (report === undefined) return { passed: 0, failed: 1, failedTests: [], skipped: [] };
  const tests = report.testResults.flatMap(({ name: file, assertionResults }) => assertionResults.map((test) => ({ file, ...test })));
  const failures = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return {
    passed: report.numPassedTests,
    failed: endedRed ? Math.max(1, failures) : failures,
    failedTests: tests.filter(({ status }) => status === 'failed').map(({ fullName: name, file, failureMessages }) => ({ name, file, error: firstLine(failureMessages?.[0] ?? '') })),
    skipped: tests.filter(({ status }) => status === 'pending' || status === 'todo').map(({ fullName }) => fullName),
  };
}

function firstLine(message: string): string {
  return stripVTControlCharacters(message).split('\n').map((line) => line.trim()).find((line) => line !== '') ?? '';
}
