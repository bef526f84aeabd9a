// The least UUID of version 7 of a moment: what is minted in that millisecond is not below it, what was minted before is.
import { expect, it } from '@jest/globals';
import { leastUuidAt } from '../../../../operator/core/uuid-time.js';

it.each([
  [0, '00000000-0000-7000-8000-000000000000'], [-5, '00000000-0000-7000-8000-000000000000'],
  // RFC 9562, A.6: 2022-02-22T19:22:22Z, 017F22E2-79B0-7CC3-98C4-DC0C0C07398F.
  [1_645_557_742_000, '017f22e2-79b0-7000-8000-000000000000'], [1_645_557_742_000.9, '017f22e2-79b0-7000-8000-000000000000'],
])('%d is %s', (at, wanted) => expect(leastUuidAt(at)).toBe(wanted));

it('is an order of time', () => {
  const [minted, moment] = ['017f22e2-79b0-7cc3-98c4-dc0c0c07398f', 1_645_557_742_000];
  expect(leastUuidAt(moment) <= minted && minted < leastUuidAt(moment + 1)).toBe(true);
});
