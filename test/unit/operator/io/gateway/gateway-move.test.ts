// What the operator tells the gateway of a move, and what it understands of its answers.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { glitchTipSpec } from '../../../../../operator/api/glitchtip-resource.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { RunningControl, TOKEN as CONTROL_TOKEN } from '../../../gateway/control/running-control.js';
import { endGatewayMove, observeGatewayMove, tellGatewayMove } from '../../../../../operator/io/gateway/gateway-move.js';

const TOKEN = new Sensitive('the-token');
const PAIR = { project: 7, key: 'a'.repeat(32), old: 'https://abc@sentry.example.com/42' };
const STATE = { leads: 'old', since: '2026-11-29T10:00:00Z', share: 25, pairs: 1, waiting: { records: 2, bytes: 900, oldest: '2026-11-29T10:01:00Z' }, sent: 5, refused: { 413: 1 }, refusedAt: '2026-11-29T10:00:30Z', dropped: 0, closed: { why: 'ECONNREFUSED', until: '2026-11-29T10:02:00Z' } };
const never = new AbortController().signal;

let server: Server;
let answer: { status: number; body: string };
const asked: { method: string; url: string; body: string; token: string }[] = [];
const spec = () => glitchTipSpec.parse({ version: '5.2', gateway: { controlHost: '127.0.0.1', controlPort: (server.address() as AddressInfo).port } });

beforeEach(async () => {
  asked.length = 0;
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => { body += chunk.toString(); });
    request.on('end', () => {
      asked.push({ method: request.method ?? '', url: request.url ?? '', body, token: request.headers.authorization ?? '' });
      response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  if (server.listening) await new Promise((resolve) => { server.close(resolve); });
});

describe('a move that is looked at', () => {
  it.each<[string, number, string, object]>([
    ['is understood, with what a newer gateway says beside it', 200, JSON.stringify({ move: { ...STATE, newField: 1 }, share: 25, pairs: [PAIR] }), {
      kind: 'seen', value: { leads: 'old', share: 25, pairs: [PAIR], progress: { waiting: STATE.waiting, sent: 5, refused: { 413: 1 }, refusedAt: STATE.refusedAt, dropped: 0, closed: STATE.closed } },
    }],
    ['is understood where the gateway says the least', 200, JSON.stringify({ move: { leads: 'glitchtip' }, share: 25, pairs: [] }), { kind: 'seen', value: { leads: 'glitchtip', share: 25, pairs: [], progress: { waiting: { records: 0, bytes: 0 }, sent: 0, refused: {}, dropped: 0 } } }],
    ['is not there', 404, '{"detail":"there is none"}', { kind: 'seen', value: undefined }],
    ['cannot be seen by a token of before', 401, '{}', { kind: 'unseen', why: 'the gateway cannot be seen (it answered 401)' }],
    ['cannot be understood', 200, '{"move":{}}', { kind: 'unseen', why: 'the gateway cannot be seen (it answered 200)' }],
  ])('%s', async (_, status, body, expected) => {
    answer = { status, body };
    expect(await observeGatewayMove(spec(), TOKEN, never)).toEqual(expected);
    expect(asked).toEqual([{ method: 'GET', url: '/move', body: '', token: 'Bearer the-token' }]);
  });

  it('cannot be seen while nobody listens, and without a token', async () => {
    const place = spec();
    expect(await observeGatewayMove(place, undefined, never)).toMatchObject({ kind: 'unseen', why: expect.stringContaining('token') });
    await new Promise((resolve) => { server.close(resolve); });
    expect(await observeGatewayMove(place, TOKEN, never)).toEqual({ kind: 'unseen', why: 'the gateway cannot be seen (ECONNREFUSED)' });
  });
});

describe('a move that is told', () => {
  it('has who leads, the share and the pairs; without pairs the gateway keeps its own', async () => {
    answer = { status: 200, body: JSON.stringify({ move: STATE }) };
    await tellGatewayMove(spec(), TOKEN, { leads: 'old', share: 25, pairs: [PAIR] }, never);
    await tellGatewayMove(spec(), TOKEN, { leads: 'glitchtip', share: 25, pairs: undefined }, never);
    expect(asked.map(({ method, url, body }) => [method, url, JSON.parse(body) as unknown])).toEqual([['PUT', '/move', { leads: 'old', share: 25, pairs: [PAIR] }], ['PUT', '/move', { leads: 'glitchtip', share: 25 }]]);
  });

  it.each<[string, number, string, string]>([
    ['that the gateway does not know', 404, '', 'the gateway does not know /move: it is of an older release than this operator'],
    ['that it refuses, with what it says, and not with the DSN that it found', 400, '{"detail":"pairs[0].old: expected a DSN, found \\"https://abc@sentry.example.com\\""}', 'the gateway answered 400 to PUT /move (pairs[0].old: expected a DSN)'],
    ['that it cannot write', 503, '', 'the gateway answered 503 to PUT /move'],
  ])('%s throws', async (_, status, body, message) => {
    answer = { status, body };
    await expect(tellGatewayMove(spec(), TOKEN, { leads: 'old', share: 25, pairs: [PAIR] }, never)).rejects.toThrow(message);
  });

  it.each([200, 204, 404])('is ended: %i', async (status) => {
    answer = { status, body: '' };
    await endGatewayMove(spec(), TOKEN, never);
    expect(asked.map(({ method, url }) => [method, url])).toEqual([['DELETE', '/move']]);
  });
});

describe("the gateway's own control port", () => {
  it('takes what the operator tells it, keeps its pairs where none are told, and lets go', async () => {
    const control = await RunningControl.open();
    try {
      const place = glitchTipSpec.parse({ version: '5.2', gateway: { controlHost: '127.0.0.1', controlPort: (control.server.address() as AddressInfo).port } });
      const token = new Sensitive(CONTROL_TOKEN);
      expect(await observeGatewayMove(place, token, never)).toEqual({ kind: 'seen', value: undefined });
      await expect(tellGatewayMove(place, token, { leads: 'old', share: 25, pairs: undefined }, never)).rejects.toThrow('the gateway answered 400');
      await tellGatewayMove(place, token, { leads: 'old', share: 25, pairs: [PAIR] }, never);
      expect(await observeGatewayMove(place, token, never)).toMatchObject({ kind: 'seen', value: { leads: 'old', share: 25, pairs: [PAIR], progress: { waiting: { records: 0 }, dropped: 0 } } });
      await tellGatewayMove(place, token, { leads: 'glitchtip', share: 40, pairs: undefined }, never);
      expect(await observeGatewayMove(place, token, never)).toMatchObject({ kind: 'seen', value: { leads: 'glitchtip', share: 40, pairs: [PAIR] } });
      for (let times = 0; times < 2; times += 1) await endGatewayMove(place, token, never);
      expect(await observeGatewayMove(place, token, never)).toEqual({ kind: 'seen', value: undefined });
    } finally {
      await control.close();
    }
  });
});
