// What the gateway's control port says, as far as the CLI needs it: a gateway of another version may say more, or less.
import * as z from 'zod';

export const gatewayStatus = z.looseObject({
  gateway: z.string().optional(),
  startedAt: z.string().optional(),
  others: z.array(z.string()).default([]),
  spool: z.looseObject({ liveBytes: z.number().optional(), limitBytes: z.number().optional(), oldestSeconds: z.number().optional() }).default({}),
  records: z.looseObject({ waiting: z.number().optional(), underWay: z.number().optional(), limbo: z.number().optional(), largestBytes: z.number().optional(), resent: z.number().optional() }).default({}),
  window: z.looseObject({ allowedBytes: z.number().optional(), closed: z.string().optional() }).default({}),
  delivers: z.boolean().optional(),
  setAside: z.number().optional(),
  setAsideDropped: z.number().optional(),
  damaged: z.number().optional(),
  refused: z.record(z.string(), z.number()).default({}),
  ignored: z.array(z.looseObject({ project: z.number(), type: z.string(), items: z.number() })).default([]),
  plain: z.looseObject({ until: z.string(), projects: z.array(z.looseObject({ project: z.number(), requests: z.number(), refused: z.number().default(0), lastAt: z.string() })).default([]) }).optional(),
  disbelieved: z.looseObject({ address: z.string(), requests: z.number() }).optional(),
  hold: z.looseObject({ since: z.string(), why: z.string() }).optional(),
  keep: z.looseObject({ since: z.string(), why: z.string(), records: z.number().optional(), bytes: z.number().optional(), unchecked: z.number().default(0), dropped: z.number().default(0) }).optional(),
});
export type SpoolStatus = z.output<typeof gatewayStatus>;

export const recordLine = z.looseObject({
  id: z.string(),
  state: z.string(),
  why: z.string().optional(),
  project: z.number().optional(),
  kind: z.string().optional(),
  receivedAt: z.string().optional(),
  size: z.number().optional(),
  attempts: z.number().optional(),
  events: z.array(z.string()).default([]),
});
export type SpoolRecordLine = z.output<typeof recordLine>;

export const recordHead = recordLine.extend({
  key: z.string().optional(),
  client: z.string().optional(),
  contentType: z.string().optional(),
  userAgent: z.string().optional(),
  setAsideAt: z.string().optional(),
});
export type SpoolRecordHead = z.output<typeof recordHead>;

export const refusal = z.looseObject({ detail: z.string() });
