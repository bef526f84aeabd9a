import { expect, it } from '@jest/globals';
import { declaredPart, type FieldSchema } from '../../../../operator/core/declared-fields.js';

const SCHEMA: FieldSchema = {
  properties: { at: {}, backup: { properties: { failures: {} } }, labels: {}, copies: { items: { properties: { name: {} } } }, words: { items: {} } },
};

it.each<[string, object, object, string[]]>([
  ['what is declared stays as it is', { at: 'x', backup: { failures: 2 } }, { at: 'x', backup: { failures: 2 } }, []],
  ['a field that is not is left out, and named', { at: 'x', restore: { id: 1 } }, { at: 'x' }, ['status.restore']],
  ['inside of another, too', { backup: { failures: 2, retention: 'x' } }, { backup: { failures: 2 } }, ['status.backup.retention']],
  ['in the items of a list, once for all', { copies: [{ name: 'a', size: 1 }, { name: 'b', size: 2 }] }, { copies: [{ name: 'a' }, { name: 'b' }] }, ['status.copies.size']],
  ['a schema that names no fields takes any', { labels: { a: 1 }, words: ['a'] }, { labels: { a: 1 }, words: ['a'] }, []],
  ['what is undefined is not written, and not named', { at: 'x', restore: undefined }, { at: 'x' }, []],
  ['null is a value', { at: null }, { at: null }, []],
])('%s', (_, value, declared, undeclared) => {
  expect(declaredPart(value, SCHEMA, 'status')).toEqual({ declared, undeclared });
});
