// Faults on real pods: each is told once, by its root cause, within a minute, and told again when it is over.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Table from 'cli-table3';
import { RESOURCE } from '../../../charts/names.js';
import type { HealthReason } from '../../../operator/api/health-reasons.js';
import { watchbookName } from '../../../operator/api/names.js';
import { SETTLED_AFTER } from '../../../operator/core/health/ingest.js';
import { freezeApiServer } from '../support/api-server.js';
import { forgetPast, isOver, letHoursPass, type Alerts, type Told } from '../support/alerts.js';
import { NIGHTS, putCertificate, TLS_SECRET, VALKEY_STOPPED, type Fault } from '../support/faults.js';
import { processesOf } from '../support/out-of-memory.js';
import { lifeOf, type Part, type PartPod } from '../support/parts.js';
import { tell } from '../support/report.js';
import { glitchTip } from '../support/rotation.js';
import type { Stack } from '../support/stack.js';
import { waitFor, when } from '../support/wait.js';
import { proveEventStored } from './memory.js';

/** From the fault to the alert at the default settings; a start that Kubernetes allows comes on top. Seconds. */
const GOAL = 60;
/** The kubelet tells the API server of a pod within this, and three checks on two busy cores are late by as much. Seconds. */
const SLACK = 10;
/** A worker that has just started has the queue of its absence before it, and is not judged so. */
const OF_A_SETTLED_WORKER: readonly string[] = ['WorkerStuck', 'Backlog'] satisfies HealthReason[];
/** Longer than the operator needs to lead again. */
const CRASH_MS = 20_000;
/** Longer than one check takes. */
const CHECK_MS = 15_000;
/** Longer than `alerts.repeatHours` by default, too. */
const REPORT_HOURS = 6;
/** In each of its moods. */
const TELEGRAM_MS = 40_000;
const API_SERVER_AWAY_MS = 90_000;

interface Row {
  readonly what: string;
  readonly told: Told;
  readonly resolved: Told;
  readonly by: string;
}

