// The rollback: what undoes a rotation, when it is tried again, and when it is left to a person.
import { describe, expect, it } from '@jest/globals';

import { conditionOf } from '../../operator-scenarios.js';
import { OLD, RotationWorld, said, worldIn, words } from './rotation-scenarios.js';

const done = (world: RotationWorld) => world.plan().actions.map(words);
const annotations = (world: RotationWorld) => world.secrets.get('application')?.annotations;

/** Every attempt fails; time passes by five minutes a turn. */
function failing(maxAttempts: number): RotationWorld {
  const world = new RotationWorld({ rotation: { maxAttempts } });
  world.request = 'all';
  world.faults = { eventsLost: true };
  return world;
}

function attempts(world: RotationWorld, count: number): RotationWorld {
  world.until(() => {
    if (world.phase === 'Proving') world.after(5);
    return (world.journal?.history.length ?? 0) >= count;
  });
  return world;
}

/** When the pause is over. */
function pause(world: RotationWorld): number {
  const minutes = (Date.parse(world.rotation?.notBefore ?? '') - world.now.getTime()) / 60_000;
  return Math.round(minutes);
}

describe('a rotation that is undone', () => {
  it('publishes the old values, takes the pods back and revokes the new values', () => {
    const world = worldIn('Returning');
    expect(world.until(() => world.phase === 'Waiting')).toEqual([
      'write glitchtip-app', 'roll web', 'roll worker', 'journal: Dropping', 'close login glitchtip_b', 'write glitchtip-valkey', 'Valkey accepts 1', 'journal: Waiting', 'release lock',
    ]);
    expect(Object.entries(OLD).filter(([key, value]) => world.published().get(key)?.reveal() !== value)).toEqual([]);
    expect([...world.pods.values()].map(({ mark }) => mark)).toEqual([undefined, undefined]);
  });

  it('is tried again after a pause, with values and a mark of its own', () => {
    const world = attempts(failing(5), 1);
    const [first] = world.journal?.history ?? [];
    expect(world.rotation).toMatchObject({ phase: 'Waiting', attempt: 2, why: 'Proving did not end in time: the last step was: an event was sent' });
    expect([world.journal?.values, world.rotation?.podsBefore, world.rotation?.startedAt, pause(world)]).toEqual([undefined, undefined, undefined, 5]);
    expect(first).toMatchObject({ result: 'Undone', message: 'Proving did not end in time: the last step was: an event was sent. The previous values are in use.' });
    expect([done(world), conditionOf(world.plan(), 'RotationInProgress'), said(world.plan())]).toEqual([[], 'False PauseBeforeRetry', expect.stringMatching(/^Attempt 2 may begin at .*Z\. The last one was undone: Proving/)]);
    world.after(5).until(() => world.phase === 'Proving');
    expect(world.pods.get('web')?.mark).toBe(`${world.rotation?.id ?? ''}-2`);
  });

  it('waits longer each time, and is given up after the last attempt', () => {
    const world = failing(3);
    const pauses = [1, 2].map((count) => {
      const minutes = pause(attempts(world, count));
      world.after(minutes);
      return minutes;
    });
    attempts(world, 3);
    expect([pauses, world.rotation, world.journal?.values, world.journal?.history.length]).toEqual([[5, 10], undefined, undefined, 3]);
    expect([done(world), conditionOf(world.plan(), 'CredentialsCurrent'), conditionOf(world.plan(), 'Ready')]).toEqual([[], 'False RotationFailed', 'False RotationFailed']);
  });

  it('and given up is tried by the schedule on the next day, not before, and heals the condition', () => {
    const world = attempts(failing(1), 1);
    expect(world.plan().status.rotation?.nextAt).toBe('2026-01-03T03:00:00Z');
    for (const hour of [1, 10, 20]) expect(done(attempts(failing(1), 1).after(hour * 60))).toEqual([]);
    world.now = new Date('2026-01-03T03:00:00Z');
    world.faults = {};
    world.until(() => world.journal?.history[0]?.result === 'Completed');
    expect([conditionOf(world.plan(), 'CredentialsCurrent'), world.journal?.history[0]?.trigger]).toEqual(['True AllPresent', 'schedule']);
  });

  it('and given up leaves room for a request at once', () => {
    const world = attempts(failing(1), 1);
    world.request = 'postgres';
    expect(done(world)).toEqual(['journal: Waiting']);
  });

  it('remembers ten attempts at most', () => {
    const world = failing(12);
    for (let count = 1; count <= 10; count += 1) attempts(world, count).after(360);
    attempts(world.after(1), 10).until(() => world.rotation?.attempt === 12 || (world.phase === 'Proving' && Boolean(world.after(5))));
    expect(world.journal?.history).toHaveLength(10);
  });
});

describe("the age that the application's Secret says", () => {
  it('is that of its values: once more made when rotated', () => {
    const world = worldIn('Rolling');
    expect(annotations(world)).toEqual({ 'glitchkeeper.io/generation': '2', 'glitchkeeper.io/rotated-at': expect.stringMatching(/^2026-01-02T/) });
  });

  it('is the one of before when they come back', () => {
    const world = worldIn('Returning');
    world.turn();
    expect(annotations(world)).toEqual({});
  });

  it('is the one of the last rotation when those come back', () => {
    const world = attempts(failing(1), 0);
    world.faults = {};
    world.until(() => world.journal?.history.length === 1);
    const before = annotations(world);
    world.request = 'all';
    world.faults = { eventsLost: true };
    attempts(world.after(60), 2);
    expect([annotations(world), before?.['glitchkeeper.io/generation']]).toEqual([before, '2']);
  });
});

describe('a pod that was killed while the new values were published, and is not rolled', () => {
  const killed = (request = 'all') => {
    const world = worldIn('Rolling', { request });
    world.faults = { stuck: true };
    world.turn();
    // Web cannot be rolled, so the worker never is; killed, it starts with what is published.
    world.restart('worker');
    world.after(10).until(() => world.phase === 'Returning');
    return world;
  };

  it('keeps the way back from its end', () => {
    const world = killed();
    expect([world.turn(), world.turn(), world.turn(), said(world.plan())]).toEqual([['write glitchtip-app'], ['roll web'], [], '1 sessions of our pods use glitchtip_b']);
  });

  it('is made anew after five minutes, before the new values are revoked', () => {
    const world = killed();
    world.until(() => done(world).length === 0);
    world.faults = {};
    const steps = world.after(5).until(() => world.phase === 'Waiting', () => {
      for (const { values } of world.pods.values()) expect(world.works(values)).toBe(true);
    });
    expect(steps.slice(0, 4)).toEqual(['journal: Returning', 'roll web', 'roll worker', 'journal: Dropping']);
  });

  it.each(['valkey', 'secret-key'])('is made anew at once when only %s is rotated: no session shows with what it was started', (request) => {
    const world = killed(request);
    world.faults = {};
    const steps = world.until(() => world.phase === 'Waiting', () => {
      for (const { values } of world.pods.values()) expect(world.works(values)).toBe(true);
    });
    expect(steps.filter((step) => step.startsWith('roll') || step.startsWith('journal'))).toEqual(['roll web', 'journal: Returning', 'roll web', 'roll worker', 'journal: Dropping', 'journal: Waiting']);
  });

  it('of a rotation that published nothing is left alone', () => {
    const world = worldIn('Altering', { request: 'valkey', faults: { valkeyDown: true } });
    world.after(6).until(() => world.phase === 'Returning');
    world.faults = {};
    expect(world.until(() => world.phase === 'Waiting').filter((step) => step.startsWith('roll'))).toEqual([]);
  });
});
