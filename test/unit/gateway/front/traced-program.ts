// An application with the Sentry SDK as it comes: streamed spans. Its DSN is in the environment, as applications have it.
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as Sentry from '@sentry/node';

/** Milliseconds. */
const FLUSH = 20_000;

Sentry.init({ release: 'shop@1', environment: 'production', tracesSampleRate: 1 });

/** What is below it leaves before it has ended, in an envelope of its own. */
async function aLongJob(): Promise<void> {
  await Sentry.startSpan({ name: 'nightly report', op: 'job' }, async () => {
    Sentry.startSpan({ name: 'SELECT orders', op: 'db.query' }, () => undefined);
    await Sentry.flush(FLUSH);
  });
}

function aJobThatFails(): void {
  try {
    Sentry.startSpan({ name: 'clean up', op: 'job' }, () => {
      throw new Error('nothing to clean');
    });
  } catch {
    // As the application would, it goes on.
  }
}

async function aRequest(): Promise<void> {
  const shop = createServer((_, response) => Sentry.startSpan({ name: 'render', op: 'template.render' }, () => response.end('ok')));
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  const { port } = shop.address() as AddressInfo;
  await new Promise((resolve) => get({ host: '127.0.0.1', port, path: '/orders/17' }, (response) => response.resume().on('end', resolve)));
  shop.close();
}

await aLongJob();
aJobThatFails();
await aRequest();
process.exitCode = (await Sentry.flush(FLUSH)) ? 0 : 1;
