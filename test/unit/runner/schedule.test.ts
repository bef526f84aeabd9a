// A run of stages: in which order they start and end, and what a failure ends.
import { describe, expect, it } from '@jest/globals';
import { runStages } from '../../runner/schedule.js';
import type { Stage } from '../../runner/stages.js';

const stage = (name: string, more: Partial<Stage> = {}): Stage => ({ name, what: name, kind: 'suite', needs: [], workers: 1, lowPriority: true, ...more });

/** Runs the stages in a world where each lasts until the one named here has ended, or the run is stopped. */
async function play(stages: readonly Stage[], verdicts: Readonly<Record<string, 'failed' | 'fatal' | 'interrupt'>>, endless: readonly string[] = []): Promise<string[]> {
  const said: string[] = [];
  const stopped = new AbortController();
  await runStages(stages, {
    run: async ({ name }) => {
      said.push(`${name} begins`);
      if (endless.includes(name)) await new Promise((resolve) => stopped.signal.addEventListener('abort', resolve));
      said.push(`${name} ends`);
      return name;
    },
    wasStopped: () => stopped.signal.aborted,
    judge(name) {
      const verdict = verdicts[name] ?? 'passed';
      if (verdict === 'interrupt') stopped.abort();
      return verdict === 'interrupt' ? 'failed' : verdict;
    },
    stop: () => {
      said.push('stop');
      stopped.abort();
      return Promise.resolve();
    },
  });
  return said;
}

describe('a run', () => {
  it('starts a stage when what it needs has passed', async () => {
    const said = await play([stage('pods', { needs: ['build'], lowPriority: false }), stage('build', { workers: 0 })], {});
    expect(said).toEqual(['build begins', 'build ends', 'pods begins', 'pods ends']);
  });
  it('starts a stage after another has ended, however it ended, and at once where that is no part of the run', async () => {
    const pods = stage('pods', { lowPriority: false });
    const api = stage('api', { lowPriority: false, after: ['pods'] });
    expect(await play([api, pods], { pods: 'failed' })).toEqual(['pods begins', 'pods ends', 'api begins', 'api ends']);
    expect(await play([api], {})).toEqual(['api begins', 'api ends']);
  });
  it('ends what runs, and starts nothing more, after a fatal failure', async () => {
    const said = await play([stage('pods', { lowPriority: false }), stage('unit', { workers: 2 }), stage('api', { workers: 2 })], { unit: 'fatal' }, ['pods']);
    expect(said).toEqual(['pods begins', 'unit begins', 'unit ends', 'stop', 'pods ends']);
  });
  it('starts nothing more once it is told to end', async () => {
    const said = await play([stage('pods', { lowPriority: false }), stage('unit', { workers: 2 }), stage('api', { workers: 2 })], { unit: 'interrupt' }, ['pods']);
    expect(said).toEqual(['pods begins', 'unit begins', 'unit ends', 'pods ends', 'stop']);
  });
  it('ends what runs when a stage throws, and then throws the same', async () => {
    const stopped = new AbortController();
    const ended: string[] = [];
    await expect(runStages([stage('pods', { lowPriority: false }), stage('unit')], {
      run: async ({ name }) => {
        if (name === 'unit') throw new Error('no report');
        await new Promise((resolve) => stopped.signal.addEventListener('abort', resolve));
        ended.push(name);
      },
      judge: () => 'passed',
      wasStopped: () => stopped.signal.aborted,
      stop: () => {
        stopped.abort();
        return Promise.resolve();
      },
    })).rejects.toThrow('no report');
    expect(ended).toEqual(['pods']);
  });
  it('goes on after another failure, but for what needs it', async () => {
    const said = await play([stage('build', { workers: 2 }), stage('charts', { needs: ['build'] }), stage('unit')], { build: 'failed' });
    expect(said).toEqual(['build begins', 'build ends', 'unit begins', 'unit ends']);
  });
});
