// The move by the control port, with a real server in the role of the old Sentry: what is asked for, what is answered, what each side has.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MoveAnswer, MoveComparison, MoveStatus } from '../../../../gateway/control/control-answers.js';
import { Move } from '../../../../gateway/move/move.js';
import { KEY, listen, portOf } from '../front/running-gateway.js';
import { RunningControl, idOf } from './running-control.js';

const OLD_KEY = '0123456789abcdef0123456789abcdef';

let control: RunningControl;
let old: Server;
/** What the old one was given, and what it answers. */
let given: { readonly url: string; readonly headers: IncomingMessage['headers']; readonly body: string; readonly connection: number | undefined }[];
let status: number;

beforeEach(async () => {
  [given, status] = [[], 200];
  old = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      given.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(pieces).toString(), connection: request.socket.remotePort });
      response.writeHead(status, status === 429 ? { 'retry-after': '60' } : {}).end('{}');
    });
  });
  await listen(old);
  control = await RunningControl.open();
});
afterEach(async () => {
  await control.close();
  old.closeAllConnections();
  await new Promise((resolve) => old.close(resolve));
});

const order = (leads = 'old', more: object = {}) => ({ leads, share: 25, pairs: [{ project: 1, key: KEY, old: `http://${OLD_KEY}@127.0.0.1:${portOf(old)}/sentry/42` }], ...more });
const put = async (body: object) => {
  const reply = await control.ask('PUT', '/move', { body });
  return { status: reply.status, body: JSON.parse(reply.body) as { move: MoveStatus; detail: string } };
};
const compare = async (query = '') => JSON.parse((await control.ask('GET', `/move/compare${query}`)).body) as MoveComparison;
/** As every 50 ms; until nothing is on its way. */
const give = async (until = () => control.gateway.moving.status?.waiting.records === 0): Promise<void> => {
  for (const deadline = Date.now() + 5_000; Date.now() < deadline && !until();) {
    control.gateway.moving.give();
    await sleep(5);
  }
};
const NOTHING = { share: 25, pairs: 1, waiting: { records: 0, bytes: 0 }, sent: 0, refused: {}, dropped: 0 };

describe('PUT /move', () => {
  it('is answered with what is so from then on, when it survives a power cut', async () => {
    expect(await put(order())).toEqual({ status: 200, body: { move: { leads: 'old', since: '2026-05-28T20:26:40.000Z', ...NOTHING } } });
    expect(new Move(control.gateway.files.after('none'), '/spool/move.json', () => 0).current).toMatchObject({ leads: 'old', share: 25, since: Date.parse('2026-05-28T20:26:40.000Z') });
    expect((await control.status()).move).toMatchObject({ leads: 'old' });
  });

  it('again changes who leads and nothing else; pairs may be left out then', async () => {
    await put(order());
    control.gateway.now += 60_000;
    expect((await put({ leads: 'glitchtip', share: 30 })).body.move).toEqual({ leads: 'glitchtip', since: '2026-05-28T20:26:40.000Z', ...NOTHING, share: 30 });
    expect((await put(order('glitchtip'))).body.move).toMatchObject({ since: '2026-05-28T20:26:40.000Z', share: 25 });
  });

  it.each<[string, object, string]>([
    ['leaves out the pairs, and none are known', { leads: 'old', share: 25 }, 'pairs: expected a list, for none is known, found nothing'],
    ['says something else', { leads: 'both', share: 25 }, 'leads: expected old or glitchtip, found "both"'],
  ])('that %s is refused, and there is no move', async (_, body, detail) => {
    expect(await put(body)).toEqual({ status: 400, body: { detail } });
    expect((await control.status()).move).toBeUndefined();
  });

  it('of a table of 2,000 pairs is taken, and GET /move gives it back', async () => {
    const pairs = Array.from({ length: 2_000 }, (_, index) => ({ project: index + 1, key: KEY, old: `https://${OLD_KEY}@sentry.example.com/${index + 1}` }));
    expect((await put(order('old', { pairs }))).body.move.pairs).toBe(2_000);
    const reply = await control.ask('GET', '/move');
    expect((JSON.parse(reply.body) as MoveAnswer).pairs).toEqual(pairs);
  });

  it('that cannot be written is 500, and there is no move', async () => {
    await control.close();
    control = await RunningControl.open({ room: 20 });
    expect((await control.ask('PUT', '/move', { body: order() })).status).toBe(500);
    expect((await control.status()).move).toBeUndefined();
  });
});

