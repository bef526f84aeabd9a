// What comes while a move is on: by the old project and key or by the new ones, GlitchTip is given what it keeps, and the old Sentry what came.
import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readMoveOrder, type MoveOrder } from '../../../../gateway/core/move-order.js';
import { OLD_SENTRY } from '../../../../gateway/spool/destination-numbers.js';
import { KEY, NEW, RunningGateway, type GatewayOptions, type Reply, type StoredRecord } from './running-gateway.js';

const OLD_KEY = '0123456789abcdef0123456789abcdef';
const OLD_DSN = `https://${OLD_KEY}@sentry.example.com/42`;
const EVENT = `{"event_id":"${NEW}","message":"a"}`;
const ENVELOPE = `{"event_id":"${NEW}"}\n{"type":"event"}\n${EVENT}`;
const ATTACHED = `${ENVELOPE}\n{"type":"attachment","length":4}\nfile`;

let gateway: RunningGateway;
const open = async (options: GatewayOptions = {}, old = OLD_DSN): Promise<void> => {
  gateway = await RunningGateway.open(options);
  gateway.moving.put(readMoveOrder({ leads: 'old', share: 25, pairs: [{ project: 1, key: KEY, old }] }) as MoveOrder);
};
beforeEach(() => open());
afterEach(() => gateway.close());

const byOld = (body: Buffer | string, headers: Readonly<Record<string, string>> = {}, path = '/api/42/envelope/'): Promise<Reply> => gateway.send({ path: `${path}?sentry_key=${OLD_KEY}`, headers, body });
const text = ({ header, body }: StoredRecord) => (header.encoding === 'gzip' ? gunzipSync(body) : body).toString();
const both = () => ({ glitchtip: gateway.stored.map(text), old: gateway.storedFor(OLD_SENTRY).map(text) });
const MOVE = { since: 1_780_000_000_000, project: 42, key: OLD_KEY, types: ['event'] };

describe('an event', () => {
  it("by the old one's project and key is the new project's, and one record is for both", async () => {
    expect(await byOld(ENVELOPE)).toMatchObject({ status: 200, body: `{"id":"${NEW}"}` });
    expect(both()).toEqual({ glitchtip: [ENVELOPE], old: [ENVELOPE] });
    expect(gateway.spool.segments.flatMap((segment) => [...segment.steps()])).toHaveLength(1);
    expect(gateway.stored[0]?.header).toMatchObject({ project: 1, key: KEY, events: [{ type: 'event', id: NEW }], move: MOVE });
    expect(gateway.counts).toEqual([{ kind: 'taken', project: 1, events: 1, bytes: ENVELOPE.length }]);
  });

  it("by the new project and key is for the old one, too", async () => {
    expect((await gateway.envelope(ENVELOPE)).status).toBe(200);
    expect([both(), gateway.storedFor(OLD_SENTRY)[0]?.header.move]).toEqual([{ glitchtip: [ENVELOPE], old: [ENVELOPE] }, MOVE]);
  });

  it.each(['store', 'envelope'])('of %s that came packed is packed for both', async (kind) => {
    const body = kind === 'store' ? EVENT : ENVELOPE;
    expect((await byOld(gzipSync(body), { 'content-encoding': 'gzip' }, `/api/42/${kind}/`)).status).toBe(200);
    expect(both()).toEqual({ glitchtip: [body], old: [body] });
  });

  it('of a project that is not moved is for GlitchTip alone', async () => {
    gateway.verdict = 'known';
    expect((await gateway.send({ path: `/api/2/envelope/?sentry_key=${KEY}`, body: ENVELOPE })).status).toBe(200);
    expect(both()).toEqual({ glitchtip: [ENVELOPE], old: [] });
    expect(gateway.stored[0]?.header.move).toBeUndefined();
  });

  it('after the end of the move is for GlitchTip alone, and the old project is unknown', async () => {
    gateway.moving.end();
    expect([(await gateway.envelope(ENVELOPE)).status, (await byOld(ENVELOPE)).status]).toEqual([200, 403]);
    expect(both()).toEqual({ glitchtip: [ENVELOPE], old: [] });
  });

  it('by a key of the old one that GlitchTip would take for none is taken', async () => {
    await gateway.close();
    await open({}, 'https://public-key@sentry.example.com/42');
    expect((await gateway.send({ path: '/api/42/envelope/?sentry_key=public-key', body: ENVELOPE })).status).toBe(200);
    expect(gateway.storedFor(OLD_SENTRY)[0]?.header.move?.key).toBe('public-key');
  });

  it('by a pair of the table is taken while keys cannot be looked up, and refused when GlitchTip has it no more', async () => {
    gateway.verdict = 'unchecked';
    expect((await byOld(ENVELOPE)).status).toBe(200);
    gateway.verdict = 'unknown';
    expect((await byOld(ENVELOPE)).status).toBe(403);
  });
});

