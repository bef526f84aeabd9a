// The sections of settings.yaml about health and alerts: how closely the operator checks, what it may repair, where alerts go.
import * as z from 'zod';
import { REPAIR_KINDS } from '../../operator/api/health-fields.js';
import { ALERTS_SECRET } from '../../operator/api/object-names.js';
import { objectName, show, tcpPort, wholeNumber, yesOrNo } from './value-kinds.js';

const repair = z.enum(REPAIR_KINDS, { error: (issue) => `expected one of ${REPAIR_KINDS.join(', ')}, found ${show(issue.input)}` });

export const health = z.strictObject({
  /** Whether the operator checks health at all. */
  enabled: yesOrNo.default(true),
  /** Seconds from the beginning of a check to that of the next while all is well; while something is suspect the next comes sooner. */
  everySeconds: wholeNumber(10, 3_600, 'seconds').default(30),
  /** Failed checks in a row that open an incident. */
  failuresToOpen: wholeNumber(1, 20, 'checks').default(3),
  /** Checks in a row without the cause that close it. */
  successesToClose: wholeNumber(1, 20, 'checks').default(2),
  /** Seconds from an accepted event to the stored one; later is a failed check. */
  storedWithinSeconds: wholeNumber(1, 25, 'seconds').default(5),
  /** What the operator repairs by itself; an empty list: it only alerts. */
  heal: z.array(repair).default([...REPAIR_KINDS]),
}).superRefine(({ heal }, context) => {
  const twice = heal.find((each, index) => heal.indexOf(each) !== index);
  if (twice !== undefined) context.addIssue({ code: 'custom', path: ['heal'], message: `expected each repair once, found ${twice} twice` });
}).prefault({});

export const alerts = z.strictObject({
  /** Secret with tokens and addresses (docs/alerts.md); it may be absent. No value of it belongs into this file. */
  secret: objectName('Secret').default(ALERTS_SECRET),
  /** Hours after which an open incident is notified again. */
  repeatHours: wholeNumber(1, 168, 'hours').default(4),
  /** Hours between two reports that all is well, or what is not; 0: none. */
  reportHours: wholeNumber(0, 168, 'hours').default(0),
  /** TCP ports beside 443 that the operator may reach, for a webhook, a heartbeat or a Bot API that listens elsewhere. */
  ports: z.array(tcpPort).default([]),
}).prefault({});
