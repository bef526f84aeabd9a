// Runs one part of the soak and makes its record.
import { join } from 'node:path';
import { observeCheckout } from '../runner/checkout.js';
import type { JestReport, SuiteResult } from '../runner/jest-report.js';
import { runSuite } from '../runner/run-stage.js';
import type { Run } from '../runner/run.js';
import { LONGEST_MINUTES, type SoakPart } from './parts.js';
import { RECORDS, describeMachine, readImages, readMeasurements, type SoakRecord } from './record.js';

/** @param run its own: a part that takes too long ends it */
export async function runPart(run: Run, part: SoakPart): Promise<SoakRecord> {
  const started = new Date().toISOString();
  const before = await observeCheckout(RECORDS);
  const measurements = join(run.folder, `${part.name}.measurements`);
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    void run.stop();
  }, LONGEST_MINUTES * 60_000);
  const { result, report } = await runSuite(run, {
    name: part.name, project: part.project, workers: part.workers, lowPriority: false, needs: ['build', 'parts'],
    arguments: part.files.length > 0 ? ['--runTestsByPath', ...part.files] : [],
    env: { ...part.env, GLITCHKEEPER_MEASUREMENTS: measurements },
  }).finally(() => clearTimeout(limit));
  const after = await observeCheckout(RECORDS);
  const images = readImages(measurements);
  const why = reason(result, { late, stopped: run.wasStopped(), moved: before.commit !== after.commit });
  return {
    part: part.name, commit: before.commit, dirty: [...new Set([...before.dirty, ...after.dirty])], machine: describeMachine(), started,
    seconds: Math.round((Date.now() - Date.parse(started)) / 1000), passed: result.passed, failed: why === undefined ? result.failed : Math.max(1, result.failed),
    ...(why === undefined ? {} : { reason: why }), tests: testsOf(report), measurements: readMeasurements(measurements), ...(images.length > 0 ? { images } : {}),
  };
}

interface Ending {
  readonly late: boolean;
  readonly stopped: boolean;
  /** Another commit was checked out meanwhile. */
  readonly moved: boolean;
}

/** Why a part has failed that has no failed test; undefined: it has not. */
export function reason({ passed, failed, failedTests, skipped }: SuiteResult, { late, stopped, moved }: Ending): string | undefined {
  if (late) return `it took longer than ${LONGEST_MINUTES} minutes`;
  if (stopped) return 'it was ended by hand';
  if (moved) return 'another commit was checked out meanwhile';
  if (skipped.length > 0) return `skipped: ${skipped.join(', ')}`;
  if (failed > 0 && failedTests.length === 0) return 'Jest failed without a failed test';
  return passed === 0 && failed === 0 ? 'nothing ran' : undefined;
}

function testsOf(report: JestReport | undefined): SoakRecord['tests'] {
  const tests = report?.testResults.flatMap(({ assertionResults }) => assertionResults) ?? [];
  return tests.map(({ fullName, status, duration }) => ({ name: fullName, status, seconds: Math.round((duration ?? 0) / 1000) }));
}
