// How alerts arrive, over real servers: an incident that goes on for hours, a Telegram that is away, an API server that is frozen.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { HealthStage } from './health-stage.js';
import { waitFor, when } from '../cluster/support/wait.js';

const HOUR = 3_600_000;
const DOWN = '🔴 QueueDown, valkey';
const OVER = '✅ QueueDown, valkey';
/** Telegram's own, for a chat: `alerts` waits for them. Milliseconds. */
const PACE = 1_100;
/** Longer than one that failed is put off. */
const LATER = 15 * 60_000;

export function describeAlertDelivery(health: () => HealthStage): void {
  describe('the messages of an incident', () => {
    it('are repeated after 4 h, with the report after 6, by an operator that was started anew meanwhile', async () => {
      await health().setReportHours(6);
      await health().check();
      await inAnOutage(health(), async () => {
        health().restart();
        await health().check();
        health().clock.pass(4 * HOUR);
        await health().check();
        expect(health().shown()).toEqual([DOWN, DOWN]);
        expect(health().telegram.messages().at(-1)?.text).toMatch(/for 4 h( \d+ min)? now/);
        health().clock.pass(2 * HOUR);
        await health().check();
        expect(health().shown().slice(2)).toEqual([expect.stringMatching(/^📋 /)]);
        expect(health().telegram.messages().at(-1)?.text).toMatch(/^📋 1 incident open[^]*Nothing else in the last 6 h/);
      });
      expect(health().shown().slice(3)).toEqual([OVER]);
      await health().setReportHours(0);
    }, 120_000);

    it('wait for a Telegram that is down, answers 429, then garbage; both arrive afterwards, none twice', async () => {
      const { telegram } = health();
      await telegram.setBehaviour('down');
      await inAnOutage(health(), async () => {
        await telegram.setBehaviour('well');
        telegram.beBusyFor(HOUR / 1_000);
        health().clock.pass(LATER);
        await health().check();
        await telegram.setBehaviour('garbage');
        health().clock.pass(HOUR);
        await health().check();
        expect(health().shown()).toEqual([]);
      }, []);
      expect(health().shown()).toEqual([]);
      await telegram.setBehaviour('well');
      health().clock.pass(LATER);
      await health().check();
      await sleep(PACE);
      await health().check();
      expect(health().shown()).toEqual([DOWN, OVER]);
      expect(new Set(telegram.calls.map(({ status }) => status))).toEqual(new Set([200, 429]));
    }, 120_000);

    it('come while the API server is frozen, which takes connections and never answers, and once it is back', async () => {
      const { server } = health().stage;
      const shows = (wanted: readonly string[]) => () => Promise.resolve(when(health().shown().join() === wanted.join(), health().shown().join()));
      const operator = health().runOperator();
      try {
        await waitFor({ what: 'a first check', seconds: 60 }, async () => when((await operator.checks()) > 0, 'none'));
        server.freeze();
        await waitFor({ what: 'a message', seconds: 120 }, shows(['🔴 KubernetesUnreachable, node']));
        server.thaw();
        await waitFor({ what: 'its end', seconds: 120 }, shows(['🔴 KubernetesUnreachable, node', '✅ KubernetesUnreachable, node']));
      } finally {
        server.thaw();
        await operator.stop();
      }
    }, 360_000);
  });
}

/** Valkey stopped until `during` has ended, and well again. */
async function inAnOutage(health: HealthStage, during: () => Promise<void>, expected = [DOWN]): Promise<void> {
  await health.stage.valkey.stop();
  try {
    await health.checks(3);
    expect(health.shown()).toEqual(expected);
    await during();
  } finally {
    await health.stage.startValkey();
  }
  await health.checks(2);
}
