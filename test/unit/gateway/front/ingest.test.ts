// What SDKs send, over real sockets: what is answered, and what is on the disk when it is.
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import * as zlib from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { RefusalReason } from '../../../../gateway/core/ingest-answers.js';
import { SpoolFullError } from '../../../../gateway/spool/spool.js';
import { IS_ZSTD_KNOWN } from '../../../../operator/runtime/zstd.js';
import { KEY, NEW, RunningGateway, type GatewayOptions } from './running-gateway.js';

const { brotliCompressSync, constants, deflateRawSync, deflateSync, gunzipSync, gzipSync } = zlib;
const { zstdCompressSync } = zlib as { readonly zstdCompressSync?: (body: Buffer) => Buffer };
const ID = 'a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0';
const EVENT = JSON.stringify({ event_id: ID, message: 'it broke' });
const ENVELOPE = `{"event_id":"${ID}"}\n{"type":"event"}\n${EVENT}\n`;
/** Made by Node.js 24; Node.js 20, on which the tests run too, has no zstd. */
const ENVELOPE_BY_ZSTD = 'KLUv/SCG9QEA1AJ7ImV2ZW50X2lkIjoiYTAifQp7InR5cGUiOiwibWVzc2FnaXQgYnJva2UifQoFAEUEHBFM0BRAq8FLdHU=';

/** With another byte there. */
function flipped(bytes: Buffer, at: number): Buffer {
  const place = bytes.length + at;
  bytes.writeUInt8(bytes.readUInt8(place) ^ 0xff, place);
  return bytes;
}

let gateway: RunningGateway;
const open = async (options: GatewayOptions = {}) => (gateway = await RunningGateway.open(options));
afterEach(() => gateway.close());

