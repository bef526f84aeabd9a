// Records for a person: shown, sent again, dropped; nothing is lost by a crash in between.
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Records } from '../../../../gateway/control/records.js';
import { encodeHeader } from '../../../../gateway/core/record.js';
import { SetAside } from '../../../../gateway/delivery/set-aside.js';
import { Spool } from '../../../../gateway/spool/spool.js';
import { Crash, FailingFiles, type Aftermath, type Cut } from '../spool/failing-files.js';
import { RunningControl, idOf } from './running-control.js';

/** More than a test sets aside. */
const ROOM = { records: 100, bytes: 2 ** 20 };

let control: RunningControl;
beforeEach(async () => { control = await RunningControl.open(); });
afterEach(() => control.close());

const summary = async (query?: string) => (await control.records(query)).map(({ state, events }) => `${state} ${(events ?? []).map((id) => Number(`0x${id}`)).join()}`);

describe('the list', () => {
  it('has what was set aside, with the reason', async () => {
    control.putAside(1);
    expect(await control.records()).toEqual([{
      id: idOf(1), project: 1, kind: 'envelope', receivedAt: '2026-05-28T20:25:01.000Z', size: 87, events: [idOf(1)], state: 'set-aside', attempts: 3,
      why: 'GlitchTip answered 400', setAsideAt: '2026-05-28T20:26:40.000Z',
    }]);
  });

  it('has what is in the spool, in its state', async () => {
    await control.take(1);
    await control.give();
    await control.take(2);
    expect(await control.records()).toMatchObject([{ state: 'under-way', attempts: 1, events: [idOf(1)], kind: 'envelope', project: 1 }, { state: 'waiting', attempts: 0, events: [idOf(2)] }]);
  });

  it('knows what an earlier process gave', async () => {
    await control.take(1, 2);
    control.gateway.spool.mark([{ place: placeOf(control.gateway.spool), kind: 'sent', destination: 0, at: 1_780_000_000, attempts: 2 }], true);
    expect(await control.records()).toMatchObject([{ state: 'limbo', attempts: 2 }, { state: 'waiting', attempts: 0 }]);
  });

  it('leaves out what GlitchTip has stored', async () => {
    await control.take(1, 2);
    await control.give();
    control.rows.add(idOf(1));
    await control.delivery.confirm();
    expect(await summary()).toEqual(['under-way 2']);
  });

  it.each<[string, string, string[]]>([
    ['everything, the newest last', '', ['set-aside 3', 'set-aside 4', 'set-aside 5', 'waiting 1', 'waiting 2']],
    ['one state', '?state=waiting', ['waiting 1', 'waiting 2']],
    ['the oldest so many', '?limit=2', ['set-aside 3', 'set-aside 4']],
    ['the oldest so many of all', '?limit=4', ['set-aside 3', 'set-aside 4', 'set-aside 5', 'waiting 1']],
    ['one project', '?project=2', []],
    ['a state in which there is none', '?state=limbo&project=1', []],
  ])('has %s', async (_, query, expected) => {
    for (const number of [5, 3, 4]) control.putAside(number);
    await control.take(1, 2);
    expect(await summary(query)).toEqual(expected);
  });

  it('lets the gateway take events while it looks at many', async () => {
    let pauses = 0;
    const records = recordsOf(control.gateway.files, control.gateway.spool, () => Promise.resolve(void (pauses += 1)));
    const header = encodeHeader({ id: idOf(1), receivedAt: 0, project: 1, key: 'k', kind: 'envelope', events: [], size: 0 });
    await Promise.all(Array.from({ length: 450 }, () => control.gateway.spool.append(header, Buffer.alloc(0))));
    const found: string[] = [];
    for await (const { id } of records.list({ limit: 1_000 })) found.push(id);
    expect([found.length, pauses]).toEqual([450, 4]);
  });
});

