// An update of a running 6c896e3: what that build wrote (alert-state-of-6c896e3.json, by its own code) goes on as it stood.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';

import { alertStateName, DEFAULT_SECRET_NAMES, LEASE_NAME } from '../../../../../operator/api/object-names.js';
import type { AlertState } from '../../../../../operator/core/alerts/alert-state.js';
import { openIncidents, track } from '../../../../../operator/core/alerts/incidents.js';
import { nextNotification, threadOf } from '../../../../../operator/core/alerts/outbox.js';
import { HEALTH_REASONS as R } from '../../../../../operator/api/health-reasons.js';
import { readAlertState } from '../../../../../operator/io/kubernetes/alert-state-store.js';
import { cause, DATABASE_DOWN, specOf } from '../../core/alerts/alert-scenarios.js';

interface Fixture {
  /** When it was written. */
  readonly now: string;
  readonly configMap: { readonly metadata: { readonly name: string }; readonly data: Readonly<Record<string, string>> };
}

const { now: written, configMap } = JSON.parse(readFileSync(new URL('./alert-state-of-6c896e3.json', import.meta.url), 'utf8')) as Fixture;
const QUEUE_FILLING = cause(R.QueueFilling, 'valkey', { severity: 'warning' });
const at = (seconds: number) => new Date(Date.parse(written) + seconds * 1_000);
const check = (alerts: AlertState, causes: Parameters<typeof track>[1]['causes'], seconds: number) => track(alerts, { causes, repairTexts: new Map(), now: at(seconds), spec: specOf({ alerts: { reportHours: 6 } }) });
const openOf = (alerts: AlertState) => openIncidents(alerts).map(({ id, reason }) => `${id} ${reason}`);
const waitingOf = ({ outbox }: AlertState) => outbox.map(({ id, channel, event, incident }) => `${id} ${channel} ${event} ${incident?.reason ?? ''}`);

describe('an update of a running 6c896e3', () => {
  let alerts: AlertState;
  beforeAll(async () => {
    const get = <T>(): Promise<T> => Promise.resolve({ ...configMap, metadata: { ...configMap.metadata, resourceVersion: '1' } } as T);
    const observed = await readAlertState({ get }, { path: '/api/v1/namespaces/glitchtip/configmaps', resource: 'glitchtip' }, new AbortController().signal);
    if (observed.kind !== 'present') throw new Error(`read as ${observed.kind}`);
    alerts = observed.alerts;
  });

  it('looks for its objects under the names that they have', () => {
    expect([alertStateName('glitchtip'), LEASE_NAME, DEFAULT_SECRET_NAMES]).toEqual([configMap.metadata.name, 'glitchkeeper-operator', {
      application: 'glitchtip-app', postgres: 'glitchtip-postgres', valkey: 'glitchtip-valkey', administrator: 'glitchtip-admin', gateway: 'glitchtip-gateway', backup: 'glitchtip-backup', rotation: 'glitchtip-rotation',
    }]);
  });

  it('goes on with the open incidents under their ids, and opens none a second time', () => {
    const after = check(alerts, [DATABASE_DOWN, QUEUE_FILLING], 10);
    expect(openOf(after)).toEqual(['20260601T021510Z-6 DatabaseDown', '20260601T021510Z-7 QueueFilling']);
    expect(waitingOf(after)).toEqual(waitingOf(alerts));
  });

  it('closes them when they are over', () => {
    const over = check(check(alerts, [], 10), [], 20);
    expect(openOf(over)).toEqual([]);
    expect(waitingOf(over).filter((each) => each.includes('resolved DatabaseDown'))).toHaveLength(2);
  });

  it('sends every notification that waits, in its order, and answers the message that Telegram has', () => {
    expect(waitingOf(alerts)).toHaveLength(7);
    const telegram = nextNotification(alerts, 'telegram', at(60));
    expect([telegram?.event, telegram?.incident?.reason, telegram && threadOf(alerts, telegram, 'abcd')?.message]).toEqual(['resolved', 'WebDown', 41]);
    expect(nextNotification(alerts, 'webhook', at(60))).toMatchObject({ id: '20260601T021430Z-3', event: 'open', attempts: 1 });
  });
});
