// The control port: who may use it, what it says, and what it never does.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeHeader } from '../../../../gateway/core/record.js';
import { Spool } from '../../../../gateway/spool/spool.js';
import { RunningControl, TOKEN, idOf } from './running-control.js';

const ID = idOf(1);
/** Each of them is answered with the token. */
const PATHS: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/status'], ['PUT', '/hold'], ['DELETE', '/hold'], ['POST', '/worker-restarted'], ['GET', '/move'], ['PUT', '/move'], ['DELETE', '/move'], ['GET', '/move/compare'], ['GET', '/records'], ['GET', `/records/${ID}`], ['DELETE', `/records/${ID}`], ['POST', `/records/${ID}/resend`],
];

let control: RunningControl;
beforeEach(async () => { control = await RunningControl.open(); });
afterEach(() => control.close());

describe('without the token', () => {
  it.each(PATHS)('%s %s is refused, and does nothing', async (method, path) => {
    control.putAside(1);
    const bodies = { '/hold': { why: 'mine' }, '/worker-restarted': { at: '2026-05-28T00:00:00Z' } };
    const reply = await control.ask(method, path, { token: 'wrong', body: bodies[path as keyof typeof bodies] });
    expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect([control.hold.current, control.workerStart.read(), control.setAside.ids()]).toEqual([undefined, undefined, [ID]]);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['none', { authorization: '' }], ['another scheme', { authorization: `Basic ${TOKEN}` }], ['a part of it', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ['more than it', { authorization: `Bearer ${TOKEN}0` }], ['none in "Bearer "', { authorization: 'Bearer ' }],
  ])('is whoever says %s', async (_, headers) => {
    expect((await control.ask('GET', '/status', { headers })).status).toBe(401);
  });

  it('even what does not exist is not told apart', async () => {
    expect((await control.ask('GET', '/other', { token: 'wrong' })).status).toBe(401);
  });

  it.each([['/healthz', 'ok\n'], ['/readyz', 'ok\n'], ['/metrics', 'figures\n']])('%s is answered, for kubelet and Prometheus have none', async (path, body) => {
    expect(await control.ask('GET', path, { token: 'wrong' })).toMatchObject({ status: 200, body });
  });
});

describe('the token', () => {
  it('is the one of the file at that moment', async () => {
    control.token = 'the-next-one\n';
    expect([(await control.ask('GET', '/status')).status, (await control.ask('GET', '/status', { token: 'the-next-one' })).status]).toEqual([401, 200]);
  });

  it.each([['is not there', undefined], ['is empty', '\n']])('that %s lets nobody in, and the log says so once', async (_, text) => {
    control.token = text;
    for (const token of [TOKEN, 'undefined', '']) expect((await control.ask('GET', '/status', { token })).status).toBe(401);
    expect(control.logged).toEqual(['the control port refuses everything, for it has no token']);
    control.token = TOKEN;
    expect((await control.ask('GET', '/status')).status).toBe(200);
  });
});

describe('a request', () => {
  it('of more than 4 KB is refused', async () => {
    expect(await control.ask('PUT', '/hold', { body: { why: 'x'.repeat(5_000) } })).toMatchObject({ status: 413, body: '{"detail":"expected a body of at most 4096 bytes"}\n' });
    expect(control.hold.current).toBeUndefined();
  });

  it.each([['POST', '/status', 'GET'], ['GET', '/hold', 'PUT, DELETE'], ['PUT', `/records/${ID}`, 'GET, DELETE'], ['GET', `/records/${ID}/resend`, 'POST']])('%s %s is told what there is: %s', async (method, path, allow) => {
    const reply = await control.ask(method, path);
    expect([reply.status, reply.headers.allow, JSON.parse(reply.body)]).toEqual([405, allow, { detail: `expected ${allow}, found ${method}` }]);
  });

  it.each(['/', '/statuses', '/records/', '/records/..%2Fhold.json', '/records/mine', `/records/${ID.toUpperCase().replaceAll('0', 'A')}`])('for %s, which there is not, is 404', async (path) => {
    expect((await control.ask('GET', path)).status).toBe(404);
  });

  it.each<[string, string, string, string]>([
    ['PUT', '/hold', '', 'why: expected a text of 1 to 500 characters, found nothing'],
    ['PUT', '/hold', '{"why":" "}', 'why: expected a text of 1 to 500 characters, found " "'],
    ['PUT', '/hold', `{"why":"${'x'.repeat(501)}"}`, `why: expected a text of 1 to 500 characters, found "${'x'.repeat(99)}... (503 characters)`],
    ['PUT', '/hold', '["why"]', 'why: expected a text of 1 to 500 characters, found nothing'],
    ['POST', '/worker-restarted', '{"at":"today"}', 'at: expected an instant such as 2026-06-01T12:00:00Z, found "today"'],
    ['POST', '/worker-restarted', '{"at":1780000000}', 'at: expected an instant such as 2026-06-01T12:00:00Z, found 1780000000'],
    ['POST', '/worker-restarted', '{"at":"2027-01-01T00:00:00Z"}', 'at: expected an instant that is past, found "2027-01-01T00:00:00Z"'],
    ['GET', '/records?state=lost', '', 'state: expected one of set-aside, waiting, under-way, limbo, kept, found "lost"'],
    ['GET', '/records?project=one', '', 'project: expected a whole number from 1 on, found "one"'],
    ['GET', '/records?limit=1001', '', 'limit: expected a whole number from 1 to 1000, found "1001"'],
    ['GET', '/records?sort=id', '', 'expected state, project or limit, found "sort"'],
  ])('%s %s %s is told what is wrong with it', async (method, path, body, detail) => {
    const reply = await control.ask(method, path, { body });
    expect([reply.status, JSON.parse(reply.body)]).toEqual([400, { detail }]);
  });
});

describe('the port for SDKs and people', () => {
  it.each(PATHS)('knows nothing of %s %s: it goes to GlitchTip like any other, token or no', async (method, path) => {
    control.putAside(1);
    const body = JSON.stringify({ why: 'mine', at: '2026-05-28T00:00:00Z' });
    const reply = await control.gateway.send({ method, path, body, headers: { authorization: `Bearer ${TOKEN}`, 'content-length': String(body.length) } });
    expect([reply.body, reply.headers['x-glitchkeeper-gateway'], control.gateway.passedOn.map(({ url }) => url)]).toEqual(['hello', undefined, [path]]);
    expect([control.hold.current, control.workerStart.read(), control.setAside.ids()]).toEqual([undefined, undefined, [ID]]);
  });

  it.each(['/healthz', '/readyz', '/metrics'])('nor of %s', async (path) => {
    await control.gateway.send({ method: 'GET', path });
    expect(control.gateway.passedOn.map(({ url }) => url)).toEqual([path]);
  });
});

describe('the status', () => {
  it('of a gateway that has just started', async () => {
    expect(await control.status()).toEqual({
      gateway: 'gateway-1', startedAt: '2026-05-28T20:26:40.000Z', others: [], spool: { liveBytes: 0, limitBytes: 2 ** 26 }, records: { waiting: 0, underWay: 0, limbo: 0, resent: 0 },
      window: { allowedBytes: 131_072 }, delivers: false, setAside: 0, setAsideDropped: 0, damaged: 0, refused: {}, ignored: [],
    });
  });

  it('counts what came by https of a proxy that is not believed, and names the last one', async () => {
    for (const proto of ['http', 'https', 'https']) await control.gateway.send({ method: 'GET', path: '/', headers: { 'x-forwarded-proto': proto } });
    expect(await control.status()).toMatchObject({ disbelieved: { address: '127.0.0.1', requests: 2 } });
  });

  it('follows records on their way', async () => {
    await control.take(1, 2, 3);
    control.now += 12_400;
    expect(await control.status()).toMatchObject({ spool: { oldestSeconds: 12, liveBytes: control.gateway.spool.liveBytes }, records: { waiting: 3, underWay: 0 } });
    await control.give();
    expect(await control.status()).toMatchObject({ delivers: true, spool: { oldestSeconds: 12 }, records: { waiting: 0, underWay: 3, limbo: 0 } });
    control.rows.add(idOf(1)).add(idOf(2));
    await control.delivery.confirm();
    expect((await control.status()).records).toEqual({ waiting: 0, underWay: 1, limbo: 0, largestBytes: expect.any(Number), resent: 0 });
    control.rows.add(idOf(3));
    await control.delivery.confirm();
    expect(await control.status()).toMatchObject({ records: { waiting: 0, underWay: 0, limbo: 0 }, spool: { limitBytes: 2 ** 26, liveBytes: 0 } });
  });

  it('has the oldest of all, also of what was taken over from another gateway', async () => {
    await control.take(1);
    const left = Spool.open({ files: control.gateway.files, folder: '/spool/gateway-0', maxBytes: 2 ** 20, destinations: [0], defer: setImmediate, onDamage: () => undefined });
    await left.append(encodeHeader({ id: idOf(2), receivedAt: control.now - 60_000, project: 1, key: 'k', kind: 'envelope', events: [], size: 0 }), Buffer.alloc(0));
    left.close();
    control.gateway.spool.adopt('/spool/gateway-0');
    expect(await control.status()).toMatchObject({ spool: { oldestSeconds: 60 }, records: { waiting: 2 } });
  });

  it('says why nothing is given', async () => {
    await control.take(1);
    await control.gateway.stopGlitchTip();
    await control.give();
    expect(await control.status()).toMatchObject({ window: { allowedBytes: 0, closed: 'ECONNREFUSED' }, records: { waiting: 1 } });
  });

  it('counts what is refused and what is left out', async () => {
    await control.gateway.send({ path: '/api/2/envelope/', body: '{}' });
    await control.gateway.envelope('{}\n{"type":"session"}\n{}\n{"type":"made up"}\n{}\n{"type":"session"}\n{}');
    expect(await control.status()).toMatchObject({ refused: { 'no key': 1 }, ignored: [{ project: 1, type: 'session', items: 2 }, { project: 1, type: 'other', items: 1 }] });
  });

  it('names the gateway that answers, and others on the volume', async () => {
    control.gateway.files.createFolder('/spool/gateway-0');
    control.locks.tryLock('/spool/gateway-0/lock');
    expect(await control.status()).toMatchObject({ gateway: 'gateway-1', others: ['gateway-0'] });
    expect((await control.ask('GET', '/records')).headers['x-glitchkeeper-gateway']).toBe('gateway-1');
  });
});

describe('a restart of the worker', () => {
  const tell = async (at: string) => JSON.parse((await control.ask('POST', '/worker-restarted', { body: { at } })).body) as object;

  it('is kept on the volume, the newest that was told, and none that is to come', async () => {
    expect(await tell('2026-05-28T20:00:00Z')).toEqual({ at: '2026-05-28T20:00:00.000Z' });
    expect(await tell('2026-05-28T22:10:00.5+02:00')).toEqual({ at: '2026-05-28T20:10:00.500Z' });
    expect(await tell('2026-05-28T20:05:00Z')).toEqual({ at: '2026-05-28T20:10:00.500Z' });
    expect(await control.status()).toMatchObject({ workerStartedAt: '2026-05-28T20:10:00.500Z' });
    expect(await tell('2026-05-28T20:28:00Z')).toEqual({ at: '2026-05-28T20:26:40.000Z' });
  });

  it('proves that the worker does not hold what is missing: it is given again', async () => {
    await control.close();
    control = await RunningControl.open({ answer: (_, response) => response.writeHead(500).end() });
    await control.take(1);
    await control.give();
    control.now += 400_000;
    await control.delivery.judge();
    expect((await control.status()).records).toEqual({ waiting: 0, underWay: 0, limbo: 1, largestBytes: expect.any(Number), resent: 0 });
    await tell(new Date(control.now - 1_000).toISOString());
    await control.delivery.judge();
    expect((await control.status()).records).toEqual({ waiting: 1, underWay: 0, limbo: 0, resent: 1 });
  });
});
