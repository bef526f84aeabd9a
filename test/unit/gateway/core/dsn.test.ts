// DSNs, as SDKs read them.
import { describe, expect, it } from '@jest/globals';
import { dsnOf, parseDsn } from '../../../../gateway/core/dsn.js';

const KEY = '4e06e9ec915b528baffaddad8d62cae1';

describe('a DSN', () => {
  it.each([
    [`https://${KEY}@sentry.example.com/42`, { origin: 'https://sentry.example.com', path: '', key: KEY, project: 42 }],
    [`http://${KEY}@10.0.0.7:9000/42`, { origin: 'http://10.0.0.7:9000', path: '', key: KEY, project: 42 }],
    [`https://${KEY}:secret@sentry.example.com/a/b/42`, { origin: 'https://sentry.example.com', path: '/a/b', key: KEY, project: 42 }],
    [`https://${KEY}@o1.ingest.sentry.io/4504044639322112`, { origin: 'https://o1.ingest.sentry.io', path: '', key: KEY, project: 4_504_044_639_322_112 }],
  ])('%s is read', (text, parts) => expect(parseDsn(text)).toEqual({ text, ...parts }));

  it.each(['', 'mine', `https://sentry.example.com/42`, `https://${KEY}@sentry.example.com`, `https://${KEY}@sentry.example.com/mine`, `https://${KEY}@sentry.example.com/9999999999999999`, `ftp://${KEY}@sentry.example.com/42`, `https://${KEY}@sentry.example.com/42?a=b`])('%j is none', (text) => {
    expect(parseDsn(text)).toBeUndefined();
  });

  it('of another project and key is of the same place', () => {
    expect(dsnOf(`https://${KEY}@gateway.example.com:8443/a/42`, { project: 7, key: 'f'.repeat(32) })).toBe(`https://${'f'.repeat(32)}@gateway.example.com:8443/a/7`);
  });
});
