// Runs of backups from beginning to end, in a cluster in memory: cut at each write, by two operators at once, and with everything that can be in the way.
import { describe, expect, it } from '@jest/globals';
import { backupJobName } from '../../../../../operator/core/backup/backup-job.js';
import type { Cut } from '../cut-world.js';
import { BackupWorld } from './backup-world.js';

const COPY = '20261129T023005Z';
const JOB = 'backup-20261129t023005z';
const condition = ({ status }: BackupWorld) => status.conditions?.map(({ type, status: is, reason }) => `${type} ${is} ${reason}`);

/** Until the Job is made and seen. */
async function begin(world = new BackupWorld()): Promise<BackupWorld> {
  await world.look(3);
  return world;
}

describe('a run', () => {
  it('is written in this order: the status, the lock, the variables, the Job; at its end the status, and the lock is free', async () => {
    const world = await begin();
    expect(world.writes).toEqual(['status', 'lock taken', 'variables', 'job', 'status']);
    expect(world.lock).toMatchObject({ operation: 'backup', name: JOB });
    world.after(4);
    world.finish(world.verified());
    await world.look(2);
    expect(world.writes.slice(5)).toEqual(['status', 'lock released']);
    expect(world.status.backup).toMatchObject({ lastVerified: { copy: COPY, bytes: 1_024, where: 's3' }, nextAt: '2026-11-30T02:30:00Z' });
    expect([world.status.backup?.current, world.lock, condition(world), world.ends]).toEqual([undefined, undefined, ['BackupVerified True Restored'], ['g']]);
    expect(world.events).toEqual(['BackupStarted', 'BackupVerified']);
  });

  it('tells its containers which copy it is, and what is expected of the database', async () => {
    const { variables: [variables] } = await begin();
    expect(variables).toMatchObject({ COPY, AT: '2026-11-29T02:30:05Z', CONTENT: 'true', RECHECK: 'false' });
    expect(JSON.parse(variables?.['EXPECTED'] ?? '')).toEqual({ systemIdentifier: '7123', database: 'glitchtip', migration: 'users.0042_last' });
  });

  it('writes nothing while nothing changes', async () => {
    const world = await begin();
    const before = world.writes.length;
    await world.look(3);
    expect(world.writes.length).toBe(before);
  });
});

describe('an operator that is ended', () => {
  // Those of a run that was asked for: status, request dropped, lock, variables, Job, status, status at its end, lock.
  const cuts = Array.from({ length: 9 }, (_, at) => (['before', 'lost'] as const).map((how): Cut => ({ at, how }))).flat();
  it.each(cuts)('$how write $at makes one run of it, neither none nor two', async (cut) => {
    const world = new BackupWorld();
    world.now = new Date('2026-11-29T01:00:00Z');
    world.request = 'mine';
    world.cut = cut;
    await world.look(6);
    world.after(1);
    await world.look(6);
    world.finish(world.verified());
    await world.look(3);
    world.after(1);
    await world.look(3);
    const copy = world.status.backup?.lastVerified?.copy ?? '';
    expect(world.made).toEqual([backupJobName(copy)]);
    expect(world.status.backup?.request).toEqual({ name: 'mine', copy });
    expect([world.request, world.lock, world.status.backup?.current]).toEqual([undefined, undefined, undefined]);
  });

  it('for more than a day takes a Job that is gone for one that failed, and does not make it again', async () => {
    const world = await begin();
    world.jobs.clear();
    world.after(10);
    await world.look();
    expect(world.status.backup).toMatchObject({ lastFailure: { copy: COPY, step: 'run', reason: 'JobGone' }, failures: 1, nextAt: '2026-11-29T03:30:05Z' });
    expect([world.made.length, condition(world), world.lock]).toEqual([1, ['BackupVerified False RunFailed'], undefined]);
  });
});

describe('two operators at once', () => {
  it('make one run', async () => {
    const world = new BackupWorld();
    const looks = async () => { for (let turn = 0; turn < 4; turn += 1) await world.look(); };
    await Promise.all([looks(), looks()]);
    expect([world.made, world.writes.filter((label) => label === 'lock taken').length]).toEqual([[JOB], 1]);
    expect(world.events).toEqual(['BackupStarted']);
  });

  it('one of which lost the Lease while it looked: that one writes nothing', async () => {
    const world = new BackupWorld();
    const term = new AbortController();
    world.meanwhile = () => term.abort(new Error('the Lease is lost'));
    await expect(world.look(1, term.signal)).rejects.toThrow('the Lease is lost');
    expect(world.writes).toEqual([]);
  });
});

describe('a request', () => {
  it('while a run is under way is taken up after it', async () => {
    const world = await begin();
    world.request = 'mine';
    await world.look(2);
    expect([world.request, world.made.length]).toEqual(['mine', 1]);
    world.after(4);
    world.finish(world.verified());
    await world.look(5);
    expect(world.made).toEqual([JOB, 'backup-20261129t023405z']);
    expect([world.request, world.status.backup?.request]).toEqual([undefined, { name: 'mine', copy: '20261129T023405Z' }]);
  });

  it('where none are made is taken away, and told', async () => {
    const world = new BackupWorld();
    world.spec = { version: '5.2' };
    world.request = 'mine';
    await world.look(2);
    expect([world.request, world.events, world.made]).toEqual([undefined, ['BackupRejected'], []]);
  });
});

