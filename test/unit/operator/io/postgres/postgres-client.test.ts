// A connection to Postgres is over when the operator says so, also where the server says nothing any more.
import { afterEach, describe, expect, it } from '@jest/globals';
import { tryLogin, withClient } from '../../../../../operator/io/postgres/postgres-client.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { PASSWORD_REQUESTS, SilentServer } from './silent-server.js';

const LOGIN = { user: 'glitchkeeper', password: new Sensitive('pw') };

let server: SilentServer;
afterEach(() => server.stop());

const addressOf = (signal = new AbortController().signal) => ({ host: '127.0.0.1', port: server.port, database: 'glitchtip', signal });

it('does not wait for a server that does not close', async () => {
  server = await SilentServer.start();
  expect(await withClient(addressOf(), LOGIN, 'glitchtip', () => Promise.resolve('used'))).toBe('used');
}, 10_000);

describe('a server that asks for the password', () => {
  it.each(PASSWORD_REQUESTS)('%s is sent nothing', async (how, request) => {
    server = await SilentServer.start(Buffer.from(request, 'hex'));
    const found = await tryLogin(addressOf(), LOGIN);
    expect(found).toEqual({ kind: 'unreachable', why: `it asks for the password ${how}, which is refused: SCRAM is expected` });
    expect(server.sent).toHaveLength(1);
  });
});

it('ends a statement with its signal, and sends no other one', async () => {
  server = await SilentServer.start();
  const term = new AbortController();
  const sent: string[] = [];
  const work = withClient(addressOf(term.signal), LOGIN, 'glitchtip', async (client) => {
    setTimeout(() => term.abort(new Error('the Lease is lost')), 50);
    for (const statement of ['SELECT 1', 'SELECT 2']) {
      sent.push(statement);
      await client.query(statement);
    }
  });
  await expect(work).rejects.toThrow('the Lease is lost');
  expect(sent).toEqual(['SELECT 1']);
}, 5_000);
