// The page of an application with @sentry/browser, for esbuild to bundle: it sends something on each call, and returns the id once that is answered or dropped.
import * as Sentry from '@sentry/browser';

/** Milliseconds. */
const FLUSH = 20_000;
/** What the page itself was answered to each event: a browser shows it no answer, and no header of one, that CORS does not allow. */
const answers = {};
let transactionId;
/** An SDK drops an error that is the same as the one before it. */
let order = 0;

globalThis.start = ({ dsn, traceLifecycle, headers }) => {
  const client = Sentry.init({
    dsn,
    release: 'sdks@1',
    tracesSampleRate: 1,
    integrations: [Sentry.browserTracingIntegration({ instrumentPageLoad: false, instrumentNavigation: false })],
    transportOptions: { headers },
    ...(traceLifecycle === undefined ? {} : { traceLifecycle }),
    ...(traceLifecycle === 'static' ? { beforeSendTransaction: noteTransaction } : {}),
  });
  client.on('afterSendEvent', (event, { statusCode, headers }) => {
    answers[event.event_id] = { status: statusCode, retryAfter: headers?.['retry-after'], rateLimits: headers?.['x-sentry-rate-limits'] };
  });
};

function noteTransaction(event) {
  transactionId = event.event_id;
  return event;
}

const COMMANDS = {
  exception: () => ({ id: Sentry.captureException(new RangeError(`order ${(order += 1)} has no rows`)) }),
  message: () => ({ id: Sentry.captureMessage('the cache was cold', 'warning') }),
  large: () => Sentry.withScope((scope) => {
    scope.setContext('large', Object.fromEntries(Array.from({ length: 400 }, (_, row) => [`row ${row}`, randomHex(500)])));
    return { id: Sentry.captureException(new Error('too many rows')) };
  }),
  attachment: () => Sentry.withScope((scope) => {
    scope.addAttachment({ filename: 'order.log', data: 'a line of the log\n'.repeat(5_000) });
    return { id: Sentry.captureException(new Error('see the log')) };
  }),
  transaction: async () => {
    const { traceId, spanId } = Sentry.startSpan({ name: 'GET /orders', op: 'http.server' }, (span) => span.spanContext());
    await Sentry.flush(FLUSH);
    return transactionId === undefined ? { traceId, spanId } : { id: transactionId };
  },
};

globalThis.send = async (command) => {
  const sent = await COMMANDS[command]();
  await Sentry.flush(FLUSH);
  return { command, ...sent, answer: answers[sent.id] };
};

function randomHex(bytes) {
  return Array.from(globalThis.crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
