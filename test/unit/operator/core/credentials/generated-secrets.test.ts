// The contents of new Secrets: Valkey's users file holds hashes only, and fits the password that the application has.
import { describe, expect, it } from '@jest/globals';

import { findProblems, passwordOfUrl, planSecrets, withNewPassword, type CreateSecret } from '../../../../../operator/core/credentials/generated-secrets.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { ABSENT, CountingCrypto, present, specOf } from './credentials-scenarios.js';

const crypto = new CountingCrypto();
const spec = specOf();
const find = (creations: readonly CreateSecret[], role: string, key: string) => creations.find((c) => c.role === role)?.data.get(key)?.reveal() ?? '';
const application = (url: string) => present({ SECRET_KEY: 'k', DATABASE_USER: 'glitchtip_a', DATABASE_PASSWORD: 'p', VALKEY_URL: url });

describe('a new users file of Valkey', () => {
  const creations = planSecrets(spec, ABSENT, crypto);
  const acl = find(creations, 'valkey', 'users.acl');

  it('holds hashes only', () => {
    expect(acl).not.toContain('canary');
    expect(acl).not.toMatch(/[ ]>/);
    expect(acl.match(/#[0-9a-f]{64}/g)).toHaveLength(2);
  });

  it('accepts the password in VALKEY_URL for the application and the operator\'s own for the operator', () => {
    const password = /:([^:@]+)@/.exec(find(creations, 'application', 'VALKEY_URL'))?.[1] ?? '';
    expect(acl).toContain(`user default on #${crypto.sha256(new Sensitive(password))} `);
    expect(acl).toContain(`user glitchkeeper on #${crypto.sha256(new Sensitive(find(creations, 'valkey', 'password')))} `);
  });

  it('lets the probe do nothing but PING, and keeps administration from the application', () => {
    expect(acl).toMatch(/^user probe on nopass resetkeys resetchannels -@all \+ping$/m);
    expect(acl).toMatch(/^user default .* -@admin$/m);
  });

  it.each([['redis://:plain@valkey:6379/0', 'plain'], ['redis://:p%40ss@valkey:6379/0', 'p@ss']])(
    'hashes the password as a client reads it from %s', (url, password) => {
      const secrets = { ...ABSENT, application: application(url) };
      const file = find(planSecrets(spec, secrets, crypto), 'valkey', 'users.acl');
      expect(file).toContain(`user default on #${crypto.sha256(new Sensitive(password))} `);
      expect(findProblems(spec, { ...secrets, valkey: present({ 'users.acl': file, password: 'p' }) }, crypto)).toEqual([]);
    });

  it('is not made from a URL that is wrongly encoded', () => {
    const secrets = { ...ABSENT, application: application('redis://:%zz@valkey:6379/0') };
    expect(planSecrets(spec, secrets, crypto).map(({ role }) => role)).not.toContain('valkey');
    expect(findProblems(spec, secrets, crypto)).toMatchObject([{ kind: 'malformed', name: 'glitchtip-app' }]);
  });
});

describe('a new password of Valkey', () => {
  it.each([
    ['redis://:old@valkey:6379/0', 'redis://:NEW@valkey:6379/0'],
    ['rediss://:old@valkey:6379/0', 'rediss://:NEW@valkey:6379/0'],
    ['redis://default:old@valkey:6379/3', 'redis://default:NEW@valkey:6379/3'],
    ['rediss://:p%40ss@cache.example.com/7?ssl_cert_reqs=required', 'rediss://:NEW@cache.example.com/7?ssl_cert_reqs=required'],
  ])('leaves the rest of %s as it is', (url, wanted) => {
    const renewed = withNewPassword(new Sensitive(url), new CountingCrypto());
    expect(renewed.reveal()).toBe(wanted.replace('NEW', passwordOfUrl(renewed)?.reveal() ?? ''));
    expect(passwordOfUrl(renewed)?.reveal()).toMatch(/^canary/);
  });
});

describe('a Secret that was not read', () => {
  it('is none that is absent: the types refuse it, and nothing is generated', () => {
    const read: Partial<typeof ABSENT> = { ...ABSENT };
    delete (read as { administrator?: object }).administrator;
    // @ts-expect-error: health does not read the administrator's, and hands on nothing that a plan could be made from.
    expect(() => planSecrets(spec, read as Omit<typeof ABSENT, 'administrator'>, crypto)).toThrow();
  });
});

describe('a new Secret of the application', () => {
  it('has an empty VALKEY_URL where there is no Valkey', () => {
    const creations = planSecrets(specOf({ valkey: undefined }), ABSENT, crypto);
    expect(creations.find((c) => c.role === 'application')?.data.get('VALKEY_URL')?.reveal()).toBe('');
  });

  it('names the first of the two logins', () => expect(find(planSecrets(specOf({ database: { name: 'errors' } }), ABSENT, crypto), 'application', 'DATABASE_USER')).toBe('errors_a'));
});
