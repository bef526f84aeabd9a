// What the operator tells the gateway for a restore, by the gateway's own control port: each mode is seen when it was set, and leads to each other.
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { GatewayMode } from '../../../../../operator/core/operations/away-steps.js';
import { Sensitive } from '../../../../../operator/core/sensitive.js';
import { observeGatewayMode, setGatewayMode } from '../../../../../operator/io/gateway/gateway-mode.js';
import { RunningControl, TOKEN, idOf } from '../../../gateway/control/running-control.js';
import { specOf } from '../../operator-scenarios.js';

const never = new AbortController().signal;
const MODES: readonly GatewayMode[] = ['gives', 'holds', 'keeps'];

let control: RunningControl;
beforeEach(async () => { control = await RunningControl.open(); });
afterEach(() => control.close());

const spec = () => specOf({ gateway: { controlHost: '127.0.0.1', controlPort: (control.server.address() as AddressInfo).port } });
const set = (mode: GatewayMode, token = TOKEN) => setGatewayMode(spec(), new Sensitive(token), { mode, why: 'restore 20261129T100000Z' }, never);
const observe = (token = TOKEN) => observeGatewayMode(spec(), new Sensitive(token), never);

describe('the mode of the gateway', () => {
  it('is that it gives, at first', async () => expect(await observe()).toEqual({ kind: 'seen', value: { mode: 'gives', underWay: 0 } }));

  it.each(MODES.flatMap((from) => MODES.map((to) => [from, to] as const)))('goes from %s to %s, also when that is said twice', async (from, to) => {
    for (const mode of [from, to, to]) await set(mode);
    expect(await observe()).toMatchObject({ kind: 'seen', value: { mode: to } });
  });

  it('is another one where somebody holds it, and keeps nothing', async () => {
    await control.ask('PUT', '/hold', { body: { why: 'an upgrade' } });
    expect(await observe()).toMatchObject({ value: { mode: 'holds without keeping' } });
    await set('holds');
    expect(await observe()).toMatchObject({ value: { mode: 'holds' } });
  });

  it('says what is under way', async () => {
    await control.take(1);
    await control.give();
    expect(await observe()).toMatchObject({ value: { underWay: 1 } });
  });

  it('on the way from holds to keeps has what is kept looked for in the database that is live then', async () => {
    await control.take(1);
    await control.give();
    await set('holds');
    control.rows.add(idOf(1));
    await control.delivery.confirm();
    expect((await control.status()).keep).toMatchObject({ records: 1, unchecked: 0, why: 'restore 20261129T100000Z' });
    await set('keeps');
    expect((await control.status()).keep).toMatchObject({ records: 1, unchecked: 1 });
  });

  it('cannot be seen, and is not set, with a token that it refuses', async () => {
    expect(await observe('another')).toEqual({ kind: 'unseen', why: 'the gateway cannot be seen (it answered 401)' });
    await expect(set('holds', 'another')).rejects.toThrow('the gateway answered 401 to PUT /hold');
  });

  it('cannot be seen without a token, or without an answer', async () => {
    expect(await observeGatewayMode(spec(), undefined, never)).toEqual({ kind: 'unseen', why: 'the gateway cannot be seen (its token is not known)' });
    const nobody = specOf({ gateway: { controlHost: '127.0.0.1', controlPort: 1 } });
    expect(await observeGatewayMode(nobody, new Sensitive(TOKEN), never)).toEqual({ kind: 'unseen', why: 'the gateway cannot be seen (ECONNREFUSED)' });
  });
});
