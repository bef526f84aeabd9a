// No alert is sent while nothing is wrong, however much is rolled or killed.
import { expect, it } from '@jest/globals';
import type { Alerts } from '../support/alerts.js';
import { waitFor, when } from '../support/wait.js';

/** How many events a second GlitchTip stores beside whatever else a machine does is not decided here. */
const SPEED_OF_THE_MACHINE = /Backlog, worker, incident \S+\./;

/** @param what was done up to here */
export function describeQuiet(alerts: () => Alerts, what: string): void {
  it(`${what} sent no alert: nothing was wrong`, async () => {
    expect(await alerts().messages()).toEqual([]);
  });
}

/** Nothing but incidents of this kind, and of a machine that is slower than the load, each reported once, and once as over. @param reason as messages name it: "Reason, part" */
export function describeOnlyAlerted(alerts: () => Alerts, what: string, reason: string): void {
  it(`${what} sent no alert but of ${reason}, which is over`, async () => {
    const incident = new RegExp(`${reason}, incident \\S+\\.`);
    await waitFor<true>({ what: `the end of ${reason}`, seconds: 120 }, async () => {
      const { opened, over } = await alerts().incidentMessages(0);
      return when(opened.length > 0 && opened.length === over.length, `opened ${opened.join()}, over ${over.join()}`);
    });
    const { opened, over } = await alerts().incidentMessages(0);
    expect(over).toEqual(opened);
    const messages = await alerts().messages();
    expect(messages.filter(({ text }) => !incident.test(text) && !SPEED_OF_THE_MACHINE.test(text)).map(({ text }) => text)).toEqual([]);
  }, 150_000);
}
