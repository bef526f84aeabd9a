// The Sentry SDK's own HTTP transport, with a note of how the server answered each envelope.
import * as Sentry from '@sentry/node';

/** What became of one envelope. `answer` is the HTTP status, or the error's code, or 'dropped' when the SDK sent nothing. */
export interface Delivery {
  readonly eventId: string;
  /** Kinds of the items inside: event, transaction, session, span, ... */
  readonly kinds: readonly string[];
  readonly answer: number | string;
}

type Transport = ReturnType<typeof Sentry.makeNodeTransport>;
type Envelope = Parameters<Transport['send']>[0];

/** For `Sentry.init({ transport })`. */
export function recordingTransport(record: (delivery: Delivery) => void): typeof Sentry.makeNodeTransport {
  return (options) => {
    const real = Sentry.makeNodeTransport(options);
    return {
      flush: (timeout) => real.flush(timeout),
      send: async (envelope) => {
        try {
          const answer = await real.send(envelope);
          record({ ...identify(envelope), answer: answer.statusCode ?? 'dropped' });
          return answer;
        } catch (error) {
          record({ ...identify(envelope), answer: errorCode(error) });
          throw error;
        }
      },
    };
  };
}

function identify([headers, items]: Envelope): { eventId: string; kinds: string[] } {
  const eventId = 'event_id' in headers && typeof headers.event_id === 'string' ? headers.event_id : '';
  return { eventId, kinds: items.map(([{ type }]) => type) };
}

function errorCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : String(error);
}

/** True when the server took the event. Whether it is stored is another question. */
export function isAccepted(delivery: Delivery | undefined): boolean {
  return typeof delivery?.answer === 'number' && delivery.answer >= 200 && delivery.answer < 300;
}
