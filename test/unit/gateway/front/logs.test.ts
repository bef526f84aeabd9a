// Logs of OpenTelemetry at /v1/logs, over real sockets: taken where GlitchTip keeps them, answered as it answers (6.2's otlp_views.py).
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { logRecord, logsRequest } from '../logs-message.js';
import { KEY, RunningGateway, type GatewayOptions, type Sent } from './running-gateway.js';

const LOGS = logsRequest([logRecord('Connection pool exhausted')]);
const AS_JSON = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '1', body: { stringValue: 'Disk full' } }] }] }] });
const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };
const BEARER = { authorization: `Bearer ${KEY}` };
const UNKNOWN = 'a'.repeat(32);

let gateway: RunningGateway;
const open = async (options: GatewayOptions = {}) => (gateway = await RunningGateway.open({ release: '6.2', logs: true, ...options }));
afterEach(() => gateway.close());

describe('logs', () => {
  it.each<[string, Sent, string]>([
    ['as protobuf', { path: '/v1/logs', headers: { ...PROTOBUF, ...BEARER }, body: LOGS }, ''],
    ['as JSON', { path: '/v1/logs', headers: { ...JSON_TYPE, ...BEARER }, body: AS_JSON }, '{}'],
    ['with a slash, and the key in the query', { path: `/v1/logs/?sentry_key=${KEY}`, headers: PROTOBUF, body: LOGS }, ''],
    ['with the key as SDKs say it', { path: '/v1/logs', headers: { ...PROTOBUF, 'x-sentry-auth': `Sentry sentry_key=${KEY}` }, body: LOGS }, ''],
  ])('%s are on the disk when they are answered 200, for the project of their key', async (_, sent, answer) => {
    await open();
    expect(await gateway.send(sent)).toMatchObject({ status: 200, body: answer, headers: { 'content-type': answer === '' ? 'application/x-protobuf' : 'application/json' } });
    expect(gateway.stored).toMatchObject([{ header: { kind: 'logs', project: 1, key: KEY, events: [], contentType: sent.headers?.['content-type'] }, body: Buffer.from(sent.body as Buffer) }]);
    expect(gateway.passedOn).toEqual([]);
  });

  it('that are packed are kept as GlitchTip can read them', async () => {
    await open();
    expect((await gateway.send({ path: '/v1/logs', headers: { ...PROTOBUF, ...BEARER, 'content-encoding': 'gzip' }, body: gzipSync(LOGS) })).status).toBe(200);
    expect(gateway.stored).toMatchObject([{ header: { size: LOGS.length }, body: LOGS }]);
  });

  it('of which there are none are answered and not kept', async () => {
    await open();
    expect((await gateway.send({ path: '/v1/logs', headers: { ...PROTOBUF, ...BEARER }, body: logsRequest([]) })).status).toBe(200);
    expect(gateway.stored).toEqual([]);
  });

  it.each<[string, Sent, number, string]>([
    ['a key that is nobody\'s', { path: '/v1/logs', headers: { ...PROTOBUF, authorization: `Bearer ${UNKNOWN}` }, body: LOGS }, 401, '{"detail":"Invalid DSN"}'],
    ['no key', { path: '/v1/logs', headers: PROTOBUF, body: LOGS }, 401, '{"detail":"Invalid DSN"}'],
    ['a key that is none', { path: '/v1/logs', headers: { ...PROTOBUF, authorization: 'Bearer mine' }, body: LOGS }, 401, '{"detail":"Invalid DSN"}'],
    ['what is no protobuf', { path: '/v1/logs', headers: { ...PROTOBUF, ...BEARER }, body: 'not a valid protobuf' }, 400, '{"detail":"Malformed OTLP logs payload"}'],
    ['what is no JSON', { path: '/v1/logs', headers: { ...JSON_TYPE, ...BEARER }, body: '{' }, 400, '{"detail":"Malformed OTLP logs payload"}'],
    ['a body that is cut off where it is packed', { path: '/v1/logs', headers: { ...PROTOBUF, ...BEARER, 'content-encoding': 'gzip' }, body: gzipSync(LOGS).subarray(0, -10) }, 400, '{"detail":"Invalid compressed body"}'],
    ['more than GlitchTip unpacks', { path: '/v1/logs', headers: { ...PROTOBUF, ...BEARER }, body: logsRequest([logRecord('x'.repeat(5_000_001))]) }, 413, '{"detail":"expected a body of at most 5000000 bytes"}'],
    ['a GET', { method: 'GET', path: '/v1/logs', headers: BEARER }, 405, '{"detail":"Method not allowed"}'],
  ])('are refused for %s', async (_, sent, status, body) => {
    await open();
    expect(await gateway.send(sent)).toMatchObject({ status, body });
    expect(gateway.stored).toEqual([]);
  });

  it('are to come again while nobody can say whose key it is', async () => {
    await open();
    gateway.verdict = 'unchecked';
    expect(await gateway.send({ path: '/v1/logs', headers: { ...PROTOBUF, authorization: `Bearer ${UNKNOWN}` }, body: LOGS })).toMatchObject({ status: 429, headers: { 'retry-after': '5' } });
  });

  it.each<[string, GatewayOptions]>([['which is not told to', { release: '6.2', logs: false }], ['of 5.2', { release: '5.2', logs: true }]])('are passed on to a GlitchTip that keeps none, %s, for it to say so', async (_, options) => {
    await open({ ...options, answer: (__, reply) => reply.writeHead(404).end('{"detail":"Logs are not enabled"}') });
    expect((await gateway.send({ path: '/v1/logs', headers: { ...PROTOBUF, ...BEARER }, body: 'as it is' })).status).toBe(404);
    expect([gateway.passedOn.map(({ url, body }) => [url, body]), gateway.stored]).toEqual([[['/v1/logs', 'as it is']], []]);
  });
});

it.each<[boolean, number]>([[true, 1], [false, 0]])('logs in an envelope are kept where GlitchTip keeps them: %s', async (logs, kept) => {
  await open({ logs });
  expect((await gateway.envelope('{}\n{"type":"log","item_count":1}\n{"items":[]}')).status).toBe(200);
  expect([gateway.stored.length, gateway.counts.filter(({ kind }) => kind === 'ignored').length]).toEqual([kept, 1 - kept]);
});
