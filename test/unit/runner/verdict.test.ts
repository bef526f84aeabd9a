// The summary of a run: its counts are the truth, and the table in docs/ is made from it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { StageResult } from '../../runner/run-stage.js';
import { readStages, saveStages, withStages } from '../../runner/saved-stages.js';
import { renderStages } from '../../runner/stage-table.js';
import { conclude, type Circumstances } from '../../runner/verdict.js';

const result = (stage: string, more: Partial<StageResult> = {}): StageResult => ({ stage, began: 0, seconds: 10, passed: 0, failed: 0, failedTests: [], skipped: [], ...more });
const heals = { name: 'heals', file: '/a', error: 'waited 5 s' };
const at: Circumstances = { ci: false, stopped: false, folder: 'results' };

describe('a run comes to', () => {
  it.each([
    ['the sum of all', [result('unit', { passed: 5 }), result('lint', { passed: 1 }), result('api', { passed: 2, failed: 1 })], at, { passed: 8, failed: 1 }],
    ['a success with a flaky scenario that passed alone', [result('cluster', { passed: 4, flaky: heals }), result('cluster-retry', { passed: 1 })], at, { passed: 5, failed: 0 }],
    ['what was skipped is no failure by hand', [result('api', { skipped: ['suite api: no root'] })], at, { failed: 0 }],
    ['and one each under CI', [result('api', { passed: 1, skipped: ['a', 'b'] })], { ...at, ci: true }, { passed: 1, failed: 2 }],
    ['what the first failure ended is not counted', [result('unit', { failed: 1 }), result('cluster', { note: 'stopped' }), result('api', { note: 'not run' })], { ...at, ci: true, stopped: true }, { failed: 1 }],
    ['a run that was told to end has failed', [result('cluster', { note: 'stopped' })], { ...at, stopped: true }, { failed: 1 }],
  ] as const)('%s', (_sentence, results, circumstances, expected) => expect(conclude(results, circumstances)).toMatchObject(expected));

  it('says what failed, what flaked and where, and what did not come to its end', () => {
    const { lines, flaky } = conclude([
      result('cluster', { flaky: heals }), result('api', { failed: 1, failedTests: [{ name: 'answers', file: '/b', error: 'expected 1' }] }),
      result('lint', { failed: 1 }), result('replay', { note: 'stopped' }),
    ], at);
    expect(lines).toEqual([
      'failed: api: answers: expected 1', 'failed: lint: results/lint.log', 'flaky: heals, waited 5 s, its log: results/cluster.log', 'ended early: replay',
    ]);
    expect(flaky).toEqual(['flaky: heals, waited 5 s, its log: results/cluster.log']);
  });
});

describe('the file of the stages', () => {
  it('is read as it was written, with what was flaky', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-stages-'));
    await saveStages({ began: Date.UTC(2026, 0, 2), elapsed: 60, folder }, [result('cluster', { passed: 4, flaky: heals, note: '1 flaky' })], { passed: 4, failed: 0 });
    expect(readStages(folder)).toMatchObject({ date: '2026-01-02', seconds: 60, passed: 4, stages: [{ stage: 'cluster', passed: 4, note: '1 flaky', flaky: { name: 'heals', error: 'waited 5 s' } }] });
    rmSync(folder, { recursive: true });
  });
});

describe('the table of the stages', () => {
  const stages = [result('cluster', { began: 75, seconds: 900, passed: 40 }), result('build', { began: 61 }), result('replay', { note: 'not run' })];
  it('is in the order in which they began', () => {
    expect(renderStages(stages).split('\n')).toEqual([
      'stage    started at  seconds  passed  failed  skipped',
      'build          1:01       10       0       0        0',
      'cluster        1:15      900      40       0        0',
      'replay                                              0  not run',
    ]);
  });
  it('replaces the one of its name in the documentation', () => {
    const saved = { date: '2026-01-02', commit: '0123456789', dirty: true, cores: 2, seconds: 1200, passed: 40, failed: 0, stages: stages.map((stage) => ({ ...stage, skipped: [] })) };
    const text = 'a\n<!-- stages: warm -->\nold\n<!-- end of warm -->\nb\n';
    expect(withStages(text, 'warm', saved).split('\n')).toEqual([
      'a', '<!-- stages: warm -->', '2026-01-02, commit 01234567 with changes, 2 cores: 20:00 minutes, 40 passed, 0 failed.', '',
      '| stage | started at | seconds | passed | failed | skipped |', '| --- | --: | --: | --: | --: | --: |',
      '| build | 1:01 | 10 | 0 | 0 | 0 |', '| cluster | 1:15 | 900 | 40 | 0 | 0 |', '| replay |  |  |  |  | 0 |', '<!-- end of warm -->', 'b', '',
    ]);
    expect(() => withStages(text, 'cold', saved)).toThrow('found no place');
  });
});
