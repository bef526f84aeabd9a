// An application with @sentry/node: for each line of its input it sends something, and prints the id once that is answered or dropped.
import { randomBytes } from 'node:crypto';
import process from 'node:process';
import { createInterface } from 'node:readline';
import * as Sentry from '@sentry/node';

/** Milliseconds. */
const FLUSH = 20_000;
let transactionId;
/** An SDK drops an error that is the same as the one before it. */
let order = 0;

Sentry.init({
  release: 'sdks@1',
  tracesSampleRate: 1,
  ...(process.env.TRACE_LIFECYCLE === 'static' ? { traceLifecycle: 'static', beforeSendTransaction: noteTransaction } : {}),
});

function noteTransaction(event) {
  transactionId = event.event_id;
  return event;
}

const COMMANDS = {
  exception: () => ({ id: Sentry.captureException(new RangeError(`order ${(order += 1)} has no rows`)) }),
  message: () => ({ id: Sentry.captureMessage('the cache was cold', 'warning') }),
  large: () => Sentry.withScope((scope) => {
    scope.setContext('large', Object.fromEntries(Array.from({ length: 400 }, (_, row) => [`row ${row}`, randomBytes(500).toString('hex')])));
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

for await (const command of createInterface({ input: process.stdin })) {
  const sent = await COMMANDS[command]();
  await Sentry.flush(FLUSH);
  process.stdout.write(`${JSON.stringify({ command, ...sent })}\n`);
}
await Sentry.close(FLUSH);
