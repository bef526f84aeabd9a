// `glitchkeeper spool` against a gateway's own control port, through a kubectl that forwards to it.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RunningControl, TOKEN, idOf } from '../../gateway/control/running-control.js';
import { portOf } from '../../gateway/front/running-gateway.js';
import { fakeKubectl, forwarder, type FakeKubectl } from '../fake-kubectl.js';
import { runCli } from '../running-command.js';

let kubectl: FakeKubectl;
let control: RunningControl;
const secret = (data: object) => JSON.stringify({ data });
const base64 = (text: string) => Buffer.from(text).toString('base64');

beforeEach(async () => {
  control = await RunningControl.open();
  kubectl = fakeKubectl();
  kubectl.prepare('kind:secret', secret({ 'control-token': base64(TOKEN) }));
  kubectl.prepare('forward', forwarder(portOf(control.server)));
});
afterEach(async () => {
  kubectl.remove();
  await control.close();
});

describe('spool', () => {
  it('shows what the gateway holds, and asks for it by port-forward with the token of the Secret', async () => {
    await control.take(1, 2);
    const { code, printed } = await runCli(['spool', '-n', 'errors', '--context', 'prod']);
    expect([code, printed]).toEqual([0, expect.stringMatching(/^gateway gateway-1, started .*: gives nothing: another gateway does, or it has just started\nspool .* \d+ of 64Mi \(0 %\)\noldest .*\nwaiting +2\nunder way +0, at most 128Ki\n/)]);
    expect(kubectl.calls()).toEqual([
      '--context prod get secret glitchtip-gateway --output json --namespace errors --request-timeout=15s',
      '--context prod port-forward --namespace errors --address 127.0.0.1 service/gateway-control :9465',
    ]);
  });

  it('never prints the token', async () => {
    control.putAside(1);
    for (const args of [['spool'], ['spool', '--json'], ['spool', 'list'], ['spool', 'show', idOf(1), '--json']]) {
      const { printed, notes } = await runCli(args);
      expect(printed + notes).not.toContain(TOKEN);
    }
    expect(kubectl.calls().join('\n')).not.toContain(TOKEN);
  });

  it('is the status of the gateway for a program', async () => {
    const { code, json } = await runCli(['spool', '--json']);
    expect([code, json]).toEqual([0, [await control.status()]]);
  });

  it.each<[string, () => void, string]>([
    ['that no gateway runs there', () => kubectl.prepare('kind:secret', { error: 'Error from server (NotFound): secrets "glitchtip-gateway" not found' }), 'there is no Secret glitchtip-gateway in namespace "glitchtip"'],
    ['that the Secret has no token', () => kubectl.prepare('kind:secret', secret({ password: base64('x') })), 'Secret glitchtip-gateway: expected a key control-token, found password'],
    ['that the token is another one', () => { control.token = 'the-next-one'; }, 'gateway gateway-1 does not take the token'],
    ['that no pod of it is ready', () => kubectl.prepare('forward', 'console.error("error: unable to forward port because pod is not running. Current status=Pending"); process.exit(1);'), 'pod is not running. Current status=Pending'],
    ['that there is no Service', () => kubectl.prepare('forward', 'console.error(\'Error from server (NotFound): services "gateway-control" not found\'); process.exit(1);'), 'services "gateway-control" not found'],
    ['that it does not answer', () => kubectl.prepare('forward', forwarder(1)), 'the gateway does not answer'],
  ])('exits with 2 and says %s', async (_, breakIt, message) => {
    breakIt();
    expect(await runCli(['spool'])).toMatchObject({ code: 2, printed: '', notes: expect.stringContaining(message) });
  });
});

describe('spool list', () => {
  it('is a table, and says who answered', async () => {
    control.putAside(1);
    await control.take(2);
    const { code, printed, notes } = await runCli(['spool', 'list']);
    expect([code, notes]).toEqual([0, '2 in all; gateway gateway-1 answered']);
    expect(printed).toMatch(new RegExp(`│ ${idOf(1)} │ set-aside │ .* │ 1 +│ 1 +│ 87 +│ 3 times │ GlitchTip answered 400 +│\n.*│ waiting +│`));
  });

  it('says when there is more than it shows', async () => {
    for (const number of [1, 2, 3]) control.putAside(number);
    const { json } = await runCli(['spool', 'list', '--limit', '2', '--json']);
    expect(json).toMatchObject([{ gateway: 'gateway-1', hasMore: true, records: [{ id: idOf(1) }, { id: idOf(2) }] }]);
    expect((await runCli(['spool', 'list', '--limit', '3', '--json'])).json).toMatchObject([{ hasMore: false }]);
  });

  it('has only what was asked for', async () => {
    control.putAside(1);
    await control.take(2);
    expect((await runCli(['spool', 'list', '--state', 'waiting', '--project', '1', '--json'])).json).toMatchObject([{ records: [{ events: [idOf(2)], state: 'waiting' }] }]);
    expect(await runCli(['spool', 'list', '--state', 'limbo'])).toMatchObject({ code: 0, printed: 'no such record' });
  });

  it.each([
    [['--state', 'lost'], 'Allowed choices are set-aside, waiting, under-way, limbo, kept'],
    [['--project', 'one'], '--project: expected a whole number'], [['--limit', '1000'], '--limit: expected a whole number from 1 to 999, found "1000"'],
  ])('refuses %s', async (args, message) => {
    expect(await runCli(['spool', 'list', ...args, '--json'])).toMatchObject({ code: 2, json: [{ error: { kind: 'usage', message: expect.stringContaining(message) } }] });
  });
});

