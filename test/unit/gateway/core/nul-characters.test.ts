// What Postgres cannot store is left out of events; everything else stays what it was.
import { expect, it } from '@jest/globals';
import { withoutNuls } from '../../../../gateway/core/nul-characters.js';

const clean = (event: Readonly<Record<string, unknown>>) => withoutNuls(event, Buffer.from(JSON.stringify(event)));

it.each<[string, Readonly<Record<string, unknown>>, object]>([
  ['a text', { message: 'a\0b' }, { message: 'ab' }],
  ['a name', { tags: { 'a\0': 1 } }, { tags: { a: 1 } }],
  ['the depth of an event', { exception: { values: [{ value: '\0', stacktrace: { frames: [{ vars: { x: ['1\0', null, 2] } }] } }] } }, { exception: { values: [{ value: '', stacktrace: { frames: [{ vars: { x: ['1', null, 2] } }] } }] } }],
])('NULs are left out of %s', (_, event, expected) => expect(clean(event)).toEqual(expected));

it.each<[string, Readonly<Record<string, unknown>>]>([
  ['without any', { message: 'a', list: [1, null, { x: true }] }],
  ['about them', { message: String.raw`a \u0000 in the text` }],
])('an event %s is the same object', (_, event) => expect(clean(event)).toBe(event));
