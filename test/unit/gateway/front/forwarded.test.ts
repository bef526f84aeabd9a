// Who the client is, behind proxies of which some are ours.
import { expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { forwardedOf, TrustedProxies } from '../../../../gateway/front/forwarded.js';

const TRUSTED = new TrustedProxies(['10.42.0.0/16', '192.0.2.0/24', '2001:db8::/32']);
const from = (chain: string | undefined, peer = '::ffff:10.42.0.9') => forwardedOf({ headers: chain === undefined ? {} : { 'x-forwarded-for': chain }, socket: { remoteAddress: peer } } as unknown as IncomingMessage, TRUSTED).client;

it.each<[string, string | undefined, string]>([
  ['the one that our proxy names', '203.0.113.7', '203.0.113.7'],
  ['the one that our proxy appends, whatever the client wrote itself', '198.51.100.1, 10.42.7.7, 203.0.113.7', '203.0.113.7'],
  ['the one before proxies of ours, one behind the other', '198.51.100.1, 203.0.113.7, 192.0.2.5, 2001:db8::5', '203.0.113.7'],
  ['the first, where all are ours', '10.42.1.1, 192.0.2.5', '10.42.1.1'],
  ['what stands there, though it is no address', '10.42.1.1, unknown', 'unknown'],
  ['the proxy, where it says nothing', undefined, '10.42.0.9'],
  ['the proxy, where it says nothing of use', ' , ', '10.42.0.9'],
])('the client is %s', (_, chain, expected) => expect(from(chain)).toBe(expected));

it('the client is the peer that is no proxy of ours', () => expect(from('198.51.100.1', '203.0.113.7')).toBe('203.0.113.7'));