describe('what is in the way of a run', () => {
  it.each<[string, (world: BackupWorld) => void, string]>([
    ['a migration whose Job is about to be made', (world) => { world.lock = { operation: 'migration', name: 'm1', since: world.now, until: new Date(world.now.getTime() + 60_000) }; }, 'migration m1 is under way since 2026-11-29T02:30:05Z'],
    ['a rollout', (world) => { world.pending = '0 of 1 pods are new'; }, 'Deployment web: 0 of 1 pods are new'],
    ['a database that does not answer', (world) => { world.database = { kind: 'unseen', why: 'ECONNREFUSED' }; }, 'the database cannot be looked at (ECONNREFUSED)'],
    ['Jobs that cannot be seen', (world) => { world.areJobsSeen = false; }, 'Jobs cannot be seen (503)'],
    ['a suspended operator', (world) => { world.spec = { ...world.spec, suspend: true }; }, 'no backup is made while spec.suspend is true'],
  ])('%s is told, and nothing is begun', async (_, change, heldBack) => {
    const world = new BackupWorld();
    change(world);
    const due = await world.look();
    expect([world.status.backup?.heldBack, world.status.backup?.current, due]).toEqual([heldBack, undefined, 60_000]);
  });

  it('while it has begun is waited for, before its Job is made', async () => {
    const world = new BackupWorld();
    await world.look();
    world.pending = '0 of 1 pods are new';
    await world.look();
    expect([world.status.backup?.heldBack, world.writes]).toEqual(['Deployment web: 0 of 1 pods are new', ['status', 'status']]);
    world.pending = undefined;
    await world.look(2);
    expect([world.made, world.status.backup?.heldBack]).toEqual([[JOB], undefined]);
  });
});

describe('a run that fails', () => {
  it.each<[string, (world: BackupWorld) => void, object]>([
    ['says in which step', (world) => world.finish({ result: 'failed', step: 'count', exitCode: 3, reason: 'LoginRefused' }), { step: 'count', reason: 'LoginRefused', exitCode: 3 }],
    ['and whose pod is gone says that', (world) => world.finish(null), { step: 'begin', reason: 'PodGone' }],
    ['although its Job is complete made no copy', (world) => world.finish(null, 'Complete'), { step: 'store', reason: 'NoReport' }],
  ])('%s', async (_, end, failure) => {
    const world = await begin();
    world.after(4);
    end(world);
    await world.look();
    expect(world.status.backup).toMatchObject({ lastFailure: { copy: COPY, ...failure }, failures: 1, nextAt: '2026-11-29T03:30:05Z' });
    expect([world.events.at(-1), condition(world), world.lock, world.ends]).toEqual(['BackupFailed', ['BackupVerified False RunFailed'], undefined, ['g']]);
  });

  it('for want of its template is told, and not thrown', async () => {
    const world = new BackupWorld();
    world.manifests = { kind: 'missing', what: 'PodTemplate backup' };
    await world.look(2);
    expect(world.status.backup?.lastFailure).toMatchObject({ step: 'begin', reason: 'ManifestsMissing', detail: 'PodTemplate backup is not there: kubectl apply -f dist/ makes it' });
    expect([world.made, world.lock]).toEqual([[], undefined]);
  });

  it('because it cannot start is told, and its Job deleted', async () => {
    const world = await begin();
    const job = world.jobs.get(JOB);
    const [pod] = job?.pods ?? [];
    if (!job || !pod) throw new Error('it has no pod');
    world.jobs.set(JOB, { ...job, pods: [{ ...pod, containers: pod.containers.map((each) => ({ ...each, state: { kind: 'waiting', reason: 'ImagePullBackOff' } })) }] });
    await world.look();
    expect(world.status.backup?.lastFailure).toBeUndefined();
    world.after(3);
    await world.look();
    expect(world.status.backup?.lastFailure).toMatchObject({ step: 'begin', reason: 'CannotStart', detail: 'dump: ImagePullBackOff' });
    expect([world.jobs.size, world.lock]).toEqual([0, undefined]);
  });

  it('is followed by another one an hour later', async () => {
    const world = await begin();
    world.after(4);
    world.finish({ result: 'failed', step: 'dump', exitCode: 1, reason: 'LockWait' });
    await world.look();
    world.after(57);
    await world.look(3);
    expect([world.made.length, world.status.backup?.current?.trigger]).toEqual([2, 'retry']);
  });
});

describe('backups that were taken out of the settings', () => {
  it('have no status and no condition any more', async () => {
    const world = await begin();
    world.spec = { version: '5.2' };
    await world.look(2);
    expect([world.status.backup, world.status.conditions]).toEqual([undefined, []]);
    expect(world.writes.slice(5)).toEqual(['status']);
  });
});
