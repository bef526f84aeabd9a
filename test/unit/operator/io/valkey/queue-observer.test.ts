// Why Valkey does not answer, in one word.
import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from '@jest/globals';
import { healthRelease } from '../../../../../operator/core/health/release-facts.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { observeQueue } from '../../../../../operator/io/valkey/queue-observer.js';

const observe = (port: number) => observeQueue({ host: '127.0.0.1', port }, [new Sensitive('secret')], { layout: healthRelease('5.2').inValkey, now: 0 }, new AbortController().signal);

it('nobody listens: the code, and not that a connection is closed', async () => {
  expect(await observe(1)).toEqual({ kind: 'unreachable', why: 'ECONNREFUSED' });
});

it('it closes the connection without a word: the library\'s words, without the password', async () => {
  const server = createServer((socket) => socket.on('data', () => socket.end()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const queue = await observe((server.address() as AddressInfo).port);
  server.close();
  expect(queue.kind).toBe('unreachable');
  expect(JSON.stringify(queue)).not.toContain('secret');
});
