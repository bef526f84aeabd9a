// The program that child-program.ts runs: the SDK with nothing but its defaults, and a rejection that nobody handles.
import * as Sentry from '@sentry/node';
import { recordingTransport } from './recording-transport.js';

Sentry.init({
  environment: 'glitchkeeper-verify',
  transport: recordingTransport((delivery) => process.stdout.write(`${JSON.stringify(delivery)}\n`)),
});

void Promise.reject(new Error(process.env.TEXT ?? 'no reason given'));

// The SDK's default mode only warns, so that the program goes on; it ends when its event is answered.
setTimeout(() => void Sentry.close(30_000), 100);
