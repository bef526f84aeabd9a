import { describe, expect, it } from '@jest/globals';
import { Failure } from '../../../../cli/failure.js';
import type { Resource } from '../../../../cli/glitchtip-resource-access.js';
import type { Clock } from '../../../../cli/live/follow.js';
import { followRotation } from '../../../../cli/rotation/follow-rotation.js';
import { describeEnd, isPast, judgeProgress, type Progress } from '../../../../cli/rotation/rotation-progress.js';
import type { Request } from '../../../../cli/rotation/request-rotation.js';
import { condition, current, ended, ready, resource, type Scenario } from '../cli-scenarios.js';

const OLD = '20260101T000000Z-000000';
const OURS = '20260601T115000Z-aaaaaa';
const request: Request = { value: 'all', trigger: 'request', known: [OLD] };
const rejection = [ready, condition('RotationInProgress', 'False', 'RequestRejected', 'expected this; found "all".')];

describe('a request is', () => {
  it.each<[string, Scenario, object]>([
    ['queued while the operator has not seen it', { annotation: 'all' }, { kind: 'queued', message: expect.stringContaining('not recorded') }],
    ['queued while it is recorded and the status not yet written', {}, { kind: 'queued', message: 'recorded by the operator' }],
    ['queued behind the rotation that was under way', { annotation: 'all', current: current('Rolling', { id: OLD }) }, { kind: 'queued', message: expect.stringContaining(`${OLD} has to end first`) }],
    ['still queued when that one has ended', { annotation: 'all', history: [ended(OLD, 'Completed')] }, { kind: 'queued' }],
    ['still queued when that one was undone and is tried again', { annotation: 'all', current: current('Waiting', { id: OLD, attempt: 2 }), history: [ended(OLD, 'Undone')] }, { kind: 'queued' }],
    ['not answered by a rotation of the schedule', { annotation: 'all', current: current('Rolling', { trigger: 'schedule' }) }, { kind: 'queued' }],
    ['in the phase of its rotation', { current: current('Proving') }, { kind: 'phase', id: OURS, phase: 'Proving', message: 'busy with Proving' }],
    ['completed when the history says so', { history: [ended(OURS, 'Completed'), ended(OLD, 'Undone')] }, { kind: 'completed', id: OURS }],
    ['completed also when the next one is under way', { current: current('Waiting', { id: '20260601T120000Z-bbbbbb' }), history: [ended(OURS, 'Completed')] }, { kind: 'completed', id: OURS }],
    ['undone, with the time of the next attempt', { current: current('Waiting', { attempt: 2, notBefore: '2026-06-01T12:05:00Z' }), history: [ended(OURS, 'Undone')] }, { kind: 'undone', retryAt: '2026-06-01T12:05:00Z' }],
    ['completed when a later attempt was', { history: [ended(`${OURS}-2`, 'Completed'), ended(OURS, 'Undone')] }, { kind: 'completed' }],
    ['rejected', { annotation: 'all', conditions: rejection }, { kind: 'rejected', message: 'expected this; found "all".' }],
    ['queued while it is too soon for one more', { annotation: 'all', conditions: [condition('RotationInProgress', 'False', 'RequestRepeated', 'The next may begin at noon.')] }, { kind: 'queued', message: 'The next may begin at noon.' }],
    ['not rejected because an older one was', { annotation: 'all', conditions: [condition('RotationInProgress', 'False', 'RequestRejected', 'found "valky".')] }, { kind: 'queued' }],
  ])('%s', (_, scenario, progress) => expect(judgeProgress(request, resource(scenario))).toMatchObject(progress));
});

describe('a phase is behind', () => {
  const at = (phase: 'Waiting' | 'Rolling' | 'Dropping'): Progress => ({ kind: 'phase', id: OURS, phase, since: '', message: '' });
  it.each<[string, Progress, Parameters<typeof isPast>[1], boolean]>([
    ['not in itself', at('Rolling'), 'Rolling', false],
    ['in a later one', at('Rolling'), 'Altering', true],
    ['not before it', at('Waiting'), 'Altering', false],
    ['never, when it turned back', at('Dropping'), 'Rolling', false],
    ['when all is completed', { kind: 'completed', id: OURS, message: '' }, 'Retiring', true],
    ['on the way back, when that has ended', { kind: 'undone', id: OURS, message: '' }, 'Dropping', true],
    ['never, when it was undone', { kind: 'undone', id: OURS, message: '' }, 'Rolling', false],
  ])('%s', (_, progress, phase, past) => expect(isPast(progress, phase)).toBe(past));
});

it('an end that the operator tries again says when, and one that it gave up says who is to act', () => {
  expect(describeEnd({ kind: 'undone', id: 'x', message: 'Late.', retryAt: '2026-06-01T12:05:00Z' })).toBe('rotation x was undone: Late. The operator tries again at 2026-06-01T12:05:00Z.');
  expect(describeEnd({ kind: 'undone', id: 'x', message: 'Late.' })).toContain('left to you');
});

describe('following', () => {
  const fakeClock = (): Clock => {
    let now = 0;
    return { now: () => now, sleep: (milliseconds) => { now += milliseconds; return Promise.resolve(); } };
  };
  const looks = async (answers: readonly (Scenario | Failure)[], timeout = 60): Promise<Progress[]> => {
    let next = 0;
    const read = (): Promise<Resource> => {
      const answer = answers[Math.min(next++, answers.length - 1)] ?? {};
      return answer instanceof Failure ? Promise.reject(answer) : Promise.resolve(resource(answer));
    };
    const seen: Progress[] = [];
    for await (const progress of followRotation(request, read, timeout, fakeClock())) seen.push(progress);
    return seen;
  };

  it('goes on through an API server that does not answer, and stays where it was', async () => {
    const seen = await looks([{ current: current('Rolling') }, new Failure('unreachable', 'no answer'), { history: [ended(OURS, 'Completed')] }]);
    expect(seen.map((progress) => [progress.kind, progress.message])).toEqual([['phase', 'busy with Rolling'], ['phase', 'no answer'], ['completed', 'The new values are in use.']]);
  });

  it('ends at what will not pass', async () => {
    await expect(looks([new Failure('forbidden', 'you may not')])).rejects.toThrow('you may not');
  });

  it('ends in time, saying what was seen last', async () => {
    expect((await looks([{ current: current('Waiting', { message: 'no room' }) }], 3)).at(-1)).toEqual({ kind: 'timed out', message: 'Waiting: no room' });
  });
});
