// SCRAM verifiers against the example of RFC 7677, which has a whole exchange to check them with.
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Sensitive } from '../../../../operator/core/sensitive.js';
import { buildScramVerifier, nodeCrypto } from '../../../../operator/io/crypto.js';

/** RFC 7677, section 3: user "user", password "pencil". */
const RFC = {
  salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
  iterations: 4_096,
  authMessage: [
    'n=user,r=rOprNGfwEbeRWgbNEkqO',
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
  ].join(','),
  clientProof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  serverSignature: '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
};

const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();

async function parts(): Promise<{ storedKey: Buffer; serverKey: Buffer; text: string }> {
  const text = await buildScramVerifier(new Sensitive('pencil'), { salt: Buffer.from(RFC.salt, 'base64'), iterations: RFC.iterations });
  const [storedKey = '', serverKey = ''] = (text.split('$')[2] ?? '').split(':');
  return { text, storedKey: Buffer.from(storedKey, 'base64'), serverKey: Buffer.from(serverKey, 'base64') };
}

describe('a SCRAM-SHA-256 verifier', () => {
  it('has the form that PostgreSQL stores', async () => {
    expect((await parts()).text).toMatch(/^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$/);
  });

  it("signs as RFC 7677's server does", async () => {
    expect(hmac((await parts()).serverKey, RFC.authMessage).toString('base64')).toBe(RFC.serverSignature);
  });

  it("accepts the proof of RFC 7677's client", async () => {
    const { storedKey } = await parts();
    const signature = hmac(storedKey, RFC.authMessage);
    const clientKey = Buffer.from(RFC.clientProof, 'base64').map((byte, index) => byte ^ (signature[index] ?? 0));
    expect(createHash('sha256').update(clientKey).digest()).toEqual(storedKey);
  });

  it('has a new salt each time', async () => {
    const password = new Sensitive('pencil');
    expect(await buildScramVerifier(password)).not.toBe(await buildScramVerifier(password));
  });

  it.each(['', 'pässword', 'two\nlines', 'null\0'])('is refused for %j, which clients prepare in different ways', async (password) => {
    await expect(buildScramVerifier(new Sensitive(password))).rejects.toThrow('printable ASCII');
  });
});

describe('a generated value', () => {
  // Django's check security.W009 wants at least 50 characters of a SECRET_KEY.
  it('is 52 URL-safe characters and never the same', () => {
    const values = Array.from({ length: 50 }, () => nodeCrypto.generate().reveal());
    expect(values.every((value) => /^[A-Za-z0-9_-]{52}$/.test(value))).toBe(true);
    expect(new Set(values).size).toBe(values.length);
  });

  it('shows itself only when asked', () => {
    const value = new Sensitive('hidden');
    expect([String(value), JSON.stringify({ value }), value.reveal()]).toEqual(['[redacted]', '{"value":"[redacted]"}', 'hidden']);
  });
});
