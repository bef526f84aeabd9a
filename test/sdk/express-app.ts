// A real Express application whose one route fails, and the error handler that reports it.
import type { AddressInfo } from 'node:net';
import * as Sentry from '@sentry/node';
import express, { type NextFunction, type Request, type Response } from 'express';
import { send } from './http-client.js';

/** The app's answer to the failing request, and the id of the event that the SDK captured for it. */
export interface ExpressError {
  readonly status: number;
  readonly eventId: string | undefined;
}

/** Starts the app on a free loopback port, asks for an order that does not exist, and stops it. */
export async function provokeExpressError(order: string): Promise<ExpressError> {
  let eventId: string | undefined;
  const app = express();
  app.get('/orders/:id', (request) => {
    throw new Error(`no such order: ${request.params.id}`);
  });
  // Express knows an error handler by its four parameters.
  app.use((error: Error, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    eventId = Sentry.captureException(error, { mechanism: { type: 'express', handled: false } });
    response.status(500).end('sorry');
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const { status } = await send({ url: `http://127.0.0.1:${port}/orders/${order}` });
    return { status, eventId };
  } finally {
    server.close();
  }
}
