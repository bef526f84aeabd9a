// An application that changes nothing: its DSN names the old Sentry, and that name is pointed to the gateway.
import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { captureMessage, init } from '@sentry/node';
import { readMoveOrder, type MoveOrder } from '../../../../gateway/core/move-order.js';
import { OLD_SENTRY } from '../../../../gateway/spool/destination-numbers.js';
import { KEY, RunningGateway } from './running-gateway.js';

const OLD_KEY = '0123456789abcdef0123456789abcdef';
const OLD_NAME = 'sentry.example.com';

let gateway: RunningGateway;
beforeEach(async () => {
  gateway = await RunningGateway.open();
  gateway.moving.put(readMoveOrder({ leads: 'old', share: 25, pairs: [{ project: 1, key: KEY, old: `https://${OLD_KEY}@sentry-before.example.com/42` }] }) as MoveOrder);
});
afterEach(() => gateway.close());

it('@sentry/node with the DSN of the old one is taken, for both, by whatever name it comes', async () => {
  const names: string[] = [];
  // As DNS says it from now on; Traefik leads ports 80 and 443 to the gateway's.
  const lookup: NonNullable<RequestOptions['lookup']> = (name, { all }, done) => {
    names.push(name);
    if (all === true) done(null, [{ address: '127.0.0.1', family: 4 }]);
    else done(null, '127.0.0.1', 4);
  };
  const httpModule = { request: (options: unknown, callback?: (response: IncomingMessage) => void) => request({ ...options as RequestOptions, port: gateway.port, lookup }, callback) };
  const client = init({ dsn: `http://${OLD_KEY}@${OLD_NAME}/42`, defaultIntegrations: false, transportOptions: { httpModule } });
  if (client === undefined) throw new Error('the SDK did not begin');
  const id = captureMessage('nothing was changed');
  expect(await client.flush(10_000)).toBe(true);
  await client.close();
  expect(names).toContain(OLD_NAME);
  expect(gateway.stored.map(({ header: { project, key, events } }) => [project, key, events.map((event) => event.id)])).toEqual([[1, KEY, [id]]]);
  expect(gateway.storedFor(OLD_SENTRY).map(({ header: { move } }) => move?.project)).toEqual([42]);
});
