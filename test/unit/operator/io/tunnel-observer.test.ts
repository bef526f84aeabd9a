// What the operator sees of the tunnel, by a stand-in that speaks cloudflared's endpoint (metrics/readiness.go), and whatever else may be at that address.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { observeTunnel } from '../../../../operator/io/web/tunnel-observer.js';

const never = new AbortController().signal;
let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server?.close(() => resolve()) ?? resolve())));

async function serve(status: number, body: string): Promise<number> {
  server = createServer(({ url }, response) => response.writeHead(url === '/ready' ? status : 404).end(body));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const observe = (port: number) => observeTunnel({ deployment: 'tunnel', host: '127.0.0.1', port }, never);

describe('a tunnel', () => {
  it.each<[string, number, string, object]>([
    ['is connected', 200, '{"status":200,"readyConnections":4,"connectorId":"0e0b"}', { kind: 'seen', connections: 4 }],
    ['is not connected, and says so with 503', 503, '{"status":503,"readyConnections":0}', { kind: 'seen', connections: 0 }],
    ['is something else', 200, 'OK', { kind: 'silent', code: 'nothing that can be understood' }],
    ['says more than a line', 200, 'x'.repeat(10_000), { kind: 'silent', code: 'no answer' }],
  ])('%s', async (_, status, body, expected) => expect(await observe(await serve(status, body))).toEqual(expected));

  it('does not answer', async () => {
    const port = await serve(200, '');
    await new Promise<void>((resolve) => server?.close(() => resolve()));
    server = undefined;
    expect(await observe(port)).toEqual({ kind: 'silent', code: 'ECONNREFUSED' });
  });

  it('is none where there is none', async () => expect(await observeTunnel(undefined, never)).toEqual({ kind: 'none' }));
});
