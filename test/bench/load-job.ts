// The input and the result of the bench's load program, as JSON: it runs inside the node's network.
import { z } from 'zod';
import { RELEASES } from '../../operator/api/glitchtip-releases.js';

export const loadJob = z.object({
  /** At the Service's address; reachable inside the node's network namespace only. */
  dsn: z.string(),
  /** The Host that the server is asked for: it refuses its own ClusterIP. */
  host: z.string(),
  rate: z.number(),
  /** At most: SIGTERM ends it before. */
  seconds: z.number(),
  /** Keep connections, as SDKs do in a burst. */
  reuse: z.boolean().optional(),
  /** Seconds after the last answer that an event may take to be stored. */
  patience: z.number(),
  /** Whose tables the events are looked for in. @default 5.2 */
  release: z.enum(RELEASES).optional(),
  database: z.object({ host: z.string(), port: z.number(), user: z.string(), password: z.string(), database: z.string() }),
});
export type LoadJob = z.infer<typeof loadJob>;

export const loadResult = z.object({
  sent: z.number(),
  accepted: z.number(),
  /** "3 x ECONNRESET", empty when all were accepted. */
  losses: z.string(),
  /** When the first and the last event that was not accepted were sent, milliseconds since the epoch; absent: all were accepted. */
  refused: z.object({ first: z.number(), last: z.number() }).optional(),
  stored: z.number(),
  /** Accepted but not stored in time. */
  lost: z.number(),
  /** Events per second while they were sent. */
  acceptedRate: z.number(),
  /** Accepted events per second from the first sent to the last answer: what the server can, when more is sent than that. */
  answeredRate: z.number(),
  /** Accepted events per second from the first sent to the last found stored. */
  storedRate: z.number(),
  /** Milliseconds from sending to the answer. */
  answers: z.object({ p50: z.number().optional(), p99: z.number().optional() }),
  /** Milliseconds from the answer to the look that found the event stored. */
  lags: z.object({ p50: z.number().optional(), p95: z.number().optional(), p99: z.number().optional(), most: z.number().optional() }),
  /** When the first and the last event were sent, milliseconds since the epoch. */
  startedAt: z.number(),
  endedAt: z.number(),
  /** CPU seconds of the load program while it sent, its looks at the database included, and how long that was. */
  client: z.object({ cpu: z.number(), seconds: z.number() }),
});
export type LoadResult = z.infer<typeof loadResult>;
