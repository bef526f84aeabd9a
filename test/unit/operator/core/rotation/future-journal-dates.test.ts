// A clock that was ahead and went back: what it dated must neither put the schedule off nor keep a phase from its deadline.
import { describe, expect, it } from '@jest/globals';

import type { RotationRecord } from '../../../../../operator/api/rotation-fields.js';
import { RotationWorld, worldIn, words } from './rotation-scenarios.js';

const NEXT_YEAR = '2027-01-02T03:04:05Z';
const GIVEN_UP: RotationRecord = { id: 'a', result: 'Undone', trigger: 'compromised', credentials: ['postgres'], startedAt: NEXT_YEAR, finishedAt: NEXT_YEAR, message: 'It did not end in time.' };
const recorded = (world: RotationWorld) => world.plan().actions.map(words);
const nextAt = (world: RotationWorld) => world.plan().status.rotation?.nextAt;

/** By another clock it was a year later. */
function yearBack(world: RotationWorld): RotationWorld {
  world.now = new Date(world.now.getTime() - 365 * 86_400_000);
  return world;
}

describe('after the clock went back', () => {
  it('the schedule counts from now, once and for all, and comes', () => {
    const world = new RotationWorld();
    world.journal = { history: [], lastCompletedAt: NEXT_YEAR };
    world.turn();
    expect([world.journal.lastCompletedAt, nextAt(world), recorded(world)]).toEqual(['2026-01-02T03:04:05Z', '2026-04-02T03:00:00Z', []]);
    world.now = new Date('2026-02-01T00:00:00Z');
    expect(nextAt(world)).toBe('2026-04-02T03:00:00Z');
    world.now = new Date('2026-04-02T03:00:00Z');
    expect(recorded(world)).toEqual(['journal: Waiting']);
  });

  it.each<[string, object]>([['that is kept', { history: [], owed: [GIVEN_UP] }], ['that only the history has', { history: [GIVEN_UP] }]])('what was given up is tried again on the next day: a pending replacement %s', (_, journal) => {
    const world = new RotationWorld();
    world.journal = journal as RotationWorld['journal'];
    world.turn();
    expect([nextAt(world), recorded(world), world.journal?.history.map(({ finishedAt }) => finishedAt)]).toEqual(['2026-01-03T03:00:00Z', [], world.journal?.history.map(() => NEXT_YEAR)]);
  });

  it('a phase still has its deadline, and its values', () => {
    const world = yearBack(worldIn('Rolling', { faults: { stuck: true } }));
    const before = world.journal?.values?.next.SECRET_KEY.reveal();
    expect([world.turn(), world.phase, world.journal?.values?.next.SECRET_KEY.reveal()]).toEqual([['journal: Rolling'], 'Rolling', before]);
    world.after(10);
    expect([world.turn(), world.phase]).toEqual([['journal: Returning'], 'Returning']);
  });

  it('a pause is as long as it was', () => {
    const world = worldIn('Returning');
    world.until(() => world.phase === 'Waiting');
    world.faults = {};
    yearBack(world).turn();
    expect(recorded(world.after(4))).toEqual([]);
    expect(recorded(world.after(1))).toEqual(['take lock']);
  });

  it('by less than anything was dated, nothing is written', () => {
    const world = new RotationWorld();
    world.journal = { history: [], lastCompletedAt: '2026-01-02T03:04:05Z' };
    expect(recorded(world)).toEqual([]);
  });
});
