// Runs the suites one after the other; a test that throws has failed, and the next one still runs.
import type { Progress } from './progress.js';
import type { Row } from './verify-report.js';
import { failed, skipped, type Check, type Context, type Finding, type Suite } from './suite.js';

/** One row a test, in order. After an abort the rest is skipped, by name. */
export async function runSuites(suites: readonly Suite[], context: Omit<Context, 'note'>, progress: Progress): Promise<Row[]> {
  const rows: Row[] = [];
  for (const suite of suites) {
    progress.suite(suite.name);
    for (const check of suite.checks) {
      const row = await runCheck(suite, check, context, progress);
      progress.finished(row);
      rows.push(row);
    }
  }
  return rows;
}

async function runCheck(suite: Suite, check: Check, context: Omit<Context, 'note'>, progress: Progress): Promise<Row> {
  const started = Date.now();
  progress.started(check.id, check.name);
  const note = (text: string): void => progress.note(check.id, text);
  const finding = await run(check, { ...context, note });
  return { id: check.id, name: check.name, suite: suite.name, milliseconds: Date.now() - started, ...finding };
}

async function run(check: Check, context: Context): Promise<Finding> {
  if (context.signal.aborted) return skipped('interrupted');
  try {
    return await check.run(context);
  } catch (error) {
    return failed(describeError(error));
  }
}

/** The message with the messages of its causes, where they add something. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : describeError(error.cause);
  return cause === '' || error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}
