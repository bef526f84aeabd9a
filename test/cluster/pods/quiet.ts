// Nobody is told anything while nothing is wrong, however much is rolled or killed.
import { expect, it } from '@jest/globals';
import type { Alerts } from '../support/alerts.js';

/** @param what was done up to here */
export function describeQuiet(alerts: () => Alerts, what: string): void {
  it(`${what} told nobody anything: nothing was wrong`, async () => {
    expect(await alerts().messages()).toEqual([]);
  });
}
