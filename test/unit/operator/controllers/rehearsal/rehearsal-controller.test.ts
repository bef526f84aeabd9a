// Rehearsals from beginning to end, in a cluster in memory: cut at each write, by two operators at once, and with everything that can be in the way.
import { describe, expect, it } from '@jest/globals';
import type { Cut } from '../cut-world.js';
import { REHEARSED, RehearsalWorld } from './rehearsal-world.js';

const JOB = 'rehearsal-6-2-20261129t100000z';

/** Until the Job is made and seen. */
async function begin(world = new RehearsalWorld()): Promise<RehearsalWorld> {
  await world.look(4);
  return world;
}

describe('a rehearsal', () => {
  it('is written in this order: the status, the request away, the lock, the Job; at its end the status, and neither lock nor identity is left', async () => {
    const world = await begin();
    expect(world.writes).toEqual(['status', 'request dropped', 'lock taken', 'job', 'status']);
    expect([world.made, world.lock, new Set(world.templates)]).toEqual([[JOB], expect.objectContaining({ operation: 'rehearsal', name: JOB }), new Set(['rehearsal-6-2'])]);
    world.after(4);
    world.finish();
    await world.look(2);
    expect(world.writes.slice(5)).toEqual(['status', 'lock released', 'secret deleted']);
    expect(world.status.rehearsal).toMatchObject({ last: { version: '6.2', result: 'Passed', migrations: 2, endedAt: '2026-11-29T10:04:00Z' } });
    expect([world.status.rehearsal?.current, world.lock, world.events]).toEqual([undefined, undefined, ['RehearsalStarted', 'RehearsalPassed']]);
  });

  it('writes nothing while nothing changes', async () => {
    const world = await begin();
    const before = world.writes.length;
    await world.look(3);
    expect(world.writes.length).toBe(before);
  });

  it('tells of a failure', async () => {
    const world = await begin();
    world.finish({ result: 'failed', step: 'size', reason: 'NoSpace', exitCode: 1 });
    await world.look(2);
    expect([world.status.rehearsal?.last, world.events]).toEqual([expect.objectContaining({ result: 'Failed', step: 'size', reason: 'NoSpace' }), ['RehearsalStarted', 'RehearsalFailed']]);
  });

  it.each<[string, (world: RehearsalWorld) => void, string]>([
    ['a backup', (world) => { world.lock = { operation: 'backup', name: 'backup-1', since: world.now, until: new Date(world.now.getTime() + 3_600_000) }; world.jobs.set('backup-1', { createdAt: world.now }); }, 'Job backup-1 has not ended'],
    ['a rollout', (world) => { world.pending = 'one pod is new'; }, 'Deployment web: one pod is new'],
  ])('does not begin beside %s', async (_, hinder, heldBack) => {
    const world = new RehearsalWorld();
    hinder(world);
    await world.look(3);
    expect([world.status.rehearsal?.heldBack, world.request, world.status.rehearsal?.current]).toEqual([heldBack, '6.2', undefined]);
    world.lock = undefined;
    world.pending = undefined;
    world.jobs.clear();
    await world.look(4);
    expect(world.made).toHaveLength(1);
  });

  it('is refused where no copies are made', async () => {
    const world = new RehearsalWorld();
    world.spec = { version: '5.2', worker: {} };
    await world.look(3);
    expect([world.request, world.status.rehearsal?.refused?.why, world.made]).toEqual([undefined, expect.stringContaining('spec.backup is not there'), []]);
  });

  it("of the month takes no identity away that somebody else's restore needs", async () => {
    const world = new RehearsalWorld();
    world.request = undefined;
    world.status = { ...world.status, backup: { lastVerified: { copy: '20261129T023000Z', at: '2026-11-29T02:34:00Z', bytes: 1, seconds: 1, how: 'content', where: 's3' } } };
    await world.look(4);
    world.finish(REHEARSED);
    await world.look(2);
    expect([world.made, world.status.rehearsal?.check?.result, world.hasSecret]).toEqual([['rehearsal-5-2-20261129t100000z'], 'Passed', true]);
  });
});

describe('an operator that is ended', () => {
  // Status, request dropped, lock, Job, status, status at its end, lock, Secret.
  const cuts = Array.from({ length: 8 }, (_, at) => (['before', 'lost'] as const).map((how): Cut => ({ at, how }))).flat();
  it.each(cuts)('$how write $at makes one rehearsal of it, neither none nor two', async (cut) => {
    const world = new RehearsalWorld();
    world.cut = cut;
    await world.look(6);
    world.after(1);
    await world.look(6);
    world.finish();
    await world.look(3);
    world.after(3);
    await world.look(3);
    expect([world.made.length, world.request, world.status.rehearsal?.current, world.status.rehearsal?.last?.result]).toEqual([1, undefined, undefined, 'Passed']);
  });
});

describe('two operators at once', () => {
  it('make one rehearsal', async () => {
    const world = new RehearsalWorld();
    const looks = async () => { for (let turn = 0; turn < 5; turn += 1) await world.look(); };
    await Promise.all([looks(), looks()]);
    expect(world.made).toHaveLength(1);
  });

  it('one of which lost the Lease while it looked: that one writes nothing', async () => {
    const world = new RehearsalWorld();
    const term = new AbortController();
    world.meanwhile = () => term.abort(new Error('the Lease is lost'));
    await expect(world.look(1, term.signal)).rejects.toThrow('the Lease is lost');
    expect(world.writes).toEqual([]);
  });
});
