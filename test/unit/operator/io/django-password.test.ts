// Passwords as Django stores them, against hashes that Python's hashlib made.
import { describe, expect, it } from '@jest/globals';

import { Sensitive } from '../../../../operator/core/sensitive.js';
import { buildDjangoPassword, rememberVerdicts, verifyDjangoPassword } from '../../../../operator/io/django-password.js';

/** hashlib.pbkdf2_hmac('sha256', b'pencil', b'seasalt', 1000), as django.contrib.auth.hashers writes it. */
const PENCIL = 'pbkdf2_sha256$1000$seasalt$O7d631RswBimc7adhwqvMcl01JZ6YQJjvQeGDt4xZdA=';

describe("a password in Django's table", () => {
  it.each([
    ['the one that it was made from', 'pencil', PENCIL],
    ['one beyond ASCII, as UTF-8', 'pässword', 'pbkdf2_sha256$1$0123456789abcdef$tGCwEs/k/zuWX9ljXqvA/SVCP2Ee/4l4MmjJ32pqbIU='],
  ])('is %s', async (_, password, stored) => expect(await verifyDjangoPassword(new Sensitive(password), stored)).toBe(true));

  it.each([
    ['another password', 'pencils', PENCIL],
    ['an empty password', '', PENCIL],
    ['the right one with another salt', 'pencil', PENCIL.replace('seasalt', 'sea')],
    ['the right one with other iterations', 'pencil', PENCIL.replace('1000', '1001')],
    ['the right one by another algorithm', 'pencil', 'pbkdf2_sha1$1000$seasalt$82gBT+dsg/ON9SaNh3ErPWnDvOE='],
    ['the right one of a hash that was cut', 'pencil', PENCIL.slice(0, -10)],
    ['anything where nobody may log in', 'pencil', '!pbkdf2_sha256$1000$seasalt'],
    ['anything of a hash without iterations', 'pencil', 'pbkdf2_sha256$$seasalt$O7d631RswBimc7adhwqvMcl01JZ6YQJjvQeGDt4xZdA='],
    ['anything of an empty one', 'pencil', ''],
  ])('is not %s', async (_, password, stored) => expect(await verifyDjangoPassword(new Sensitive(password), stored)).toBe(false));

  it('is verified as it is built, each time with a new salt', async () => {
    const password = new Sensitive('pencil');
    const [one, two] = [await buildDjangoPassword(password, 10), await buildDjangoPassword(password, 10)];
    expect(one).toMatch(/^pbkdf2_sha256\$10\$[0-9a-f]{32}\$[A-Za-z0-9+/]{43}=$/);
    expect(one).not.toBe(two);
    expect(await verifyDjangoPassword(password, one)).toBe(true);
  });
});

describe('what was tried', () => {
  const asked: string[] = [];
  const verify = rememberVerdicts((password, stored) => {
    asked.push(`${password.reveal()} ${stored}`);
    return Promise.resolve(password.reveal() === stored);
  }, 2);
  const tried = async (password: string, stored: string) => {
    asked.length = 0;
    return [await verify(new Sensitive(password), stored), asked.length];
  };

  it('is not tried again while password and hash are the same, accepted or not', async () => {
    expect(await tried('a', 'a')).toEqual([true, 1]);
    expect(await tried('b', 'a')).toEqual([false, 1]);
    expect(await tried('a', 'a')).toEqual([true, 0]);
    expect(await tried('b', 'a')).toEqual([false, 0]);
    expect(await tried('b', 'b')).toEqual([true, 1]);
  });

  it('longest ago is forgotten', async () => {
    await tried('c', 'c');
    await tried('d', 'd');
    expect(await tried('b', 'a')).toEqual([false, 1]);
    expect(await tried('d', 'd')).toEqual([true, 0]);
  });
});
