// What counts as HTTPS done right, and what a paged answer says about the next page.
import { describe, expect, it } from '@jest/globals';
import { nextCursor } from '../../sdk/glitchtip-api.js';
import { hstsFindings, redirectFindings, sessionCookieProblems } from '../../sdk/https.js';

describe('redirectFindings', () => {
  it.each([301, 302, 307, 308])('accepts a %d to https', (status) => {
    expect(redirectFindings('http://h/', status, 'https://h/')).toEqual([]);
  });

  it('refuses a page over plain HTTP', () => {
    expect(redirectFindings('http://h/', 200, undefined)).toEqual(['http://h/: expected a redirect to https, found 200']);
  });

  it.each([['http://h/login'], [undefined]])('refuses a redirect to %s', (location) => {
    expect(redirectFindings('http://h/', 302, location)).toHaveLength(1);
  });
});

describe('hstsFindings', () => {
  it.each([
    ['max-age=31536000; includeSubDomains', 0],
    ['max-age=0', 1],
    ['nonsense', 1],
    [undefined, 1],
  ])('of %s finds %d problems', (header, count) => {
    expect(hstsFindings(header)).toHaveLength(count);
  });
});

describe('sessionCookieProblems', () => {
  it.each([
    ['a Secure, HttpOnly cookie', [' sessionid=abc; HttpOnly; Path=/; SameSite=Lax; Secure'], []],
    ['a cookie for plain HTTP', ['sessionid=abc; HttpOnly; Path=/'], ['the session cookie is not secure']],
    ['a cookie that scripts can read', ['sessionid=abc; Secure'], ['the session cookie is not httponly']],
    ['only another cookie', ['csrftoken=abc; Secure; HttpOnly'], ['the login set no session cookie']],
    ['the newest of two', ['sessionid=a; Secure; HttpOnly', 'sessionid=b; HttpOnly'], ['the session cookie is not secure']],
  ])('judges %s', (_sentence, cookies, expected) => {
    expect(sessionCookieProblems(cookies)).toEqual(expected);
  });
});

describe('nextCursor', () => {
  const link = (results: string): string =>
    `<http://h/?cursor=>; rel="previous"; results="false", <http://h/?cursor=cD0x>; rel="next"; results="${results}"; cursor="cD0x"`;

  it.each([
    ['another page', link('true'), 'cD0x'],
    ['the last page', link('false'), undefined],
    ['no header', undefined, undefined],
  ])('of %s', (_sentence, header, expected) => {
    expect(nextCursor(header)).toBe(expected);
  });
});
