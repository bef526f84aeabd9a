// `glitchkeeper migrate`, with a fake kubectl, a stand-in of the old server's API and one of the gateway's control port.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeDsnTable, parseDsnTable } from '../../../../operator/core/move/dsn-table.js';
import { OLD_TOKEN, startOldSentry, type OldSentry } from '../../../support/old-sentry.js';
import { fakeKubectl, forwarder, type FakeKubectl } from '../fake-kubectl.js';
import { runCli } from '../running-command.js';
import { condition, moving, resourceJson, type Scenario } from '../cli-scenarios.js';

const CONTROL_TOKEN = 'control-token-of-the-gateway';
const PAIR = { project: 7, key: 'a'.repeat(32), old: `https://${'a'.repeat(32)}@sentry.example.com/1` };
const absent = { error: 'Error from server (NotFound): secrets "glitchtip-move" not found' };
const base64 = (text: string) => Buffer.from(text).toString('base64');
const secretOf = (data: Readonly<Record<string, string>>) => JSON.stringify({ metadata: { name: 'glitchtip-move', resourceVersion: '7' }, type: 'Opaque', data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)])) });

let kubectl: FakeKubectl;
let old: OldSentry;
let gateway: Server;
let folder: string;
/** By path: what the gateway answers. */
const answers = new Map<string, object>();
const asked: string[] = [];
const json = (more: Scenario = {}) => resourceJson({ spec: { gateway: {}, move: { from: old.url, organization: 'acme' } }, ...more });
const tokenFile = () => join(folder, 'token');
const annotated = () => kubectl.calls().filter((call) => call.startsWith('annotate'));
const written = () => JSON.parse(kubectl.created()) as { metadata: { name: string; resourceVersion?: string }; data: Record<string, string> };
const valueOf = (key: string) => Buffer.from(written().data[key] ?? '', 'base64').toString();

beforeEach(async () => {
  old = await startOldSentry();
  gateway = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answer = request.headers.authorization === `Bearer ${CONTROL_TOKEN}` ? answers.get((request.url ?? '').replace(/\?.*/, '')) : undefined;
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? { detail: 'there is none' }));
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  kubectl = fakeKubectl();
  for (const question of ['annotate', 'create'] as const) kubectl.prepare(question, '');
  kubectl.prepare('forward', forwarder((gateway.address() as AddressInfo).port));
  folder = mkdtempSync(join(tmpdir(), 'glitchkeeper-migrate-'));
  writeFileSync(tokenFile(), `${OLD_TOKEN}\n`);
});
afterEach(async () => {
  kubectl.remove();
  rmSync(folder, { recursive: true });
  answers.clear();
  asked.length = 0;
  await Promise.all([old.stop(), new Promise((resolve) => { gateway.close(resolve); gateway.closeAllConnections(); })]);
});

describe('migrate plan', () => {
  it('reads the old server, asks nothing of the cluster but its settings, and exits with 0', async () => {
    kubectl.prepare('resource', json());
    const { code, printed } = await runCli(['migrate', 'plan', '--token-file', tokenFile()]);
    expect([code, kubectl.calls().length]).toEqual([0, 1]);
    expect(printed).toMatch(/^works +projects +3 projects with 3 keys/);
    expect(printed).toMatch(/lost +session +100 in seven days/);
    expect(printed).not.toContain(OLD_TOKEN);
  });

  it('says the same as data, without a key and without the token', async () => {
    kubectl.prepare('resource', json());
    const { code, printed } = await runCli(['migrate', 'plan', '--token-file', tokenFile(), '--json']);
    expect([code, JSON.parse(printed)]).toEqual([0, expect.objectContaining({
      from: old.url, organization: 'acme', dsns: 3, findings: expect.arrayContaining([{ verdict: 'works', about: 'projects', text: expect.stringContaining('3 projects with 3 keys') }]),
      usage: expect.arrayContaining([{ category: 'error', accepted: 10_800, busiest: 7_200 }]), sdks: expect.arrayContaining([{ name: 'sentry.python', version: '2.20.0', events: 5 }]),
    })]);
    expect(printed).not.toMatch(new RegExp(`${OLD_TOKEN}|${'a'.repeat(32)}`));
  });

  it.each<[string, () => void, string, number]>([
    ['a token that is refused', () => writeFileSync(tokenFile(), 'another'), 'the old server refuses the token (401)', 2],
    ['a file that is no token', () => writeFileSync(tokenFile(), 'two lines\nof it'), 'expected a token in one line', 2],
    ['settings that name no old server', () => kubectl.prepare('resource', resourceJson()), 'set move.from and move.organization in settings.yaml', 1],
  ])('says what is wrong with %s', async (_, spoil, message, exitCode) => {
    kubectl.prepare('resource', json());
    spoil();
    const { code, notes } = await runCli(['migrate', 'plan', '--token-file', tokenFile()]);
    expect([code, notes]).toEqual([exitCode, expect.stringContaining(message)]);
  });
});

