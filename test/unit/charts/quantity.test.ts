import { describe, expect, it } from '@jest/globals';
import { bytesOf, mebibytes, milliCpuOf, parseCpu, parseMemory } from '../../../charts/quantity.js';

describe('a memory quantity', () => {
  it.each([
    ['300Mi', 314_572_800],
    ['300M', 300_000_000],
    ['1.9Gi', 2_040_109_465.6],
    ['64Ki', 65_536],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseMemory(text)).toBeCloseTo(bytes, 1);
    expect(bytesOf(text)).toBe(Math.floor(bytes));
  });

  it.each(['300', '', 'Mi', '300 Mi', '-1Gi', '300mb', '1e3Mi', '300MiB'])('refuses %j', (text) => {
    expect(parseMemory(text)).toBeUndefined();
  });

  it('rounds up to whole mebibytes, so that a budget never promises too much', () => expect(mebibytes(300_000_000)).toBe(287));
});

describe('a CPU quantity', () => {
  it.each([['250m', 250], ['0.5', 500], ['2', 2000]])('%s is %i thousandths of a core', (text, milli) => {
    expect(parseCpu(text)).toBe(milli);
  });

  it.each(['', 'm', '-1', '1 core', '0.25m', '0.0001'])('refuses %j', (text) => expect(parseCpu(text)).toBeUndefined());
});

it('a quantity that no schema has seen is a programming error', () => {
  expect(() => bytesOf('300')).toThrow(RangeError);
  expect(() => milliCpuOf('much')).toThrow(RangeError);
});