describe('the old Sentry is given what came', () => {
  it('with what GlitchTip keeps nothing of', async () => {
    await byOld(ATTACHED);
    expect(both()).toEqual({ glitchtip: [`{"event_id":"${NEW}"}\n{"type":"event","length":${EVENT.length}}\n${EVENT}\n`], old: [ATTACHED] });
    expect(gateway.storedFor(OLD_SENTRY)[0]?.header.move?.types).toEqual(['event', 'attachment']);
  });

  it.each([['{}\n{"type":"session"}\n{}', ['session']], ['{}\n{"type":"check_in"}\n{}', ['check_in']]])('alone of what GlitchTip would forget: %j', async (body, types) => {
    expect(await byOld(body)).toMatchObject({ status: 200, body: '{}' });
    expect([both(), gateway.storedFor(OLD_SENTRY)[0]?.header.move?.types]).toEqual([{ glitchtip: [], old: [body] }, types]);
  });

  it.each([
    ['is no envelope', 'no\n', 400],
    ['is larger than GlitchTip can hold, once unpacked', `{}\n{"type":"event"}\n"${'x'.repeat(2_600_000)}"`, 413],
  ])('of what GlitchTip would refuse, for it %s; the answer is the refusal', async (_, body, status) => {
    const packed = gzipSync(body);
    expect((await byOld(packed, { 'content-encoding': 'gzip' })).status).toBe(status);
    expect(gateway.storedFor(OLD_SENTRY).map(text)).toEqual([body]);
    expect(gateway.stored).toEqual([]);
  });

  it('as it was where GlitchTip is given something else: what it could not store', async () => {
    const body = `{"event_id":"${NEW}"}\n{"type":"event"}\n{"event_id":"${NEW}","message":"\\u0000"}`;
    await byOld(body);
    expect(both().old).toEqual([body]);
    expect(both().glitchtip).not.toEqual([body]);
  });

  it('up to 2 MiB; beyond, what GlitchTip is given, and that is counted', async () => {
    const large = `${ENVELOPE}\n{"type":"attachment","length":3000000}\n${'x'.repeat(3_000_000)}`;
    expect((await byOld(large)).status).toBe(200);
    const [given] = both().glitchtip;
    expect(both().old).toEqual([given]);
    expect(gateway.moving.counts.read(MOVE.since, 0, Number.MAX_SAFE_INTEGER)[0]?.counts.projects['1']).toMatchObject({ taken: 1, cut: 1 });
  });

  it('also when it is larger than what is unpacked at once, and comes in pieces', async () => {
    const payload = randomBytes(300_000).toString('hex');
    const body = `${ENVELOPE}\n{"type":"attachment","length":${payload.length}}\n${payload}`;
    const pieces = Array.from({ length: 7 }, (_, index) => Buffer.from(body.slice(index * 100_000, (index + 1) * 100_000)));
    expect((await gateway.send({ path: `/api/42/envelope/?sentry_key=${OLD_KEY}`, body: pieces })).status).toBe(200);
    expect(both().old).toEqual([body]);
  });
});