describe('migrate start', () => {
  const start = (...more: readonly string[]) => runCli(['migrate', 'start', '--yes', '--json', ...more]);

  it('saves the old DSNs before it asks for anything, by the standard input of kubectl alone', async () => {
    kubectl.prepare('resource', json(), json({ moveAsked: 'start' }), json({ move: { current: moving('Importing', { inForceSince: undefined }) } }), json({ move: { current: moving('Parallel') } }));
    kubectl.prepare('kind:secret', absent);
    const { code, json: lines, printed } = await start('--token-file', tokenFile());
    expect([code, ...lines.map(({ state }) => state)]).toEqual([0, 'requested', 'queued', 'Importing', 'in force']);
    expect([lines[0], lines.at(-1)]).toEqual([{ state: 'requested', request: 'start' }, expect.objectContaining({ phase: 'Parallel', waitedSeconds: expect.any(Number) })]);
    expect(kubectl.calls().flatMap((call) => /^(create|annotate)/.exec(call)?.[1] ?? [])).toEqual(['create', 'annotate']);
    expect([valueOf('token'), parseDsnTable(valueOf('dsns.json'))]).toEqual([OLD_TOKEN, { kind: 'valid', rows: [expect.objectContaining({ name: 'acme/backend' }), expect.anything(), expect.anything()] }]);
    for (const text of [printed, ...kubectl.calls()]) expect(text).not.toMatch(new RegExp(`${OLD_TOKEN}|${'a'.repeat(32)}`));
  }, 30_000);

  it('keeps what a person wrote into the table, over the version that it read', async () => {
    kubectl.prepare('resource', json(), json({ move: { current: moving('Parallel') } }));
    kubectl.prepare('kind:secret', secretOf({ 'dsns.json': encodeDsnTable([{ ...PAIR, project: 99 }]), note: 'mine' }));
    expect((await start('--token-file', tokenFile())).code).toBe(0);
    const parsed = parseDsnTable(valueOf('dsns.json'));
    expect(parsed.kind === 'valid' && parsed.rows.map(({ project }) => project)).toEqual([99, undefined, undefined]);
    expect([written().metadata.resourceVersion, valueOf('note')]).toEqual(['7', 'mine']);
  }, 30_000);

  it('adds no DSN a second time whose server, or key, is written otherwise in the table, and what is new at that server', async () => {
    kubectl.prepare('resource', json(), json({ move: { current: moving('Parallel') } }));
    kubectl.prepare('kind:secret', secretOf({ 'dsns.json': encodeDsnTable([{ ...PAIR, old: PAIR.old.replace('sentry.example', 'old-sentry.example').replace('a'.repeat(32), 'A'.repeat(32)) }]) }));
    expect((await start('--token-file', tokenFile())).code).toBe(0);
    const parsed = parseDsnTable(valueOf('dsns.json'));
    expect(parsed.kind === 'valid' && parsed.rows.map(({ old: dsn }) => new URL(dsn).host)).toEqual(Array.from({ length: 3 }, () => 'old-sentry.example.com'));
  }, 30_000);

  it('takes the table that is there where no token is given, and imports nothing where somebody says so', async () => {
    kubectl.prepare('resource', json(), json({ move: { current: moving('Parallel') } }));
    kubectl.prepare('kind:secret', secretOf({ 'dsns.json': encodeDsnTable([PAIR]) }));
    expect((await start('--no-import')).code).toBe(0);
    expect(annotated()).toEqual([expect.stringContaining('glitchkeeper.io/move=start-without-import')]);
    expect(old.asked).toEqual([]);
  }, 30_000);

  it('exits with 1, and the reason, when it came to nothing', async () => {
    kubectl.prepare('resource', json(), json({ move: { last: { id: '20260601T120000Z', at: '2026-06-01T12:01:00Z', result: 'Failed', why: 'it refuses the token (401)' } } }));
    kubectl.prepare('kind:secret', secretOf({ 'dsns.json': encodeDsnTable([PAIR]) }));
    expect(await start()).toMatchObject({ code: 1, printed: expect.stringContaining('it refuses the token (401)') });
  }, 30_000);

  it('writes nothing when the old server does not answer, or nobody agrees', async () => {
    kubectl.prepare('resource', json());
    kubectl.prepare('kind:secret', absent);
    expect((await runCli(['migrate', 'start', '--token-file', tokenFile()], { agrees: false })).code).toBe(1);
    old.answers = 503;
    expect((await start('--token-file', tokenFile())).code).toBe(2);
    expect(kubectl.calls().filter((call) => /^(create|replace|annotate)/.test(call))).toEqual([]);
  });
});

