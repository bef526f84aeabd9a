// 02: errors as applications really have them: in a web server, in a lost promise, in a retried job, in a chain of causes,
// and in a large payload that carries a secret.
import { randomBytes, randomUUID } from 'node:crypto';
import * as Sentry from '@sentry/node';
import { deliveryOf, runChild } from './child-program.js';
import { differences, proveDelivered, proveStored } from './event-store.js';
import { provokeExpressError } from './express-app.js';
import { FILTERED, findSecrets, scrub } from './scrubbing.js';
import { exceptionsOf, breadcrumbsOf, requestOf, tagsOf } from './stored-shapes.js';
import { failed, type Context, type Finding, type Suite } from './suite.js';

export const realPatterns: Suite = {
  name: '02-real-patterns',
  checks: [
    { id: '02.1', name: 'an Express error handler', run: expressErrorHandler },
    { id: '02.2', name: 'an unhandled rejection in a process of its own', run: unhandledRejection },
    { id: '02.3', name: 'a failing job with retries: one event, every attempt in it', run: failingJob },
    { id: '02.4', name: 'a chain of three causes', run: causeChain },
    { id: '02.5', name: 'a large payload, scrubbed: the secret is nowhere in the stored event', run: scrubbedPayload },
  ],
};

async function expressErrorHandler(context: Context): Promise<Finding> {
  const order = randomUUID();
  const { status, eventId } = await provokeExpressError(order);
  if (status !== 500 || eventId === undefined) return failed(`the app answered ${status}, event id ${eventId ?? 'none'}`);
  return proveStored(context, eventId, ({ event }) => {
    const request = requestOf(event);
    const [exception] = exceptionsOf(event).slice(-1);
    return differences(
      { value: `no such order: ${order}`, method: 'GET', url: true, handled: false },
      {
        value: exception?.value,
        method: request.method,
        url: request.url?.endsWith(`/orders/${order}`),
        handled: exception?.mechanism?.handled,
      },
    );
  });
}

async function unhandledRejection(context: Context): Promise<Finding> {
  const text = `the promise nobody awaited (${randomUUID().slice(0, 8)})`;
  const delivery = deliveryOf('event', await runChild('unhandled-rejection', context.dsn, text));
  if (typeof delivery === 'string') return failed(delivery);
  return proveDelivered(context, delivery, ({ event }) => {
    const [exception] = exceptionsOf(event).slice(-1);
    return differences(
      { value: text, handled: false, mechanism: 'auto.node.onunhandledrejection' },
      { value: exception?.value, handled: exception?.mechanism?.handled, mechanism: exception?.mechanism?.type },
    );
  });
}

const ATTEMPTS = 3;

async function failingJob(context: Context): Promise<Finding> {
  const job = `invoice-${randomUUID().slice(0, 8)}`;
  const eventId = await Sentry.withIsolationScope((scope) => {
    scope.setTag('job', job);
    return runJob(job);
  });
  return proveStored(context, eventId, ({ event }) => {
    const attempts = breadcrumbsOf(event).filter(({ category }) => category === 'job');
    const [exception] = exceptionsOf(event).slice(-1);
    return differences(
      { attempts: ['attempt 1 failed', 'attempt 2 failed', 'attempt 3 failed'], job, value: `${job}: gave up after 3 attempts` },
      { attempts: attempts.map(({ message }) => message), job: tagsOf(event).job, value: exception?.value },
    );
  });
}

/** Fails every time, notes each attempt, and reports once: as many events as attempts would drown the issue. */
async function runJob(job: string): Promise<string> {
  let last: unknown;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    try {
      await Promise.reject(new Error('connection reset by the mail server'));
    } catch (error) {
      last = error;
      Sentry.addBreadcrumb({ category: 'job', level: 'warning', message: `attempt ${attempt} failed` });
    }
  }
  return Sentry.captureException(new Error(`${job}: gave up after ${ATTEMPTS} attempts`, { cause: last }));
}

async function causeChain(context: Context): Promise<Finding> {
  const run = randomUUID().slice(0, 8);
  const socket = new Error(`connect ECONNREFUSED (${run})`);
  const query = new Error(`query failed (${run})`, { cause: socket });
  const eventId = Sentry.withIsolationScope(() => Sentry.captureException(new Error(`no invoice (${run})`, { cause: query })));
  return proveStored(context, eventId, ({ event }) =>
    differences(
      { title: `Error: no invoice (${run})`, chain: [`connect ECONNREFUSED (${run})`, `query failed (${run})`, `no invoice (${run})`] },
      { title: event.title, chain: exceptionsOf(event).map(({ value }) => value) },
    ),
  );
}

// Larger than the SDK's threshold for compressing (32 KiB) and than one read of the server's socket.
const ROWS = 400;

async function scrubbedPayload(context: Context): Promise<Finding> {
  const secret = randomBytes(18).toString('hex');
  const password = `pw-${randomBytes(9).toString('base64url')}`;
  const rows = Array.from({ length: ROWS }, (_, row) => ({ row, sku: `sku-${row}`, note: `wrapped, ${'as a gift, '.repeat(8)}`, apiKey: secret }));
  const eventId = Sentry.withIsolationScope((scope) => {
    scope.setContext('customer', { name: 'Ada', password, address: { street: 'Long Road 1', token: secret } });
    scope.setExtra('rows', JSON.stringify(rows));
    scope.setExtra('login', { url: `https://shop.example/pay?token=${secret}&x=1`, header: `Bearer ${secret}` });
    scope.addBreadcrumb({ category: 'http', message: `GET /pay?token=${secret}`, data: { authorization: `Bearer ${secret}` } });
    const hint = { data: (event: Sentry.ErrorEvent) => scrub(event, [secret, password]) };
    return Sentry.captureException(new Error(`payment refused for key ${secret}`), hint);
  });
  return proveStored(context, eventId, async ({ event, raw }) => {
    const json = await context.store?.api.eventJson(context.store.at.org, event);
    const leaks = [...findSecrets(raw, [secret, password]), ...findSecrets(json, [secret, password], 'json')];
    const size = JSON.stringify(raw).length;
    return [
      ...leaks.map((path) => `the secret can be read at ${path}`),
      ...differences({ title: `Error: payment refused for key ${FILTERED}` }, { title: event.title }),
      ...(size < 32_768 ? [`the stored event has only ${size} bytes: the payload was cut`] : []),
    ];
  });
}