describe('an event', () => {
  it('is on the disk when it is answered 200, as it came', async () => {
    await open();
    expect(await gateway.envelope(ENVELOPE, { 'content-type': 'application/x-sentry-envelope', 'user-agent': 'sdk/1' })).toMatchObject({ status: 200, body: `{"id":"${ID}"}`, headers: { 'content-type': 'application/json' } });
    expect(gateway.stored).toEqual([{
      body: Buffer.from(ENVELOPE),
      header: {
        id: NEW, receivedAt: 1_780_000_000_000, project: 1, key: KEY, kind: 'envelope', events: [{ type: 'event', id: ID }], size: ENVELOPE.length,
        client: '127.0.0.1', contentType: 'application/x-sentry-envelope', userAgent: 'sdk/1',
      },
    }]);
    expect(gateway.passedOn).toEqual([]);
  });

  it.each<[string, (body: string) => Buffer]>([['gzip', gzipSync], ['deflate', deflateSync], ['deflate', deflateRawSync], ['br', brotliCompressSync]])('that is packed by %s stays packed', async (encoding, pack) => {
    await open();
    const body = pack(ENVELOPE);
    expect((await gateway.envelope(body, { 'content-encoding': encoding })).status).toBe(200);
    expect(gateway.stored).toMatchObject([{ body, header: { encoding, size: ENVELOPE.length, events: [{ id: ID }] } }]);
  });

  it.each<[string, string, (body: string) => Buffer]>([
    ['gzip with more behind it', 'gzip', (body) => Buffer.concat([gzipSync(body), Buffer.from('more')])],
    ['gzip with a wrong checksum', 'gzip', (body) => flipped(gzipSync(body), -5)],
    ['gzip in two members', 'gzip', (body) => Buffer.concat([gzipSync(body.slice(0, 50)), gzipSync(body.slice(50))])],
    ['br with more behind it', 'br', (body) => Buffer.concat([brotliCompressSync(body), Buffer.from('more')])],
  ])('that is packed by %s is taken, and kept as GlitchTip can read it', async (_, encoding, pack) => {
    await open();
    expect((await gateway.envelope(pack(ENVELOPE), { 'content-encoding': encoding })).status).toBe(200);
    const [record] = gateway.stored;
    expect([record?.header.encoding, record?.body.toString()]).toEqual([undefined, `{"event_id":"${ID}"}\n{"type":"event","length":${EVENT.length}}\n${EVENT}\n`]);
  });

  it('that is called zstd and is not is taken as it is', async () => {
    await open();
    expect((await gateway.envelope(ENVELOPE, { 'content-encoding': 'zstd' })).status).toBe(200);
    expect(gateway.stored.map(({ header, body }) => [header.encoding, header.events, body.toString().includes(EVENT)])).toEqual([[undefined, [{ type: 'event', id: ID }], true]]);
  });

  it('that is packed by zstd, which GlitchTip does not know, is kept unpacked, or refused where Node.js has no zstd', async () => {
    await open();
    const { status } = await gateway.envelope(Buffer.from(ENVELOPE_BY_ZSTD, 'base64'), { 'content-encoding': 'zstd' });
    const kept = gateway.stored.map(({ header, body }) => [header.encoding, body.toString().includes(EVENT)]);
    expect([status, kept]).toEqual(IS_ZSTD_KNOWN ? [200, [[undefined, true]]] : [400, []]);
  });

  it('in pieces, without a length, is one', async () => {
    await open();
    expect((await gateway.envelope(Array.from(ENVELOPE, (letter) => Buffer.from(letter)), { 'transfer-encoding': 'chunked' })).status).toBe(200);
    expect(gateway.stored.map(({ body }) => body.toString())).toEqual([ENVELOPE]);
  });

  it('of a megabyte is kept packed, and said to be as large as it is', async () => {
    await open();
    const large = `{}\n{"type":"event"}\n${JSON.stringify({ event_id: ID, message: 'x'.repeat(1_000_000) })}`;
    expect((await gateway.envelope(large)).status).toBe(200);
    const [record] = gateway.stored;
    expect([record?.header.encoding, record?.header.size, (record?.body.length ?? 0) < 10_000]).toEqual(['gzip', gunzipSync(record?.body ?? '').length, true]);
    expect(gunzipSync(record?.body ?? '').toString()).toContain('x'.repeat(1_000_000));
  });

  it('beside 5 MB of attachments comes without them, and they are counted', async () => {
    await open();
    const body = [Buffer.from('{}\n{"type":"attachment","length":5242880}\n'), ...Array.from({ length: 80 }, () => Buffer.alloc(65_536)), Buffer.from(`\n{"type":"event"}\n${EVENT}`)];
    expect((await gateway.envelope(body)).status).toBe(200);
    expect(gateway.stored.map(({ header, body: kept }) => [header.events, kept.toString()])).toEqual([[[{ type: 'event', id: ID }], `{}\n{"type":"event","length":${EVENT.length}}\n${EVENT}\n`]]);
    expect(gateway.counts).toContainEqual({ kind: 'ignored', project: 1, type: 'attachment', items: 1 });
  });

  it('through the store endpoint is one, too', async () => {
    await open();
    expect(await gateway.send({ path: `/api/1/store/?sentry_key=${KEY}`, body: EVENT })).toMatchObject({ status: 200, body: `{"event_id":"${ID}","task_id":null}` });
    expect(gateway.stored).toMatchObject([{ header: { kind: 'store', events: [{ type: 'event', id: ID }] }, body: Buffer.from(EVENT) }]);
  });

  it.each<[string, string, string]>([
    ['without an id', '{"a":1}', `{"a":1,"event_id":"${NEW}"}`],
    ['with an id that is none', '{"event_id":5,"a":1}', `{"event_id":"${NEW}","a":1}`],
    ['with half a character', `{"event_id":"${ID}","a":"b\\ud83d"}`, `{"event_id":"${ID}","a":"b\ufffd"}`],
    ['deeper than an envelope may be', `{"event_id":"${ID}","a":${'['.repeat(250)}${']'.repeat(250)}}`, `{"event_id":"${ID}","a":${'['.repeat(250)}${']'.repeat(250)}}`],
  ])('through the store endpoint %s is kept as GlitchTip takes it', async (_, body, kept) => {
    await open();
    expect((await gateway.send({ path: `/api/1/store/?sentry_key=${KEY}`, body })).status).toBe(200);
    expect(gateway.stored.map((record) => record.body.toString())).toEqual([kept]);
  });

  it('that a browser reports of its policy is kept', async () => {
    await open();
    const report = JSON.stringify({ 'csp-report': { 'blocked-uri': 'a', 'disposition': 'enforce', 'document-uri': 'b', 'effective-directive': 'c', 'original-policy': 'd', 'status-code': 200 } });
    expect((await gateway.send({ path: `/api/1/security/?sentry_key=${KEY}`, body: report })).status).toBe(201);
    expect(gateway.stored).toMatchObject([{ header: { kind: 'security', events: [] }, body: Buffer.from(report) }]);
  });

  it('that is no JSON is counted, for GlitchTip says nothing of it', async () => {
    await open();
    expect((await gateway.envelope('{}\n{"type":"event"}\nno')).status).toBe(200);
    expect(gateway.counts).toContainEqual({ kind: 'ignored', project: 1, type: 'unreadable', items: 1 });
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['the query', {}, `?sentry_key=${KEY}`],
    ['X-Sentry-Auth', { 'x-sentry-auth': `Sentry sentry_version=7, sentry_key=${KEY}, sentry_client=a` }, ''],
    ['Authorization', { authorization: `Sentry sentry_key=${KEY}` }, ''],
    ["GlitchTip's own name", { 'x-sentry-auth': `Sentry glitchtip_key=${KEY}` }, ''],
  ])('is known by the key of %s', async (_, headers, query) => {
    await open();
    expect((await gateway.envelope(ENVELOPE, headers, query)).status).toBe(200);
  });

  it('that GlitchTip would forget is answered and not kept', async () => {
    await open();
    expect(await gateway.envelope(`{}\n{"type":"session"}\n{}`)).toMatchObject({ status: 200, body: '{}' });
    expect(gateway.stored).toEqual([]);
  });
});

