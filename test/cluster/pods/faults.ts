// Faults on real pods: each is an incident by its root cause, of which a person hears once, and once more when it is over.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Table from 'cli-table3';
import type { SettingsInput } from '../../../charts/settings/schema.js';
import type { HealthReason } from '../../../operator/api/health-reasons.js';
import { SETTLED_AFTER } from '../../../operator/core/health/ingest-rules.js';
import { recordMeasurement } from '../../support/measurements.js';
import { forgetPast, onceEach, type Alert } from '../support/alerts.js';
import { printFigure } from '../support/fault-report.js';
import type { Fault, Scenario } from '../support/faults.js';
import { DEFAULT_PACE, QUICK_PACE, setPace, type Pace } from '../support/health-checks.js';
import { lifeOf, presentPod, type Part, type PartPod } from '../support/parts.js';
import { deleteLostTasks } from '../support/lost-tasks.js';
import { glitchTip } from '../support/requested-rotations.js';
import type { Stack } from '../support/stack.js';
import { waitFor, when } from '../support/wait.js';
import { Injection, opensInTime, type JudgedBy } from './fault-judgement.js';
import { proveEventStored } from './memory.js';
import type { Installed } from './on-pods.js';

/** A worker that has just started has the queue of its absence before it, and is not judged so. */
const OF_A_SETTLED_WORKER: readonly string[] = ['WorkerStuck', 'Backlog'] satisfies HealthReason[];
const SERVERS: readonly Part[] = ['postgres', 'valkey'];

/** Beside events nearly every fault of 6.2 is one of these, too: what was in the hands of whoever was killed, or could not be stored. */
const OF_EVENTS_BESIDE: HealthReason = 'EventsLost';

/** A line of the table at the end. */
export interface Row {
  readonly what: string;
  readonly alert: Alert;
  readonly resolved: Alert;
  readonly by: string;
}

/** Which faults, and by what they are judged. */
export interface FaultTests {
  readonly scenarios: readonly Scenario[];
  /** Wall seconds are the soak's: beside other suites they say more of the machine than of the operator. */
  readonly judgedBy: JudgedBy;
  /** Settings under which they happen. @default those of every suite */
  readonly watched?: (stack: Stack) => Promise<SettingsInput>;
  /** Tests after them, at the defaults; each finds all well, and what it notes is in the table. */
  readonly more?: (note: (row: Row) => void) => void;
  /** After those. */
  readonly last?: Scenario;
  /** Events come in all the time (events-beside.ts). @default false */
  readonly besideEvents?: boolean;
}