export function describeHealth(stack: Stack, alerts: () => Alerts, dsn: () => string): void {
  describe('faults', () => {
    const rows: Row[] = [];
    beforeAll(async () => {
      // Before the settings name it: one that is missing is told.
      await putCertificate(stack, 90);
      await stack.apply(await stack.synthesize('watched', { tls: { secret: TLS_SECRET }, alerts: { ports: [...alerts().ports], reportHours: REPORT_HOURS } }));
      await stack.rolledOut();
      await replaceStarved();
      await forgetPast(stack);
    }, 600_000);
    beforeEach(async () => {
      await untilWell();
      await forgetPast(stack);
    }, 900_000);
    afterAll(() => {
      const table = new Table({ head: ['fault', 'told as', 'after', 'over after the repair', 'repaired by'], style: { head: [], border: [] } });
      for (const { what, told, resolved, by } of rows) table.push([what, nameOf(told), `${told.seconds.toFixed(0)} s`, `${resolved.seconds.toFixed(0)} s`, by]);
      for (const line of table.toString().split('\n')) tell(line);
    });

    it.each(NIGHTS.map((night) => [night.map(({ what }) => what).join(', and '), night] as const))('%s', async (_, night) => {
      if (night.some(({ tells }) => OF_A_SETTLED_WORKER.includes(tells.reason))) await untilSettled();
      const [others, before, started] = [await livesOfServers(night), await stack.pods(), Date.now()];
      const told = await tellingsOf(night).finally(() => repair(night));
      const repairedAt = Date.now();
      const resolved = await Promise.all(told.map((each) => alerts().resolved(each, repairedAt)));
      night.forEach((fault, index) => note(fault, told[index], resolved[index]));
      expect(await sayings(started)).toEqual(onceEach(told));
      for (const [index, { seconds }] of told.entries()) expect(seconds).toBeLessThan(GOAL + SLACK + (night[index]?.allowance ?? 0));
      if (night.some(({ repairedBy }) => repairedBy === 'liveness probe')) await expectProbedRestart(present(before, 'worker'));
      // Whatever it was, neither server was restarted for it.
      expect(await livesOfServers(night)).toEqual(others);
    }, 900_000);

    it('the operator killed (kill -9) in the middle of an incident: one message; told again after 4 h, with the report after 6; and one when it is over', async () => {
      const since = Date.now();
      await VALKEY_STOPPED.inject(stack, dsn());
      const told = await alerts().opened(VALKEY_STOPPED.tells, since);
      await killOperator();
      await sleep(CRASH_MS);
      const later = Date.now();
      expect(await sayings(since)).toEqual({ opened: [told.incident], over: [] });
      await letHoursPass(stack, REPORT_HOURS);
      const [again, report] = await Promise.all([alerts().said(new RegExp(`for 6 h( \\d+ min)? now. QueueDown, valkey, incident ${told.incident}`), later), alerts().said(/^📋 1 incident open/, later)]);
      expect([again.text, report.text]).toEqual([expect.stringMatching(/^🔴/), expect.stringMatching(/Nothing else in the last 6 h/)]);
      await VALKEY_STOPPED.repair?.(stack);
      note({ ...VALKEY_STOPPED, what: 'Valkey stopped, the operator killed' }, told, await alerts().resolved(told, Date.now()));
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
      note({ ...VALKEY_STOPPED, what: 'Valkey stopped, Telegram away (after it was back)' }, told, await alerts().resolved(told, Date.now()));
      expect(await sayings(since)).toEqual(onceEach([told]));
    }, 900_000);

    it(`the API server away for ${API_SERVER_AWAY_MS / 1000} s is told while it is away`, async () => {
      // What is told meanwhile goes on from the operator's book, which was taken from it before this test: until it has a new one, and has ended that check.
      await waitFor<true>({ what: 'a new book', seconds: 90 }, async () => when((await stack.kubectl('get', 'configmap', watchbookName(RESOURCE), '--output', 'name')) !== '', 'none'));
      await sleep(CHECK_MS);
      const since = Date.now();
      const resumed = freezeApiServer(stack, API_SERVER_AWAY_MS);
      const told = await alerts().opened({ reason: 'KubernetesUnreachable', part: 'node' }, since).finally(() => resumed);
      note({ what: 'API server frozen', repair: () => resumed }, told, await alerts().resolved(told, since + API_SERVER_AWAY_MS));
      expect(told.seconds).toBeLessThan(API_SERVER_AWAY_MS / 1000);
    }, 600_000);

    it('afterwards all is well, and an outside checker hears so', async () => {
      const since = Date.now();
      await proveEventStored(stack, dsn());
      await waitFor<true>({ what: 'a heartbeat', seconds: 120, every: 2 }, async () => when((await alerts().heartbeats(since)) > 0, 'none'));
    }, 300_000);

    async function tellingsOf(night: readonly Fault[]): Promise<Told[]> {
      const injected: { readonly tells: Fault['tells']; readonly since: number }[] = [];
      for (const { tells, inject } of night) {
        injected.push({ tells, since: Date.now() });
        await inject(stack, dsn());
      }
      return Promise.all(injected.map(({ tells, since }) => alerts().opened(tells, since)));
    }

    /** Told or not: the next fault must find all well. */
    async function repair(night: readonly Fault[]): Promise<void> {
      for (const fault of night) await fault.repair?.(stack);
    }

    function note(fault: Pick<Fault, 'what' | 'repair' | 'repairedBy'>, told: Told | undefined, resolved: Told | undefined): void {
      if (told && resolved) rows.push({ what: fault.what, told, resolved, by: fault.repairedBy ?? (fault.repair ? 'person' : 'operator') });
    }

    function onceEach(told: readonly Told[]): { readonly opened: readonly string[]; readonly over: readonly string[] } {
      const incidents = told.map(({ incident }) => incident).sort();
      return { opened: incidents, over: incidents };
    }

    /** Incidents that were opened and that were told to be over, each as often as it was said; that a warning became critical is said once more, and not counted. */
    async function sayings(since: number): Promise<{ readonly opened: readonly string[]; readonly over: readonly string[] }> {
      const messages = (await alerts().messages(since)).map(({ text }) => ({ text, incident: /incident (\S+)\./.exec(text)?.[1] ?? text }));
      const warned = new Set(messages.filter(({ text }) => text.startsWith('🟡')).map(({ incident }) => incident));
      const news = messages.filter(({ text, incident }) => !(text.startsWith('🔴') && warned.delete(incident)));
      const incidents = (over: boolean) => news.filter(({ text }) => isOver(text) === over).map(({ incident }) => incident).sort();
      return { opened: incidents(false), over: incidents(true) };
    }

    /** Restarts of the two servers, without the one that the fault is about. */
    async function livesOfServers(night: readonly Fault[]): Promise<readonly unknown[]> {
      const pods = await stack.pods();
      const stopped = (part: Part) => night.some(({ tells }) => tells.part === part && tells.reason.endsWith('Down'));
      return (['postgres', 'valkey'] as const).filter((part) => !stopped(part)).map((part) => ({ part, life: lifeOf(present(pods, part)) }));
    }

    /** By the kubelet, which restarts the container, and not by the operator, which makes a new pod. */
    async function expectProbedRestart({ uid, restarts }: PartPod): Promise<void> {
      const pod = await stack.pod('worker');
      expect({ uid: pod.uid, restarts: pod.restarts }).toEqual({ uid, restarts: restarts + 1 });
      expect(await stack.kubectl('get', 'events', '--field-selector', 'reason=Unhealthy', '--output', 'jsonpath={.items[*].message}')).toContain('Liveness probe failed');
    }

    async function killOperator(): Promise<void> {
      const [main] = await processesOf(stack, 'operator');
      if (main === undefined) throw new Error('the operator does not run');
      process.kill(main, 'SIGKILL');
    }

    /** An out-of-memory kill is told for ten minutes; those of the tests before this one are no news. */
    async function replaceStarved(): Promise<void> {
      for (const { container, lastEnd } of (await stack.pods()).values()) {
        if (lastEnd?.reason === 'OOMKilled') await stack.kubectl('delete', 'pod', container.pod);
      }
    }

    /** That time is none of the alert's. */
    async function untilSettled(): Promise<void> {
      await waitFor<true>({ what: 'a settled worker', seconds: 120 }, async () => {
        const { readySince = Date.now() } = await stack.pod('worker');
        const seconds = (Date.now() - readySince) / 1_000;
        return when(seconds > SETTLED_AFTER, `Ready for ${seconds} s`);
      });
    }

    async function untilWell(): Promise<void> {
      await stack.ready(300);
      await waitFor<true>({ what: 'no open incident', seconds: 300, every: 2 }, async () => {
        const { health, conditions } = await glitchTip(stack);
        const well = conditions?.find(({ type }) => type === 'Healthy');
        return when(well?.status === 'True' && (health?.incidents ?? []).length === 0, JSON.stringify([well, health?.incidents]));
      });
    }
  });
}

function present(pods: ReadonlyMap<Part, PartPod>, part: Part): PartPod {
  const pod = pods.get(part);
  if (pod === undefined) throw new Error(`${part} has no pod`);
  return pod;
}

function nameOf({ message }: Told): string {
  return /(\w+), (\S+), incident/.exec(message.text)?.slice(1, 3).join(' / ') ?? '';
}
