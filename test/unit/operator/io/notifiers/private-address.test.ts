// Without TLS nothing is sent where others could read it on the way.
import { expect, it, describe } from '@jest/globals';
import { isPrivateAddress, lookupPrivate } from '../../../../../operator/io/notifiers/private-address.js';
import { exchange } from '../../../../../operator/io/notifiers/http-exchange.js';

const never = new AbortController().signal;
const REFUSED = { kind: 'none', why: 'its address is public, and without TLS everybody on the way could read it: use https' };
/** For documentation (RFC 5737, RFC 3849): nobody has them. */
const PUBLIC = ['203.0.113.10', '2001:db8::1'];

describe('an address', () => {
  it.each(['127.0.0.1', '10.43.0.1', '172.31.255.255', '192.168.1.25', '100.100.1.1', '::1', 'fd00::7', '::ffff:10.0.0.1'])('%s is private', (address) => expect(isPrivateAddress(address)).toBe(true));
  it.each([...PUBLIC, '8.8.8.8', '172.32.0.1', '169.254.169.254', '100.128.0.1', '::ffff:8.8.8.8'])('%s is not', (address) => expect(isPrivateAddress(address)).toBe(false));
});

it.each(['http://203.0.113.10/hook', 'http://[2001:db8::1]/hook', 'http://user:canary@203.0.113.10:8080/'])('%s is not asked', async (url) => {
  expect(await exchange({ url, method: 'GET' }, never, 500)).toEqual(REFUSED);
});

describe('a name', () => {
  const lookUp = (name: string, all: boolean): Promise<unknown> => new Promise((resolve) => {
    lookupPrivate(name, { all }, (error, address) => resolve(error ? error.code : address));
  });

  // A name that is an address is looked up as itself, whatever DNS there is.
  it.each([true, false])('that leads to a public address is not connected to (all of them: %p)', async (all) => {
    expect(await Promise.all(PUBLIC.map((address) => lookUp(address, all)))).toEqual(['PUBLIC_ADDRESS', 'PUBLIC_ADDRESS']);
  });

  it('that leads to a private one is', async () => {
    expect(await lookUp('127.0.0.1', true)).toEqual([{ address: '127.0.0.1', family: 4 }]);
    expect(await lookUp('127.0.0.1', false)).toBe('127.0.0.1');
  });

  it('that nobody knows fails as it does', async () => expect(await lookUp('nobody.invalid', true)).toMatch(/ENOTFOUND|EAI_AGAIN/));
});