export function describeFaults({ stack, alerts, dsn }: Installed, { scenarios, judgedBy, watched, more, last, besideEvents = false }: FaultTests): void {
  describe('faults', () => {
    const rows: Row[] = [];
    let pace: Pace = DEFAULT_PACE;
    beforeAll(async () => {
      if (watched === undefined) return;
      await stack.apply(await stack.synthesize('watched', await watched(stack)));
      await stack.rolledOut();
    }, 600_000);
    beforeEach(async () => {
      await untilWell();
      await forgetPast(stack);
    }, 900_000);
    afterAll(() => printTable(rows));

    for (const scenario of scenarios.filter((each) => each.pace === 'default')) declare(scenario);
    more?.((row) => rows.push(row));
    for (const scenario of scenarios.filter((each) => each.pace !== 'default')) declare(scenario);
    if (last !== undefined) declare(last);

    it('afterwards all is well, and an outside checker hears so', async () => {
      const since = Date.now();
      await proveEventStored(stack, dsn());
      await waitFor<true>({ what: 'a heartbeat', seconds: 120, every: 2 }, async () => when((await alerts().heartbeats(since)) > 0, 'none'));
    }, 300_000);

    function declare({ faults, pace: wanted }: Scenario): void {
      it(faults.map(({ what }) => what).join(', and '), async () => {
        await usePace(wanted === 'default' ? DEFAULT_PACE : QUICK_PACE);
        if (faults.some(({ expected }) => OF_A_SETTLED_WORKER.includes(expected.reason))) await untilSettled();
        const [others, before, started] = [await livesBeside(faults), await stack.pods(), Date.now()];
        const opened = await incidentsOf(faults).finally(() => repair(faults));
        faults.forEach(({ says }, index) => { if (says !== undefined) expect(opened[index]?.message.text).toMatch(says); });
        const repairedAt = Date.now();
        const resolved = await Promise.all(opened.map((each) => alerts().resolved(each, repairedAt)));
        faults.forEach((fault, index) => note(fault, opened[index], resolved[index]));
        expect(await alerts().incidentMessages(started, besideEvents ? unasked(faults) : undefined)).toEqual(onceEach(opened));
        if (faults.some(({ repairedBy }) => repairedBy === 'liveness probe')) await expectProbedRestart(presentPod(before, 'worker'));
        // Whatever it was, nobody was restarted for it who works without it.
        expect(await livesBeside(faults)).toEqual(others);
      }, 900_000);
    }

    /** All of them injected, and each seen to be reported as what it is, in time. */
    async function incidentsOf(faults: readonly Fault[]): Promise<Alert[]> {
      const injections: Injection[] = [];
      for (const fault of faults) injections.push(await Injection.make(fault, { stack, dsn: dsn() }));
      const opened = await Promise.all(injections.map(async (injection) => {
        const each = await alerts().opened(injection.fault.expected, injection.since);
        opensInTime(injection, each, { judgedBy, pace, checks: await injection.checks() });
        return each;
      }));
      if (judgedBy === 'checks') for (const { hasten } of faults) await hasten?.(stack);
      await Promise.all(injections.map((injection) => injection.outlast()));
      return opened;
    }

    /** Reported or not: the next fault must find all well. */
    async function repair(faults: readonly Fault[]): Promise<void> {
      for (const fault of faults) await fault.repair?.(stack);
    }

    function note({ what, repair: byHand, repairedBy }: Fault, alert: Alert | undefined, resolved: Alert | undefined): void {
      if (!alert || !resolved) return;
      rows.push({ what, alert, resolved, by: repairedBy ?? (byHand ? 'person' : 'operator') });
      recordMeasurement({ what: `${what}: over after the repair`, value: Math.round(resolved.seconds), unit: 's' });
    }

    /** Restarts of the parts that the faults are not about: of the two servers, and of all where a fault is to be borne. */
    async function livesBeside(faults: readonly Fault[]): Promise<readonly unknown[]> {
      const pods = await stack.pods();
      const stopped = (part: Part) => faults.some(({ expected }) => expected.part === part && expected.reason.endsWith('Down'));
      const judged = stack.parts.filter((part) => SERVERS.includes(part) || faults.some(({ bearableFor }) => bearableFor !== undefined));
      return judged.filter((part) => !stopped(part)).map((part) => ({ part, life: lifeOf(presentPod(pods, part)) }));
    }

    /** By the kubelet, which restarts the container, and not by the operator, which makes a new pod. */
    async function expectProbedRestart({ uid, restarts }: PartPod): Promise<void> {
      const pod = await stack.pod('worker');
      expect({ uid: pod.uid, restarts: pod.restarts }).toEqual({ uid, restarts: restarts + 1 });
      expect(await stack.kubectl('get', 'events', '--field-selector', 'reason=Unhealthy', '--output', 'jsonpath={.items[*].message}')).toContain('Liveness probe failed');
    }

    async function usePace(wanted: Pace): Promise<void> {
      if (pace !== wanted) await setPace(stack, wanted);
      pace = wanted;
    }

    /** The time that it takes is none of the alert's. */
    async function untilSettled(): Promise<void> {
      await waitFor<true>({ what: 'a settled worker', seconds: 120 }, async () => {
        const { readySince = Date.now() } = await stack.pod(stack.parts.includes('worker') ? 'worker' : 'web');
        const seconds = (Date.now() - readySince) / 1_000;
        return when(seconds > SETTLED_AFTER, `Ready for ${seconds} s`);
      });
    }

    async function untilWell(): Promise<void> {
      await stack.ready(300);
      await waitFor<true>({ what: 'no open incident', seconds: 300, every: 2 }, async () => {
        const { health, conditions } = await glitchTip(stack);
        const well = conditions?.find(({ type }) => type === 'Healthy');
        const incidents = health?.incidents ?? [];
        if (besideEvents && incidents.some(({ reason }) => reason === OF_EVENTS_BESIDE)) await deleteLostTasks(stack);
        return when(well?.status === 'True' && incidents.length === 0, JSON.stringify([well, incidents]));
      });
    }
  });
}

function unasked(faults: readonly Fault[]): HealthReason | undefined {
  return faults.some(({ expected }) => expected.reason === OF_EVENTS_BESIDE) ? undefined : OF_EVENTS_BESIDE;
}

function printTable(rows: readonly Row[]): void {
  const table = new Table({ head: ['fault', 'reported as', 'after', 'over after the repair', 'repaired by'], style: { head: [], border: [] } });
  for (const { what, alert, resolved, by } of rows) table.push([what, nameOf(alert), `${alert.seconds.toFixed(0)} s`, `${resolved.seconds.toFixed(0)} s`, by]);
  for (const line of table.toString().split('\n')) printFigure(line);
}

function nameOf({ message }: Alert): string {
  return /(\w+), (\S+), incident/.exec(message.text)?.slice(1, 3).join(' / ') ?? '';
}
