// Whole rotations on a world in memory: what is done, in its order, and that at every instant whoever starts or runs is let in.
import { describe, expect, it } from '@jest/globals';

import type { Faults } from './rotation-scenarios.js';
import { OLD, RotationWorld } from './rotation-scenarios.js';

function start(request: string, fields: object = {}): RotationWorld {
  const world = new RotationWorld(fields);
  world.request = request;
  return world;
}

/** Nobody is locked out: what is published works, and what each pod has read works. */
function checkNobodyLockedOut(world: RotationWorld): void {
  expect({ published: world.works(world.published()) }).toEqual({ published: true });
  for (const [name, { values }] of world.pods) expect({ [name]: world.works(values) }).toEqual({ [name]: true });
}

const isOver = (world: RotationWorld) => () => world.journal !== undefined && world.rotation === undefined && world.request === undefined;
const published = (world: RotationWorld, key: string) => world.published().get(key)?.reveal();

describe('a rotation of everything', () => {
  it('does this, in this order', () => {
    const world = start('all');
    expect(world.until(isOver(world))).toEqual([
      'journal: Waiting', 'drop request', 'journal: Waiting',
      'take lock', 'journal: Altering', 'open login glitchtip_b', 'write glitchtip-valkey', 'Valkey accepts 2',
      'journal: Publishing', 'write glitchtip-app',
      'journal: Rolling', 'roll web', 'roll worker',
      'journal: Proving', 'send event',
      'journal: Retiring', 'close login glitchtip_a', 'write glitchtip-valkey', 'Valkey accepts 1', 'replace operator password', 'write glitchtip-postgres', 'set administrator password', 'write glitchtip-admin',
      'journal: Completed', 'release lock',
    ]);
  });

  it('ends with new values everywhere, and with none in the journal', () => {
    const world = start('all');
    world.until(isOver(world));
    expect(Object.entries(OLD).filter(([key, value]) => published(world, key) === value)).toEqual([]);
    expect([published(world, 'DATABASE_USER'), [...world.logins.keys()], world.valkey.application.length]).toEqual(['glitchtip_b', ['glitchtip_b'], 1]);
    expect([world.administrator, world.operatorPassword]).not.toContain('old-admin');
    expect([world.journal?.values, world.journal?.history[0]?.result]).toEqual([undefined, 'Completed']);
    expect(world.plan().actions).toEqual([]);
  });

  it('comes back to the first login with the next one', () => {
    const world = start('all');
    world.until(isOver(world));
    world.request = 'all';
    world.until(() => isOver(world)() && world.journal?.history.length === 2);
    expect(published(world, 'DATABASE_USER')).toBe('glitchtip_a');
  });
});

describe('nobody is locked out at any instant', () => {
  it.each([
    ['all', {}], ['compromised', {}], ['postgres', {}], ['valkey', {}], ['secret-key', {}], ['administrator', {}], ['operator', {}],
    ['all', { valkey: undefined }],
  ])('of a rotation of %s with %j', (request, fields) => {
    const world = start(request, fields);
    world.until(isOver(world), () => checkNobodyLockedOut(world));
    expect(world.journal?.history.map(({ result }) => result)).toEqual(['Completed']);
  });

  it.each<[string, Faults]>([
    ['new pods never start', { stuck: true }],
    ['events are lost', { eventsLost: true }],
    ['somebody else stays on the old login', { foreign: 1 }],
  ])('of one that is undone because %s', (_, faults) => {
    const world = start('all', { rotation: { maxAttempts: 1 } });
    world.faults = faults;
    world.until(() => {
      world.after(1);
      return isOver(world)();
    }, () => checkNobodyLockedOut(world));
    expect(world.journal?.history.map(({ result }) => result)).toEqual(['Undone']);
    expect(Object.entries(OLD).map(([key]) => published(world, key))).toEqual(Object.values(OLD));
    expect([...world.logins.keys(), world.valkey.application.length]).toEqual(['glitchtip_a', 1]);
  });

  it.each(['web', 'worker'])('when the pod of %s starts again in any turn', (name) => {
    const world = start('all');
    world.until(() => {
      world.restart(name);
      checkNobodyLockedOut(world);
      return isOver(world)();
    });
  });
});

describe('a crash', () => {
  /** Every action is done twice, as by a successor that does not know whether the first one's answer was lost. */
  it('and a repeat of each action change nothing', () => {
    const world = start('all');
    while (!isOver(world)()) {
      for (const action of world.plan().actions) {
        world.apply(action);
        world.apply(action);
        checkNobodyLockedOut(world);
      }
      world.after(1 / 60);
    }
    expect(world.journal?.history[0]?.result).toBe('Completed');
  });

  it('between two actions of one plan is healed by the next', () => {
    const world = start('compromised');
    while (!isOver(world)()) {
      const [first] = world.plan().actions;
      if (first) world.apply(first);
      // What comes after the first is never done in the same turn but for the last two: ended sessions, and the note of it.
      if (first?.kind === 'end sessions') world.plan().actions.forEach((action) => world.apply(action));
      world.after(1 / 60);
      checkNobodyLockedOut(world);
    }
    expect([world.journal?.history[0]?.result, world.sessionsEnded]).toEqual(['Completed', 4]);
  });
});