describe('while it is on', () => {
  beforeEach(async () => { await put(order()); });

  it('the old one is given what came as its SDK would have, over connections that are kept', async () => {
    for (let number = 1; number <= 30; number += 1) {
      const body = `{"event_id":"${idOf(number)}"}\n{"type":"event"}\n{"message":"a"}`;
      await control.gateway.send({ path: `/api/42/envelope/?sentry_key=${OLD_KEY}`, body, headers: { 'user-agent': 'sentry.python/2.30.0', 'content-type': 'application/x-sentry-envelope' } });
    }
    await give();
    expect(given[0]).toMatchObject({
      url: '/sentry/api/42/envelope/', body: expect.stringContaining(idOf(1)),
      headers: { 'x-sentry-auth': `Sentry sentry_version=7, sentry_key=${OLD_KEY}`, 'user-agent': 'sentry.python/2.30.0', 'x-forwarded-for': '127.0.0.1', 'content-type': 'application/x-sentry-envelope' },
    });
    expect([given.length, new Set(given.map(({ connection }) => connection)).size <= 10]).toEqual([30, true]);
    expect((await control.status()).move).toMatchObject({ sent: 30, waiting: { records: 0 }, ledAt: '2026-05-28T20:26:40.000Z' });
  });

  it('a hold of GlitchTip holds nothing for the old one', async () => {
    await control.ask('PUT', '/hold', { body: { why: 'restore' } });
    await control.take(1);
    await give();
    expect([given.length, (await control.status()).records.waiting]).toEqual([1, 1]);
  });

  it('a server that is away is told, and is given what waits once it is there', async () => {
    const port = portOf(old);
    old.closeAllConnections();
    await new Promise((resolve) => old.close(resolve));
    await control.take(1, 2, 3);
    await give(() => control.gateway.moving.status?.closed !== undefined);
    expect((await control.status()).move).toMatchObject({ closed: { why: 'ECONNREFUSED' }, waiting: { records: 3, oldest: '2026-05-28T20:26:40.000Z' } });
    await new Promise<void>((resolve) => old.listen(port, '127.0.0.1', resolve));
    control.gateway.now += 60_000;
    await give();
    expect([given.length, (await control.status()).move?.closed]).toEqual([3, undefined]);
  });

  it('the metrics of it are there', async () => {
    await control.take(1);
    const { move } = await control.status();
    expect(move).toMatchObject({ waiting: { records: 1, bytes: expect.any(Number) } });
  });

  it('what was set aside and is sent again goes to GlitchTip alone', async () => {
    await control.take(1);
    await give();
    control.setAside.add({ header: { ...control.gateway.stored[0]?.header as object, id: idOf(9) } as never, body: Buffer.from('{}\n') }, { why: 'GlitchTip answered 400', attempts: 1 });
    expect((await control.ask('POST', `/records/${idOf(9)}/resend`)).status).toBe(200);
    await give();
    expect(given).toHaveLength(1);
  });
});

describe('GET /move/compare', () => {
  beforeEach(async () => { await put(order()); });
  const HOUR = '2026-05-28T20:00:00.000Z';

  it('says of each project and hour what came, and what each side has', async () => {
    await control.take(1, 2);
    await give();
    await control.give();
    control.rows.add(idOf(1));
    await control.delivery.confirm();
    expect(await compare()).toEqual({
      hours: [{ project: 1, hour: HOUR, taken: 2, stored: 1, sent: 2, lacks: { glitchtip: 0, old: 0 }, waiting: { glitchtip: 1, old: 0 }, onlyOld: 0, cut: 0 }], lacked: [], notNamed: 0,
    });
  });

  it('names what one side lacks, with why, and counts what only the old one is given', async () => {
    status = 413;
    await control.take(1);
    await give();
    await control.gateway.envelope('{}\n{"type":"session"}\n{}');
    const { hours, lacked } = await compare();
    expect(lacked).toEqual([{ project: 1, hour: HOUR, event: idOf(1), side: 'old', why: 'the old one answered 413' }]);
    expect(hours).toMatchObject([{ taken: 1, sent: 0, lacks: { old: 1 }, waiting: { old: 0 }, onlyOld: 1 }]);
  });

  it('says how many it does not name', async () => {
    status = 403;
    await control.take(...Array.from({ length: 250 }, (_, index) => index + 1));
    await give();
    const { lacked, notNamed } = await compare();
    expect([lacked.length, notNamed]).toEqual([200, 50]);
  });

  it('is of the hours that are asked for', async () => {
    await control.take(1);
    control.gateway.now += 3_600_000;
    await control.take(2);
    expect((await compare(`?from=2026-05-28T21:00:00Z`)).hours.map(({ hour }) => hour)).toEqual(['2026-05-28T21:00:00.000Z']);
    expect((await compare(`?to=2026-05-28T21:00:00Z`)).hours.map(({ hour }) => hour)).toEqual([HOUR]);
    expect((await control.ask('GET', '/move/compare?from=noon')).status).toBe(400);
  });

  it('has what another gateway of the volume counted, too', async () => {
    await control.take(1);
    control.gateway.moving.counts.write();
    const file = control.gateway.files.paths().find((path) => path.startsWith('/spool/move-counts/') && path.endsWith(' a.json')) ?? '';
    const text = control.gateway.files.contents(file);
    control.gateway.files.open(file.replace(' a.json', ' b.json')).write(0, [text]);
    expect((await compare()).hours).toMatchObject([{ taken: 2 }]);
  });
});

describe('DELETE /move', () => {
  it('lets the old one go at once, and again is nothing', async () => {
    await put(order());
    await control.take(1);
    expect((await control.ask('DELETE', '/move')).status).toBe(204);
    expect([(await control.status()).move, control.gateway.spool.segments.map((segment) => segment.left(1))]).toEqual([undefined, [0]]);
    expect((await control.ask('DELETE', '/move')).status).toBe(204);
    expect([(await control.ask('GET', '/move')).status, (await control.ask('GET', '/move/compare')).status]).toEqual([404, 404]);
    expect((await control.status()).records.waiting).toBe(1);
  });
});
