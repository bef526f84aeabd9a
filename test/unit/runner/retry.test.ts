// What may be tried again, and what is said of it.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { countReport, readJestReport, type JestReport } from '../../runner/jest-report.js';
import { DEPENDENTS, decideRetry, passedAlone, patternOf } from '../../runner/retry.js';

const test = (name: string) => ({ name, file: '/a.test.ts', error: `${name} broke` });
const KNOWN = [{ name: 'leaks', since: '2026-01-02', why: 'a race in the kubelet' }];

describe('of a suite that has ended', () => {
  const alone = (failed: number) => `${failed} failed: only one alone is tried again`;
  it.each([
    ['nothing failed: nothing is tried again', ['cluster', 0], [], 'passed'],
    ['one scenario on pods is tried again', ['cluster', 1], ['heals'], 'retry'],
    ['two are not', ['cluster', 2], ['heals', 'rotates'], alone(2)],
    ['one beside a file that does not load is not', ['cluster', 2], ['heals'], alone(2)],
    ['Jest that fails without a test is not', ['cluster', 1], [], alone(1)],
    ['one that is known to flake is not', ['cluster', 1], ['leaks'], 'known to flake since 2026-01-02 (a race in the kubelet): not tried again'],
    ...['unit', 'charts', 'api', 'replay', 'lint'].map((suite) => [`${suite} is never tried again`, [suite, 1], ['heals'], `${suite} is never tried again`] as const),
  ] as const)('%s', (_sentence, [suite, failed], names, expected) => {
    const decision = decideRetry(suite, { failed, failedTests: names.map(test) }, KNOWN);
    expect(decision.kind === 'failed' ? decision.why : decision.kind).toBe(expected);
  });
});

describe('what rests on the tests before it', () => {
  const titles = readdirSync('test/cluster', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
    .flatMap((file) => readFileSync(join('test/cluster', file), 'utf8').match(/^\s*(?:it|describe)(?:\.each\(.*\))?\(.*$/gm) ?? []);
  it.each(DEPENDENTS.map(({ title, why }) => [title, why]))('"%s" is not tried again, and the summary says why', (title, why) => {
    expect(decideRetry('cluster', { failed: 1, failedTests: [test(`the stack ${title} and more`)] }, [])).toEqual({ kind: 'failed', why: `not tried again alone: ${why}` });
  });
  it.each(DEPENDENTS.map(({ title }) => title))('"%s" is the title of one test or group on pods', (title) => expect(titles.filter((line) => line.includes(title))).toHaveLength(1));
});

describe('the second attempt', () => {
  it.each([
    ['passes when the one test passed', { passed: 1, failed: 0 }, true],
    ['fails when it failed again', { passed: 0, failed: 1 }, false],
    ['fails when its name matched nothing', { passed: 0, failed: 0 }, false],
    ['fails when its name matched more than it', { passed: 2, failed: 0 }, false],
  ])('%s', (_sentence, counts, expected) => expect(passedAlone(counts)).toBe(expected));

  it('is of this test alone, whatever signs its name has', () => {
    const name = 'the stack (on pods) `a|b` $1.50 [x] {y}+*? a/b \\ c-d ^';
    const pattern = new RegExp(patternOf(name), 'i');
    expect(pattern.test(name)).toBe(true);
    expect(pattern.test(`${name} and more`)).toBe(false);
    expect(pattern.test(name.replace('.', ','))).toBe(false);
  });
});

describe('a report of Jest', () => {
  const report = (more: Partial<JestReport>): JestReport => ({ numPassedTests: 1, numFailedTests: 0, numRuntimeErrorTestSuites: 0, testResults: [], ...more });
  it.each([
    ['is what it says', report({}), false, { passed: 1, failed: 0 }],
    ['counts files that do not load', report({ numFailedTests: 1, numRuntimeErrorTestSuites: 2 }), true, { passed: 1, failed: 3 }],
    ['is red when Jest was, also without a failed test', report({}), true, { passed: 1, failed: 1 }],
    ['is red when there is none', undefined, false, { passed: 0, failed: 1 }],
  ])('%s', (_sentence, written, red, expected) => expect(countReport(written, red)).toMatchObject(expected));

  it.each([
    ['missing', undefined], ['empty', ''], ['half of one', '{"numPassedTests":3,'], ['something else', '{}'],
  ])('that is %s is none', (_sentence, text) => {
    const folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-report-'));
    const file = join(folder, 'report.json');
    if (text !== undefined) writeFileSync(file, text);
    expect(readJestReport(file)).toBeUndefined();
    rmSync(folder, { recursive: true });
  });

  it('names the failed with the first line of the error, and the skipped', () => {
    const assertionResults = [
      { fullName: 'a b', status: 'failed', failureMessages: ['\n\x1b[31mwaited 5 s for x\x1b[39m\n    at y'] },
      { fullName: 'a c', status: 'pending' },
      { fullName: 'a d', status: 'passed' },
    ];
    const counted = countReport(report({ numFailedTests: 1, testResults: [{ name: '/a.test.ts', message: '', assertionResults }] }), true);
    expect(counted).toMatchObject({ failedTests: [{ name: 'a b', file: '/a.test.ts', error: 'waited 5 s for x' }], skipped: ['a c'] });
  });
});
