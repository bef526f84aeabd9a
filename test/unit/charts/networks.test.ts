import { describe, expect, it } from '@jest/globals';
import { block, canonicalNetwork, contains, hasHostBits, internet, reaches as reachesBy } from '../../../charts/networks.js';

describe('a network', () => {
  it.each<[string, string, string, boolean]>([
    ['lies in a larger one', '10.0.0.0/8', '10.42.0.0/16', true],
    ['lies in itself', '10.42.0.0/16', '10.42.0.0/16', true],
    ['does not lie in a smaller one', '10.42.0.0/16', '10.0.0.0/8', false],
    ['does not lie beside itself', '10.42.0.0/16', '10.43.0.0/16', false],
    ['that is one address lies in one', '192.168.1.0/24', '192.168.1.25', true],
    ['lies in everything', '0.0.0.0/0', '255.255.255.255/32', true],
    ['of IPv6 lies in a larger one', '2000::/3', '2001:db8:1::/48', true],
    ['of IPv6 does not lie beside the internet', '2000::/3', 'fd00::/8', false],
    ['of IPv6 lies in none of IPv4', '0.0.0.0/0', '::/0', false],
  ])('%s', (_, outer, inner, expected) => expect(contains(outer, inner)).toBe(expected));

  it.each([
    ['192.168.1.25', '192.168.1.25/32'], ['2001:DB8:0:0::1', '2001:db8::1/128'], ['FD00::/8', 'fd00::/8'], ['::/0', '::/0'], ['10.42.0.0/16', '10.42.0.0/16'],
  ])('%s is written %s', (text, canonical) => expect(canonicalNetwork(text)).toBe(canonical));

  it.each([
    ['10.42.7.0/16', true], ['10.42.0.0/16', false], ['10.1.2.3', false], ['2001:db8::1/32', true], ['2001:db8::/32', false], ['0.0.0.0/0', false],
  ])('%s has bits beyond its prefix: %p', (network, expected) => expect(hasHostBits(network)).toBe(expected));
});

describe('the internet', () => {
  const reaches = (address: string, less: string[] = []) => reachesBy(internet(less), address);

  it.each(['1.1.1.1', '100.128.0.1', '172.32.0.1', '203.0.113.10', '2606:4700::1111'])('has %s in it', (address) => expect(reaches(address)).toBe(true));

  it.each(['10.0.0.1', '172.31.255.255', '192.168.0.1', '100.127.255.255', '169.254.169.254', 'fd00:ec2::254', 'fe80::1', '::1'])('has no %s in it', (address) => expect(reaches(address)).toBe(false));

  it("has nothing of the cluster's own in it, where that is public", () => {
    const own = ['198.51.100.0/24', '2001:db8:42::/56'];
    expect(['198.51.100.7', '2001:db8:42::7'].map((address) => [reaches(address), reaches(address, own)])).toEqual([[true, false], [true, false]]);
  });
});

it("a private network is reached but for the cluster's own in it, and each exception is written once", () => {
  expect(block('10.0.0.0/8', ['10.42.0.0/16', '10.42.7.0/24', '10.42.0.0/16', '192.168.0.0/16'])).toEqual({ cidr: '10.0.0.0/8', except: ['10.42.0.0/16'] });
  expect(block('192.168.1.25/32', ['10.42.0.0/16'])).toEqual({ cidr: '192.168.1.25/32' });
});
