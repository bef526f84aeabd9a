// Scrubbing: what is taken out, what is left alone, and that the finder finds what the scrubber missed.
import { describe, expect, it } from '@jest/globals';
import { FILTERED, findSecrets, scrub } from '../../sdk/scrubbing.js';

const SECRET = 'k3y/with+signs';

describe('scrub', () => {
  it.each([
    ['a value under a name that says secret', { password: 'x' }, { password: FILTERED }],
    ['the same in any case and with a prefix', { dbPassWord: 'x', 'X-Api-Key': 1 }, { dbPassWord: FILTERED, 'X-Api-Key': FILTERED }],
    ['a secret inside a text', { url: `GET /?t=${SECRET}&x=1` }, { url: `GET /?t=${FILTERED}&x=1` }],
    ['a secret as it stands in a URL', { url: `t=${encodeURIComponent(SECRET)}` }, { url: `t=${FILTERED}` }],
    ['a secret in base64', { header: `Basic ${Buffer.from(SECRET).toString('base64')}` }, { header: `Basic ${FILTERED}=` }],
    ['a secret as the name of a member', { [SECRET]: 1 }, { [FILTERED]: 1 }],
    ['secrets deep inside lists', [{ a: [{ b: SECRET }] }], [{ a: [{ b: FILTERED }] }]],
  ])('takes out %s', (_sentence, value, expected) => {
    expect(scrub<unknown>(value, [SECRET])).toEqual(expected);
  });

  it('leaves everything else as it is', () => {
    const value = { name: 'Ada', age: 36, admin: false, none: null, list: [1, 'two'] };
    expect(scrub(value, [SECRET])).toEqual(value);
  });

  it('looks inside an object whose name says secret instead of dropping it', () => {
    expect(scrub<unknown>({ tokens: { kind: 'oauth', token: 'x' } }, [])).toEqual({ tokens: { kind: 'oauth', token: FILTERED } });
  });

  it('does not change its input', () => {
    const value = { password: 'x' };
    scrub(value, []);
    expect(value).toEqual({ password: 'x' });
  });

  it('survives a circular reference', () => {
    const value: Record<string, unknown> = { name: SECRET };
    value.self = value;
    expect(scrub(value, [SECRET])).toEqual({ name: FILTERED, self: '[Circular]' });
  });
});

describe('findSecrets', () => {
  it.each([
    ['in a text', { a: { b: [`x${SECRET}`] } }, ['$.a.b[0]']],
    ['URL-encoded', { a: encodeURIComponent(SECRET) }, ['$.a']],
    ['in base64', { a: Buffer.from(SECRET).toString('base64') }, ['$.a']],
    ['as a name', { [SECRET]: 1 }, ['$.(key)']],
    ['twice', [SECRET, SECRET], ['$[0]', '$[1]']],
    ['nowhere', { a: 'other', b: null, c: 1 }, []],
  ])('finds a secret %s', (_sentence, value, paths) => {
    expect(findSecrets(value, [SECRET])).toEqual(paths);
  });

  it('finds nothing in what scrub() gave back', () => {
    const value = { [SECRET]: [SECRET, { url: encodeURIComponent(SECRET), token: SECRET }] };
    expect(findSecrets(scrub<unknown>(value, [SECRET]), [SECRET])).toEqual([]);
  });
});
