// A connection to Postgres is over when the operator says so, also where the server says nothing any more.
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { tryLogin, withClient } from '../../../../../operator/io/postgres/postgres-client.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';

/** AuthenticationOk and ReadyForQuery, of the protocol's version 3. */
const WELCOME = Buffer.from('520000000800000000' + '5a0000000549', 'hex');

/** AuthenticationCleartextPassword; AuthenticationMD5Password with a salt. */
const PASSWORD_REQUESTS: readonly (readonly [string, string])[] = [['in cleartext', '520000000800000003'], ['as MD5', '520000000c0000000501020304']];

let server: Server;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

/** A server that answers the start of a session with this, keeps what it is sent, and never closes a connection. */
async function silentServer(answer = WELCOME, sent: Buffer[] = []): Promise<number> {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.once('data', () => socket.write(answer));
    socket.on('data', (data) => sent.push(data));
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

it('does not wait for a server that does not close', async () => {
  const address = { host: '127.0.0.1', port: await silentServer(), database: 'glitchtip', signal: new AbortController().signal };
  expect(await withClient(address, { user: 'glitchkeeper', password: new Sensitive('pw') }, 'glitchtip', () => Promise.resolve('used'))).toBe('used');
}, 10_000);

describe('a server that asks for the password', () => {
  it.each(PASSWORD_REQUESTS)('%s is sent nothing', async (how, request) => {
    const sent: Buffer[] = [];
    const address = { host: '127.0.0.1', port: await silentServer(Buffer.from(request, 'hex'), sent), database: 'glitchtip', signal: new AbortController().signal };
    const found = await tryLogin(address, { user: 'glitchkeeper', password: new Sensitive('pw') });
    expect(found).toEqual({ kind: 'unreachable', why: `it asks for the password ${how}, which is refused: SCRAM is expected` });
    // The start of the session, which names user and database.
    expect(sent).toHaveLength(1);
  });
});

it('ends a statement with its signal, and sends no other one', async () => {
  const term = new AbortController();
  const address = { host: '127.0.0.1', port: await silentServer(), database: 'glitchtip', signal: term.signal };
  const sent: string[] = [];
  const work = withClient(address, { user: 'glitchkeeper', password: new Sensitive('pw') }, 'glitchtip', async (client) => {
    setTimeout(() => term.abort(new Error('the Lease is lost')), 50);
    for (const statement of ['SELECT 1', 'SELECT 2']) {
      sent.push(statement);
      await client.query(statement);
    }
  });
  await expect(work).rejects.toThrow('the Lease is lost');
  expect(sent).toEqual(['SELECT 1']);
}, 5_000);