describe('a refusal', () => {
  it.each<[string, Parameters<RunningGateway['send']>[0], number, string]>([
    ['of a key that is not its', { path: `/api/2/envelope/?sentry_key=${KEY}`, body: ENVELOPE }, 403, '{"detail":"Denied"}'],
    ['of no key', { path: '/api/1/envelope/', body: ENVELOPE }, 403, '{"detail":"Denied"}'],
    ['of a key that is none', { path: '/api/1/envelope/?sentry_key=mine', body: ENVELOPE }, 403, '{"detail":"Invalid DSN"}'],
    ['of a wrong key at the store endpoint', { path: `/api/2/store/?sentry_key=${KEY}`, body: EVENT }, 401, '{"detail":"Invalid DSN"}'],
    ['of an empty body', { path: `/api/1/envelope/?sentry_key=${KEY}` }, 400, '{"detail":"Empty request body"}'],
    ['of a header that is none', { path: `/api/1/envelope/?sentry_key=${KEY}`, body: 'no\n' }, 400, '{"detail":"Invalid envelope header"}'],
    ['of no body at the store endpoint', { path: `/api/1/store/?sentry_key=${KEY}` }, 422, '{"detail":[{"message":"expected an event"}]}'],
    ['of a list at the store endpoint', { path: `/api/1/store/?sentry_key=${KEY}`, body: '[]' }, 422, '{"detail":[{"message":"expected an event"}]}'],
    ['of no JSON at the store endpoint', { path: `/api/1/store/?sentry_key=${KEY}`, body: 'no' }, 400, '{"detail":"Cannot parse request body"}'],
    ['of what is no report at the security endpoint', { path: `/api/1/security/?sentry_key=${KEY}`, body: '{}' }, 422, '{"detail":[{"message":"expected a csp-report"}]}'],
    ['of no JSON at the security endpoint', { path: `/api/1/security/?sentry_key=${KEY}`, body: '{"a":NaN}' }, 400, '{"detail":"Cannot parse request body"}'],
    ['of a GET', { method: 'GET', path: `/api/1/envelope/?sentry_key=${KEY}` }, 405, '{"detail":"Method not allowed"}'],
    ['of what is packed and is not', { path: `/api/1/envelope/?sentry_key=${KEY}`, headers: { 'content-encoding': 'gzip' }, body: ENVELOPE }, 400, '{"detail":"Empty request body"}'],
    ['of an event that the worker could not hold', { path: `/api/1/envelope/?sentry_key=${KEY}`, body: `{}\n{"type":"event"}\n"${'x'.repeat(2_600_000)}"` }, 413, '{"detail":"expected an item of at most 2500000 bytes"}'],
  ])('%s is as GlitchTip gives it, and leaves nothing', async (_, sent, status, body) => {
    await open();
    expect(await gateway.send(sent)).toMatchObject({ status, body });
    expect(gateway.stored).toEqual([]);
  });

  it('of a key that cannot be looked up is 429, for 403 would have the SDK give up', async () => {
    await open();
    gateway.verdict = 'unchecked';
    expect(await gateway.envelope(ENVELOPE)).toMatchObject({ status: 429, headers: { 'retry-after': '5', 'x-sentry-rate-limits': '5::organization' } });
    expect(gateway.counts).toEqual([{ kind: 'refused', why: 'key not checked', project: 1 }]);
  });

  it('by a full spool is 429, and ends when there is room', async () => {
    await open({ maxBytes: 600 });
    expect((await gateway.envelope(ENVELOPE)).status).toBe(200);
    expect(await gateway.envelope(ENVELOPE)).toMatchObject({ status: 429, headers: { 'retry-after': '60', 'x-sentry-rate-limits': '60::organization' } });
    expect(gateway.counts).toContainEqual({ kind: 'refused', why: 'spool full', project: 1 });
    expect(gateway.stored).toHaveLength(1);
  });

  it('by a full disk is 429, too, and never 5xx', async () => {
    await open({ room: 500 });
    const answers = [await gateway.envelope(ENVELOPE), await gateway.envelope(ENVELOPE)];
    expect(answers.map(({ status }) => status)).toEqual([200, 429]);
    expect(gateway.failures).toMatchObject([{ code: 'ENOSPC' }]);
    expect(gateway.counts).toContainEqual({ kind: 'refused', why: 'disk full', project: 1 });
    expect(gateway.stored).toHaveLength(1);
  });

  it.each<[string, Error, RefusalReason]>([
    ['a disk that is left its last room', new SpoolFullError('disk full', 'less than 32Mi left'), 'disk full'],
    ['a quota', Object.assign(new Error('EDQUOT'), { code: 'EDQUOT' }), 'disk full'],
    ['a disk that cannot be written', Object.assign(new Error('EIO'), { code: 'EIO' }), 'disk error'],
  ])('by %s is 429, and counted as what it is', async (_, error, why) => {
    await open();
    gateway.spool.appendAll = () => Promise.reject(error);
    expect((await gateway.envelope(ENVELOPE)).status).toBe(429);
    expect(gateway.counts).toEqual([{ kind: 'refused', why, project: 1 }]);
  });

  it('of what fills the spool begins a sixteenth before its end: that is kept for other projects', async () => {
    await open({ maxBytes: 2 ** 21 });
    gateway.verdict = 'known';
    const large = { path: `/api/1/store/?sentry_key=${KEY}`, body: JSON.stringify({ event_id: NEW, message: randomBytes(60_000).toString('base64') }) };
    const answers: number[] = [];
    while (answers.at(-1) !== 429) answers.push((await gateway.send(large)).status);
    const kept = gateway.spool.liveBytes / 2 ** 21;
    expect([new Set(answers.slice(0, -1)), kept > 15 / 16, kept < 1]).toEqual([new Set([200]), true, true]);
    expect(gateway.counts.at(-1)).toEqual({ kind: 'refused', why: 'share of the spool', project: 1 });
    expect((await gateway.send({ path: `/api/2/envelope/?sentry_key=${KEY}`, body: ENVELOPE })).status).toBe(200);
  });

  it.each<[string, (body: Buffer) => Buffer]>([
    ['gzip', gzipSync], ['deflate', deflateSync], ['br', (body) => brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ...(zstdCompressSync ? [['zstd', zstdCompressSync] as [string, (body: Buffer) => Buffer]] : []),
  ])('of a body by %s that unpacks to more than 100 MiB is 413, though all of it would be left out, and leaves nothing', async (encoding, pack) => {
    await open();
    const bomb = pack(Buffer.concat([Buffer.from(`{}\n{"type":"attachment","length":${2 ** 28}}\n`), Buffer.alloc(101 * 2 ** 20)]));
    expect(await gateway.envelope(bomb, { 'content-encoding': encoding })).toMatchObject({ status: 413, body: '{"detail":"expected a body of at most 100 MiB, unpacked"}' });
    expect([bomb.length < 2 ** 20, gateway.stored]).toEqual([true, []]);
  });

  it('of both a length and chunks is the server\'s own: two readers could disagree on where the body ends', async () => {
    await open();
    expect((await gateway.envelope(ENVELOPE, { 'transfer-encoding': 'chunked', 'content-length': '5' }).catch(() => ({ status: 400 }))).status).toBe(400);
    expect(gateway.stored).toEqual([]);
  });
});

it('keeps the connection: the next request of a client comes by the same one', async () => {
  await open();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const post = () => new Promise<boolean>((resolve, reject) => {
    const outgoing = request({ port: gateway.port, method: 'POST', path: `/api/1/envelope/?sentry_key=${KEY}`, agent }, (incoming) => {
      incoming.resume();
      incoming.once('end', () => resolve(outgoing.reusedSocket));
    });
    outgoing.once('error', reject);
    outgoing.end(ENVELOPE);
  });
  expect([await post(), await post()]).toEqual([false, true]);
  agent.destroy();
});

describe('a browser', () => {
  it('asks before it sends, and may', async () => {
    await open();
    const { status, headers } = await gateway.send({ method: 'OPTIONS', path: '/api/1/envelope/', headers: { origin: 'https://app.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'x-sentry-auth' } });
    expect([status, headers['access-control-allow-origin'], headers['access-control-allow-methods'], headers['access-control-allow-headers']?.includes('x-sentry-auth')]).toEqual([200, '*', 'DELETE, GET, OPTIONS, PATCH, POST, PUT', true]);
  });

  it('may read the answer, and how long it shall wait', async () => {
    await open();
    const { headers } = await gateway.envelope(ENVELOPE, { origin: 'https://app.example' });
    expect([headers['access-control-allow-origin'], headers['access-control-expose-headers']]).toEqual(['*', 'x-sentry-error, x-sentry-rate-limits, retry-after']);
  });
});
