/** How the contract with GlitchTip judges an answer. */
import { describe, expect, it } from '@jest/globals';
import { problemsOf } from '../../glitchtip-double/contract/contract.js';
import { at, type ContractResponse, shapeOf } from '../../glitchtip-double/contract/contract-client.js';
import { type ContractRow, newState } from '../../glitchtip-double/contract/contract-row.js';
import { contractRows } from '../../glitchtip-double/contract/contract-rows.js';

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

  it('has a name of its own', () => {
    const names = contractRows.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('can be asked for before any other row ran', () => {
    const state = newState();
    expect(contractRows.every(({ request }) => request(state).path.startsWith('/'))).toBe(true);
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
