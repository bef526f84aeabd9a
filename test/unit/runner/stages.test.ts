// Which stages are chosen, and which of them run side by side.
import { describe, expect, it } from '@jest/globals';
import { startable } from '../../runner/schedule.js';
import { STAGES, chooseStages, yieldsToClusters } from '../../runner/stages.js';

const names = (stages: readonly { readonly name: string }[]): string[] => stages.map(({ name }) => name);

describe('the stages that run', () => {
  it.each([
    ['without names: every suite, and the contract', [], { checks: false, pulls: true }, ['build', 'parts', 'unit', 'charts', 'cluster', 'api', 'contract', 'replay']],
    ['without names under CI: the checks of the source, too', [], { checks: true, pulls: true }, ['build', 'parts', 'unit', 'charts', 'cluster', 'types', 'generated', 'lint', 'api', 'contract', 'replay']],
    ['where no image may be pulled: no contract', [], { checks: true, pulls: false }, ['build', 'parts', 'unit', 'charts', 'cluster', 'types', 'generated', 'lint', 'api', 'replay']],
    ['a name alone, when it needs nothing', ['unit'], { checks: true, pulls: true }, ['unit']],
    ['with what they need', ['charts', 'unit'], { checks: false, pulls: true }, ['build', 'unit', 'charts']],
    ['a check by its name', ['lint'], { checks: false, pulls: true }, ['lint']],
  ])('%s', (_sentence, named, options, expected) => expect(names(chooseStages(named, options))).toEqual(expected));

  it.each(['units', 'build'])('%s is none that can be named', (name) => expect(() => chooseStages([name], { checks: false, pulls: true })).toThrow(`found ${name}`));
});

describe('at low priority', () => {
  const yielding = (named: string[]) => {
    const chosen = chooseStages(named, { checks: true, pulls: true });
    return names(chosen.filter((stage) => yieldsToClusters(stage, chosen)));
  };
  it('runs what may wait beside clusters', () => expect(yielding([])).toEqual(['parts', 'types', 'generated', 'lint', 'replay']));
  it.each([[['replay', 'api']], [['unit', 'charts', 'lint']]])('runs nothing without them: %j', (named) => expect(yielding(named)).toEqual([]));
});

describe('of all stages', () => {
  const position = ({ passed = [], running = [], failed = [] }: Partial<Record<'passed' | 'running' | 'failed', string[]>>) =>
    ({ begun: new Set([...passed, ...running, ...failed]), passed: new Set(passed), running: new Set(running) });
  const steps = ['build', 'parts'];
  const cheap = ['unit', 'charts'];
  it.each([
    ['at first the steps start, and what needs none', {}, ['build', 'parts', 'unit']],
    ['those at low priority wait for the short step', { running: [...steps, 'unit'] }, []],
    ['and not for the long one', { passed: ['build'], running: ['parts', 'unit'] }, ['charts', 'types', 'generated']],
    ['a step that failed is not waited for', { failed: ['build'], running: ['parts', 'unit'] }, ['types', 'generated']],
    ['the clusters wait for both steps', { passed: ['build', ...cheap], running: ['parts', 'types', 'generated'] }, []],
    ['and for what is cheap', { passed: [...steps, 'unit'], running: ['charts', 'types', 'generated'] }, []],
    ['and then start, whatever those at low priority do', { passed: [...steps, ...cheap], running: ['types', 'generated'] }, ['cluster']],
    ['they start beside a cheap one that failed and was not fatal', { passed: [...steps, 'charts'], failed: ['unit'], running: ['types', 'generated'] }, ['cluster']],
    ['the longest check leaves the compilers alone', { passed: ['build', 'types', 'generated', ...cheap], running: ['parts'] }, []],
    ['one at low priority that takes all slots waits for both', { passed: [...steps, ...cheap, 'types', 'generated'], running: ['cluster', 'lint'] }, []],
    ['replay is the last at low priority', { passed: [...steps, ...cheap, 'types', 'generated', 'lint'], running: ['cluster'] }, ['replay']],
    ['the API server comes after the clusters', { passed: [...steps, ...cheap, 'types', 'generated', 'lint', 'cluster'], running: ['replay'] }, ['api']],
    ['however they ended', { passed: [...steps, ...cheap, 'types', 'generated', 'lint'], failed: ['cluster'], running: ['replay'] }, ['api']],
    ['nothing starts that needs what failed', { passed: ['build', ...cheap, 'types', 'generated', 'lint'], failed: ['parts'] }, []],
  ])('%s', (_sentence, state, expected) => expect(names(startable(STAGES, position(state)))).toEqual(expected));
});
