// .ci/run itself, with an npm that is made up: its last line is the two counts, however it ends.
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execa, type ResultPromise } from 'execa';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-ci-'));
  for (const name of ['.ci', 'bin']) mkdirSync(join(folder, name));
  copyFileSync('.ci/run', join(folder, '.ci/run'));
  // Without root nothing is asked of Debian.
  program('id', 'echo 1000');
});
afterEach(() => rmSync(folder, { recursive: true }));

function program(name: string, script: string): void {
  const file = join(folder, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

/** @param ci what `npm ci` does @param test what `npm test` does */
function run({ ci = 'true', test = 'true' }: { readonly ci?: string; readonly test?: string }): ResultPromise<{ reject: false }> {
  program('npm', `case "$1" in ci) ${ci};; test) ${test};; esac`);
  return execa('bash', [join(folder, '.ci/run')], { reject: false, env: { PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH'] ?? ''}` } });
}

const lastLine = (output: string): string | undefined => output.split('\n').at(-1);

describe('.ci/run ends with', () => {
  it.each([
    ['the counts of a run that passed', { test: 'echo "3 passed, 0 failed"' }, '3 passed, 0 failed', 0],
    ['the counts of one that failed', { test: 'echo "3 passed, 2 failed"; exit 1' }, '3 passed, 2 failed', 1],
    ['a failure when a run broke before it counted', { test: 'echo broken' }, '0 passed, 1 failed', 1],
    ['a failure when npm ci failed', { ci: 'exit 7', test: 'echo "3 passed, 0 failed"' }, '0 passed, 1 failed', 1],
  ])('%s', async (_sentence, npm, expected, code) => {
    const { stdout, exitCode } = await run(npm);
    expect([lastLine(stdout), exitCode]).toEqual([expected, code]);
  });

  // That each child ends is part of it: otherwise the output stays open, and this waits.
  it.each([
    ['what npm test counts when it is told to end', { test: 'trap \'echo "1 passed, 1 failed"; exit 1\' TERM; echo begun; while :; do sleep 0.1; done' }, '1 passed, 1 failed'],
    ['a failure when npm ci is told to end', { ci: 'echo begun; exec sleep 600' }, '0 passed, 1 failed'],
  ])('%s by a signal to the script alone', async (_sentence, npm, expected) => {
    const running = run(npm);
    for await (const line of running) if (line === 'begun') running.kill('SIGTERM');
    const { stdout, exitCode } = await running;
    expect([lastLine(stdout), exitCode]).toEqual([expected, 1]);
  });
});
