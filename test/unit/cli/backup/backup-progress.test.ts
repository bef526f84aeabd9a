import { describe, expect, it } from '@jest/globals';
import { describeEnd, isPast, judgeProgress, type Progress, type Step } from '../../../../cli/backup/backup-progress.js';
import type { Request } from '../../../../cli/backup/request-backup.js';
import { COPY, copied, lastFailure, resource, type Scenario } from '../cli-scenarios.js';

const OURS = '20260601T115900Z';
const LATER = '20260601T130000Z';
const request: Request = { value: '2026-06-01T11:58:59Z', known: [COPY] };
const followed: Request = { copy: OURS, known: [COPY, OURS] };
const run = (copy = OURS) => ({ copy, trigger: 'request', startedAt: '2026-06-01T11:59:00Z' }) as const;
const verified = { copy: OURS, at: '2026-06-01T12:03:00Z', bytes: 44_000_000, seconds: 236.4, how: 'counts', where: 'volume' } as const;
const asked = { backupAsked: '2026-06-01T11:58:59Z' };

describe('a request is', () => {
  it.each<[string, Scenario, object]>([
    ['queued while the operator has not seen it', { ...asked, backup: copied() }, { kind: 'queued', message: 'the operator has not seen the request yet' }],
    ['queued behind what it waits for', { ...asked, backup: copied({ heldBack: 'rotation 1 is Rolling' }) }, { kind: 'queued', message: 'rotation 1 is Rolling' }],
    ['answered by the run that the operator says, though another one is new, too', { backup: copied({ request: { name: '2026-06-01T11:58:59Z', copy: LATER }, current: run(LATER), lastVerified: verified }) }, { kind: 'running', copy: LATER }],
    ['queued while it is recorded and the status not yet seen', { backup: copied() }, { kind: 'queued', message: 'recorded by the operator' }],
    ['running when a run began that was not there before', { backup: copied({ current: run() }) }, { kind: 'running', copy: OURS, message: 'its Job is made' }],
    ['verified when that one is', { backup: copied({ lastVerified: verified }) }, { kind: 'verified', run: { copy: OURS }, message: `copy ${OURS} was restored, and the rows of each table are as dumped: 42Mi, stored on a volume of this host, in 236 s` }],
    ['verified also when the next one runs', { backup: copied({ lastVerified: verified, current: run(LATER) }) }, { kind: 'verified', run: { copy: OURS } }],
    ['failed when that one did', { backup: copied({ lastFailure: lastFailure({ copy: OURS, detail: 'no room' }) }) }, { kind: 'failed', message: `backup ${OURS} failed in step restore: StepFailed, exit code 3 (no room)` }],
    ['not failed because an older one did', { ...asked, backup: copied({ lastFailure: lastFailure({ copy: COPY }) }) }, { kind: 'queued' }],
  ])('%s', (_, scenario, progress) => expect(judgeProgress(request, { resource: resource(scenario) })).toMatchObject(progress));

  it('in the step of its pod', () => {
    const sight = { resource: resource({ backup: copied({ current: run() }) }), step: { step: 'restore', message: 'restores' } } as const;
    expect(judgeProgress(request, sight)).toEqual({ kind: 'running', copy: OURS, step: 'restore', message: 'restores' });
  });
});

describe('a run that is followed is', () => {
  it.each<[string, Scenario, object]>([
    ['running although it was known', { backup: copied({ current: run() }) }, { kind: 'running', copy: OURS }],
    ['verified when that one is', { backup: copied({ lastVerified: verified }) }, { kind: 'verified' }],
    ['lost when another one took its place', { backup: copied({ current: run(LATER) }) }, { kind: 'lost', copy: OURS }],
  ])('%s', (_, scenario, progress) => expect(judgeProgress(followed, { resource: resource(scenario) })).toMatchObject(progress));
});

describe('a step is behind', () => {
  const at = (step?: 'dump' | 'restore'): Progress => ({ kind: 'running', copy: OURS, step, message: '' });
  it.each<[string, Progress, Step, boolean]>([
    ['not in itself', at('restore'), 'restore', false],
    ['in a later one', at('restore'), 'dump', true],
    ['not before it', at(), 'dump', false],
    ['waiting not before the pod', at(), 'waiting', false],
    ['when all is verified', { kind: 'verified', run: verified, message: '' }, 'store', true],
    ['never, when it failed', { kind: 'failed', run: lastFailure(), message: '' }, 'dump', false],
  ])('%s', (_, progress, step, past) => expect(isPast(progress, step)).toBe(past));
});

it('a failure ends with what to do about it, and giving up with what was seen last', () => {
  expect(describeEnd({ kind: 'failed', run: lastFailure({ step: 'list', reason: 'StoreAway' }), message: 'failed' })).toMatch(/^failed\n {2}The store did not answer/);
  expect(describeEnd({ kind: 'timed out', message: 'no room' })).toContain('Last seen: no room');
});
