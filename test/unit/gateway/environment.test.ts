// The gateway's configuration: what a variable means, and what it refuses to start with.
import { describe, expect, it } from '@jest/globals';
import { readGatewayConfig } from '../../../gateway/environment.js';

const read = (variables: Readonly<Record<string, string>> = {}) => readGatewayConfig({ RELEASE: '5.2', ...variables });

describe('SPANS_TO_TRANSACTIONS', () => {
  it.each<[Readonly<Record<string, string>>, boolean]>([[{}, true], [{ SPANS_TO_TRANSACTIONS: 'true' }, true], [{ SPANS_TO_TRANSACTIONS: 'false' }, false]])('%j means %s', (variables, expected) => {
    expect(read(variables).spansToTransactions).toBe(expected);
  });

  it('that is neither is refused by name', () => {
    expect(() => read({ SPANS_TO_TRANSACTIONS: 'no' })).toThrow(new RangeError('SPANS_TO_TRANSACTIONS: expected true or false, found no'));
  });
});

describe('PLAIN_EVENTS_UNTIL', () => {
  it('is an instant; without it no events come by plain http', () => {
    expect([read().plainUntil, read({ PLAIN_EVENTS_UNTIL: '2027-03-01T00:00:00Z' }).plainUntil]).toEqual([undefined, Date.UTC(2027, 2, 1)]);
    expect(() => read({ PLAIN_EVENTS_UNTIL: 'never' })).toThrow(new RangeError('PLAIN_EVENTS_UNTIL: expected an instant such as 2027-03-01T00:00:00Z, found never'));
  });
});

describe('the limits', () => {
  it('are rates, of which a minute may come at once', () => {
    expect(read({ PROJECT_BYTES_PER_SECOND: '1Mi' }).limits.perProject).toEqual({ events: { rate: 1_000, burst: 60_000 }, bytes: { rate: 2 ** 20, burst: 60 * 2 ** 20 } });
  });

  it('that are none are refused by name', () => expect(() => read({ EVENTS_PER_SECOND: '0' })).toThrow('EVENTS_PER_SECOND: expected a quantity such as 1Gi, found 0'));
});

describe('the ports', () => {
  it('for SDKs and people, and for the operator, are two', () => {
    expect(read()).toMatchObject({ port: 8_080, controlPort: 9_465 });
    expect(() => read({ PORT: '8080', CONTROL_PORT: '8080' })).toThrow('CONTROL_PORT: expected another port than PORT, for what it does is not for everybody, found 8080');
  });

  it('may both be left to the system, as tests do', () => expect(read({ PORT: '0', CONTROL_PORT: '0' })).toMatchObject({ port: 0, controlPort: 0 }));
});
