// The client against servers that misbehave; test/api/backup-store.test.ts has one that behaves.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { S3Store } from '../../../../backup/storage/s3-store.js';
import { fingerprint } from '../copy-scenarios.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const SECRET = 'never-in-an-error';
const TEXT = 'x'.repeat(300_000);

describe('an S3 server', () => {
  let server: Server;
  let folder: string;
  let answers: Answer[];
  let asked: IncomingMessage[];

  const store = (change: { style?: 'path' | 'host'; pauses?: number[] } = {}) => new S3Store({
    endpoint: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), bucket: 'copies', prefix: 'host-a/', region: 'eu', style: change.style ?? 'path',
    uploadHeaders: { 'x-amz-server-side-encryption': 'AES256' }, credentials: () => ({ accessKeyId: 'AK', secretAccessKey: SECRET }),
  }, { now: () => new Date(), pauses: change.pauses ?? [1, 1] });
  const status = (code: number, headers = {}, body = ''): Answer => (request, response) => { request.resume(); request.on('end', () => response.writeHead(code, headers).end(body)); };
  const put = (text = TEXT) => {
    writeFileSync(join(folder, 'file'), text);
    return store().put('copies/a/dump', join(folder, 'file'), fingerprint(text));
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-s3-'));
    answers = [];
    asked = [];
    server = createServer((request, response) => {
      asked.push(request);
      (answers.shift() ?? status(500))(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  const kept = status(200, { 'content-length': String(TEXT.length), 'x-amz-meta-sha256': fingerprint(TEXT).sha256 });

  it('is asked to take these bytes alone, and none over others', async () => {
    answers = [status(200), kept];
    await put();
    expect(asked[0]).toMatchObject({ method: 'PUT', url: '/copies/host-a/copies/a/dump' });
    expect(asked[0]?.headers).toMatchObject({
      'content-length': String(TEXT.length), 'x-amz-content-sha256': fingerprint(TEXT).sha256, 'if-none-match': '*', 'x-amz-server-side-encryption': 'AES256',
      authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=AK\/\d{8}\/eu\/s3\/aws4_request, SignedHeaders=content-length;host;if-none-match;x-amz-content-sha256;x-amz-date;x-amz-meta-sha256;x-amz-server-side-encryption, /),
    });
    expect(asked[1]?.method).toBe('HEAD');
  });

  it('that takes bytes and has fewer is told', async () => {
    answers = [status(200), status(200, { 'content-length': '0' })];
    await expect(put()).rejects.toMatchObject({ step: 'read-back', reason: 'StoreRefused' });
  });
  it('that takes bytes and has others is told', async () => {
    answers = [status(200), status(200, { 'content-length': String(TEXT.length), 'x-amz-meta-sha256': 'f'.repeat(64) })];
    await expect(put()).rejects.toMatchObject({ step: 'read-back', reason: 'StoreRefused' });
  });
  it('that takes bytes and has none is told', async () => {
    answers = [status(200), status(404)];
    await expect(put()).rejects.toMatchObject({ step: 'read-back', reason: 'StoreRefused' });
  });
  const lost: Answer = (request) => request.on('data', () => undefined).on('end', () => request.socket.destroy());
  it('whose answer was lost is asked what it has', async () => {
    answers = [lost, kept, kept];
    await expect(put()).resolves.toBeUndefined();
    expect(asked.map(({ method }) => method)).toEqual(['PUT', 'HEAD', 'HEAD']);
  });
  it('whose answer was lost, and that has nothing, is given them again', async () => {
    answers = [lost, status(404), status(200), kept];
    await expect(put()).resolves.toBeUndefined();
    expect(asked.map(({ method }) => method)).toEqual(['PUT', 'HEAD', 'PUT', 'HEAD']);
  });
  it('that has them already takes them for stored', async () => {
    answers = [status(412), kept];
    await expect(put()).resolves.toBeUndefined();
  });
  it('that refuses before it has read the body is heard', async () => {
    answers = [(_, response) => response.writeHead(403, { connection: 'close' }).end('<Code>AccessDenied</Code>')];
    await expect(put('y'.repeat(20_000_000))).rejects.toMatchObject({ step: 'store', reason: 'StoreRefused', detail: '403 AccessDenied' });
  });
  it('that is busy is asked again, three times in all', async () => {
    answers = [status(503), status(404), status(503), status(404), status(503, {}, '<Code>SlowDown</Code>'), status(404)];
    await expect(put()).rejects.toMatchObject({ reason: 'StoreAway', detail: '503 SlowDown, 3 times' });
    expect(asked.map(({ method }) => method)).toEqual(['PUT', 'HEAD', 'PUT', 'HEAD', 'PUT', 'HEAD']);
  });
  it('that is busy once does no harm', async () => {
    answers = [status(503), status(404), status(200), kept];
    await expect(put()).resolves.toBeUndefined();
  });
  it('that is away is told, without a word of the key', async () => {
    server.closeAllConnections();
    const [away] = [store()];
    server.close();
    const failure = await away.list().catch((error: unknown) => error);
    expect(failure).toMatchObject({ step: 'list', reason: 'StoreAway', detail: 'ECONNREFUSED, 3 times' });
    expect(JSON.stringify(failure) + String(failure)).not.toContain(SECRET);
  });
  it('whose clock is another is told as that', async () => {
    answers = [status(403, { date: new Date(Date.now() - 20 * 60_000).toUTCString() }, '<Code>RequestTimeTooSkewed</Code>')];
    await expect(put()).rejects.toMatchObject({ reason: 'ClockSkewed', detail: expect.stringContaining("ahead of the store's") });
  });
  it('is not followed elsewhere: another host would get the body', async () => {
    answers = [status(307, { location: 'http://127.0.0.1:1/' })];
    await expect(put()).rejects.toMatchObject({ reason: 'StoreRefused' });
  });
  it('lists page by page, what has the prefix', async () => {
    answers = [
      status(200, {}, '<ListBucketResult><Contents><Key>host-a/x</Key><Size>1</Size></Contents><Contents><Key>host-b/y</Key><Size>1</Size></Contents><NextContinuationToken>t+1</NextContinuationToken></ListBucketResult>'),
      status(200, {}, '<ListBucketResult><Contents><Key>host-a/z</Key><Size>2</Size></Contents></ListBucketResult>'),
    ];
    expect(await store().list()).toEqual([{ key: 'x', bytes: 1 }, { key: 'z', bytes: 2 }]);
    expect(asked.map(({ url }) => url)).toEqual([
      '/copies/?encoding-type=url&list-type=2&prefix=host-a%2F', '/copies/?encoding-type=url&list-type=2&prefix=host-a%2F&continuation-token=t%2B1',
    ]);
  });
  const cutInTheMiddle: Answer = (_, response) => {
    response.writeHead(200, { 'content-length': String(TEXT.length) });
    response.write(TEXT.slice(0, 100_000), () => response.destroy());
  };
  it('that breaks off in the middle is asked again, and the file holds the whole', async () => {
    answers = [cutInTheMiddle, status(200, {}, TEXT), cutInTheMiddle, cutInTheMiddle, cutInTheMiddle, status(404)];
    expect(await store().fetch('x', join(folder, 'fetched'))).toEqual(fingerprint(TEXT));
    expect(readFileSync(join(folder, 'fetched'), 'utf8')).toBe(TEXT);
    await expect(store().fetch('x', join(folder, 'fetched'))).rejects.toMatchObject({ step: 'fetch', reason: 'StoreAway' });
    expect(await store().fetch('x', join(folder, 'fetched'))).toBeUndefined();
  });
  it('is not asked again when this host has no room', async () => {
    answers = [status(200, {}, TEXT)];
    await expect(store().fetch('x', '/dev/full')).rejects.toMatchObject({ step: 'fetch', reason: 'NoSpace', detail: 'no room for x' });
    expect(asked).toHaveLength(1);
  });
  it('has an object, or none', async () => {
    answers = [status(200, {}, 'text'), status(404), status(200, {}, TEXT), status(404), status(204)];
    expect(await store().read('x')).toBe('text');
    expect(await store().read('x')).toBeUndefined();
    expect(await store().fingerprint('x')).toEqual(fingerprint(TEXT));
    expect(await store().fingerprint('x')).toBeUndefined();
    await expect(store().remove('x')).resolves.toBeUndefined();
  });
});
