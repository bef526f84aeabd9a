// The hold: while it is there nothing is given to GlitchTip, by whichever gateway of the volume, and its answer means that it is so.
import type { ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Hold } from '../../../../gateway/delivery/hold.js';
import { Turn } from '../../../../gateway/delivery/turn.js';
import type { FailingFiles } from '../spool/failing-files.js';
import { RunningControl, idOf } from './running-control.js';

const WHY = { body: { why: 'upgrade to 6.2' } };
const STATUS = { since: '2026-05-28T20:26:40.000Z', why: 'upgrade to 6.2' };

let control: RunningControl;
const open = async (...options: Parameters<typeof RunningControl.open>) => (control = await RunningControl.open(...options));
afterEach(() => control.close());

/** What the next gateway finds, after a power cut. */
const afterPowerCut = () => new Hold(control.gateway.files.after('none'), '/spool/hold.json', () => 0).current;

describe('while it is held', () => {
  it('events are taken and not given, and given when it ends', async () => {
    await open();
    const held = await control.ask('PUT', '/hold', WHY);
    expect([held.status, JSON.parse(held.body)]).toEqual([200, STATUS]);
    await control.take(1);
    await control.give();
    expect(await control.status()).toMatchObject({ hold: STATUS, delivers: false, records: { waiting: 1, underWay: 0 } });
    expect(control.gateway.passedOn).toEqual([]);
    expect((await control.ask('DELETE', '/hold')).status).toBe(204);
    await control.give();
    expect(await control.status()).toMatchObject({ delivers: true, records: { waiting: 0, underWay: 1 } });
    expect((await control.status()).hold).toBeUndefined();
  });

  it('rows of what was under way are looked for, so that it drains', async () => {
    await open();
    await control.take(1);
    await control.give();
    await control.ask('PUT', '/hold', WHY);
    control.rows.add(idOf(1));
    await control.delivery.confirm();
    expect((await control.status()).records).toEqual({ waiting: 0, underWay: 0, limbo: 0, resent: 0 });
  });

  it('a second request has the reason replaced, and not the time', async () => {
    await open();
    await control.ask('PUT', '/hold', WHY);
    control.now += 60_000;
    const second = await control.ask('PUT', '/hold', { body: { why: 'restore' } });
    expect(JSON.parse(second.body)).toEqual({ ...STATUS, why: 'restore' });
    expect(afterPowerCut()).toEqual({ since: Date.parse(STATUS.since), why: 'restore' });
  });

  it('a restart, or a power cut, does not end it; only its end does', async () => {
    await open();
    await control.ask('PUT', '/hold', WHY);
    expect(afterPowerCut()).toEqual({ since: Date.parse(STATUS.since), why: WHY.body.why });
    await control.ask('DELETE', '/hold');
    expect(afterPowerCut()).toBeUndefined();
    expect((await control.ask('DELETE', '/hold')).status).toBe(204);
  });

  it.each([['is no JSON', 'no'], ['is another', '{"until":"noon"}']])('a file of it that %s holds, too: somebody wanted it', async (_, text) => {
    await open();
    const file = control.gateway.files.open('/spool/hold.json');
    file.write(0, [Buffer.from(text)]);
    control.turn.look();
    expect((await control.status()).hold).toEqual({ since: STATUS.since, why: 'the file of the hold is damaged' });
    await control.ask('DELETE', '/hold');
    expect((await control.status()).hold).toBeUndefined();
  });
});

describe('with "keep": true', () => {
  const KEEP = { body: { why: 'restore of 20261129T023000Z', keep: true } };
  const keepOf = async () => (await control.status()).keep;
  const look = () => control.delivery.confirm();

  it('what is seen in Postgres from then on is kept, and let go when that ends', async () => {
    await open();
    await control.take(1, 2);
    await control.give();
    expect((await control.ask('PUT', '/hold', KEEP)).status).toBe(200);
    control.rows.add(idOf(1));
    await look();
    expect(await keepOf()).toEqual({ since: STATUS.since, why: KEEP.body.why, records: 1, bytes: expect.any(Number), unchecked: 0, dropped: 0 });
    expect(await control.status()).toMatchObject({ records: { waiting: 0, underWay: 1, limbo: 0 } });
    expect((await control.records('?state=kept')).map(({ events, state }) => [events, state])).toEqual([[[idOf(1)], 'kept']]);
    expect((await control.ask('DELETE', '/keep')).status).toBe(409);
    await control.ask('DELETE', '/hold');
    expect(await keepOf()).toMatchObject({ records: 1, unchecked: 1 });
    await look();
    expect(await keepOf()).toMatchObject({ records: 1, unchecked: 0 });
    expect((await control.ask('DELETE', '/keep')).status).toBe(204);
    await look();
    expect(await keepOf()).toBeUndefined();
    expect(await control.records()).toHaveLength(1);
  });

  it('what the database lacks after it is looked for again, and is not given while that is not certain', async () => {
    await open();
    await control.take(1);
    await control.give();
    await control.ask('PUT', '/hold', KEEP);
    control.rows.add(idOf(1));
    await look();
    control.rows.clear();
    await control.ask('DELETE', '/hold');
    await look();
    expect(await control.status()).toMatchObject({ records: { waiting: 0, underWay: 0, limbo: 1 }, keep: { records: 0 } });
    control.now += 302_000;
    control.workerStart.tell(control.now);
    for (let time = 0; time < 2; time += 1) {
      await control.delivery.judge();
      await control.give();
    }
    expect((await control.records()).map(({ state, attempts }) => [state, attempts])).toEqual([['under-way', 2]]);
  });

  it('an end of a hold that is none begins nothing anew', async () => {
    await open();
    await control.ask('PUT', '/hold', KEEP);
    for (let time = 0; time < 3; time += 1) await control.ask('DELETE', '/hold');
    expect(control.keep.look().round).toBe(2);
  });

  it('a hold without it goes on keeping what another wanted kept', async () => {
    await open();
    await control.ask('PUT', '/hold', KEEP);
    await control.ask('PUT', '/hold', WHY);
    expect(await keepOf()).toMatchObject({ why: KEEP.body.why });
  });

  it.each([['yes', '"yes"'], [1, '1']])('%j is refused, and nothing is held', async (keep, found) => {
    await open();
    const { status, body } = await control.ask('PUT', '/hold', { body: { why: 'restore', keep } });
    expect([status, JSON.parse(body)]).toEqual([400, { detail: `keep: expected true or false, found ${found}` }]);
    expect((await control.status()).hold).toBeUndefined();
  });
});

