// Whether a red scenario on real pods may be tried once more: one alone, and never one that is known to flake.
import type { FailedTest, SuiteResult } from './jest-report.js';

/** An entry of test/known-flakes.json: its cause is owed, so it is not forgiven again. */
export interface KnownFlake {
  /** Full name of the test. */
  readonly name: string;
  /** Day on which it was seen, YYYY-MM-DD. */
  readonly since: string;
  readonly why: string;
}

export type Decision = { readonly kind: 'retry'; readonly test: FailedTest } | { readonly kind: 'passed' } | { readonly kind: 'failed'; readonly why: string };

/** The only suite whose tests wait for what others decide: the kernel, the kubelet, the clock. */
const FORGIVING = 'cluster';

/** Tests that say nothing alone: they rest on those before them. */
export interface Dependent {
  /** Part of the title in test/cluster, of the test or of its group. */
  readonly title: string;
  readonly why: string;
}

export const DEPENDENTS: readonly Dependent[] = [
  { title: 'left old values', why: 'it counts what the rotations before it left' },
  { title: 'part by part', why: 'it counts the messages of the kills before it' },
  { title: 'nothing was wrong', why: 'alone nothing happens before it that could be reported' },
  { title: 'which is over', why: 'it waits for the end of an incident that the rotations before it make' },
  { title: 'a queue that is full to maxmemory', why: 'it copies the events of the test before it' },
  { title: 'a worker that comes back drains it', why: 'it drains what the tests before it queued' },
  { title: 'after all this', why: 'alone nothing happens before it that could leave a trace' },
  { title: 'Ctrl-C leaves nothing behind', why: 'it ends the stack that the tests before it waited for' },
];

/** For one suite that has ended. */
export function decideRetry(suite: string, { failed, failedTests }: Pick<SuiteResult, 'failed' | 'failedTests'>, known: readonly KnownFlake[]): Decision {
  if (failed === 0) return { kind: 'passed' };
  if (suite !== FORGIVING) return { kind: 'failed', why: `${suite} is never tried again` };
  const [test] = failedTests;
  // A file that does not load, or a set-up that throws, is no scenario.
  if (test === undefined || failed !== 1) return { kind: 'failed', why: `${failed} failed: only one alone is tried again` };
  const dependent = DEPENDENTS.find(({ title }) => test.name.includes(title));
  if (dependent !== undefined) return { kind: 'failed', why: `not tried again alone: ${dependent.why}` };
  const flake = known.find(({ name }) => name === test.name);
  if (flake !== undefined) return { kind: 'failed', why: `known to flake since ${flake.since} (${flake.why}): not tried again` };
  return { kind: 'retry', test };
}

/** The second attempt, alone on a fresh cluster. That it ran is part of it: a name that matches nothing passes nothing. */
export function passedAlone({ passed, failed }: Pick<SuiteResult, 'passed' | 'failed'>): boolean {
  return passed === 1 && failed === 0;
}

/** For Jest's -t: this test and no other. */
export function patternOf(fullName: string): string {
  return `^${fullName.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)}$`;
}
