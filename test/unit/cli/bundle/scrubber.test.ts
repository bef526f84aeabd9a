// Plants secrets in every form in which they may be written, and proves that none is left.
import { describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { Scrubber } from '../../../../cli/bundle/scrubber.js';

const PASSWORD = 'p@ss/w0rd+"Ünï"=x';
const KEY = 'k3y-0123456789abcdefghijklmnopqrstuvwxyz_ABCDEF';
const secret = (name: string, value: string | Buffer) => ({ name, bytes: Buffer.from(value as string) });
const scrubber = (...values: [name: string, value: string | Buffer][]): Scrubber => new Scrubber(values.map(([name, value]) => secret(name, value)), new Set(['glitchtip-alerts']));
const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('a value of a Secret is removed', () => {
  it.each<[string, (value: string) => string]>([
    ['as it is', (value) => `connecting with ${value}.`],
    ['encoded for a URL', (value) => `redis://x/?q=${encodeURIComponent(value)}`],
    ['encoded for a URL with small letters', (value) => encodeURIComponent(value).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())],
    ['encoded for a path, as Python does', (value) => encodeURIComponent(value).replaceAll('%2F', '/')],
    ['in JSON', (value) => JSON.stringify({ note: value })],
    ['in JSON inside JSON', (value) => JSON.stringify({ inner: JSON.stringify({ note: value }) })],
    ['in base64', (value) => `data: ${base64(value)}`],
    ['in base64 without its padding', (value) => base64(value).replace(/=+$/, '')],
    ['in base64 for URLs', (value) => Buffer.from(value).toString('base64url')],
    ['in the base64 of a longer text that it begins', (value) => base64(`${value} and more`)],
    ['in the base64 of a longer text, one character in', (value) => base64(`x${value} and more`)],
    ['in the base64 of a longer text, two characters in', (value) => base64(`xy${value} and more`)],
    ['in hexadecimal', (value) => `\\x${Buffer.from(value).toString('hex')}`],
    ['in YAML', (value) => stringify({ note: `${'long '.repeat(40)}${value}` }, { lineWidth: 0 })],
  ])('%s', (_, write) => {
    for (const value of [PASSWORD, KEY]) {
      const one = scrubber(['app/KEY', value]);
      const text = one.text(`before ${write(value)} after`);
      expect(text).toContain('[removed: app/KEY]');
      // Nothing of it that is long enough to be of use.
      for (const form of [value, base64(value).slice(4, -8), Buffer.from(value).toString('hex').slice(8)]) expect(text).not.toContain(form);
      expect(text).toMatch(/^before [\s\S]* after$/);
      expect(one.removed.get('app/KEY')).toBe(1);
    }
  });

  it('as many times as it is there', () => {
    const one = scrubber(['app/KEY', KEY]);
    one.text(`${KEY} ${KEY} ${base64(KEY)}`);
    expect(one.removed).toEqual(new Map([['app/KEY', 3]]));
  });

  it.each<[string, string, string]>([
    ['each line', `first-line-of-it\nsecond-line-of-it`, 'said second-line-of-it'],
    ['an old key behind its time', '1764000000:old-secret-key-value', 'used old-secret-key-value'],
    ['the password of a URL', 'redis://:valkey-password@valkey:6379/0', 'AUTH valkey-password'],
    ['a login of Valkey', 'user default on #aabbccddeeff00112233 >clear-password ~* +@all', 'password clear-password'],
    ['a hash of Valkey', 'user default on #aabbccddeeff00112233 ~* +@all', 'hash aabbccddeeff00112233'],
    ['a leaf of JSON that is named like a secret', '{"auths":{"registry":{"password":"hunter2"}}}', 'with hunter2'],
    ['a leaf of JSON that looks like one', '{"blob":"abcdefghijklmnopqrstuvwxyz"}', 'with abcdefghijklmnopqrstuvwxyz'],
  ])('in parts: %s', (_, value, text) => {
    expect(scrubber(['app/KEY', value]).text(text)).toMatch(/ \[removed: app\/KEY\]$/);
  });

  it('when it is no text', () => {
    const bytes = Buffer.from([255, 0, 254, 1, 253, 2, 252, 3, 251]);
    expect(scrubber(['app/KEY', bytes]).text(`data: ${bytes.toString('base64')}`)).toBe('data: [removed: app/KEY]');
  });

  it('but a word that is too short is named and left', () => {
    const one = scrubber(['smtp/tls', 'True']);
    expect([one.text('ready: True'), one.tooShort]).toEqual(['ready: True', ['smtp/tls']]);
  });
});

describe('what only looks like a secret is removed, too', () => {
  it.each<[string, string, string]>([
    ['a login in a URL', 'GET https://someone:s3cret@host.example/path', 'GET https://[removed]@host.example/path'],
    ['the key of a DSN', 'SENTRY_DSN https://0123abcd@errors.example.com/1', 'SENTRY_DSN https://[removed]@errors.example.com/1'],
    ['a variable', 'SMTP_PASSWORD=hunter2 starts', 'SMTP_PASSWORD=[removed] starts'],
    ['a variable in JSON', '{"API_TOKEN": "hunter2"}', '{"API_TOKEN": "[removed]"}'],
    ['a parameter', '/?sentry_key=abcdef0123&x=1', '/?sentry_key=[removed]&x=1'],
    ['a header', 'Authorization: Bearer abcdef012345.xyz', 'Authorization: Bearer [removed]'],
    ['a token of Telegram', 'POST /bot123456789:AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDD/sendMessage', 'POST /bot[removed]/sendMessage'],
    ['a JSON Web Token', 'token eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJl.c2lnbmF0dXJl', 'token [removed]'],
    ['a private key', 'a\n-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nb', 'a\n[removed]\nb'],
  ])('%s', (_, text, expected) => expect(scrubber().text(text)).toBe(expected));

  it.each([
    'SECRET_KEY_FILE=/run/secrets/glitchtip/SECRET_KEY', 'SESSION_COOKIE_SECURE: "True"', 'secretName: glitchtip-app', 'automountServiceAccountToken: false',
    'https://host.example/user@example.com', 'kubectl get secret glitchtip-admin', 'Token is missing', 'SECRET_TOKEN: /run/file', 'API_TOKEN: true',
  ])('but not: %s', (text) => expect(scrubber().text(text)).toBe(text));
});

describe('in an object of the API', () => {
  it('the value of a variable that is named like a secret is removed, and what refers to a Secret stays', () => {
    expect(scrubber().object({
      env: [{ name: 'DATABASE_PASSWORD', value: 'hunter2' }, { name: 'DATABASE_PASSWORD_FILE', value: '/run/secrets/x' }, { name: 'PORT', value: '8080' }],
      spec: { alerts: { secret: 'glitchtip-alerts' } }, config: { 'smtp-password': 'hunter2' },
    })).toEqual({
      env: [{ name: 'DATABASE_PASSWORD', value: '[removed]' }, { name: 'DATABASE_PASSWORD_FILE', value: '/run/secrets/x' }, { name: 'PORT', value: '8080' }],
      spec: { alerts: { secret: 'glitchtip-alerts' } }, config: { 'smtp-password': '[removed]' },
    });
  });

  it('a value is found in names of fields, too', () => expect(scrubber(['app/KEY', KEY]).object({ [KEY]: 1 })).toEqual({ '[removed: app/KEY]': 1 }));
});
