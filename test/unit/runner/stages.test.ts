// Which stages are chosen, and which of them run side by side.
import { describe, expect, it } from '@jest/globals';
import { startable } from '../../runner/schedule.js';
import { STAGES, chooseStages } from '../../runner/stages.js';

const names = (stages: readonly { readonly name: string }[]): string[] => stages.map(({ name }) => name);

describe('the stages that run', () => {
  it.each([
    ['without names: every suite', [], false, ['build', 'parts', 'cluster', 'unit', 'charts', 'api', 'replay']],
    ['without names under CI: the checks of the source, too', [], true, ['build', 'parts', 'cluster', 'unit', 'types', 'charts', 'generated', 'lint', 'api', 'replay']],
    ['a name alone, when it needs nothing', ['unit'], true, ['unit']],
    ['with what they need', ['charts', 'unit'], false, ['build', 'unit', 'charts']],
    ['a check by its name', ['lint'], false, ['lint']],
  ])('%s', (_sentence, named, checks, expected) => expect(names(chooseStages(named, { checks }))).toEqual(expected));

  it.each(['units', 'build'])('%s is none that can be named', (name) => expect(() => chooseStages([name], { checks: false })).toThrow(`found ${name}`));
});

describe('of all stages', () => {
  const position = ({ passed = [], running = [], failed = [] }: Partial<Record<'passed' | 'running' | 'failed', string[]>>) =>
    ({ begun: new Set([...passed, ...running, ...failed]), passed: new Set(passed), running: new Set(running) });
  const steps = ['build', 'parts'];
  it.each([
    ['at first the steps start', {}, ['build', 'parts']],
    ['the patient wait for the short step', { running: steps }, []],
    ['and not for the long one', { passed: ['build'], running: ['parts'] }, ['unit']],
    ['a step that failed is not waited for', { failed: ['build'], running: ['parts'] }, ['unit']],
    ['the clusters start as soon as the steps are done, whatever the patient do', { passed: steps, running: ['unit'] }, ['cluster']],
    ['the clusters wait for both steps', { passed: ['build'], running: ['parts', 'unit'] }, []],
    ['two small patient ones run side by side', { passed: ['build', 'unit'], running: ['parts'] }, ['types', 'charts']],
    ['a patient one that waits for a step is passed by the next', { passed: ['build', 'unit', 'types', 'charts', 'generated'], running: ['parts'] }, ['lint']],
    ['one that takes all places waits for both', { passed: [...steps, 'unit', 'types', 'charts', 'generated'], running: ['cluster', 'lint'] }, []],
    ['replay is last', { passed: [...steps, 'unit', 'types', 'charts', 'generated', 'lint', 'api'], running: ['cluster'] }, ['replay']],
    ['nothing starts that needs what failed', { passed: ['build', 'unit', 'types', 'charts', 'generated', 'lint'], failed: ['parts'] }, []],
  ])('%s', (_sentence, state, expected) => expect(names(startable(STAGES, position(state)))).toEqual(expected));
});