describe('a record', () => {
  const show = async (id: string) => {
    const { status, body } = await control.ask('GET', `/records/${id}`);
    const end = body.indexOf('\n');
    return { status, head: JSON.parse(body.slice(0, end)) as Record<string, unknown>, body: body.slice(end + 1) };
  };

  it('that was set aside is shown with its headers and its body', async () => {
    const { status, head, body } = await show(control.putAside(1));
    expect([status, head]).toEqual([200, expect.objectContaining({ id: idOf(1), state: 'set-aside', why: 'GlitchTip answered 400', attempts: 3, userAgent: 'sdk/1', key: 'abcdefabcdefabcdefabcdefabcdefab' })]);
    expect(body).toContain('"message":"event 1"');
  });

  it('of the spool is shown unpacked', async () => {
    const envelope = `{}\n{"type":"event"}\n${JSON.stringify({ event_id: idOf(1), message: 'x'.repeat(100_000) })}`;
    await control.gateway.envelope(gzipSync(envelope), { 'content-encoding': 'gzip', 'user-agent': 'sdk/2' });
    const [record] = await control.records();
    expect(await show(record?.id ?? '')).toMatchObject({ status: 200, head: { state: 'waiting', userAgent: 'sdk/2', client: '127.0.0.1' }, body: envelope });
  });

  it('that there is not is 404', async () => {
    expect(await control.ask('GET', `/records/${idOf(9)}`)).toMatchObject({ status: 404, body: expect.stringContaining(`there is no record ${idOf(9)}`) });
  });
});

describe('a record that was set aside', () => {
  it('is sent again as one that has just come, and is gone from there', async () => {
    const id = control.putAside(1);
    const reply = await control.ask('POST', `/records/${id}/resend`);
    expect([reply.status, JSON.parse(reply.body)]).toEqual([200, { id, project: 1, kind: 'envelope', receivedAt: '2026-05-28T20:26:40.000Z', size: 87, events: [id], state: 'waiting', attempts: 0 }]);
    expect([control.setAside.ids(), await summary()]).toEqual([[], ['waiting 1']]);
    await control.give();
    expect(control.gateway.passedOn.map(({ body }) => body)).toEqual([expect.stringContaining('"message":"event 1"')]);
  });

  it('is sent again once, however often that is asked for at a time', async () => {
    const id = control.putAside(1);
    const replies = await Promise.all([1, 2, 3].map(() => control.ask('POST', `/records/${id}/resend`)));
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await summary()).toEqual(['waiting 1']);
  });

  it('stays where it is when the spool has no room for it', async () => {
    await control.close();
    control = await RunningControl.open({ maxBytes: 300 });
    const id = control.putAside(1);
    expect(await control.ask('POST', `/records/${id}/resend`)).toMatchObject({ status: 503, body: expect.stringContaining('the spool holds 0 of 300 bytes') });
    expect(await summary()).toEqual(['set-aside 1']);
  });

  it('is dropped with an answer that says what it was', async () => {
    const id = control.putAside(1);
    control.putAside(2);
    const reply = await control.ask('DELETE', `/records/${id}`);
    expect([reply.status, JSON.parse(reply.body)]).toEqual([200, expect.objectContaining({ id, state: 'set-aside', events: [id] })]);
    expect(new SetAside(control.gateway.files.after('none'), '/spool/set-aside', () => 0, ROOM).ids()).toEqual([idOf(2)]);
  });

  it.each([['POST', '/resend'], ['DELETE', '']])('%s /records/ID%s is for these alone: what is in the spool is 404, and stays', async (method, rest) => {
    await control.take(1);
    const [record] = await control.records();
    expect((await control.ask(method, `/records/${record?.id ?? ''}${rest}`)).status).toBe(404);
    expect(await summary()).toEqual(['waiting 1']);
  });

  it('whose file is damaged is listed as that, cannot be sent again, and can be dropped', async () => {
    const id = control.putAside(1);
    control.gateway.files.damage(`/spool/set-aside/${id}.record`, (bytes) => bytes.subarray(20));
    expect(await control.records()).toEqual([{ id, state: 'set-aside', why: 'its file is damaged' }]);
    expect((await control.ask('POST', `/records/${id}/resend`)).status).toBe(409);
    expect((await control.ask('GET', `/records/${id}`)).status).toBe(404);
    expect((await control.ask('DELETE', `/records/${id}`)).status).toBe(200);
    expect(control.setAside.ids()).toEqual([]);
  });
});

