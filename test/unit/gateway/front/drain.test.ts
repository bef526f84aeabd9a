// A server that is told to end goes on for whoever is still led to it.
import { EventEmitter, once } from 'node:events';
import { createServer, request, Agent, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { drain } from '../../../../gateway/front/drain.js';

const LIMITS = { quiet: 2_000, most: 20_000 };

describe('the wait', () => {
  beforeEach(() => { jest.useFakeTimers(); });
  afterEach(() => { jest.useRealTimers(); });

  /** @param connections milliseconds after the beginning @returns when it ended, likewise */
  async function endOf(connections: readonly number[]): Promise<number> {
    const server = new EventEmitter();
    let ended: number | undefined;
    const began = Date.now();
    void drain(server, LIMITS).then(() => { ended = Date.now() - began; });
    for (const at of connections) setTimeout(() => server.emit('connection'), at);
    while (ended === undefined) await jest.advanceTimersByTimeAsync(100);
    expect(server.listenerCount('connection')).toBe(0);
    return ended;
  }

  it.each<[string, readonly number[], number]>([
    ['is short where nobody comes', [], 2_000],
    ['begins anew with each that comes', [500, 1_900, 3_800], 5_800],
    ['does not count those that come later', [500, 2_600], 2_500],
    ['ends at last, however many come', Array.from({ length: 40 }, (_, index) => index * 1_000), 20_000],
  ])('%s', async (_, connections, expected) => expect(await endOf(connections)).toBe(expected));
});

it('whoever comes meanwhile is answered, and told that the connection ends', async () => {
  const server = createServer((_, response) => response.end('stored')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true });
  const { port } = server.address() as AddressInfo;
  const ask = async (): Promise<[string | undefined, string]> => {
    const [response] = await once(request({ port, host: '127.0.0.1', agent }).end(), 'response') as [IncomingMessage];
    const pieces = await response.toArray() as Buffer[];
    return [response.headers.connection, Buffer.concat(pieces).toString()];
  };
  try {
    expect(await ask()).toEqual(['keep-alive', 'stored']);
    const drained = drain(server, { quiet: 100, most: 60_000 });
    // One over the connection that it has, and one over a new one, however late: the port is closed by whoever waited for the drain.
    expect(await ask()).toEqual(['close', 'stored']);
    await drained;
    expect(await ask()).toEqual(['close', 'stored']);
  } finally {
    agent.destroy();
    server.close();
    server.closeAllConnections();
  }
});
