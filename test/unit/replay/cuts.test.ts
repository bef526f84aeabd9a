// Which cuts the replay of crashes makes of a table of writes, and that none is left out.
import { describe, expect, it } from '@jest/globals';
import { chooseCuts, faultOf, HOWS, isUnfinished, outcomeOf, type Cut, type Looks } from '../../replay/cuts.js';

const SET = ['valkey 1 SETUSER glitchkeeper', 'valkey 2 SETUSER default', 'valkey 3 SAVE'];
const LOOKS: Looks = [['cluster.writeJournal Altering'], SET, ['workloads.roll web'], SET, ['cluster.writeJournal ended']];
const cut = (how: Cut['how'], look: number, at = 0): Cut => ({ how, look, at, label: LOOKS[look]?.[at] ?? '' });
const name = ({ how, look, at }: Cut) => `${how} ${look}.${at}`;
const EVERY = HOWS.flatMap((how) => LOOKS.flatMap((writes, look) => writes.map((_, at) => name(cut(how, look, at)))));

describe('the cuts of a rotation', () => {
  it('are two rotations for each write that a look may make: one that loses answers and one that comes late', () => {
    const { rotations } = chooseCuts(LOOKS, 'default');
    expect(rotations.map((cuts) => cuts.map(name))).toEqual([
      ['lost 0.0', 'lost 1.0', 'lost 2.0', 'lost 3.0', 'lost 4.0'], ['lost 1.1', 'lost 3.1'], ['lost 1.2', 'lost 3.2'],
      ['late 0.0', 'late 1.0', 'late 2.0', 'late 3.0', 'late 4.0'], ['late 1.1', 'late 3.1'], ['late 1.2', 'late 3.2'],
    ]);
  });

  it('each kind at each write is made, or merged into one that is made at the same write', () => {
    const { rotations, merged } = chooseCuts(LOOKS, 'default');
    const made = rotations.flat().map(name);
    expect([...made, ...merged.map(([left]) => name(left))].sort()).toEqual([...EVERY].sort());
    expect(merged.filter(([left, into]) => !made.includes(name(into)) || left.label !== into.label)).toEqual([]);
    expect(new Set(merged.map(([left, into]) => `${left.how} into ${into.how}`))).toEqual(new Set(['before into late', 'error into late', 'unheard into lost']));
  });

  it('the soak makes each kind at each write, in a rotation of its own', () => {
    const { rotations, merged } = chooseCuts(LOOKS, 'soak');
    expect(rotations.map((cuts) => cuts.map(name).join())).toEqual(EVERY);
    expect(merged).toEqual([]);
  });
});

describe('the fault of one cut', () => {
  it.each<[string, Cut, number, number]>([
    ['the first write of its label, when the operator comes after the others', cut('lost', 3, 1), 2, 0],
    ['the second, when it makes the others itself', cut('lost', 3, 1), 0, 1],
    ['the first, when nothing of the label came before', cut('late', 4), 0, 0],
  ])('is at %s', (_, made, from, at) => {
    expect(faultOf(made, LOOKS, from)).toEqual({ how: made.how, label: made.label, decisiveOnly: true, at });
  });

  it.each<[Cut, boolean]>([
    [cut('lost', 1, 1), true], [cut('lost', 1, 2), false], [cut('unheard', 0), false], [cut('late', 1, 2), true], [cut('before', 0), true], [cut('error', 4), true],
  ])('%j leaves its look unfinished: %s', (made, unfinished) => {
    expect(isUnfinished(made, LOOKS)).toBe(unfinished);
  });

  it.each<[string, ReturnType<typeof outcomeOf>]>([
    ['cluster.writeSecret glitchtip-app', 'refused'], ['cluster.dropRequest', 'refused'], ['postgres.openLogin', 'refused'], ['postgres.setAdministratorPassword', 'refused'],
    ['workloads.roll web', 'made'], ['web.sendEvent', 'made'], ['valkey 3 SAVE', 'made'],
    ['postgres.ensureCanary', undefined], ['postgres.endSessions', undefined], ['valkey.endSessions', undefined],
  ])('a late %s is %s', (label, outcome) => {
    expect(outcomeOf(label)).toBe(outcome);
  });
});
