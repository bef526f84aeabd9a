// Events of SDKs that still say http: taken and counted until a day, and led to https afterwards.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { IngestCount } from '../../../../gateway/front/ingest.js';
import { RunningControl } from '../control/running-control.js';
import type { GatewayOptions } from './running-gateway.js';

/** The clock of the gateway. */
const NOW = 1_780_000_000_000;
const EVENT = '{}\n{"type":"event"}\n{"message":"hello"}';
const PROXY = { trusted: ['127.0.0.1'] };
const plainly = { host: 'errors.example.com', 'x-forwarded-proto': 'http', 'x-forwarded-host': 'errors.example.com' };

let control: RunningControl;
const open = async (options: GatewayOptions) => (control = await RunningControl.open(options));
const plainCounts = () => control.gateway.counts.filter((count): count is Extract<IngestCount, { kind: 'plain' }> => count.kind === 'plain');
afterEach(() => control.close());

describe('an event that came by http', () => {
  it('is taken while its time lasts, and counted for its project', async () => {
    await open({ ...PROXY, plainUntil: NOW + 1 });
    expect(await control.gateway.envelope(EVENT, plainly)).toMatchObject({ status: 200 });
    await control.gateway.envelope(EVENT, plainly);
    expect(control.gateway.stored).toHaveLength(2);
    expect((await control.status()).plain).toEqual({ until: '2026-05-28T20:26:40.001Z', projects: [{ project: 1, requests: 2, refused: 0, lastAt: '2026-05-28T20:26:40.000Z' }] });
  });

  it('is led to https when its time is over, with path and query, and told as one that came too late', async () => {
    await open({ ...PROXY, plainUntil: NOW });
    const reply = await control.gateway.envelope(EVENT, { ...plainly, 'x-forwarded-host': 'errors.example.com:80' });
    expect([reply.status, reply.headers.location]).toEqual([308, 'https://errors.example.com/api/1/envelope/?sentry_key=abcdefabcdefabcdefabcdefabcdefab']);
    expect(control.gateway.stored).toEqual([]);
    expect((await control.status()).plain?.projects).toMatchObject([{ project: 1, requests: 1, refused: 1 }]);
  });

  it('of a project that nobody knows is refused as ever, and no project of the count', async () => {
    await open({ ...PROXY, plainUntil: NOW + 1 });
    expect((await control.gateway.send({ path: '/api/77/envelope/?sentry_key=abcdefabcdefabcdefabcdefabcdefab', headers: plainly, body: EVENT })).status).toBe(403);
    expect(plainCounts()).toEqual([]);
  });
});

describe('is none', () => {
  it.each<[string, GatewayOptions, Readonly<Record<string, string>>]>([
    ['what came by https', { ...PROXY, plainUntil: NOW }, { ...plainly, 'x-forwarded-proto': 'https' }],
    ['what comes from a pod of the cluster, through no proxy, and says what it likes', { plainUntil: NOW }, plainly],
    ['what a proxy says nothing of that is trusted, as long as nobody set a day', PROXY, plainly],
  ])('%s', async (_, options, headers) => {
    await open(options);
    expect((await control.gateway.envelope(EVENT, headers)).status).toBe(200);
    expect(plainCounts()).toEqual([]);
  });

  it('and the status has nothing of it without a day', async () => {
    await open(PROXY);
    expect(await control.status()).not.toHaveProperty('plain');
  });
});
