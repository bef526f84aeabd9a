// A connection to Postgres is over when the operator says so, also where the server says nothing any more.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { withClient } from '../../../../../operator/io/postgres/postgres-client.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';

/** AuthenticationOk and ReadyForQuery, of the protocol's version 3. */
const WELCOME = Buffer.from('520000000800000000' + '5a0000000549', 'hex');

let server: Server;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

/** A server that lets everybody in, answers nothing else, and never closes a connection. */
async function silentServer(): Promise<number> {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.once('data', () => socket.write(WELCOME));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

it('does not wait for a server that does not close', async () => {
  const address = { host: '127.0.0.1', port: await silentServer(), database: 'glitchtip' };
  expect(await withClient(address, { user: 'glitchkeeper', password: new Sensitive('pw') }, 'glitchtip', () => Promise.resolve('used'))).toBe('used');
}, 10_000);
