// The table that makes a rotation safe, held against what docs/rotation.md promises of it: nobody can break it unnoticed.
import { describe, expect, it } from '@jest/globals';

import { PHASES, type Phase } from '../../../../../operator/api/rotation-fields.js';
import { firstUnmet, MET, pauseAfter, PROTOCOL, wait, type Row, type ValueSet } from '../../../../../operator/core/rotation/protocol.js';

const accepts = ({ accepted }: Row, set: ValueSet) => accepted === 'both' || accepted === set;
const end = (phase: Phase) => PROTOCOL[phase].then === undefined;

/** The phases that may follow a phase: the next one, the way back when it has a deadline, and after an undone attempt another one. */
function successors(phase: Phase): readonly Phase[] {
  const { then, deadline } = PROTOCOL[phase];
  const again = end(phase) && PROTOCOL[phase].published === 'previous' ? (['Waiting'] as const) : [];
  return [...(then ? [then] : []), ...(deadline === undefined ? [] : (['Returning'] as const)), ...again];
}

const STEPS = PHASES.flatMap((phase) => successors(phase).map((next) => [phase, next] as const));

/** Every way through the table that comes to an end. */
function ways(from: Phase, walked: readonly Phase[] = []): readonly (readonly Phase[])[] {
  const way = [...walked, from];
  if (end(from)) return [way];
  return successors(from).flatMap((next) => ways(next, way));
}

describe('the protocol', () => {
  it('has these steps', () => {
    expect(STEPS.map(([phase, next]) => `${phase} -> ${next}`)).toEqual([
      'Waiting -> Altering',
      'Altering -> Publishing', 'Altering -> Returning',
      'Publishing -> Rolling', 'Publishing -> Returning',
      'Rolling -> Proving', 'Rolling -> Returning',
      'Proving -> Retiring', 'Proving -> Returning',
      'Returning -> Dropping',
      'Dropping -> Waiting',
    ]);
  });

  it.each(STEPS)('from %s to %s: what is published in either is accepted in both', (phase, next) => {
    const rows = [PROTOCOL[phase], PROTOCOL[next]];
    for (const { published } of rows) for (const row of rows) expect(accepts(row, published)).toBe(true);
  });

  it.each(PHASES)('in %s: what its pods were started with is accepted, and is what is published', (phase) => {
    const { pods, published } = PROTOCOL[phase];
    const started = pods ?? published;
    expect(accepts(PROTOCOL[phase], started)).toBe(true);
    expect(pods ?? published).toBe(published);
  });

  // A pod may start again at any time, with what is published then; only a roll that has ended says what all of them have.
  it.each(ways('Waiting').map((way) => [way.join(', '), way] as const))('on the way %s: what any living pod may have read is accepted', (_, way) => {
    let living = new Set<ValueSet>(['previous']);
    for (const phase of way) {
      const row = PROTOCOL[phase];
      living.add(row.published);
      const refused = [...living].filter((set) => !accepts(row, set));
      expect({ phase, refused }).toEqual({ phase, refused: [] });
      if (row.pods) living = new Set([row.pods]);
    }
  });

  it('has a deadline wherever there is a way back, and nowhere else', () => {
    expect(PHASES.filter((phase) => PROTOCOL[phase].deadline !== undefined)).toEqual(['Altering', 'Publishing', 'Rolling', 'Proving']);
  });

  it('kills values only where every pod was started with the others', () => {
    for (const phase of PHASES.filter((name) => PROTOCOL[name].accepted !== 'both' && name !== 'Waiting')) expect(PROTOCOL[phase].pods).toBe(PROTOCOL[phase].accepted);
  });
});

describe('the pause before the next attempt', () => {
  it.each([[1, 5], [2, 10], [3, 20], [4, 40], [5, 80], [7, 320], [8, 360], [20, 360]])('after attempt %i is %i minutes', (attempt, minutes) => {
    expect(pauseAfter(attempt)).toBe(minutes * 60_000);
  });
});

describe('of several conditions', () => {
  it('the first that is not met counts, and no later one is looked at', () => {
    const looked: number[] = [];
    const look = (number: number, step: ReturnType<typeof wait> | typeof MET) => () => { looked.push(number); return step; };
    expect(firstUnmet([look(1, MET), look(2, wait('two')), look(3, wait('three'))])).toEqual(wait('two'));
    expect(looked).toEqual([1, 2]);
  });
  it('none is left when all are met', () => expect(firstUnmet([() => MET])).toBe(MET));
});
