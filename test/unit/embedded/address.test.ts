/** The choice of an instance's network. */
import { describe, expect, it } from '@jest/globals';
import { chooseIndex, isFree, networkFor, overlaps } from '../../../embedded/address.js';

describe('networks overlap', () => {
  it.each([
    ['172.30.0.0/24', '172.30.0.0/24', true],
    ['172.30.0.0/16', '172.30.7.0/24', true],
    ['172.16.0.0/12', '172.30.255.0/24', true],
    ['172.30.1.9', '172.30.1.0/24', true],
    ['172.30.1.0/24', '172.30.2.0/24', false],
    ['10.0.0.0/8', '172.30.0.0/24', false],
    ['default', '172.30.0.0/24', false],
  ])('%s and %s: %s', (a, b, expected) => {
    expect(overlaps(a, b)).toBe(expected);
    expect(overlaps(b, a)).toBe(expected);
  });
});

describe('an instance gets a network', () => {
  it('that is the first when the machine uses none of them', () => {
    expect(chooseIndex([{ dst: 'default', dev: 'eth0' }], new Set())).toBe(0);
  });
  it('that no other instance has claimed', () => {
    expect(chooseIndex([], new Set([0, 1, 3]))).toBe(2);
  });
  it('that no other interface of the machine routes', () => {
    expect(chooseIndex([{ dst: '172.30.0.0/23', dev: 'docker0' }], new Set())).toBe(2);
  });
  it('again, although its own interface is still there after a kill', () => {
    expect(isFree([{ dst: '172.30.4.0/24', dev: networkFor(4).hostInterface }], 4)).toBe(true);
  });
  it('or none, when a route covers them all', () => {
    expect(chooseIndex([{ dst: '172.16.0.0/12', dev: 'tun0' }], new Set())).toBeUndefined();
  });
});

describe('the names of a network', () => {
  it('follow from its number, and the interface name is short enough for the kernel', () => {
    expect(networkFor(255)).toEqual({
      index: 255,
      nodeAddress: '172.30.255.1',
      hostAddress: '172.30.255.254',
      hostInterface: 'gk255h',
      server: 'https://172.30.255.1:6443',
    });
    expect(networkFor(255).hostInterface.length).toBeLessThanOrEqual(15);
  });
});
