// Alerts when what carries them fails: the operator dies, Telegram does not take them, the API server is away.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { RESOURCE } from '../../../charts/part-names.js';
import { LEASE_NAME, alertStateName } from '../../../operator/api/object-names.js';
import { recordMeasurement } from '../../support/measurements.js';
import { freezeApiServer } from '../support/api-server.js';
import { letTimePass, onceEach, type Alert } from '../support/alerts.js';
import { VALKEY_STOPPED } from '../support/faults.js';
import { killMain } from '../support/out-of-memory.js';
import type { Stack } from '../support/stack.js';
import { waitFor, when } from '../support/wait.js';
import type { Row } from './faults.js';
import type { Installed } from './on-pods.js';

/** Longer than `alerts.repeatHours` by default, too. */
export const REPORT_HOURS = 6;
/** Longer than one check takes. */
const CHECK_MS = 15_000;
/** In each of its states. */
const TELEGRAM_MS = 40_000;
const API_SERVER_AWAY_MS = 90_000;

type Note = (row: Row) => void;

export function describeOperatorKilled({ stack, alerts, dsn }: Installed, note: Note): void {
  it('the operator killed (kill -9) in the middle of an incident: one message, and one when it is over', async () => {
    const { since, alert } = await killedInAnIncident({ stack, alerts, dsn });
    await VALKEY_STOPPED.repair?.(stack);
    note({ what: 'Valkey stopped, the operator killed', alert, resolved: await alerts().resolved(alert, Date.now()), by: 'person' });
    expect(await alerts().incidentMessages(since)).toEqual(onceEach([alert]));
  }, 600_000);
}

/** Needs `alerts.reportHours`. */
export function describeLongIncident({ stack, alerts, dsn }: Installed, note: Note): void {
  it('the operator killed (kill -9) in the middle of an incident: one message; repeated after 4 h, with the report after 6; and one when it is over', async () => {
    const { alert } = await killedInAnIncident({ stack, alerts, dsn });
    const later = Date.now();
    await letTimePass(stack, REPORT_HOURS * 3_600);
    const [again, report] = await Promise.all([alerts().message(new RegExp(`for 6 h( \\d+ min)? now. QueueDown, valkey, incident ${alert.incident}`), later), alerts().message(/^📋 1 incident open/, later)]);
    expect([again.text, report.text]).toEqual([expect.stringMatching(/^🔴/), expect.stringMatching(/Nothing else in the last 6 h/)]);
    await VALKEY_STOPPED.repair?.(stack);
    note({ what: 'Valkey stopped, the operator killed', alert, resolved: await alerts().resolved(alert, Date.now()), by: 'person' });
    expect((await alerts().messages(later)).length).toBe(3);
  }, 600_000);
}

/** Resolves when the operator leads again, and has checked again. */
async function killedInAnIncident({ stack, alerts, dsn }: Pick<Installed, 'stack' | 'alerts' | 'dsn'>): Promise<{ readonly since: number; readonly alert: Alert }> {
  const since = Date.now();
  await VALKEY_STOPPED.inject(stack, dsn());
  const alert = await alerts().opened(VALKEY_STOPPED.expected, since);
  const killedAt = await killMain(stack, 'operator');
  await waitFor<true>({ what: 'the operator to lead again', seconds: 120 }, async () => when((await leadingSince(stack)) > killedAt, 'not yet'));
  await sleep(CHECK_MS);
  expect(await alerts().incidentMessages(since)).toEqual({ opened: [alert.incident], over: [] });
  return { since, alert };
}

/** When the Lease was last taken or renewed. */
async function leadingSince(stack: Stack): Promise<number> {
  const lease = JSON.parse(await stack.get(`/apis/coordination.k8s.io/v1/namespaces/${stack.namespace}/leases/${LEASE_NAME}`)) as { spec: { renewTime: string } };
  return Date.parse(lease.spec.renewTime);
}

export function describeTelegramAway({ stack, alerts, dsn }: Installed, note: Note): void {
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
    const alert = await alerts().opened(VALKEY_STOPPED.expected, wellAt, 400);
    await VALKEY_STOPPED.repair?.(stack);
    note({ what: 'Valkey stopped, Telegram away (after it was back)', alert, resolved: await alerts().resolved(alert, Date.now()), by: 'person' });
    expect(await alerts().incidentMessages(since)).toEqual(onceEach([alert]));
  }, 900_000);
}

export function describeApiServerAway({ stack, alerts }: Installed, note: Note): void {
  it(`the API server away for ${API_SERVER_AWAY_MS / 1000} s is reported while it is away`, async () => {
    // What is reported meanwhile goes on from what the operator remembers, which was taken from it before this test: until it has that again, and has ended that check.
    await waitFor<true>({ what: 'a new memory', seconds: 90 }, async () => when((await stack.kubectl('get', 'configmap', alertStateName(RESOURCE), '--output', 'name')) !== '', 'none'));
    await sleep(CHECK_MS);
    const since = Date.now();
    const resumed = freezeApiServer(stack, API_SERVER_AWAY_MS);
    const alert = await alerts().opened({ reason: 'KubernetesUnreachable', part: 'node' }, since).finally(() => resumed);
    note({ what: 'API server frozen', alert, resolved: await alerts().resolved(alert, since + API_SERVER_AWAY_MS), by: 'person' });
    recordMeasurement({ what: 'API server frozen: reported', value: Math.round(alert.seconds), unit: 's', goal: API_SERVER_AWAY_MS / 1000 });
    expect(alert.seconds).toBeLessThan(API_SERVER_AWAY_MS / 1000);
  }, 600_000);
}