describe('a turn', () => {
  it('rollback is one call, asks nobody, and says after how long the old one leads', async () => {
    kubectl.prepare('resource', json({ move: { current: moving('Cutover') } }), json({ move: { current: moving('Parallel') } }));
    const { code, json: lines } = await runCli(['migrate', 'rollback', '--json']);
    expect([code, lines.at(-1)]).toEqual([0, expect.objectContaining({ state: 'in force', phase: 'Parallel', waitedSeconds: expect.any(Number) })]);
    expect(annotated()).toEqual([expect.stringMatching(/^annotate glitchtips.glitchkeeper.io\/glitchtip glitchkeeper.io\/move=rollback --namespace/)]);
  }, 30_000);

  it.each(['cutover', 'finish'])('%s asks first, and needs a terminal for it', async (turn) => {
    kubectl.prepare('resource', json({ move: { current: moving(turn === 'cutover' ? 'Parallel' : 'Cutover') } }));
    expect(await runCli(['migrate', turn])).toMatchObject({ code: 2, notes: expect.stringContaining('pass --yes') });
    expect((await runCli(['migrate', turn], { agrees: false })).code).toBe(1);
    expect(annotated()).toEqual([]);
  });

  it('is refused while another one waits for the operator, and says that somebody else was first', async () => {
    kubectl.prepare('resource', json({ move: { current: moving('Cutover') }, moveAsked: 'finish' }));
    expect(await runCli(['migrate', 'rollback'])).toMatchObject({ code: 1, notes: expect.stringContaining('somebody else was first: "finish" is asked for already') });
    expect(annotated()).toEqual([]);
  });

  it('is a conflict when somebody else asked at the same moment', async () => {
    kubectl.prepare('resource', json({ move: { current: moving('Cutover') } }));
    kubectl.prepare('annotate', { error: "error: --overwrite is false but found the following declared annotation(s): 'glitchkeeper.io/move' already has a value (finish)" });
    expect(await runCli(['migrate', 'rollback'])).toMatchObject({ code: 1, notes: expect.stringContaining('somebody else was first') });
  });
});

describe('migrate status', () => {
  const state = { leads: 'old', waiting: { records: 3, bytes: 2_048, oldest: '2026-06-01T11:59:00Z' }, sent: 90, refused: { 413: 2 }, dropped: 0, closed: { why: 'ECONNREFUSED' } };
  beforeEach(() => {
    kubectl.prepare('kind:secret', secretOf({ 'control-token': CONTROL_TOKEN }));
    answers.set('/move', { move: state, share: 25, pairs: [PAIR] });
  });

  it.each<[string, 'True' | 'False' | 'Unknown', number]>([['well', 'True', 0], ['not well', 'False', 1], ['unknown', 'Unknown', 2]])('exits as the condition says: %s', async (_, verdict, exitCode) => {
    kubectl.prepare('resource', json({ move: { current: moving('Parallel') }, conditions: [condition('MoveHealthy', verdict, 'OldAway', 'The old one takes nothing.')] }));
    const { code, printed } = await runCli(['migrate', 'status']);
    expect(code).toBe(exitCode);
    expect(printed).toMatch(/^move +Parallel +both get every event, and the old one leads/);
    expect(printed).toMatch(/to the old +90 requests taken; refused: 2 by 413/);
    expect(printed).toMatch(/closed +ECONNREFUSED/);
    expect(printed).not.toContain(PAIR.key);
  });

  it('is shown without the gateway when that does not answer', async () => {
    kubectl.prepare('kind:secret', { error: 'Error from server (NotFound): secrets "glitchtip-gateway" not found' });
    kubectl.prepare('resource', json({ move: { current: moving('Cutover') } }));
    expect(await runCli(['migrate', 'status'])).toMatchObject({ code: 0, printed: expect.stringContaining('GlitchTip leads'), notes: expect.stringContaining('no gateway runs there') });
  });

  it('says so where there is no move', async () => {
    kubectl.prepare('resource', json());
    expect(await runCli(['migrate', 'status'])).toMatchObject({ code: 0, printed: expect.stringContaining('glitchkeeper migrate plan looks at the old server') });
  });
});

