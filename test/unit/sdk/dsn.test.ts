// DSNs: what is read from a good one, and what is said of a bad one.
import { describe, expect, it } from '@jest/globals';
import { authHeader, dsnAt, envelopeUrl, isLoopback, parseDsn, type Dsn, type Problem } from '../../sdk/dsn.js';

const KEY = 'ed95f293c7c24428a2a0c2777bacbd81';

function read(text: string): Dsn {
  const parsed = parseDsn(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.dsn;
}

function problemsOf(text: string): Problem[] {
  const parsed = parseDsn(text);
  return parsed.ok ? [] : parsed.problems;
}

describe('parseDsn', () => {
  it('takes a DSN apart', () => {
    expect(read(`https://${KEY}@glitchtip.example.com/17`)).toEqual({
      text: `https://${KEY}@glitchtip.example.com/17`,
      key: KEY,
      baseUrl: 'https://glitchtip.example.com',
      host: 'glitchtip.example.com',
      projectId: 17,
    });
  });

  it.each([
    ['keeps a port', `http://${KEY}@localhost:9090/1`, 'http://localhost:9090'],
    ['keeps a path prefix', `http://${KEY}@localhost:9090/errors/here/1`, 'http://localhost:9090/errors/here'],
    ['keeps an IPv6 address in brackets', `http://${KEY}@[::1]:9090/1`, 'http://[::1]:9090'],
    ['forgives white space around it', `  http://${KEY}@localhost/1\n`, 'http://localhost'],
  ])('%s', (_sentence, text, baseUrl) => {
    expect(read(text).baseUrl).toBe(baseUrl);
  });

  it('accepts a key with dashes and gives it without', () => {
    expect(read('http://ed95f293-c7c2-4428-a2a0-c2777bacbd81@localhost/1').key).toBe(KEY);
  });

  it.each([
    ['no URL at all', 'nonsense', ['dsn']],
    ['nothing', '', ['dsn']],
    ['another scheme', `ftp://${KEY}@localhost/1`, ['dsn.scheme']],
    ['no key', 'http://localhost/1', ['dsn.key']],
    ['a key that is too short', 'http://abc@localhost/1', ['dsn.key']],
    ['a secret half', `http://${KEY}:${KEY}@localhost/1`, ['dsn.secret']],
    ['no project', `http://${KEY}@localhost/`, ['dsn.project']],
    ['a project that is no number', `http://${KEY}@localhost/shop`, ['dsn.project']],
    ['project 0', `http://${KEY}@localhost/0`, ['dsn.project']],
    ['a query', `http://${KEY}@localhost/1?x=1`, ['dsn']],
    ['two faults at once', 'http://abc@localhost/shop', ['dsn.key', 'dsn.project']],
  ])('refuses %s', (_sentence, text, paths) => {
    expect(problemsOf(text).map(({ path }) => path)).toEqual(paths);
  });

  it('says what it expected and what it found', () => {
    expect(problemsOf('http://abc@localhost/1')).toEqual([
      { path: 'dsn.key', expected: '32 hexadecimal digits before the @', found: 'abc' },
    ]);
  });

  it('does not print the secret half of an old DSN', () => {
    expect(JSON.stringify(problemsOf(`http://${KEY}:hunter2@localhost/1`))).not.toContain('hunter2');
  });
});

describe('a DSN in use', () => {
  it('moves to the address where the instance answers, with its key and project', () => {
    const moved = dsnAt(read(`https://${KEY}@glitchtip.example.com/3`), 'http://localhost:9090/');
    expect(moved).toEqual(read(`http://${KEY}@localhost:9090/3`));
  });

  it('names the envelope endpoint, prefix included', () => {
    expect(envelopeUrl(read(`http://${KEY}@localhost:9090/errors/3`))).toBe('http://localhost:9090/errors/api/3/envelope/');
  });

  it('carries the key in the header that SDKs send', () => {
    expect(authHeader(read(`http://${KEY}@localhost/3`))).toContain(`sentry_key=${KEY}`);
  });
});

describe('isLoopback', () => {
  it.each(['localhost', 'LOCALHOST', 'web.localhost', '127.0.0.1', '127.8.8.8', '::1', '[::1]'])('knows %s as this machine', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['example.com', '10.0.0.1', '127.0.0.1.example.com', 'localhost.example.com', '128.0.0.1', ''])(
    'does not take %s for this machine',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
