// Kubernetes quantities.
import { describe, expect, it } from '@jest/globals';

import { parseBytes, parseQuantity } from '../../../../operator/core/quantity.js';

describe('a quantity', () => {
  it('of thousandths of a millicore, as the metrics API writes them, is read', () => expect(parseQuantity('1500000n')).toBeCloseTo(0.0015, 9));

  it.each([
    ['0', 0], ['2', 2], ['1.5', 1.5], ['250m', 0.25], ['1k', 1_000], ['300Mi', 314_572_800], ['300M', 300_000_000], ['1.5Gi', 1_610_612_736], ['1Ti', 2 ** 40], ['1288490188800m', 1_288_490_188.8], ['8.2G', 8.2e9], ['2E', 2e18], ['1Ei', 2 ** 60],
  ])('%j is %d', (text, number) => expect(parseQuantity(text)).toBeCloseTo(number, 6));

  it.each(['', ' ', '-1', '1 Gi', 'Gi', '1GiB', '1KI', '1.', '.5', '0x10', 'NaN', '1e'])('%j is none', (text) => expect(parseQuantity(text)).toBeUndefined());
});

it.each([['322122547200m', 322_122_547], ['300Mi', 314_572_800], ['1500m', 2], ['', undefined]])('%j is %d bytes', (text, bytes) => expect(parseBytes(text)).toBe(bytes));