describe('a copy for the old Sentry, whose address leads here,', () => {
  it.each([['by the old pair', 42, OLD_KEY], ['by the new one', 1, KEY]])('is for nobody a second time: %s', async (_, project, key) => {
    const path = `/api/${project}/envelope/?sentry_key=${key}`;
    expect((await gateway.send({ path, headers: { 'x-glitchkeeper-copy': String(MOVE.since) }, body: ENVELOPE })).status).toBe(508);
    expect([both(), gateway.counts.map(({ kind }) => kind)]).toEqual([{ glitchtip: [], old: [] }, ['refused']]);
  });

  it("is taken where it is another gateway's: that one moves from this GlitchTip", async () => {
    expect((await byOld(ENVELOPE, { 'x-glitchkeeper-copy': '1770000000000' })).status).toBe(200);
    expect(both()).toEqual({ glitchtip: [ENVELOPE], old: [ENVELOPE] });
  });

  it('is an event like another when the move has ended', async () => {
    gateway.moving.end();
    expect((await gateway.envelope(ENVELOPE, { 'x-glitchkeeper-copy': String(MOVE.since) })).status).toBe(200);
  });
});

describe('an endpoint that GlitchTip has not', () => {
  it("is the old one's alone, for its project and key", async () => {
    expect((await byOld('MDMP', {}, '/api/42/minidump/')).status).toBe(200);
    expect(both()).toEqual({ glitchtip: [], old: ['MDMP'] });
    expect(gateway.storedFor(OLD_SENTRY)[0]?.header).toMatchObject({ kind: 'minidump', move: { types: ['minidump'] } });
  });

  it('is passed on to GlitchTip for others', async () => {
    await gateway.send({ path: `/api/2/minidump/?sentry_key=${KEY}`, body: 'MDMP' });
    expect(gateway.passedOn.map(({ url }) => url)).toEqual([`/api/2/minidump/?sentry_key=${KEY}`]);
  });
});

it('a body that says nothing is for nobody, and is not counted', async () => {
  expect((await byOld('')).status).toBe(400);
  expect([both(), gateway.moving.counts.read(MOVE.since, 0, Number.MAX_SAFE_INTEGER)]).toEqual([{ glitchtip: [], old: [] }, []]);
});

describe('an envelope that names a DSN', () => {
  const named = (dsn: string, header = '') => `{"event_id":"${NEW}","dsn":"${dsn}"${header}}\n{"type":"event"}\n${EVENT}`;
  const dsnOf = (envelope: string | undefined) => (JSON.parse((envelope ?? '').split('\n')[0] ?? '') as { dsn: string }).dsn;
  const OURS = `https://${KEY}@gateway.example.com/1`;

  it.each([
    ['the old one, at our host', `https://${OLD_KEY}@gateway.example.com/42`, OURS],
    ['the old one, at its own', OLD_DSN, `https://${KEY}@sentry.example.com/1`],
  ])("%s names ours for GlitchTip and the old one's for the old one", async (_, dsn, ours) => {
    await byOld(named(dsn));
    expect([both().glitchtip.map(dsnOf), both().old.map(dsnOf)]).toEqual([[ours], [OLD_DSN]]);
  });

  it.each([['plain', false], ['packed', true]])("and comes by the new project, %s, names the old one's for the old one, and is the same behind it", async (_, isPacked) => {
    const body = named(OURS, `,"pad":"${'x'.repeat(5_000)}"`);
    expect((await gateway.envelope(isPacked ? gzipSync(body) : body, isPacked ? { 'content-encoding': 'gzip' } : {})).status).toBe(200);
    const { glitchtip, old } = both();
    expect([glitchtip, old.map(dsnOf), old.map((each) => each.split('\n').slice(1))]).toEqual([[body], [OLD_DSN], [body.split('\n').slice(1)]]);
  });
});

describe('a spool that is full', () => {
  it('takes nothing for either, and says so', async () => {
    await gateway.close();
    await open({ maxBytes: 1_500 });
    const statuses: number[] = [];
    for (let count = 0; count < 5; count += 1) statuses.push((await byOld(ATTACHED)).status);
    expect(statuses.at(-1)).toBe(429);
    expect(gateway.storedFor(OLD_SENTRY)).toHaveLength(statuses.filter((status) => status === 200).length);
  });
});
