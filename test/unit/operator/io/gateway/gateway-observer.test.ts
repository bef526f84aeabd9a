// What the operator sees of the gateway: its own answers, and whatever else may be at that address.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { observeGatewayMode } from '../../../../../operator/io/gateway/gateway-mode.js';
import { observeGateway } from '../../../../../operator/io/gateway/gateway-observer.js';
import { specOf } from '../../operator-scenarios.js';

const TOKEN = new Sensitive('token');
const STATUS = {
  gateway: 'gateway-0', startedAt: '2026-01-02T03:04:05Z', others: [], spool: { liveBytes: 5_000, limitBytes: 2 ** 30, oldestSeconds: 12 },
  records: { waiting: 1, underWay: 0, limbo: 0 }, window: { allowedBytes: 131_072 }, delivers: true, setAside: 2, refused: {}, ignored: [], newField: 'of a newer gateway',
};
const SEEN = { liveBytes: 5_000, limitBytes: 2 ** 30, oldestSeconds: 12, setAside: 2, setAsideDropped: 0, damaged: 0, ignored: [], keptDropped: 0 };

const never = new AbortController().signal;
let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server?.close(() => resolve()) ?? resolve())));

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const observe = (controlPort: number, token: Sensitive | undefined = TOKEN) => observeGateway(specOf({ gateway: { controlHost: '127.0.0.1', controlPort } }), token, never);

describe('the gateway', () => {
  it.each<[string, number, object | string, object]>([
    ['says what waits on its disk, and what a newer one says is let pass', 200, STATUS, { kind: 'seen', value: SEEN }],
    ['says why it gives nothing', 200, { ...STATUS, window: { allowedBytes: 0, closed: 'ECONNREFUSED' } }, { kind: 'seen', value: { ...SEEN, closed: 'ECONNREFUSED' } }],
    ['says what GlitchTip does not keep', 200, { ...STATUS, ignored: [{ project: 3, type: 'span', items: 9 }] }, { kind: 'seen', value: { ...SEEN, ignored: [{ project: 3, type: 'span', items: 9 }] } }],
    ['says what it could not keep for a way back', 200, { ...STATUS, keep: { since: '2026-01-02T03:04:05Z', why: 'a restore', records: 5, bytes: 9, unchecked: 0, dropped: 3 } }, { kind: 'seen', value: { ...SEEN, keptDropped: 3 } }],
    ['says whom it does not believe', 200, { ...STATUS, disbelieved: { address: '10.244.0.9', requests: 7 } }, { kind: 'seen', value: { ...SEEN, disbelieved: { address: '10.244.0.9', requests: 7 } } }],
    ['says who still sends by http', 200, { ...STATUS, plain: { until: '2027-03-01T00:00:00Z', projects: [{ project: 7, requests: 3, refused: 1, lastAt: '2026-01-02T03:04:05Z' }] } }, { kind: 'seen', value: { ...SEEN, plain: { until: new Date('2027-03-01T00:00:00Z'), projects: [{ project: 7, requests: 3, refused: 1, lastAt: new Date('2026-01-02T03:04:05Z') }] } } }],
    ['says that it was told to hold', 200, { ...STATUS, hold: { since: '2026-01-02T03:04:05Z', why: 'an upgrade' } }, { kind: 'seen', value: { ...SEEN, held: 'an upgrade' } }],
    ['refuses the token', 401, { detail: 'no' }, { kind: 'refused' }],
    ['answers nothing that can be understood', 200, 'hello', { kind: 'not observed', why: 'it answered 200, and nothing that can be understood' }],
    ['is something else', 404, { detail: 'not found' }, { kind: 'not observed', why: 'it answered 404, and nothing that can be understood' }],
  ])('%s', async (_, status, body, seen) => {
    const port = await serve((_request, response) => response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body)));
    expect(await observe(port)).toEqual(seen);
  });

  it('is asked with the token of its Secret', async () => {
    const asked: unknown[] = [];
    const port = await serve((request, response) => {
      asked.push([request.url, request.headers.authorization]);
      response.end(JSON.stringify(STATUS));
    });
    await observe(port);
    expect(asked).toEqual([['/status', 'Bearer token']]);
  });

  it('is not asked without one', async () => expect(await observeGateway(specOf({ gateway: {} }), undefined, never)).toEqual({ kind: 'not observed', why: 'its token is not known' }));
  it('is nothing where there is none', async () => expect(await observeGateway(specOf({}), TOKEN, never)).toEqual({ kind: 'none' }));
  it('that nobody listens for is unreachable', async () => {
    const port = await serve(() => undefined);
    await new Promise<void>((resolve) => server?.close(() => resolve()));
    server = undefined;
    expect(await observe(port)).toEqual({ kind: 'unreachable', why: 'ECONNREFUSED' });
  });
});

describe("the gateway's mode, as a restore looks at it,", () => {
  it.each<[string, object, object]>([
    ['gives', {}, { mode: 'gives', underWay: 0 }],
    ['holds, and keeps what is stored', { hold: { why: 'a restore' }, keep: { why: 'a restore' } }, { mode: 'holds', underWay: 0 }],
    ['counts what was given a moment ago, and nothing in limbo: after a restore that is all that was kept', { records: { waiting: 1, underWay: 7, limbo: 1_000 } }, { mode: 'gives', underWay: 7 }],
  ])('%s', async (_, more, value) => {
    const controlPort = await serve((_request, response) => response.end(JSON.stringify({ ...STATUS, ...more })));
    expect(await observeGatewayMode(specOf({ gateway: { controlHost: '127.0.0.1', controlPort } }), TOKEN, never)).toEqual({ kind: 'seen', value });
  });
});