describe('spool show', () => {
  it('shows where a record came from, and what is in it', async () => {
    const { code, printed } = await runCli(['spool', 'show', control.putAside(1)]);
    expect([code, printed]).toEqual([0, expect.stringMatching(/record +0{31}1\nstate +set-aside: GlitchTip answered 400\n[^]*user agent +sdk\/1\n\nevent 1\n +id +0{31}1\n\n\(gateway gateway-1 answered/)]);
  });

  it('takes an id as GlitchTip writes it, and has the whole body for a program', async () => {
    control.putAside(1);
    const { json } = await runCli(['spool', 'show', '00000000-0000-0000-0000-000000000001', '--json']);
    expect(json).toEqual([{ gateway: 'gateway-1', record: expect.objectContaining({ id: idOf(1), userAgent: 'sdk/1' }), body: `{}\n{"type":"event"}\n{"event_id":"${idOf(1)}","message":"event 1"}` }]);
  });

  it('has a body that is no text as base64', async () => {
    control.setAside.add({ header: { id: idOf(1), receivedAt: 0, project: 1, key: 'k', kind: 'minidump', events: [], size: 4 }, body: Buffer.from('4d444d50ff', 'hex') }, { why: 'x', attempts: 1 });
    expect((await runCli(['spool', 'show', idOf(1), '--json'])).json).toMatchObject([{ bodyBase64: 'TURNUP8=' }]);
    expect((await runCli(['spool', 'show', idOf(1)])).printed).toContain('5 bytes that are no JSON');
  });

  it.each([[idOf(9), `there is no record ${idOf(9)}`], ['../hold', 'ID: expected 32 hexadecimal digits, as "glitchkeeper spool list" shows them, found "../hold"']])('exits with 2 for %s', async (id, message) => {
    expect(await runCli(['spool', 'show', id])).toMatchObject({ code: 2, notes: expect.stringContaining(message) });
  });
});

describe('spool resend', () => {
  it('gives one back to the spool', async () => {
    control.putAside(1);
    control.putAside(2);
    expect(await runCli(['spool', 'resend', idOf(1)])).toMatchObject({ code: 0, notes: '1 sent again; gateway gateway-1 answered' });
    expect([control.setAside.ids(), (await control.status()).records.waiting]).toEqual([[idOf(2)], 1]);
  });

  it('gives all back, each once, and says which it could not', async () => {
    for (const number of [1, 2, 3]) control.putAside(number);
    control.gateway.files.damage(`/spool/set-aside/${idOf(2)}.record`, () => Buffer.from('{'));
    const { code, json } = await runCli(['spool', 'resend', '--all', '--json']);
    expect([code, json]).toEqual([1, [{
      gateway: 'gateway-1', resent: [expect.objectContaining({ id: idOf(1), state: 'waiting' }), expect.objectContaining({ id: idOf(3) })],
      failed: [{ id: idOf(2), why: expect.stringContaining('can only be dropped: its file is damaged') }],
    }]]);
    expect((await control.status()).records.waiting).toBe(2);
  });

  it('exits with 2 for one that was not set aside', async () => {
    expect(await runCli(['spool', 'resend', idOf(9)])).toMatchObject({ code: 2, notes: expect.stringContaining(`there is no record ${idOf(9)} among what was set aside`) });
  });

  it.each([[[], 'neither'], [[idOf(1), '--all'], 'both']])('of %j asks for one or all', async (args, found) => {
    expect(await runCli(['spool', 'resend', ...args])).toMatchObject({ code: 2, notes: `expected the ID of a record that was set aside, or --all, found ${found}` });
  });
});

describe('spool drop', () => {
  it.each([[true, 0, 0], [false, 1, 1], [undefined, 2, 1]])('asks first: answered %s it exits with %s, and %s are left', async (agrees, code, left) => {
    control.putAside(1);
    expect((await runCli(['spool', 'drop', idOf(1)], { agrees })).code).toBe(code);
    expect(control.setAside.ids()).toHaveLength(left);
  });

  it('asks nobody with --yes, and drops all', async () => {
    for (const number of [1, 2]) control.putAside(number);
    await control.take(3);
    expect(await runCli(['spool', 'drop', '--all', '--yes', '--json'])).toMatchObject({ code: 0, json: [{ dropped: [{ id: idOf(1) }, { id: idOf(2) }], failed: [] }] });
    expect(await control.status()).toMatchObject({ setAside: 0, records: { waiting: 1 } });
  });
});
