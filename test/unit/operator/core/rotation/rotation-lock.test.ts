// The lock as a rotation takes it, holds it and gives it back.
import { describe, expect, it } from '@jest/globals';
import type { Operation } from '../../../../../operator/core/operations/exclusion.js';
import { conditionOf } from '../../operator-scenarios.js';
import { jobAtWork, RotationWorld, said, worldIn, words } from './rotation-scenarios.js';

const done = (world: RotationWorld) => world.plan().actions.map(words);
const HALF_AN_HOUR = 30 * 60_000;

/** A rotation that is about to start, beside an operation that holds the lock. */
function waitingBeside(operation: Operation, request = 'all'): RotationWorld {
  const world = worldIn('Waiting', { request });
  world.until(() => done(world).every((action) => action === 'take lock'));
  world.lock = { ...jobAtWork(operation), since: world.now };
  return world;
}

describe('the lock of operations', () => {
  it('is taken before a rotation starts, for half an hour, and released when it has ended', () => {
    const world = worldIn('Waiting');
    const at = world.now;
    expect([world.turn(), world.lock, done(world)]).toEqual([
      ['take lock'], { operation: 'rotation', name: world.rotation?.id, since: at, until: new Date(at.getTime() + HALF_AN_HOUR) }, ['journal: Altering'],
    ]);
    world.until(() => world.rotation === undefined);
    expect(world.lock).toBeUndefined();
  });

  it.each<Operation>(['migration', 'backup', 'restore', 'upgrade', 'move'])('of a %s is waited for', (operation) => {
    const world = waitingBeside(operation);
    expect([done(world), conditionOf(world.plan(), 'RotationInProgress')]).toEqual([[], 'False OperationUnderway']);
    expect(said(world.plan())).toMatch(new RegExp(`^${operation} ${operation} is under way since 2026-01-02T03:04:..Z, until 2026-01-03T03:04:05Z at most\\.$`));
  });

  it.each<Operation>(['backup', 'migration', 'restore', 'upgrade', 'move'])('of a %s is taken over for a leak', (operation) => {
    expect(done(waitingBeside(operation, 'compromised'))).toEqual(['take lock']);
  });

  it('of a holder whose time is over is taken over', () => {
    const world = waitingBeside('restore');
    world.after(24 * 60 + 1);
    expect(done(world)).toEqual(['take lock']);
  });

  it('of a rotation that has ended without releasing it is taken over', () => {
    const world = waitingBeside('rotation');
    expect(done(world)).toEqual(['take lock']);
  });

  it('is given back when something comes in the way before the start', () => {
    const world = worldIn('Waiting');
    world.turn();
    world.faults = { rollout: { web: { name: 'web', pending: '0 of 1 pods are new' } } };
    expect([world.turn(), world.lock]).toEqual([['release lock'], undefined]);
  });

  it('is given back for the pause after an undone attempt', () => {
    const world = worldIn('Dropping');
    world.until(() => world.phase === 'Waiting');
    expect(world.lock).toBeUndefined();
  });

  it('is renewed while a rotation cannot be ended, beside what is done, and keeps its beginning', () => {
    const world = worldIn('Rolling');
    const since = world.lock?.since;
    world.faults = { stuck: true };
    world.turn();
    world.after(9);
    expect(done(world)).toEqual([]);
    world.until(() => world.after(1).phase === 'Returning');
    world.after(15);
    expect(world.turn()).toContain('take lock');
    expect([world.lock?.since, world.lock?.until.getTime()]).toEqual([since, world.now.getTime() - 1_000 + HALF_AN_HOUR]);
  });

  it('is not fought for by a rotation that has started, and not released for another one', () => {
    const world = worldIn('Altering');
    const lock = { ...jobAtWork('restore'), since: world.now };
    world.lock = lock;
    world.until(() => world.rotation === undefined);
    expect(world.lock).toBe(lock);
  });

  it.each([['all', 'False OperationUnderway'], ['compromised', 'True Waiting']])('that cannot be read holds back a rotation of %s: %s', (request, condition) => {
    const world = worldIn('Waiting', { request });
    world.until(() => done(world).every((action) => action === 'take lock'));
    world.faults = { rollout: { lock: { kind: 'unreadable', why: '403 Forbidden' } } };
    expect([done(world), conditionOf(world.plan(), 'RotationInProgress')]).toEqual([request === 'all' ? [] : ['journal: Altering'], condition]);
  });
});
