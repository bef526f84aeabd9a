// The program that child-program.ts runs: the SDK with nothing but its defaults (spans are streamed), and one request with a query in it.
import * as Sentry from '@sentry/node';
import { recordingTransport } from './recording-transport.js';

Sentry.init({
  environment: 'glitchkeeper-verify',
  tracesSampleRate: 1,
  transport: recordingTransport((delivery) => process.stdout.write(`${JSON.stringify(delivery)}\n`)),
});

Sentry.startSpan({ name: process.env.TEXT ?? 'no name given', op: 'http.server' }, () => {
  Sentry.startSpan({ name: 'SELECT orders', op: 'db' }, () => undefined);
});

await Sentry.close(30_000);
