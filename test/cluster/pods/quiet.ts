// Nobody is told anything while nothing is wrong, however much is rolled or killed.
import { expect, it } from '@jest/globals';
import type { Alerts } from '../support/alerts.js';
import { waitFor, when } from '../support/wait.js';

/** @param what was done up to here */
export function describeQuiet(alerts: () => Alerts, what: string): void {
  it(`${what} told nobody anything: nothing was wrong`, async () => {
    expect(await alerts().messages()).toEqual([]);
  });
}

/** Nothing but incidents of this kind, each told once and once to be over. @param reason as messages name it: "Reason, part" */
export function describeOnlyToldOf(alerts: () => Alerts, what: string, reason: string): void {
  it(`${what} told nobody of anything but ${reason}, which is over`, async () => {
    const incident = new RegExp(`${reason}, incident \\S+\\.`);
    await waitFor<true>({ what: `the end of ${reason}`, seconds: 120 }, async () => {
      const { opened, over } = await alerts().sayings(0);
      return when(opened.length > 0 && opened.length === over.length, `opened ${opened.join()}, over ${over.join()}`);
    });
    const { opened, over } = await alerts().sayings(0);
    expect(over).toEqual(opened);
    const messages = await alerts().messages();
    expect(messages.filter(({ text }) => !incident.test(text)).map(({ text }) => text)).toEqual([]);
  }, 150_000);
}
