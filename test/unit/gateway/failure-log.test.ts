import { describe, expect, it } from '@jest/globals';
import { FailureLog } from '../../../gateway/failure-log.js';

describe('the log of what goes wrong again and again', () => {
  const lines = (steps: readonly (readonly [at: number, what: string, error: unknown])[]): readonly string[] => {
    const said: string[] = [];
    let now = 0;
    const failures = new FailureLog((message, { error }) => said.push(`${message}: ${String(error)}`), () => now);
    for (const [at, what, error] of steps) {
      now = at * 1_000;
      failures.failed(what, error);
    }
    return said;
  };

  it.each([
    ['says it when it begins, and not each time', [[0, 'rows', new Error('away')], [1, 'rows', new Error('away')]], ['rows: away']],
    ['says it again after a minute', [[0, 'rows', 'away'], [59, 'rows', 'away'], [60, 'rows', 'away']], ['rows: away', 'rows: away']],
    ['says what changes at once', [[0, 'rows', 'away'], [1, 'rows', 'refused']], ['rows: away', 'rows: refused']],
    ['tells two kinds of work apart', [[0, 'rows', 'away'], [1, 'keys', 'away']], ['rows: away', 'keys: away']],
  ] as const)('%s', (_, steps, expected) => expect(lines(steps)).toEqual(expected));
});
