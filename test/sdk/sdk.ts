// The real Sentry SDK, started once for the whole suite, and what the server answered to each of its events.
import * as Sentry from '@sentry/node';
import type { Dsn } from './dsn.js';
import { recordingTransport, type Delivery } from './recording-transport.js';

/** Every transaction of the suite starts with this; no other is sampled. */
export const TRANSACTION_PREFIX = 'glitchkeeper-verify';

export interface Sdk {
  /** How the server answered the event, or undefined when it was never sent. Call after flush(). */
  delivery(eventId: string): Delivery | undefined;
  /** The transactions sent so far. */
  transactions(): Delivery[];
  /** Waits until everything captured so far is answered. False after 30 s without. */
  flush(): Promise<boolean>;
  stop(): Promise<void>;
}

const FLUSH_MS = 30_000;

// These two would send the suite's own failures to the instance; 02.2 shows them at work in a process of its own.
const NOT_FOR_THE_SUITE = new Set(['OnUncaughtException', 'OnUnhandledRejection']);

/** Starts the SDK as an application does, with its default integrations. */
export function startSdk(dsn: Dsn): Sdk {
  const deliveries = new Map<string, Delivery>();
  Sentry.init({
    dsn: dsn.text,
    release: 'glitchkeeper-verify@1',
    environment: 'glitchkeeper-verify',
    transport: recordingTransport((delivery) => deliveries.set(delivery.eventId, delivery)),
    integrations: (defaults) => defaults.filter(({ name }) => !NOT_FOR_THE_SUITE.has(name)),
    // SDK 11 gives a message the stack of its caller, and GlitchTip 5.2 then titles and groups it as "<anonymous>".
    attachStacktrace: false,
    // SDK 11 streams spans by default, in items that GlitchTip answers with 200 and does not store: ask for transactions (01.6 does not).
    traceLifecycle: 'static',
    tracesSampler: ({ name }) => (name.startsWith(TRANSACTION_PREFIX) ? 1 : 0),
    beforeSend: (event, hint) => scrubbersOf(hint).reduce<Sentry.ErrorEvent>((sent, scrubber) => scrubber(sent), event),
    sendClientReports: false,
  });
  return {
    delivery: (eventId) => deliveries.get(eventId),
    transactions: () => [...deliveries.values()].filter(({ kinds }) => kinds.includes('transaction')),
    flush: () => Sentry.flush(FLUSH_MS),
    stop: async () => {
      await Sentry.close(FLUSH_MS);
    },
  };
}

/** What a test wants done to its event by beforeSend, given as `hint.data` of the capture. */
export type Scrubber = (event: Sentry.ErrorEvent) => Sentry.ErrorEvent;

function scrubbersOf(hint: Sentry.EventHint): Scrubber[] {
  const data: unknown = hint.data;
  return typeof data === 'function' ? [data as Scrubber] : [];
}