describe('migrate compare', () => {
  const counts = { project: 7, hour: '2026-06-01T11:00:00Z', taken: 5, stored: 5, sent: 5, lacks: { glitchtip: 0, old: 0 }, waiting: { glitchtip: 0, old: 0 }, onlyOld: 2, cut: 0 };
  const found = (change: object, lacked: readonly object[] = []) => ({ hours: [{ ...counts, ...change }], lacked, notNamed: 0 });
  beforeEach(() => kubectl.prepare('kind:secret', secretOf({ 'control-token': CONTROL_TOKEN })));

  it.each<[string, object, number, RegExp]>([
    ['both have everything', found({}), 0, /2026-06-01 11:00 +7 +5 +5 +5 +0 +0 +0, 0 +2\n\nboth have every event$/],
    ['some are on their way', found({ sent: 3, waiting: { glitchtip: 0, old: 2 } }), 2, /some events are still on their way$/],
    ['one lacks an event', found({ sent: 4, lacks: { glitchtip: 0, old: 1 } }, [{ project: 7, hour: counts.hour, event: 'e'.repeat(32), side: 'old', why: 'refused: 413' }]), 1, /e{32} +7 +the old one +refused: 413\n\none of them lacks events$/],
    ['a gateway was killed meanwhile', found({ mayLack: true }), 2, /seconds are missing\n\nboth have every event that was counted$/],
    ['nothing came', { hours: [], lacked: [], notNamed: 0 }, 0, /^nothing came for both/],
  ])('%s', async (_, answer, exitCode, text) => {
    answers.set('/move/compare', answer);
    const { code, printed } = await runCli(['migrate', 'compare', '--from', '2026-06-01T13:00:00+02:00']);
    expect([code, printed]).toEqual([exitCode, expect.stringMatching(text)]);
    expect(asked).toEqual(['/move/compare?from=2026-06-01T11%3A00%3A00.000Z']);
  });

  it('is refused where there is no move, and where a time is none', async () => {
    expect(await runCli(['migrate', 'compare'])).toMatchObject({ code: 1, notes: expect.stringContaining('the gateway has no move to compare') });
    expect(await runCli(['migrate', 'compare', '--from', 'yesterday'])).toMatchObject({ code: 2, notes: expect.stringContaining('--from: expected a time with its zone') });
  });
});

describe('migrate export', () => {
  const NEW = { ...PAIR, new: `https://${PAIR.key}@errors.example.com/7` };
  beforeEach(() => {
    kubectl.prepare('resource', json());
    kubectl.prepare('kind:deployment', 'https://errors.example.com');
  });

  it('prints the table of the Secret, with the new DSN of each old one that has a project here', async () => {
    const unknown = { old: `https://${'b'.repeat(32)}@sentry.example.com/2` };
    kubectl.prepare('kind:secret', secretOf({ 'dsns.json': encodeDsnTable([PAIR, unknown]) }));
    const { code, printed } = await runCli(['migrate', 'export']);
    expect([code, JSON.parse(printed)]).toEqual([0, [NEW, unknown]]);
    // It is what the Secret is made of again.
    expect(parseDsnTable(printed)).toEqual({ kind: 'valid', rows: [PAIR, unknown] });
  });

  it('prints what the gateway has where the Secret is gone', async () => {
    kubectl.prepare('kind:secret', absent, secretOf({ 'control-token': CONTROL_TOKEN }));
    answers.set('/move', { move: { leads: 'old' }, share: 25, pairs: [PAIR] });
    expect(await runCli(['migrate', 'export'])).toMatchObject({ code: 0, printed: expect.stringContaining(NEW.new), notes: '1 old DSNs, from the gateway' });
  });

  it('prints the old ones where the address of this GlitchTip cannot be read, and says so', async () => {
    kubectl.prepare('kind:deployment', { error: 'Error from server (NotFound): deployments.apps "web" not found' });
    kubectl.prepare('kind:secret', secretOf({ 'dsns.json': encodeDsnTable([PAIR]) }));
    const { code, printed, notes } = await runCli(['migrate', 'export']);
    expect([code, JSON.parse(printed), notes]).toEqual([0, [PAIR], expect.stringContaining('without the new DSNs')]);
  });
});
