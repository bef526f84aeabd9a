// How much may come in, over real sockets: by project and in all, in events and in bytes.
import { afterEach, describe, expect, it } from '@jest/globals';
import { KEY, RunningGateway, type GatewayOptions } from './running-gateway.js';

const ID = 'a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0';
const EVENT = JSON.stringify({ event_id: ID, message: 'it broke' });
const ENVELOPE = `{"event_id":"${ID}"}\n{"type":"event"}\n${EVENT}\n`;

let gateway: RunningGateway;
const open = async (options: GatewayOptions = {}) => (gateway = await RunningGateway.open(options));
afterEach(() => gateway.close());

describe('a limit', () => {
  it('of a project spares the others', async () => {
    const plenty = { rate: 1e6, burst: 1e6 };
    await open({ limits: { perProject: { events: { rate: 0.1, burst: 2 }, bytes: plenty }, total: { events: plenty, bytes: plenty } } });
    gateway.verdict = 'known';
    const answers = [await gateway.envelope(ENVELOPE), await gateway.envelope(ENVELOPE), await gateway.envelope(ENVELOPE)];
    expect(answers.map(({ status, headers }) => [status, headers['retry-after']])).toEqual([[200, undefined], [200, undefined], [429, '10']]);
    expect(gateway.counts.at(-1)).toEqual({ kind: 'refused', why: 'rate limit', project: 1 });
    expect((await gateway.send({ path: `/api/2/envelope/?sentry_key=${KEY}`, body: ENVELOPE })).status).toBe(200);
  });

  it.each(['perProject', 'total'] as const)('in bytes (%s) comes when they are spent', async (whose) => {
    const [plenty, few] = [{ rate: 1e6, burst: 1e6 }, { rate: 1, burst: ENVELOPE.length }];
    const limits = { perProject: { events: plenty, bytes: plenty }, total: { events: plenty, bytes: plenty } };
    await open({ limits: { ...limits, [whose]: { events: plenty, bytes: few } } });
    const answers = [await gateway.envelope(ENVELOPE), await gateway.envelope(ENVELOPE)];
    expect(answers.map(({ status, headers }) => [status, headers['retry-after']])).toEqual([[200, undefined], [429, String(ENVELOPE.length)]]);
  });

  it.each<[string, 'events' | 'bytes', Parameters<RunningGateway['envelope']>]>([
    ['each event of an envelope', 'events', [`{}\n${Array.from({ length: 5 }, (_, at) => `{"type":"event"}\n{"event_id":"${String(at).repeat(32)}"}`).join('\n')}`]],
    ['a body that comes in pieces and says no length', 'bytes', [Array.from(ENVELOPE, (letter) => Buffer.from(letter)), { 'transfer-encoding': 'chunked' }]],
  ])('counts %s', async (_, kind, sent) => {
    const plenty = { rate: 1e6, burst: 1e6 };
    const rates = { events: plenty, bytes: plenty, [kind]: { rate: 1, burst: 5 } };
    await open({ limits: { perProject: rates, total: { events: plenty, bytes: plenty } } });
    expect((await gateway.envelope(...sent)).status).toBe(200);
    expect((await gateway.envelope(ENVELOPE)).status).toBe(429);
  });

  it('of all holds for a project that sent nothing', async () => {
    const plenty = { rate: 1e6, burst: 1e6 };
    await open({ limits: { perProject: { events: plenty, bytes: plenty }, total: { events: { rate: 0.1, burst: 1 }, bytes: plenty } } });
    gateway.verdict = 'known';
    expect((await gateway.envelope(ENVELOPE)).status).toBe(200);
    expect(await gateway.send({ path: `/api/2/envelope/?sentry_key=${KEY}`, body: ENVELOPE })).toMatchObject({ status: 429, headers: { 'retry-after': '10' } });
  });
});