describe('it is answered', () => {
  /** A GlitchTip that answers when the test says so. */
  const openSlow = async () => {
    const arrived: ServerResponse[] = [];
    await open({ answer: (_, response) => void arrived.push(response) });
    await control.take(1);
    const giving = control.give();
    while (arrived.length === 0) await setImmediate();
    return { answer: () => arrived[0]?.end(), giving };
  };

  it('when it is durable and the last request to GlitchTip was answered, and not before', async () => {
    const { answer, giving } = await openSlow();
    const order: string[] = [];
    const held = control.ask('PUT', '/hold', WHY).then(({ status }) => order.push(`held ${status}`));
    while (!afterPowerCut()) await setImmediate();
    // An answer that came too early would be there before this one.
    expect(await control.status()).toMatchObject({ hold: STATUS, records: { underWay: 1 } });
    order.push('GlitchTip answers');
    answer();
    await Promise.all([held, giving]);
    expect(order).toEqual(['GlitchTip answers', 'held 200']);
  });

  it('with 409 when somebody ended it before that', async () => {
    const { answer, giving } = await openSlow();
    const held = control.ask('PUT', '/hold', WHY);
    while (!afterPowerCut()) await setImmediate();
    await control.ask('DELETE', '/hold');
    answer();
    await giving;
    expect((await held).status).toBe(409);
  });

  it('with 500 when it cannot be written, and nothing is held then', async () => {
    await open({ room: 20 });
    expect((await control.ask('PUT', '/hold', WHY)).status).toBe(500);
    expect((await control.status()).hold).toBeUndefined();
  });
});

describe('of two gateways on a volume', () => {
  const another = (files: FailingFiles) => new Turn({ hold: new Hold(files, '/spool/hold.json', () => control.now), tryToDeliver: () => control.locks.tryLock('/spool/delivery.lock') });

  it('either may be asked: it answers when the other does not give any more', async () => {
    await open();
    const other = another(control.gateway.files);
    other.look();
    let finish = (): void => undefined;
    const giving = other.give(() => new Promise((resolve) => { finish = resolve; }));
    let isHeld = false;
    const held = control.ask('PUT', '/hold', WHY).then(() => (isHeld = true));
    while (!control.hold.current) await setImmediate();
    other.look();
    await control.status();
    expect([isHeld, other.isOurs]).toEqual([false, false]);
    finish();
    await giving;
    other.look();
    await held;
    expect(await control.status()).toMatchObject({ hold: STATUS, delivers: false });
  });

  it('only one gives, and none while it is held, whoever looks first', async () => {
    await open();
    const other = another(control.gateway.files);
    for (const turn of [control.turn, other]) turn.look();
    expect([control.turn.isOurs, other.isOurs]).toEqual([true, false]);
    await control.ask('PUT', '/hold', WHY);
    for (const turn of [other, control.turn, other]) turn.look();
    expect([control.turn.isOurs, other.isOurs]).toEqual([false, false]);
    await control.ask('DELETE', '/hold');
    for (const turn of [other, control.turn]) turn.look();
    expect([control.turn.isOurs, other.isOurs]).toEqual([false, true]);
  });

  it('one that got the lock while the other began the hold gives it back', async () => {
    await open();
    const hold = new Hold(control.gateway.files, '/spool/hold.json', () => control.now);
    // Between its look at the hold and its try of the lock.
    const other = new Turn({ hold, tryToDeliver: () => { control.hold.begin('now'); return control.locks.tryLock('/spool/delivery.lock'); } });
    other.look();
    expect([other.isOurs, control.locks.tryLock('/spool/delivery.lock') !== undefined]).toEqual([false, true]);
  });
});
