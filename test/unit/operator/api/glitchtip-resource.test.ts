// The release that a resource names: served, or refused with what to use instead.
import { expect, it } from '@jest/globals';
import { parseSpec, specRelease } from '../../../../operator/api/glitchtip-resource.js';

it.each([['5.2', '5.2'], ['5.2.1', '5.2'], ['6.2', '6.2'], ['6.2.6', '6.2']])('version %s is of %s', (version, release) => expect(specRelease({ version })).toBe(release));

it.each([
  ['6.0', 'spec.version: expected one of 5.2, 6.2, found "6.0", which has an authorization bypass (closed in 6.1.7): use 6.2'],
  ['6.1.7', 'spec.version: expected one of 5.2, 6.2, found "6.1.7", which has an authorization bypass before 6.1.7, and nobody tries what came after it: use 6.2'],
  ['7.0.0', 'spec.version: expected one of 5.2, 6.2, found "7.0.0", which has no published image that could be found: use 6.2'],
  ['4.2', 'spec.version: expected one of 5.2, 6.2, found "4.2"'],
])('version %s is refused', (version, problem) => {
  expect(parseSpec({ version })).toEqual({ kind: 'invalid', problems: [problem] });
  expect(() => specRelease({ version })).toThrow(problem);
});
