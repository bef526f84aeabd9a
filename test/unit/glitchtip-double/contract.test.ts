/** How the contract with GlitchTip judges an answer. */
import { describe, expect, it } from '@jest/globals';
import { problemsOf } from '../../glitchtip-double/contract/contract.js';
import { at, type ContractResponse, shapeOf } from '../../glitchtip-double/contract/contract-client.js';
import { type ContractRow, newState } from '../../glitchtip-double/contract/contract-row.js';
import { compareShapes, recordName } from '../../glitchtip-double/contract/contract-record.js';
import { contractRows } from '../../glitchtip-double/contract/contract-rows.js';
import { RELEASES } from '../../../operator/api/glitchtip-releases.js';

const answer = (status: number, json: unknown): ContractResponse => ({ status, json, headers: {}, text: JSON.stringify(json) });
const row = (rest: Partial<ContractRow>): ContractRow => ({ name: 'row', request: () => ({ path: '/' }), status: 200, ...rest });

describe('a row of the contract', () => {
  it.each<[string, Partial<ContractRow>, ContractResponse, string[]]>([
    ['fits', { values: { 'user.id': 7 }, has: ['user.name'] }, answer(200, { user: { id: 7, name: '' } }), []],
    ['sees another status', {}, answer(500, {}), ['status 200 expected, 500 found: {}']],
    ['sees another value', { values: { id: 1 } }, answer(200, { id: 2 }), ['id: 1 expected, 2 found']],
    ['sees a missing key', { has: ['0.id'] }, answer(200, []), ['0.id is missing']],
    ['takes null as there', { has: ['id'] }, answer(200, { id: null }), []],
    ['can ask for absence', { values: { '1': undefined } }, answer(200, [1]), []],
  ])('%s', (_name, expected, response, problems) => {
    expect(problemsOf(row(expected), response)).toEqual(problems);
  });

  it.each(RELEASES)('has a name of its own: %s', (release) => {
    const names = contractRows(release).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('can be asked for before any other row ran', () => {
    const state = newState();
    expect(contractRows('5.2').every(({ request }) => request(state).path.startsWith('/'))).toBe(true);
  });
});

describe('the rows of 6.2', () => {
  const [five, six] = RELEASES.map((release) => new Map(contractRows(release).map(({ name, status }) => [name, status])));
  const only = (these = new Map<string, number>(), those = new Map<string, number>()) => [...these].filter(([name]) => !those.has(name));

  it('say what 6.2 answers otherwise, and leave out what its double does not know', () => {
    expect(only(six, five)).toEqual([['a Host that is not allowed is no matter on ingest', 200], ['and blocks no other', 200]]);
    expect(only(five, six)).toEqual([['a Host that is not allowed is refused on ingest too', 400], ['the transaction is found again', 200], ['and blocks the right one', 403]]);
  });
});

describe('the record of an image', () => {
  const row = (name: string, status: number, shape: string) => ({ name, problems: [], status, shape });

  it.each([
    ['is named after it', { image: 'docker.io/glitchtip/glitchtip:6.2.6', isDouble: false }, 'glitchtip-6.2.6.json'],
    ['with its digest', { image: 'glitchtip/glitchtip:6.2.6@sha256:0a', isDouble: false }, 'glitchtip-6.2.6-sha256-0a.json'],
    ['of an archive', { image: '/srv/glitchtip.tar', isDouble: false }, 'glitchtip.json'],
    ['of a double, after the release', { image: 'docker.io/glitchtip/glitchtip:6.2.6', isDouble: true }, '6.2-double.json'],
  ])('%s', (_, image, name) => expect(recordName({ release: '6.2', ...image })).toBe(name));

  it('is compared with that of the double by status and shape, row by row', () => {
    const double = { rows: [row('same', 200, '{nextEventID:null}'), row('status', 200, '{}'), row('shape', 200, '{id:string}'), row('gone', 200, '{}')] };
    const image = { rows: [row('same', 200, '{nextEventID:string}'), row('status', 403, '{}'), row('shape', 200, '{id:number}'), row('new', 200, '{}')] };
    expect(compareShapes(double, image)).toEqual([
      'status: 200 {} of the double, 403 {} of the image', 'shape: 200 {id:string} of the double, 200 {id:number} of the image',
      'gone: 200 {} of the double, no row of the image', 'new: no row of the double, 200 {} of the image',
    ]);
  });
});

describe('the shape of a body', () => {
  it.each([
    [{ b: 1, a: 'x', c: null }, '{a:string,b:number,c:null}'],
    [[{ id: 1 }, { other: 1 }], '[{id:number}]'],
    [[], '[]'],
    [undefined, 'undefined'],
  ])('of %j is %s', (value, shape) => {
    expect(shapeOf(value)).toBe(shape);
  });

  it('is looked into by a dotted path', () => {
    expect(at({ list: [{ name: 'first' }] }, 'list.0.name')).toBe('first');
    expect(at(null, 'list.0')).toBeUndefined();
  });
});
