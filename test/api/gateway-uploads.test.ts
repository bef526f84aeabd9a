// What is larger than a host's memory through the gateway as the manifests run it: it holds a few pieces at a time, in either direction.
import { readFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseStatus } from '../bench/program-cost.js';
import { GatewayProcess } from '../support/gateway-process.js';

/** Of a large project's source maps. Bytes. */
const SIZE = 2 * 2 ** 30;
const PIECE = Buffer.alloc(64 * 1024);
/** The gateway's limit by default (charts/settings/schema.ts). Bytes. */
const LIMIT = 96 * 2 ** 20;
const MINUTE = 60_000;
const UPLOAD = '/api/0/organizations/a/chunk-upload/';

let gateway: GatewayProcess;
/** Bytes that web was sent by the last upload, and how it was told their number. */
let came: { readonly bytes: number; readonly length: string | undefined };

const web = createServer((incoming, response) => {
  void (async () => {
    if (incoming.method === 'GET') return pipeline(Readable.from(pieces()), response.writeHead(200, { 'content-length': SIZE }));
    came = { bytes: await count(incoming), length: incoming.headers['content-length'] };
    response.end('{}');
  })();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  gateway = await GatewayProcess.start({ webPort: (web.address() as AddressInfo).port, database: 'glitchtip', password: 'uploads' });
}, MINUTE);

afterAll(async () => {
  await gateway.stop();
  await new Promise((resolve) => web.close(resolve));
}, MINUTE);

function* pieces(): Generator<Buffer> {
  for (let bytes = 0; bytes < SIZE; bytes += PIECE.length) yield PIECE;
}

async function count(stream: Readable): Promise<number> {
  let bytes = 0;
  for await (const piece of stream) bytes += (piece as Buffer).length;
  return bytes;
}

/** @returns the answer's bytes */
async function send(method: 'GET' | 'POST'): Promise<number> {
  const outgoing = request({ port: gateway.port, host: '127.0.0.1', method, path: UPLOAD, ...(method === 'POST' ? { headers: { 'content-length': SIZE } } : {}) });
  const answered = new Promise<IncomingMessage>((resolve, reject) => outgoing.on('response', resolve).on('error', reject));
  if (method === 'POST') await pipeline(Readable.from(pieces()), outgoing);
  else outgoing.end();
  return count(await answered);
}

/** The most that was ever resident, without the pages of Node's program; the kernel keeps it, so that no look can miss it. Bytes. */
async function mostOfItsOwn(): Promise<number> {
  const status = await readFile(`/proc/${gateway.pid}/status`, 'utf8');
  return parseStatus(status, 'VmHWM') - parseStatus(status, 'RssFile');
}

describe('2 GiB', () => {
  it('are passed to web whole, with their length, in less memory than the gateway has', async () => {
    await send('POST');
    expect(came).toEqual({ bytes: SIZE, length: String(SIZE) });
    expect(await mostOfItsOwn()).toBeLessThan(LIMIT);
  }, 3 * MINUTE);

  it('are passed to a person whole likewise', async () => {
    expect(await send('GET')).toBe(SIZE);
    expect(await mostOfItsOwn()).toBeLessThan(LIMIT);
  }, 3 * MINUTE);
});