describe('a place of the spool that cannot be read', () => {
  const WHY = '5 bytes of the spool that cannot be read: the disk, or what wrote to it, is damaged';
  const place = { segment: 1, offset: 100, bytes: 5, content: () => Buffer.from('GKR1?') };

  it('is set aside as it is, once however often it is found, told, and can only be dropped', async () => {
    control.damaged.add(place);
    control.damaged.add(place);
    const [line, ...others] = await control.records('?state=set-aside');
    expect([line, others]).toMatchObject([{ state: 'set-aside', why: WHY, setAsideAt: '2026-05-28T20:26:40.000Z' }, []]);
    const { id = '' } = line ?? {};
    expect(control.gateway.files.contents(`/spool/set-aside/${id}.record`).toString()).toMatch(/}\nGKR1\?$/);
    expect(await control.status()).toMatchObject({ damaged: 2, setAside: 1 });
    expect(await control.ask('POST', `/records/${id}/resend`)).toMatchObject({ status: 409, body: expect.stringContaining(WHY) });
    expect((await control.ask('DELETE', `/records/${id}`)).status).toBe(200);
    expect(control.setAside.ids()).toEqual([]);
  });

  it('that cannot be set aside is told, and stops nothing', () => {
    control.damaged.add({ ...place, content: () => { throw new Error('EIO'); } });
    expect([control.damaged.count, control.logged.at(-1)]).toEqual([1, 'a part of the spool that cannot be read could not be set aside']);
  });
});

describe('a crash while a record is sent again', () => {
  const ID = idOf(1);

  async function resend(files: FailingFiles): Promise<void> {
    try {
      const spool = openSpool(files);
      new SetAside(files, '/spool/set-aside', () => 0, ROOM).add(
        { header: { id: ID, receivedAt: 0, project: 1, key: 'k', kind: 'envelope', events: [], size: 4 }, body: Buffer.from('body') }, { why: 'refused', attempts: 1 },
      );
      asideAt = files.calls;
      await recordsOf(files, spool).resend(ID);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
  }
  let asideAt = 0;

  it.each((['before', 'middle', 'after'] as const).flatMap((cut: Cut) => (['kill', 'none'] as const).map((aftermath: Aftermath) => [cut, aftermath] as const)))('at each of its calls (%s it; then %s) leaves it set aside or in the spool, whole', async (cut, aftermath) => {
    const whole = new FailingFiles();
    await resend(whole);
    const first = asideAt;
    expect(whole.calls).toBeGreaterThan(first + 5);
    for (let at = first; at < whole.calls; at += 1) {
      const files = new FailingFiles({ at, cut });
      await resend(files);
      const left = files.after(aftermath);
      const aside = new SetAside(left, '/spool/set-aside', () => 0, ROOM).read(ID);
      const spool = openSpool(left);
      const read = spool.read(spool.start);
      const bodies = [aside && 'body' in aside ? aside.body : undefined, read.kind === 'record' ? spool.body(read.place) : undefined];
      expect({ at, found: bodies.some((body) => body?.toString() === 'body') }).toEqual({ at, found: true });
    }
  });
});

function openSpool(files: FailingFiles): Spool {
  return Spool.open({ files, folder: '/spool/a', maxBytes: 2 ** 20, destinations: [0], defer: (write) => queueMicrotask(write), onDamage: () => undefined });
}

function recordsOf(files: FailingFiles, spool: Spool, pause: () => Promise<void> = () => Promise.resolve()): Records {
  return new Records({ spool, destination: 0, delivery: { entry: () => undefined }, setAside: new SetAside(files, '/spool/set-aside', () => 0, ROOM), now: () => 0, pause });
}

function placeOf(spool: Spool) {
  const read = spool.read(spool.start);
  if (read.kind !== 'record') throw new Error('the spool is empty');
  return read.place;
}
