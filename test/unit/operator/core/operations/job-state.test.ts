// Which Jobs are at work, which cannot start, and which of those stand in a newer one's way.
import { describe, expect, it } from '@jest/globals';
import type { JobFacts, PodFacts } from '../../../../../operator/core/health/health-facts.js';
import { judgeJob, jobsAtWork, supersededJobs } from '../../../../../operator/core/operations/job-state.js';
import { NOW, UNSEEN, ago, containerOf, jobOf, podOf, seen } from '../health/health-scenarios.js';

const HOUR = 3_600;
const JOB = jobOf('running', HOUR);

/** A pod of the Job, made half an hour ago, whose only container is like this. */
function ofJob(container: Parameters<typeof containerOf>[0], changes: Partial<PodFacts> = {}): PodFacts {
  return podOf('migrate', { job: JOB.name, ready: false, createdAt: ago(1_800), containers: [containerOf({ name: 'migrate', init: true, ...container })], ...changes });
}

const waiting = (reason: string) => ({ state: { kind: 'waiting', reason } } as const);
const ended = (seconds: number) => ({ reason: 'Error', exitCode: 1, finishedAt: ago(seconds), noSpaceLeft: false });

describe('a Job', () => {
  it.each<[string, readonly PodFacts[], string, Partial<JobFacts>?]>([
    ['that migrates', [ofJob({ state: { kind: 'running', startedAt: ago(1_700) } })], 'works'],
    ['that has waited for a minute for its database', [ofJob({ name: 'wait-for-database', state: { kind: 'running', startedAt: ago(60) } })], 'works'],
    ['that waits, for the database is of another release', [ofJob({ name: 'wait-for-database', state: { kind: 'running', startedAt: ago(180) } })], 'cannot start: wait-for-database has waited for 3 min, and its log says for what'],
    ['that has migrated for twenty hours', [ofJob({ state: { kind: 'running', startedAt: ago(20 * HOUR) } })], 'works', { createdAt: ago(20 * HOUR) }],
    ['whose container failed and runs again soon', [ofJob({ ...waiting('CrashLoopBackOff'), restarts: 4, lastEnd: ended(60) })], 'works'],
    ['whose pod is about to end', [ofJob({}, { ending: true })], 'works'],
    ['whose image is mistyped', [ofJob(waiting('ImagePullBackOff'))], 'cannot start: migrate: ImagePullBackOff'],
    ['whose image did not come for a minute', [ofJob(waiting('ErrImagePull'), { createdAt: ago(60) })], 'starts'],
    ['whose Secret lacks a key', [ofJob(waiting('CreateContainerConfigError'))], 'cannot start: migrate: CreateContainerConfigError'],
    ['whose second container lost its image a minute ago', [ofJob({}, { containers: [containerOf({ state: { kind: 'ended', end: ended(60) } }), containerOf(waiting('ErrImagePull'))] })], 'starts'],
    ['whose pod fits no node', [ofJob(waiting('NotStarted'), { unschedulable: { since: ago(121), message: 'Insufficient cpu' } })], 'cannot start: pod migrate-1 cannot be placed'],
    ['whose pod has waited a minute for room', [ofJob(waiting('NotStarted'), { unschedulable: { since: ago(60), message: 'Insufficient cpu' } })], 'starts'],
    ['whose image is large', [ofJob(waiting('PodInitializing'), { createdAt: ago(600) })], 'starts'],
    ['whose volume is never there', [ofJob(waiting('PodInitializing'))], 'cannot start: pod migrate-1 has not started in 30 min'],
    ['for whose pod the quota has no room', [], 'cannot start: no pod could be made for it, as where the quota leaves no room'],
    ['that was made a moment ago', [], 'starts', { createdAt: ago(10) }],
    ['whose pod was lost and comes again', [], 'starts', { failedPods: 1 }],
    ['that is suspended', [], 'cannot start: it is suspended', { suspended: true }],
    ["that is not the one whose pod runs", [ofJob({}, { job: 'backup-1' })], 'cannot start: no pod could be made for it, as where the quota leaves no room'],
  ])('%s', (_, pods, wanted, changes = {}) => {
    const state = judgeJob({ ...JOB, ...changes }, pods, NOW);
    expect(state.kind === 'cannot start' ? `${state.kind}: ${state.why}` : state.kind).toBe(wanted);
  });

  it.each<[string, JobFacts, readonly PodFacts[] | undefined, number]>([
    ['that works', JOB, [ofJob({})], 1],
    ['that starts', { ...JOB, createdAt: ago(10) }, [], 1],
    ['that cannot start', JOB, [ofJob(waiting('ImagePullBackOff'))], 0],
    ['that has succeeded', jobOf('succeeded'), [], 0],
    ['that has failed', jobOf('failed'), [], 0],
    ['whose pods cannot be seen', JOB, undefined, 1],
  ])('%s is waited for, or not', (_, job, pods, waitedFor) => {
    expect(jobsAtWork([job], pods, NOW)).toHaveLength(waitedFor);
  });
});

describe('a migrate Job', () => {
  const NEWER: JobFacts = { ...jobOf('running', 600), name: 'migrate-new' };
  const HOPELESS = [ofJob(waiting('ImagePullBackOff'))];

  const WAITS = [ofJob({ name: 'wait-for-database', state: { kind: 'running', startedAt: ago(180) } })];

  it.each<[string, readonly JobFacts[], readonly PodFacts[] | undefined, readonly string[]]>([
    ['of another release, that waits, goes though it is the newest', [{ ...JOB, release: '6.2' }], WAITS, [JOB.name]],
    ['of another release that works stays', [{ ...JOB, release: '6.2' }], [ofJob({})], []],
    ['of the release that is wanted, that waits, stays', [{ ...JOB, release: '5.2' }], WAITS, []],
    ['that cannot start goes when there is a newer one', [JOB, NEWER], HOPELESS, [JOB.name]],
    ['that cannot start goes when the newer one has already ended', [JOB, { ...NEWER, outcome: 'failed' }], HOPELESS, [JOB.name]],
    ['that a repair made and that cannot start goes as well', [{ ...JOB, name: 'glitchkeeper-migrate-1' }, NEWER], [ofJob(waiting('ImagePullBackOff'), { job: 'glitchkeeper-migrate-1' })], ['glitchkeeper-migrate-1']],
    ['that works stays', [JOB, NEWER], [ofJob({})], []],
    ['that has ended stays', [jobOf('failed'), NEWER], [], []],
    ['that is the newest stays', [JOB], HOPELESS, []],
    ['that somebody suspended stays', [{ ...JOB, suspended: true }, NEWER], [], []],
    ['stays beside a newer one that only a repair made', [JOB, { ...NEWER, name: 'glitchkeeper-migrate-1' }], HOPELESS, []],
    ['stays while pods cannot be seen', [JOB, NEWER], undefined, []],
    ['is meant, and no backup', [{ ...JOB, part: 'backup' }, NEWER], HOPELESS, []],
  ])('%s', (_, jobs, pods, wanted) => {
    const found = supersededJobs({ jobs: seen(jobs), pods: pods ? seen(pods) : UNSEEN }, '5.2', NOW);
    expect(found.map(({ name }) => name)).toEqual(wanted);
  });
});
