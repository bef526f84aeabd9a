// The gateway's configuration: what a variable means, and what is said of one that means nothing.
import { describe, expect, it } from '@jest/globals';
import { readGatewayConfig } from '../../../gateway/environment.js';

const read = (variables: Readonly<Record<string, string>>) => readGatewayConfig({ RELEASE: '5.2', ...variables });

describe('SPANS_TO_TRANSACTIONS', () => {
  it.each<[Readonly<Record<string, string>>, boolean]>([[{}, true], [{ SPANS_TO_TRANSACTIONS: 'true' }, true], [{ SPANS_TO_TRANSACTIONS: 'false' }, false]])('%j means %s', (variables, expected) => {
    expect(read(variables).spansToTransactions).toBe(expected);
  });

  it('that is neither is refused by name', () => {
    expect(() => read({ SPANS_TO_TRANSACTIONS: 'no' })).toThrow(new RangeError('SPANS_TO_TRANSACTIONS: expected true or false, found no'));
  });
});
