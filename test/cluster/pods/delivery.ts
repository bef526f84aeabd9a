// Alerts when what carries them fails: the operator dies, Telegram does not take them, the API server is away.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { RESOURCE } from '../../../charts/part-names.js';
import { alertStateName } from '../../../operator/api/object-names.js';
import { freezeApiServer } from '../support/api-server.js';
import { letHoursPass, onceEach } from '../support/alerts.js';
import { VALKEY_STOPPED } from '../support/faults.js';
import { killMain } from '../support/out-of-memory.js';
import { waitFor, when } from '../support/wait.js';
import { REPORT_HOURS, type Row } from './faults.js';
import type { Installed } from './on-pods.js';

/** Longer than the operator needs to lead again. */
const CRASH_MS = 20_000;
/** Longer than one check takes. */
const CHECK_MS = 15_000;
/** In each of its moods. */
const TELEGRAM_MS = 40_000;
const API_SERVER_AWAY_MS = 90_000;

export function describeDelivery({ stack, alerts, dsn }: Installed, note: (row: Row) => void): void {
  it('the operator killed (kill -9) in the middle of an incident: one message; told again after 4 h, with the report after 6; and one when it is over', async () => {
    const since = Date.now();
    await VALKEY_STOPPED.inject(stack, dsn());
    const told = await alerts().opened(VALKEY_STOPPED.tells, since);
    await killMain(stack, 'operator');
    await sleep(CRASH_MS);
    const later = Date.now();
    expect(await alerts().sayings(since)).toEqual({ opened: [told.incident], over: [] });
    await letHoursPass(stack, REPORT_HOURS);
    const [again, report] = await Promise.all([alerts().said(new RegExp(`for 6 h( \\d+ min)? now. QueueDown, valkey, incident ${told.incident}`), later), alerts().said(/^📋 1 incident open/, later)]);
    expect([again.text, report.text]).toEqual([expect.stringMatching(/^🔴/), expect.stringMatching(/Nothing else in the last 6 h/)]);
    await VALKEY_STOPPED.repair?.(stack);
    note({ what: 'Valkey stopped, the operator killed', told, resolved: await alerts().resolved(told, Date.now()), by: 'person' });
    expect((await alerts().messages(later)).length).toBe(3);
  }, 600_000);

  it('Telegram down, then answering 429, then garbage, during an incident: both messages arrive afterwards, none twice', async () => {
    const since = Date.now();
    await alerts().change({ telegram: 'down' });
    await VALKEY_STOPPED.inject(stack, dsn());
    await sleep(TELEGRAM_MS);
    await alerts().change({ telegram: 'well', busySeconds: TELEGRAM_MS / 1000 });
    await sleep(TELEGRAM_MS);
    await alerts().change({ telegram: 'garbage' });
    await sleep(TELEGRAM_MS);
    expect(await alerts().messages(since)).toEqual([]);
    const wellAt = Date.now();
    await alerts().change({ telegram: 'well' });
    const told = await alerts().opened(VALKEY_STOPPED.tells, wellAt, 400);
    await VALKEY_STOPPED.repair?.(stack);
    note({ what: 'Valkey stopped, Telegram away (after it was back)', told, resolved: await alerts().resolved(told, Date.now()), by: 'person' });
    expect(await alerts().sayings(since)).toEqual(onceEach([told]));
  }, 900_000);

  it(`the API server away for ${API_SERVER_AWAY_MS / 1000} s is told while it is away`, async () => {
    // What is told meanwhile goes on from the operator's alert state, which was taken from it before this test: until it has a new one, and has ended that check.
    await waitFor<true>({ what: 'a new alerts', seconds: 90 }, async () => when((await stack.kubectl('get', 'configmap', alertStateName(RESOURCE), '--output', 'name')) !== '', 'none'));
    await sleep(CHECK_MS);
    const since = Date.now();
    const resumed = freezeApiServer(stack, API_SERVER_AWAY_MS);
    const told = await alerts().opened({ reason: 'KubernetesUnreachable', part: 'node' }, since).finally(() => resumed);
    note({ what: 'API server frozen', told, resolved: await alerts().resolved(told, since + API_SERVER_AWAY_MS), by: 'person' });
    expect(told.seconds).toBeLessThan(API_SERVER_AWAY_MS / 1000);
  }, 600_000);
}
