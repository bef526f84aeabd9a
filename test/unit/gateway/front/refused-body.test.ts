// A body that is refused before it has come: what is left of it is read, so that whoever is between the SDK and the gateway hears the answer.
import { once } from 'node:events';
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { KEY, RunningGateway } from './running-gateway.js';

const LARGE = 10_000_000;
const REFUSED = '/api/2/envelope/?sentry_key=';

let gateway: RunningGateway;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
afterEach(async () => {
  agent.destroy();
  await gateway.close();
});

function post(headers: Readonly<Record<string, string>>): ClientRequest {
  return request({ host: '127.0.0.1', port: gateway.port, method: 'POST', path: `${REFUSED}${KEY}`, agent, headers });
}

async function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  const [answer] = await once(sent, 'response') as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return answer;
}

describe('a large body that is refused', () => {
  it.each<[string, Record<string, string>]>([['with a length', { 'content-length': String(LARGE) }], ['without one', { 'transfer-encoding': 'chunked' }]])('%s is read to its end, and the connection is kept', async (_, headers) => {
    gateway = await RunningGateway.open({});
    const sent = post(headers);
    sent.write(Buffer.alloc(1_000, 'x'));
    const answer = await answerTo(sent);
    expect([answer.statusCode, answer.headers.connection]).toEqual([403, 'keep-alive']);
    // The rest comes after the answer.
    const { socket } = sent;
    sent.end(Buffer.alloc(LARGE - 1_000, 'x'));
    await once(sent, 'close');
    const next = post({});
    next.end('{}\n');
    expect((await answerTo(next)).statusCode).toBe(403);
    expect([next.reusedSocket, next.socket === socket]).toEqual([true, true]);
  });

  it('is read to its end where the client wants the connection for this request alone, too', async () => {
    gateway = await RunningGateway.open({});
    const socket = connect({ host: '127.0.0.1', port: gateway.port });
    socket.write(`POST ${REFUSED}${KEY} HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\ncontent-length: ${LARGE}\r\n\r\n`);
    const [answer] = await once(socket, 'data') as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 403 /);
    socket.resume();
    // Reset, this would reject.
    await pipeline(Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(LARGE / 100, 'x'))), socket, { end: false });
    await once(socket, 'end');
  });

  it('is not read where it is larger than any that is taken', async () => {
    gateway = await RunningGateway.open({});
    const sent = post({ 'content-length': String(200 * 2 ** 20) });
    sent.on('error', () => undefined);
    sent.write(Buffer.alloc(1_000, 'x'));
    expect((await answerTo(sent)).headers.connection).toBe('close');
  });
});
