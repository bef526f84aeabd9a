// Faults on real pods: each is told once, by its root cause, within a minute, and told again when it is over.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Table from 'cli-table3';
import type { HealthReason } from '../../../operator/api/health-reasons.js';
import { SETTLED_AFTER } from '../../../operator/core/health/ingest-rules.js';
import { forgetPast, onceEach, type Told } from '../support/alerts.js';
import { putCertificate, TLS_SECRET, type Fault } from '../support/faults.js';
import { lifeOf, presentPod, type Part, type PartPod } from '../support/parts.js';
import { ALERT_PORTS } from '../../support/alerts/inside.js';
import { tell } from '../support/fault-report.js';
import { glitchTip } from '../support/requested-rotations.js';
import { waitFor, when } from '../support/wait.js';
import { proveEventStored } from './memory.js';
import type { Installed } from './on-pods.js';

/** From the fault to the alert at the default settings; a start that Kubernetes allows comes on top. Seconds. */
const GOAL = 60;
/** The kubelet tells the API server of a pod within this, and three checks on two busy cores are late by as much. Seconds. */
const SLACK = 10;
/** A worker that has just started has the queue of its absence before it, and is not judged so. */
const OF_A_SETTLED_WORKER: readonly string[] = ['WorkerStuck', 'Backlog'] satisfies HealthReason[];
/** Longer than `alerts.repeatHours` by default, too. */
export const REPORT_HOURS = 6;

/** A line of the table at the end. */
export interface Row {
  readonly what: string;
  readonly told: Told;
  readonly resolved: Told;
  readonly by: string;
}

/**
 * @param nights faults that happen together, one after the other
 * @param more tests between them and the look at what is left; each finds all well, and what it notes is in the table
 */
export function describeFaults({ stack, alerts, dsn }: Installed, nights: readonly (readonly Fault[])[], more?: (note: (row: Row) => void) => void): void {
  describe('faults', () => {
    const rows: Row[] = [];
    beforeAll(async () => {
      // Before the settings name it: one that is missing is told.
      await putCertificate(stack, 90);
      await stack.apply(await stack.synthesize('watched', { tls: { secret: TLS_SECRET }, alerts: { ports: [...ALERT_PORTS], reportHours: REPORT_HOURS } }));
      await stack.rolledOut();
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

    it.each(nights.map((night) => [night.map(({ what }) => what).join(', and '), night] as const))('%s', async (_, night) => {
      if (night.some(({ tells }) => OF_A_SETTLED_WORKER.includes(tells.reason))) await untilSettled();
      const [others, before, started] = [await livesOfServers(night), await stack.pods(), Date.now()];
      const told = await tellingsOf(night).finally(() => repair(night));
      const repairedAt = Date.now();
      const resolved = await Promise.all(told.map((each) => alerts().resolved(each, repairedAt)));
      night.forEach((fault, index) => note(fault, told[index], resolved[index]));
      expect(await alerts().sayings(started)).toEqual(onceEach(told));
      for (const [index, { seconds }] of told.entries()) expect(seconds).toBeLessThan(GOAL + SLACK + (night[index]?.allowance ?? 0));
      if (night.some(({ repairedBy }) => repairedBy === 'liveness probe')) await expectProbedRestart(presentPod(before, 'worker'));
      // Whatever it was, neither server was restarted for it.
      expect(await livesOfServers(night)).toEqual(others);
    }, 900_000);

    more?.((row) => rows.push(row));

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

    function note({ what, repair: byHand, repairedBy }: Fault, told: Told | undefined, resolved: Told | undefined): void {
      if (told && resolved) rows.push({ what, told, resolved, by: repairedBy ?? (byHand ? 'person' : 'operator') });
    }

    /** Restarts of the two servers, without the one that the fault is about. */
    async function livesOfServers(night: readonly Fault[]): Promise<readonly unknown[]> {
      const pods = await stack.pods();
      const stopped = (part: Part) => night.some(({ tells }) => tells.part === part && tells.reason.endsWith('Down'));
      return (['postgres', 'valkey'] as const).filter((part) => !stopped(part)).map((part) => ({ part, life: lifeOf(presentPod(pods, part)) }));
    }

    /** By the kubelet, which restarts the container, and not by the operator, which makes a new pod. */
    async function expectProbedRestart({ uid, restarts }: PartPod): Promise<void> {
      const pod = await stack.pod('worker');
      expect({ uid: pod.uid, restarts: pod.restarts }).toEqual({ uid, restarts: restarts + 1 });
      expect(await stack.kubectl('get', 'events', '--field-selector', 'reason=Unhealthy', '--output', 'jsonpath={.items[*].message}')).toContain('Liveness probe failed');
    }

    /** The time that it takes is none of the alert's. */
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

function nameOf({ message }: Told): string {
  return /(\w+), (\S+), incident/.exec(message.text)?.slice(1, 3).join(' / ') ?? '';
}
